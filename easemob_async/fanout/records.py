"""What a journal file holds, and how it is read, also while a job is running."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from easemob_async.errors import JournalError
from easemob_async.fanout.report import OutcomeStatus

_MAGIC: Final = 0x65617365  # "ease"
_VERSION: Final = 2
# A row of `calls` is long and never changed: an update would write all its pages once more.
_SCHEMA: Final = """
CREATE TABLE job (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE calls (id INTEGER PRIMARY KEY, targets TEXT NOT NULL);
CREATE TABLE answers (call INTEGER PRIMARY KEY, state INTEGER NOT NULL, reason TEXT);
CREATE TABLE exceptions (
    call INTEGER, target TEXT NOT NULL, state INTEGER NOT NULL, reason TEXT
);
CREATE INDEX exceptions_of_call ON exceptions (call);
CREATE TABLE tried_again (target TEXT, call INTEGER, PRIMARY KEY (target, call)) WITHOUT ROWID;
"""

# What became of a call. A target of its own state stands in `exceptions`, also without a call.
SENT: Final = 1
FAILED: Final = 2
UNKNOWN: Final = 3
WITHDRAWN: Final = 4
"""It did not leave after all, or was refused for its rate: as if it had never been."""

STATE_OF: Final[Mapping[OutcomeStatus, int]] = {
    OutcomeStatus.SENT: SENT,
    OutcomeStatus.FAILED: FAILED,
    OutcomeStatus.UNKNOWN: UNKNOWN,
}
INTERRUPTED: Final = "it left, and the job ended before its answer was recorded"

SEPARATOR: Final = "\n"  # no id holds one: it would not be printable


@attrs.frozen
class Settled:
    """What a journal says of a target."""

    target: str
    state: int
    reason: str | None


def read_job(path: Path) -> dict[str, str]:
    """Read what job a journal is of.

    Raises:
        JournalError: not a journal.
    """
    with contextlib.closing(_open_foreign(path)) as db:
        return _job(db)


def read_settled(path: Path) -> Iterator[Settled]:
    """Read what a journal says, target by target, in the order in which it was written.

    A target may come up more than once, when it was tried again; the last word counts. A call that
    left without a recorded answer is unknown. Readers may look while a job is running.

    Raises:
        JournalError: not a journal.
    """
    with contextlib.closing(_open_foreign(path)) as db:
        for _, item in _numbered(db):
            yield item


def read_states(path: Path, since: tuple[int, int]) -> Iterator[list[tuple[str, int]]]:
    """Read the states of targets, a call at a time, in the order in which it was written.

    Args:
        path: the journal.
        since: only what came after these rows: `Journal.began`.

    Raises:
        JournalError: not a journal.
    """
    call, exception = since
    with contextlib.closing(_open_foreign(path)) as db:
        noted = "SELECT target, state FROM exceptions WHERE call IS NULL AND rowid > ?"
        yield from ([row] for row in db.execute(noted, (exception,)))
        for number, targets, state, _, mixed in _calls(db, call):
            own = _states_of(db, number) if mixed else {}
            names = targets.split(SEPARATOR)
            yield [(name, own.get(name, state)) for name in names]


def find_among(path: Path, targets: set[str], since: tuple[int, int]) -> set[str]:
    """Give those of some targets that the journal has met since some rows.

    Raises:
        JournalError: not a journal.
    """
    call, exception = since
    with contextlib.closing(_open_foreign(path)) as db:
        noted = "SELECT target FROM exceptions WHERE call IS NULL AND rowid > ?"
        found = targets.intersection(target for (target,) in db.execute(noted, (exception,)))
        left = f"SELECT targets FROM {_CALLS} AND id > ?"  # noqa: S608
        for (names,) in db.execute(left, (WITHDRAWN, call)):
            found |= targets.intersection(names.split(SEPARATOR))
    return found


def read_last(path: Path, state: int) -> Iterator[Settled]:
    """Read the targets whose last word is `FAILED` or `UNKNOWN`, without holding them.

    Raises:
        JournalError: not a journal.
    """
    with contextlib.closing(_open_foreign(path)) as db:
        tried_again = _tried_again(db)
        for number, item in _numbered(db):
            if item.state == state and not tried_again(item.target, number):
                yield item


def count_last(path: Path) -> dict[int, int]:
    """Count the targets by their last word: `SENT`, `FAILED`, `UNKNOWN`.

    Raises:
        JournalError: not a journal.
    """
    counts = {SENT: 0, FAILED: 0, UNKNOWN: 0}
    with contextlib.closing(_open_foreign(path)) as db:
        if _any_tried_again(db):
            tried_again = _tried_again(db)
            for number, item in _numbered(db):
                counts[item.state] += not tried_again(item.target, number)
            return counts
        noted = "SELECT state, count(*) FROM exceptions WHERE call IS NULL GROUP BY state"
        counts.update(db.execute(noted))
        for number, targets, state, _, mixed in _calls(db):
            counts[state] += targets.count(SEPARATOR) + 1
            for other in _states_of(db, number).values() if mixed else ():
                counts[state] -= 1
                counts[other] += 1
    return counts


def _any_tried_again(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM tried_again LIMIT 1").fetchone() is not None


def _tried_again(db: sqlite3.Connection) -> Callable[[str, int], bool]:
    """Give what tells whether a target left again after a call."""
    if not _any_tried_again(db):
        return lambda target, number: False
    find = "SELECT 1 FROM tried_again WHERE target = ? AND call > ? LIMIT 1"
    return lambda target, number: bool(db.execute(find, (target, number)).fetchone())


# Calls that left, with what became of them, if that is known.
_CALLS: Final = (
    "calls LEFT JOIN answers ON answers.call = calls.id WHERE coalesce(answers.state, 0) <> ?"
)


def _calls(db: sqlite3.Connection, since: int = 0) -> Iterator[tuple[int, str, int, str, bool]]:
    """Read calls: number, targets, state, reason, and whether some targets have another state."""
    return db.execute(
        "SELECT id, targets, coalesce(answers.state, ?), coalesce(answers.reason, ?), "  # noqa: S608
        f"EXISTS (SELECT 1 FROM exceptions WHERE call = id) FROM {_CALLS} AND id > ? ORDER BY id",
        (UNKNOWN, INTERRUPTED, WITHDRAWN, since),
    )


def _states_of(db: sqlite3.Connection, call: int) -> dict[str, int]:
    return dict(db.execute("SELECT target, state FROM exceptions WHERE call = ?", (call,)))


def _numbered(db: sqlite3.Connection) -> Iterator[tuple[int, Settled]]:
    for row in db.execute(
        "SELECT target, state, reason FROM exceptions WHERE call IS NULL ORDER BY rowid"
    ):
        yield 0, Settled(*row)
    find = "SELECT target, state, reason FROM exceptions WHERE call = ?"
    for number, targets, state, reason, mixed in _calls(db):
        own = {row[0]: Settled(*row) for row in db.execute(find, (number,))} if mixed else {}
        why = None if state == SENT else reason
        for target in targets.split(SEPARATOR):
            yield number, own.get(target) or Settled(target, state, why)


def prepare(path: Path, job: Mapping[str, str]) -> bool:
    """Make the file, or check that it is this job's; tell whether it was there already."""
    if path.exists() and path.stat().st_size:
        with contextlib.closing(_open_foreign(path)) as db:
            _check_job(path, _job(db), job)
        return True
    # Made whole under another name: a kill leaves no half-made journal that nobody can go on with.
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        # The owner alone may read who gets what.
        os.close(os.open(new, os.O_CREAT | os.O_RDWR, 0o600))
        with contextlib.closing(connect(new)) as db:
            db.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            rows = [("version", str(_VERSION)), *job.items()]
            db.executemany("INSERT INTO job VALUES (?, ?)", rows)
            db.execute(f"PRAGMA application_id = {_MAGIC}")
            db.execute("COMMIT")
        new.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise JournalError(f"journal {path}: cannot be made: {error}") from None
    return False


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal for writing."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    # A departure has to be on the disk before the call leaves: FULL syncs every commit.
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    return db


def _open_foreign(path: Path) -> sqlite3.Connection:
    """Open a file that may be anything, for reading only, and leave it as it is."""
    if not path.is_file():
        raise JournalError(f"journal {path}: there is no such file")
    try:
        with path.open("rb") as file:
            head = file.read(16)
        if head != b"SQLite format 3\0":
            raise JournalError(f"journal {path}: not a journal; the file is left as it is")
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            (magic,) = db.execute("PRAGMA application_id").fetchone()
            if magic != _MAGIC:
                raise JournalError(f"journal {path}: not a journal; the file is left as it is")
            db.execute("SELECT count(*) FROM (SELECT 1 FROM calls LIMIT 1)").fetchone()
        except BaseException:
            db.close()
            raise
    except (OSError, sqlite3.Error) as error:
        raise JournalError(f"journal {path}: damaged, or not a journal: {error}") from None
    return db


def _job(db: sqlite3.Connection) -> dict[str, str]:
    return dict(db.execute("SELECT name, value FROM job"))


def _check_job(path: Path, found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    if found.get("version") != str(_VERSION):
        raise JournalError(
            f"journal {path}: of version {found.get('version')}; this library writes {_VERSION}"
        )
    different = sorted(name for name in wanted if found.get(name) != wanted[name])
    if different:
        raise JournalError(
            f"journal {path}: of another job: it differs in {', '.join(different)}; "
            "use another file, or the job's own arguments"
        )
