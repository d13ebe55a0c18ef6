"""The content of a journal file, and how it is read, also while a job is running.

Every row has a number, consecutive through all tables, and a checksum; the side file has the number
of rows that were written. So a journal that was damaged, cut or replaced is detected before a job
sends anything: a missing row could be a message that is sent twice.
"""

from __future__ import annotations

import contextlib
import heapq
import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Final

import attrs

from easemob_async.errors import JournalError
from easemob_async.fanout.journal.lock import Mark, read_mark, side_file
from easemob_async.fanout.journal.rows import (
    FAILED,
    FIRST_VERSION,
    INTERRUPTED,
    MAGIC,
    SENT,
    SEPARATOR,
    STATES,
    UNKNOWN,
    VERSION,
    WITHDRAWN,
    Settled,
    checksum,
)

# A journal of the first version has no numbers, checksums and message ids.
_AS_CURRENT: Final = """
CREATE TEMP VIEW calls AS SELECT id, targets, NULL AS crc FROM main.calls;
CREATE TEMP VIEW answers AS
    SELECT call, NULL AS id, state, reason, NULL AS message_ids, NULL AS crc FROM main.answers;
CREATE TEMP VIEW exceptions AS
    SELECT rowid AS id, call, target, state, reason, NULL AS crc FROM main.exceptions;
CREATE TEMP VIEW tried_again AS
    SELECT target, call, NULL AS id, NULL AS crc FROM main.tried_again;
CREATE TEMP VIEW counts AS SELECT '' AS name, 0 AS value WHERE 0;
"""


def read_job(path: Path) -> dict[str, str]:
    """Read the description of the job that a journal belongs to.

    Raises:
        JournalError: the file is not a journal, or is damaged.
    """
    with opened_for_reading(path, whole=False) as db:
        return read_job_rows(path, db)


def read_settled(path: Path) -> Iterator[Settled]:
    """Read the records of a journal, target by target, in the order in which it was written.

    A target comes more than once if it was sent to again; the last record counts. A call that was
    sent and has no recorded answer is unknown. A journal can be read while a job is running.

    Raises:
        JournalError: the file is not a journal, or is damaged.
    """
    with opened_for_reading(path) as db:
        for _, item in _numbered(path, db):
            yield item


def read_states(path: Path, since: int) -> Generator[list[tuple[str, int]], None, None]:
    """Read the states of targets, one call at a time, in the order in which they were written.

    Args:
        path: the journal, which is known to be complete: see `prepare`.
        since: the row after which reading starts.

    Raises:
        JournalError: the file is not a journal, or is damaged.
    """
    with opened_for_reading(path, whole=False) as db:
        notes = ((row[0], [row[1:3]]) for row in read_exceptions(path, db, None, since))
        calls = (
            (call.number, _states_of(call, list(read_own(path, db, call))))
            for call in read_calls(path, db, since)
        )
        for _, states in heapq.merge(notes, calls, key=itemgetter(0)):
            yield states


def _states_of(call: _Call, own: list[_Exception]) -> list[tuple[str, int]]:
    found = {row[1]: row[2] for row in own}
    return [(name, found.get(name, call.state)) for name in call.targets]


def find_among(path: Path, targets: set[str], since: int) -> set[str]:
    """Return those of some targets that the journal records after some row.

    Raises:
        JournalError: the file is not a journal, or is damaged.
    """
    found: set[str] = set()
    with opened_for_reading(path, whole=False) as db:
        for _, target, *_ in read_exceptions(path, db, None, since):
            found |= targets.intersection((target,))
        for call in read_calls(path, db, since):
            found |= targets.intersection(call.targets)
    return found


def read_last(path: Path, state: int) -> Iterator[Settled]:
    """Read the targets whose last state is `SENT`, `FAILED` or `UNKNOWN`, one by one.

    Raises:
        JournalError: the file is not a journal, or is damaged.
    """
    with opened_for_reading(path) as db:
        tried_again = _tried_again(db)
        for number, item in _numbered(path, db):
            if item.state == state and not tried_again(item.target, number):
                yield item


def count_last(path: Path) -> dict[int, int]:
    """Count the targets by their last state: `SENT`, `FAILED`, `UNKNOWN`.

    Raises:
        JournalError: the file is not a journal, or is damaged.
    """
    counts = {SENT: 0, FAILED: 0, UNKNOWN: 0}
    with opened_for_reading(path) as db:
        if _any_tried_again(db):
            tried_again = _tried_again(db)
            for number, item in _numbered(path, db):
                counts[item.state] += not tried_again(item.target, number)
            return counts
        for _, item in _noted(path, db):
            counts[item.state] += 1
        for call in read_calls(path, db):
            counts[call.state] += len(call.targets)
            for row in read_own(path, db, call):
                counts[call.state] -= 1
                counts[row[2]] += 1
    return counts


def _any_tried_again(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM tried_again LIMIT 1").fetchone() is not None


def _tried_again(db: sqlite3.Connection) -> Callable[[str, int], bool]:
    """Return a function that checks whether a target was sent to again after a call."""
    if not _any_tried_again(db):
        return lambda target, number: False
    find = (
        "SELECT 1 FROM tried_again LEFT JOIN answers ON answers.call = tried_again.call "
        "WHERE target = ? AND tried_again.call > ? AND coalesce(state, 0) <> ? LIMIT 1"
    )
    return lambda target, number: bool(db.execute(find, (target, number, WITHDRAWN)).fetchone())


@attrs.frozen
class _Call:
    number: int
    targets: list[str]
    state: int
    reason: str | None
    message_ids: list[str] | None
    mixed: bool
    """Whether some of its targets have another state."""


def read_calls(path: Path, db: sqlite3.Connection, since: int = 0) -> Iterator[_Call]:
    """Read the calls that were sent and not withdrawn."""
    rows = db.execute(
        "SELECT calls.id, targets, calls.crc, answers.id, state, reason, message_ids, answers.crc, "
        "EXISTS (SELECT 1 FROM exceptions WHERE call = calls.id) "
        "FROM calls LEFT JOIN answers ON answers.call = calls.id WHERE calls.id > ? "
        "ORDER BY calls.id",
        (since,),
    )
    for number, targets, crc, answer, state, reason, ids, answer_crc, mixed in rows:
        if crc is not None and crc != checksum(number, targets):
            raise damaged(path, f"row {number} does not match its checksum")
        if state is None:
            state, reason = UNKNOWN, INTERRUPTED
        elif answer_crc is not None and answer_crc != checksum(answer, number, state, reason, ids):
            raise damaged(path, f"row {answer} does not match its checksum")
        if state not in STATES:
            raise damaged(path, f"row {number} has a state that does not exist")
        if state != WITHDRAWN:
            names = targets.split(SEPARATOR)
            own_ids = None if ids is None else ids.split(SEPARATOR)
            if own_ids is not None and len(own_ids) != len(names):
                raise damaged(path, f"row {number} has another number of ids than of targets")
            yield _Call(number, names, state, reason, own_ids, bool(mixed))


_Exception = tuple[int, str, int, "str | None"]


def read_exceptions(
    path: Path, db: sqlite3.Connection, call: int | None, since: int = 0
) -> Iterator[_Exception]:
    """Read the targets that have their own state: those of a call, or those without a call."""
    rows = db.execute(
        "SELECT id, call, target, state, reason, crc FROM exceptions "
        "WHERE call IS ? AND id > ? ORDER BY id",
        (call, since),
    )
    for number, of_call, target, state, reason, crc in rows:
        if crc is not None and crc != checksum(number, of_call, target, state, reason):
            raise damaged(path, f"row {number} does not match its checksum")
        if state not in STATES:
            raise damaged(path, f"row {number} has a state that does not exist")
        # In the first version these rows had their own numbers: they come before all calls.
        yield 0 if crc is None and call is None else number, target, state, reason


def read_own(path: Path, db: sqlite3.Connection, call: _Call) -> Iterator[_Exception]:
    """Read the targets of a call that have a state of their own."""
    return read_exceptions(path, db, call.number) if call.mixed else iter(())


def _noted(path: Path, db: sqlite3.Connection) -> Iterator[tuple[int, Settled]]:
    """Read the targets that were settled without a call, each once, with its last state."""
    rows = db.execute(
        "SELECT id, target, state, reason, crc FROM exceptions WHERE id IN "
        "(SELECT max(id) FROM exceptions WHERE call IS NULL GROUP BY target) ORDER BY id"
    )
    for number, target, state, reason, crc in rows:
        if crc is not None and crc != checksum(number, None, target, state, reason):
            raise damaged(path, f"row {number} does not match its checksum")
        # In the first version these rows had their own numbers.
        yield 0 if crc is None else number, Settled(target, state, reason)


def _numbered(path: Path, db: sqlite3.Connection) -> Iterator[tuple[int, Settled]]:
    yield from _noted(path, db)
    for call in read_calls(path, db):
        own = {row[1]: Settled(*row[1:]) for row in read_own(path, db, call)}
        why = None if call.state == SENT else call.reason
        ids = call.message_ids or [""] * len(call.targets)
        for target, message_id in zip(call.targets, ids, strict=False):
            yield (
                call.number,
                own.get(target) or Settled(target, call.state, why, message_id or None),
            )


@contextlib.contextmanager
def opened_for_reading(path: Path, *, whole: bool = True) -> Iterator[sqlite3.Connection]:
    """Open a file, which need not be a journal, for reading only.

    Args:
        path: the file.
        whole: whether to check that no rows are missing.
    """
    mark = read_mark(path)  # first: the journal may have more rows than the mark, never fewer
    if not path.is_file():
        refuse_lost(path, mark)
        raise JournalError(f"journal {path}: the file does not exist")
    try:
        with path.open("rb") as file:
            head = file.read(16)
        if not head:
            refuse_lost(path, mark)
        if head != b"SQLite format 3\0":
            raise JournalError(f"journal {path}: not a journal; the file was not changed")
        uri = f"{path.absolute().as_uri()}?mode=ro"
        opened = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        with contextlib.closing(opened) as db:
            (magic,) = db.execute("PRAGMA application_id").fetchone()
            if magic != MAGIC:
                raise JournalError(f"journal {path}: not a journal; the file was not changed")
            db.execute("BEGIN")  # a snapshot, also while a job writes
            found = read_job_rows(path, db)
            if found["version"] == FIRST_VERSION:
                for statement in _AS_CURRENT.split(";"):
                    db.execute(statement)
            if whole:
                _check_whole(path, db, found, mark)
            yield db
    # A damaged value may also have another type.
    except (OSError, sqlite3.Error, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise JournalError(
                f"journal {path}: another program has locked it; close that program"
            ) from None
        raise damaged(path, f"or not a journal: {error}") from None


def _check_whole(
    path: Path, db: sqlite3.Connection, job: Mapping[str, str], mark: Mark | None
) -> None:
    (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise damaged(path, str(verdict).replace("\n", " "))
    if job["version"] == FIRST_VERSION:
        return
    if mark is not None and mark.journal != job["journal"]:
        raise JournalError(
            f"journal {path}: it was replaced by another journal: {side_file(path)} belongs to the "
            "one that was written here before. Restore that one; or, if you are sure that nothing "
            "is lost, delete the side file"
        )
    rows, last, total = count_rows(db)
    if rows != last or total != last * (last + 1) // 2:
        raise damaged(
            path, f"rows are missing: it has {rows} rows, but the last one has the number {last}"
        )
    if mark is not None and last < mark.rows:
        raise damaged(
            path,
            f"its end is missing: it has {last} rows, but {mark.rows} were written. It was cut, it "
            "is an older copy, or its log (-wal) is damaged or missing",
        )
    for table in ("answers", "exceptions"):
        orphans = (
            f"SELECT count(*) FROM {table} WHERE call IS NOT NULL "  # noqa: S608
            "AND call NOT IN (SELECT id FROM calls)"
        )
        if db.execute(orphans).fetchone() != (0,):
            raise damaged(path, "it refers to calls that it does not contain")
    for target, call, number, crc in db.execute("SELECT target, call, id, crc FROM tried_again"):
        if crc != checksum(number, target, call):
            raise damaged(path, f"row {number} does not match its checksum")


def count_rows(db: sqlite3.Connection) -> tuple[int, int, int]:
    """Return the number of rows, the highest row number and the sum of the row numbers."""
    rows = last = total = 0
    for table in ("calls", "answers", "exceptions", "tried_again"):
        number, highest, numbers = db.execute(
            f"SELECT count(*), coalesce(max(id), 0), coalesce(sum(id), 0) FROM {table}"  # noqa: S608
        ).fetchone()
        rows, last, total = rows + number, max(last, highest), total + numbers
    return rows, last, total


def refuse_lost(path: Path, mark: Mark | None) -> None:
    """Refuse a journal whose rows are gone."""
    if mark is not None and mark.rows:
        gone = "is empty" if path.exists() else "does not exist"
        raise JournalError(
            f"journal {path}: it {gone}, but {mark.rows} rows were written to it, so the targets "
            "that were sent to are no longer known. To start from the beginning nevertheless, "
            f"delete {side_file(path)} as well"
        )


def damaged(path: Path, how: str) -> JournalError:
    """Make the error for a damaged journal."""
    return JournalError(
        f"journal {path}: damaged: {how}. Nothing is sent with it, since a target could get the "
        "message twice; the file was not changed"
    )


def read_job_rows(path: Path, db: sqlite3.Connection) -> dict[str, str]:
    """Read what job the journal belongs to, and check it."""
    found = dict(db.execute("SELECT name, value FROM job"))
    check = found.pop("checksum", None)
    version = found.get("version", "")
    if (version != FIRST_VERSION or check) and check != job_checksum(found):
        raise damaged(path, "the description of its job does not match its checksum")
    if version not in (VERSION, FIRST_VERSION):
        raise JournalError(
            f"journal {path}: it has version {version}; this library reads version {VERSION}"
        )
    return found


def job_checksum(rows: Mapping[str, str]) -> str:
    """Return the checksum of what job it is."""
    return str(checksum(*sorted(f"{name}={value}" for name, value in rows.items())))
