"""What a journal file holds, and how it is read, also while a job is running.

Every row has a number, one after the other through all tables, and a checksum; the side file knows
how many rows there were. So a journal that was damaged, cut or replaced is noticed before anything
is sent by it: a row that is missing could be a message that is sent twice.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import secrets
import sqlite3
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Final

import attrs

from easemob_async.errors import JournalError
from easemob_async.fanout.journal.lock import Mark, read_mark, side_file
from easemob_async.fanout.outcomes import OutcomeStatus
from easemob_async.wire.codec import whole_text

_MAGIC: Final = 0x65617365  # "ease"
_VERSION: Final = "3"
_FIRST_VERSION: Final = "2"
# A row of `calls` is long and never changed: an update would write all its pages once more.
_SCHEMA: Final = """
CREATE TABLE job (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE calls (id INTEGER PRIMARY KEY, targets TEXT NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE answers (
    call INTEGER PRIMARY KEY, id INTEGER NOT NULL, state INTEGER NOT NULL, reason TEXT,
    message_ids TEXT, crc INTEGER NOT NULL
);
CREATE TABLE exceptions (
    id INTEGER PRIMARY KEY, call INTEGER, target TEXT NOT NULL, state INTEGER NOT NULL,
    reason TEXT, crc INTEGER NOT NULL
);
CREATE INDEX exceptions_of_call ON exceptions (call);
CREATE TABLE tried_again (
    target TEXT, call INTEGER, id INTEGER NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (target, call)
) WITHOUT ROWID;
CREATE TABLE counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
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

# What became of a call. A target of its own state stands in `exceptions`, also without a call.
SENT: Final = 1
FAILED: Final = 2
UNKNOWN: Final = 3
WITHDRAWN: Final = 4
"""It did not leave after all, or was refused as a whole: as if it had never been."""
_STATES: Final = frozenset({SENT, FAILED, UNKNOWN, WITHDRAWN})

STATE_OF: Final[Mapping[OutcomeStatus, int]] = {
    OutcomeStatus.SENT: SENT,
    OutcomeStatus.FAILED: FAILED,
    OutcomeStatus.UNKNOWN: UNKNOWN,
}
INTERRUPTED: Final = "it left, and the job ended before its answer was recorded"

SEPARATOR: Final = "\n"  # no id holds one: it is a control character


@attrs.frozen
class Settled:
    """What a journal says of a target."""

    target: str
    state: int
    reason: str | None
    message_id: str | None = None


@attrs.frozen
class Prepared:
    """A journal that is ready to be written."""

    journal_id: str
    resumed: bool
    """Whether it was there before."""
    rows: int
    """How many rows it has."""
    counts: Mapping[str, int]
    """What the job has counted in earlier runs."""


def checksum(*values: object) -> int:
    """Return the checksum of a row: of its number and of all that it says."""
    return zlib.crc32("\x1f".join("\0" if v is None else str(v) for v in values).encode())


def read_job(path: Path) -> dict[str, str]:
    """Read what job a journal is of.

    Raises:
        JournalError: not a journal, or damaged.
    """
    with _reading(path, whole=False) as db:
        return _job(path, db)


def read_settled(path: Path) -> Iterator[Settled]:
    """Read what a journal says, target by target, in the order in which it was written.

    A target may come up more than once, when it was tried again; the last word counts. A call that
    left without a recorded answer is unknown. Readers may look while a job is running.

    Raises:
        JournalError: not a journal, or damaged.
    """
    with _reading(path) as db:
        for _, item in _numbered(path, db):
            yield item


def read_states(path: Path, since: int) -> Generator[list[tuple[str, int]], None, None]:
    """Read the states of targets, a call at a time, in the order in which it was written.

    Args:
        path: the journal, whose rows are known to be all there: see `prepare`.
        since: only what came after this row.

    Raises:
        JournalError: not a journal, or damaged.
    """
    with _reading(path, whole=False) as db:
        notes = ((row[0], [row[1:3]]) for row in _exceptions(path, db, None, since))
        calls = (
            (call.number, _states_of(call, list(_own(path, db, call))))
            for call in _calls(path, db, since)
        )
        for _, states in heapq.merge(notes, calls, key=itemgetter(0)):
            yield states


def _states_of(call: _Call, own: list[_Exception]) -> list[tuple[str, int]]:
    found = {row[1]: row[2] for row in own}
    return [(name, found.get(name, call.state)) for name in call.targets]


def find_among(path: Path, targets: set[str], since: int) -> set[str]:
    """Return those of some targets that the journal has met since some row.

    Raises:
        JournalError: not a journal, or damaged.
    """
    found: set[str] = set()
    with _reading(path, whole=False) as db:
        for _, target, *_ in _exceptions(path, db, None, since):
            found |= targets.intersection((target,))
        for call in _calls(path, db, since):
            found |= targets.intersection(call.targets)
    return found


def read_last(path: Path, state: int) -> Iterator[Settled]:
    """Read the targets whose last word is `SENT`, `FAILED` or `UNKNOWN`, without holding them.

    Raises:
        JournalError: not a journal, or damaged.
    """
    with _reading(path) as db:
        tried_again = _tried_again(db)
        for number, item in _numbered(path, db):
            if item.state == state and not tried_again(item.target, number):
                yield item


def count_last(path: Path) -> dict[int, int]:
    """Count the targets by their last word: `SENT`, `FAILED`, `UNKNOWN`.

    Raises:
        JournalError: not a journal, or damaged.
    """
    counts = {SENT: 0, FAILED: 0, UNKNOWN: 0}
    with _reading(path) as db:
        if _any_tried_again(db):
            tried_again = _tried_again(db)
            for number, item in _numbered(path, db):
                counts[item.state] += not tried_again(item.target, number)
            return counts
        for _, item in _noted(path, db):
            counts[item.state] += 1
        for call in _calls(path, db):
            counts[call.state] += len(call.targets)
            for row in _own(path, db, call):
                counts[call.state] -= 1
                counts[row[2]] += 1
    return counts


def _any_tried_again(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM tried_again LIMIT 1").fetchone() is not None


def _tried_again(db: sqlite3.Connection) -> Callable[[str, int], bool]:
    """Return what tells whether a target left again after a call, and was not withdrawn."""
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
    """Whether some targets have another state."""


def _calls(path: Path, db: sqlite3.Connection, since: int = 0) -> Iterator[_Call]:
    """Read the calls that left and were not withdrawn."""
    rows = db.execute(
        "SELECT calls.id, targets, calls.crc, answers.id, state, reason, message_ids, answers.crc, "
        "EXISTS (SELECT 1 FROM exceptions WHERE call = calls.id) "
        "FROM calls LEFT JOIN answers ON answers.call = calls.id WHERE calls.id > ? "
        "ORDER BY calls.id",
        (since,),
    )
    for number, targets, crc, answer, state, reason, ids, answer_crc, mixed in rows:
        if crc is not None and crc != checksum(number, targets):
            raise _damaged(path, f"row {number} is not what was written")
        if state is None:
            state, reason = UNKNOWN, INTERRUPTED
        elif answer_crc is not None and answer_crc != checksum(answer, number, state, reason, ids):
            raise _damaged(path, f"row {answer} is not what was written")
        if state not in _STATES:
            raise _damaged(path, f"row {number} has a state that does not exist")
        if state != WITHDRAWN:
            names = targets.split(SEPARATOR)
            own_ids = None if ids is None else ids.split(SEPARATOR)
            if own_ids is not None and len(own_ids) != len(names):
                raise _damaged(path, f"row {number} has other ids than targets")
            yield _Call(number, names, state, reason, own_ids, bool(mixed))


_Exception = tuple[int, str, int, "str | None"]


def _exceptions(
    path: Path, db: sqlite3.Connection, call: int | None, since: int = 0
) -> Iterator[_Exception]:
    """Read the targets with a state of their own: of a call, or without one."""
    rows = db.execute(
        "SELECT id, call, target, state, reason, crc FROM exceptions "
        "WHERE call IS ? AND id > ? ORDER BY id",
        (call, since),
    )
    for number, of_call, target, state, reason, crc in rows:
        if crc is not None and crc != checksum(number, of_call, target, state, reason):
            raise _damaged(path, f"row {number} is not what was written")
        if state not in _STATES:
            raise _damaged(path, f"row {number} has a state that does not exist")
        # In the first version these rows had numbers of their own: they stand before all calls.
        yield 0 if crc is None and call is None else number, target, state, reason


def _own(path: Path, db: sqlite3.Connection, call: _Call) -> Iterator[_Exception]:
    return _exceptions(path, db, call.number) if call.mixed else iter(())


def _noted(path: Path, db: sqlite3.Connection) -> Iterator[tuple[int, Settled]]:
    """Read the targets that were settled without a call, each once: its last note counts."""
    rows = db.execute(
        "SELECT id, target, state, reason, crc FROM exceptions WHERE id IN "
        "(SELECT max(id) FROM exceptions WHERE call IS NULL GROUP BY target) ORDER BY id"
    )
    for number, target, state, reason, crc in rows:
        if crc is not None and crc != checksum(number, None, target, state, reason):
            raise _damaged(path, f"row {number} is not what was written")
        # In the first version these rows had numbers of their own.
        yield 0 if crc is None else number, Settled(target, state, reason)


def _numbered(path: Path, db: sqlite3.Connection) -> Iterator[tuple[int, Settled]]:
    yield from _noted(path, db)
    for call in _calls(path, db):
        own = {row[1]: Settled(*row[1:]) for row in _own(path, db, call)}
        why = None if call.state == SENT else call.reason
        ids = call.message_ids or [""] * len(call.targets)
        for target, message_id in zip(call.targets, ids, strict=False):
            yield (
                call.number,
                own.get(target) or Settled(target, call.state, why, message_id or None),
            )


def prepare(path: Path, job: Mapping[str, str]) -> Prepared:
    """Make the file, or check that it is this job's and whole.

    Raises:
        JournalError: another job's, not a journal, damaged, cut or replaced, or it cannot be made.
    """
    job = {name: whole_text(value) for name, value in job.items()}
    mark = read_mark(path)
    if path.exists() and not path.is_file():
        raise JournalError(f"journal {path}: not a file; it is left as it is")
    if path.exists() and path.stat().st_size:
        with _reading(path, whole=False) as db:
            found = _job(path, db)
            _check_job(path, found, job)
        if found["version"] == _FIRST_VERSION:
            _bring_up_to_date(path)
        with _reading(path) as db:
            counts = {str(name): int(value) for name, value in db.execute("SELECT * FROM counts")}
            return Prepared(_job(path, db)["journal"], True, _rows(db)[1], counts)
    _refuse_lost(path, mark)
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise _damaged(path, "it is empty, and its log is not")
    journal_id = secrets.token_hex(8)
    _make(path, {**job, "journal": journal_id}, lambda db: None)
    return Prepared(journal_id, False, 0, {})


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal for writing."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    # A departure has to be on the disk before the call leaves: FULL syncs every commit.
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    return db


def _make(path: Path, job: Mapping[str, str], fill: Callable[[sqlite3.Connection], None]) -> None:
    """Make a journal whole under another name: a kill leaves no half-made one."""
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        # The owner alone may read who gets what.
        os.close(os.open(new, os.O_CREAT | os.O_RDWR, 0o600))
        with contextlib.closing(connect(new)) as db:
            db.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            rows = {**job, "version": _VERSION}
            rows["checksum"] = _job_checksum(rows)
            db.executemany("INSERT INTO job VALUES (?, ?)", list(rows.items()))
            fill(db)
            db.execute(f"PRAGMA application_id = {_MAGIC}")
            db.execute("COMMIT")
        new.replace(path)
    except (OSError, sqlite3.Error, UnicodeError) as error:
        raise JournalError(f"journal {path}: cannot be made: {error}") from None


def _bring_up_to_date(path: Path) -> None:
    """Write a journal of the first version anew, with numbers and checksums."""
    try:
        with contextlib.closing(connect(path)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise JournalError(f"journal {path}: cannot be brought up to date: {error}") from None
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise JournalError(f"journal {path}: cannot be brought up to date while it is being read")

    def fill(db: sqlite3.Connection) -> None:
        number = 0

        def numbered(statement: str, *values: object, checked: tuple[object, ...]) -> int:
            nonlocal number
            number += 1
            db.execute(statement, (number, *values, checksum(number, *checked)))
            return number

        renamed: dict[int, int] = {}
        with _reading(path) as old:
            again = {call for (call,) in old.execute("SELECT DISTINCT call FROM tried_again")}
            for _, *row in _exceptions(path, old, None):
                numbered(_ADD_EXCEPTION, None, *row, checked=(None, *row))
            for call in _calls(path, old):
                targets = SEPARATOR.join(call.targets)
                if call.state == SENT:
                    db.execute(SET_COUNT, ("accepted", 1))
                new = numbered(_ADD_CALL, targets, checked=(targets,))
                if call.number in again:
                    renamed[call.number] = new
                if call.reason != INTERRUPTED or call.state != UNKNOWN:
                    row = [new, call.state, call.reason, None]
                    numbered(_ADD_ANSWER, *row, checked=tuple(row))
                for _, *row in _own(path, old, call):
                    numbered(_ADD_EXCEPTION, new, *row, checked=(new, *row))
            for target, of_call in old.execute("SELECT target, call FROM tried_again"):
                if of_call in renamed:
                    row = [target, renamed[of_call]]
                    numbered(_ADD_AGAIN, *row, checked=tuple(row))

    job = read_job(path)
    _make(path, {**job, "journal": secrets.token_hex(8)}, fill)


_ADD_CALL: Final = "INSERT INTO calls (id, targets, crc) VALUES (?, ?, ?)"
_ADD_ANSWER: Final = (
    "INSERT INTO answers (id, call, state, reason, message_ids, crc) VALUES (?, ?, ?, ?, ?, ?)"
)
_ADD_EXCEPTION: Final = (
    "INSERT INTO exceptions (id, call, target, state, reason, crc) VALUES (?, ?, ?, ?, ?, ?)"
)
_ADD_AGAIN: Final = "INSERT INTO tried_again (id, target, call, crc) VALUES (?, ?, ?, ?)"
SET_COUNT: Final = "INSERT OR REPLACE INTO counts VALUES (?, ?)"


def call_row(number: int, targets: str) -> tuple[str, tuple[object, ...]]:
    """Return what records that a call leaves."""
    return _ADD_CALL, (number, targets, checksum(number, targets))


def answer_row(
    number: int, call: int, state: int, reason: str | None, message_ids: str | None = None
) -> tuple[str, tuple[object, ...]]:
    """Return what records what became of a call."""
    row = (number, call, state, reason, message_ids)
    return _ADD_ANSWER, (*row, checksum(*row))


def exception_row(
    number: int, call: int | None, target: str, state: int, reason: str | None
) -> tuple[str, tuple[object, ...]]:
    """Return what records that a target has a state of its own."""
    row = (number, call, target, state, reason)
    return _ADD_EXCEPTION, (*row, checksum(*row))


def again_row(number: int, target: str, call: int) -> tuple[str, tuple[object, ...]]:
    """Return what records that what earlier runs said of a target is void since a call."""
    row = (number, target, call)
    return _ADD_AGAIN, (*row, checksum(*row))


@contextlib.contextmanager
def _reading(path: Path, *, whole: bool = True) -> Iterator[sqlite3.Connection]:
    """Open a file that may be anything, for reading only, and leave it as it is.

    Args:
        path: the file.
        whole: check that nothing of it is missing.
    """
    mark = read_mark(path)  # first: the journal is ahead of it, never behind
    if not path.is_file():
        _refuse_lost(path, mark)
        raise JournalError(f"journal {path}: there is no such file")
    try:
        with path.open("rb") as file:
            head = file.read(16)
        if not head:
            _refuse_lost(path, mark)
        if head != b"SQLite format 3\0":
            raise JournalError(f"journal {path}: not a journal; the file is left as it is")
        uri = f"{path.absolute().as_uri()}?mode=ro"
        opened = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        with contextlib.closing(opened) as db:
            (magic,) = db.execute("PRAGMA application_id").fetchone()
            if magic != _MAGIC:
                raise JournalError(f"journal {path}: not a journal; the file is left as it is")
            db.execute("BEGIN")  # one state of it, also while a job writes
            found = _job(path, db)
            if found["version"] == _FIRST_VERSION:
                for statement in _AS_CURRENT.split(";"):
                    db.execute(statement)
            if whole:
                _check_whole(path, db, found, mark)
            yield db
    # A damaged value may be of another type as well.
    except (OSError, sqlite3.Error, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise JournalError(f"journal {path}: another program has locked it") from None
        raise _damaged(path, f"or not a journal: {error}") from None


def _check_whole(
    path: Path, db: sqlite3.Connection, job: Mapping[str, str], mark: Mark | None
) -> None:
    (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise _damaged(path, str(verdict).replace("\n", " "))
    if job["version"] == _FIRST_VERSION:
        return
    if mark is not None and mark.journal != job["journal"]:
        raise JournalError(
            f"journal {path}: was replaced by another one: {side_file(path)} knows the one that "
            "was written here before. Put that one back; or, where you know that nothing is "
            "lost, delete the side file"
        )
    rows, last, total = _rows(db)
    if rows != last or total != last * (last + 1) // 2:
        raise _damaged(path, f"rows are missing: it has {rows}, and the last is number {last}")
    if mark is not None and last < mark.rows:
        raise _damaged(
            path,
            f"its end is missing: it has {last} rows, and {mark.rows} were written. It is cut, an "
            "older copy, or its log (-wal) is damaged or gone",
        )
    for table in ("answers", "exceptions"):
        orphans = (
            f"SELECT count(*) FROM {table} WHERE call IS NOT NULL "  # noqa: S608
            "AND call NOT IN (SELECT id FROM calls)"
        )
        if db.execute(orphans).fetchone() != (0,):
            raise _damaged(path, "it tells of calls that it does not have")
    for target, call, number, crc in db.execute("SELECT target, call, id, crc FROM tried_again"):
        if crc != checksum(number, target, call):
            raise _damaged(path, f"row {number} is not what was written")


def _rows(db: sqlite3.Connection) -> tuple[int, int, int]:
    """Count the rows; also the highest number and the sum of numbers."""
    rows = last = total = 0
    for table in ("calls", "answers", "exceptions", "tried_again"):
        number, highest, numbers = db.execute(
            f"SELECT count(*), coalesce(max(id), 0), coalesce(sum(id), 0) FROM {table}"  # noqa: S608
        ).fetchone()
        rows, last, total = rows + number, max(last, highest), total + numbers
    return rows, last, total


def _refuse_lost(path: Path, mark: Mark | None) -> None:
    if mark is not None and mark.rows:
        gone = "is empty" if path.exists() else "is gone"
        raise JournalError(
            f"journal {path}: it {gone}, and {mark.rows} rows were written to it: who was sent to "
            f"is not known any more. To begin anew all the same, delete {side_file(path)} as well"
        )


def _damaged(path: Path, how: str) -> JournalError:
    return JournalError(
        f"journal {path}: damaged: {how}. Nothing is sent by it, since somebody could be sent to "
        "twice; the file is left as it is"
    )


def _job(path: Path, db: sqlite3.Connection) -> dict[str, str]:
    found = dict(db.execute("SELECT name, value FROM job"))
    check = found.pop("checksum", None)
    version = found.get("version", "")
    if (version != _FIRST_VERSION or check) and check != _job_checksum(found):
        raise _damaged(path, "what job it is of is not what was written")
    if version not in (_VERSION, _FIRST_VERSION):
        raise JournalError(f"journal {path}: of version {version}; this library reads {_VERSION}")
    return found


def _job_checksum(rows: Mapping[str, str]) -> str:
    return str(checksum(*sorted(f"{name}={value}" for name, value in rows.items())))


def _check_job(path: Path, found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    different = sorted(name for name in wanted if found.get(name) != wanted[name])
    if different:
        raise JournalError(
            f"journal {path}: of another job: it differs in {', '.join(different)}; "
            "use another file, or the job's own arguments"
        )
