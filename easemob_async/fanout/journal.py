"""The journal of a job: an SQLite file that knows what left and what came back.

A call is one row, written when it departs (and committed to the disk before it does); its answer is
another. Whatever kills the process, the file then says of every target whether it was sent, failed,
or left without a recorded answer: unknown. The writing is done by one thread, which commits in one
go whatever has come up meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from easemob_async.errors import JournalError
from easemob_async.fanout.lock import FileLock
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

_SEPARATOR: Final = "\n"  # no id holds one: it would not be printable


@attrs.frozen
class Verdict:
    """What became of a call: one state for its targets, but for some exceptions."""

    state: int
    reason: str | None = None
    exceptions: tuple[tuple[str, int, str | None], ...] = ()


@attrs.frozen
class Settled:
    """What a journal says of a target."""

    target: str
    state: int
    reason: str | None


class Journal:
    """The journal of one job, open for writing by this process alone."""

    def __init__(self, path: Path, job: Mapping[str, str]) -> None:
        """Open or make a journal.

        Raises:
            JournalError: another job's, not a journal, in use, or it cannot be made.
        """
        self.path = path
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        try:
            self.resumed = _prepare(path, job)
        except BaseException:
            self._lock.release()
            raise
        self._work: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self.began = self._last_rows()
        """The last call and the last exception of earlier runs."""
        self._next_id = self.began[0] + 1
        self._broken: JournalError | None = None
        self._thread = threading.Thread(
            target=self._write_orders, name="easemob-journal", daemon=True
        )
        self._thread.start()

    async def departs(self, targets: Sequence[str], again: Sequence[str] = ()) -> int:
        """Record that a call leaves; returns when that is on the disk, with the call's number.

        Args:
            targets: who gets it.
            again: who of them an earlier run met: what it says of them is void now.

        Raises:
            JournalError: it cannot be recorded; the call must not leave.
        """
        number, self._next_id = self._next_id, self._next_id + 1
        row = (number, _SEPARATOR.join(targets))
        await self._order(
            ("INSERT INTO calls VALUES (?, ?)", [row]),
            ("INSERT INTO tried_again VALUES (?, ?)", [(target, number) for target in again]),
        )
        return number

    async def departs_again(self, number: int) -> None:
        """Record that a call that was withdrawn leaves once more."""
        await self._order(("DELETE FROM answers WHERE call = ?", [(number,)]))

    async def withdraw(self, number: int) -> None:
        """Record that a call surely was not processed."""
        await self._order((_ANSWER, [(number, WITHDRAWN, None)]))

    async def settle(self, number: int, verdict: Verdict) -> None:
        """Record what became of a call."""
        row = (number, verdict.state, verdict.reason)
        rows = [(number, *exception) for exception in verdict.exceptions]
        await self._order((_ANSWER, [row]), (_ADD_EXCEPTION, rows))

    async def note(self, settled: list[Settled]) -> None:
        """Record targets that were settled without a call."""
        rows = [(None, item.target, item.state, item.reason) for item in settled]
        await self._order((_ADD_EXCEPTION, rows))

    def close(self) -> None:
        """Write what is still to be written, and let go of the file."""
        if self._thread.is_alive():
            self._work.put(None)
            self._thread.join()
        self._lock.release()

    def _last_rows(self) -> tuple[int, int]:
        with contextlib.closing(_connect(self.path)) as db:
            (call,) = db.execute("SELECT coalesce(max(id), 0) FROM calls").fetchone()
            (exception,) = db.execute("SELECT coalesce(max(rowid), 0) FROM exceptions").fetchone()
        return int(call), int(exception)

    async def _order(self, *statements: tuple[str, list[tuple[Any, ...]]]) -> None:
        if self._broken is not None:
            raise JournalError(str(self._broken))
        done = asyncio.get_running_loop().create_future()
        self._work.put(_Order(statements, done))
        await done  # cancelling the wait takes nothing back: what is ordered is written

    def _write_orders(self) -> None:
        try:
            db = _connect(self.path)
        except sqlite3.Error as error:
            self._fail_all(error)
            return
        with contextlib.closing(db):
            while (first := self._work.get()) is not None:
                orders, ended = [first], False
                with contextlib.suppress(queue.Empty):
                    while True:
                        order = self._work.get_nowait()
                        if order is None:
                            ended = True
                            break
                        orders.append(order)
                failure = self._commit(db, orders)
                _resolve(orders, failure)
                if failure is not None:
                    self._fail_all(failure)
                    return
                if ended:
                    return

    def _commit(self, db: sqlite3.Connection, orders: list[_Order]) -> Exception | None:
        try:
            db.execute("BEGIN IMMEDIATE")
            for order in orders:
                for statement, rows in order.statements:
                    db.executemany(statement, rows)
            db.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            return self._cannot_write(error)
        return None

    def _cannot_write(self, error: Exception) -> JournalError:
        if self._broken is None:
            self._broken = JournalError(f"journal {self.path}: cannot be written: {error}")
        return self._broken

    def _fail_all(self, error: Exception) -> None:
        failure = self._cannot_write(error)
        with contextlib.suppress(queue.Empty):
            while True:
                order = self._work.get_nowait()
                if order is not None:
                    _resolve([order], failure)


_ANSWER: Final = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)"
_ADD_EXCEPTION: Final = "INSERT INTO exceptions (call, target, state, reason) VALUES (?, ?, ?, ?)"


@attrs.frozen
class _Order:
    statements: tuple[tuple[str, list[tuple[Any, ...]]], ...]
    done: asyncio.Future[None]


def _resolve(orders: Sequence[_Order], failure: Exception | None) -> None:
    """Tell who waits, in their event loop, that their orders were carried out or cannot be."""

    def settle() -> None:
        for order in orders:
            if order.done.done():
                continue
            if failure is None:
                order.done.set_result(None)
            else:
                order.done.set_exception(JournalError(str(failure)))

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        orders[0].done.get_loop().call_soon_threadsafe(settle)


def read_job(path: Path) -> dict[str, str]:
    """Read what job a journal is of.

    Raises:
        JournalError: not a journal.
    """
    with contextlib.closing(_open_foreign(path)) as db:
        return _job(db)


def read_settled(path: Path, since: tuple[int, int] = (0, 0)) -> Iterator[Settled]:
    """Read what a journal says, target by target, in the order in which it was written.

    A target may come up more than once, when it was tried again; the last word counts. A call that
    left without a recorded answer is unknown. Readers may look while a job is running.

    Args:
        path: the journal.
        since: only what came after these rows: `Journal.began`.

    Raises:
        JournalError: not a journal.
    """
    with contextlib.closing(_open_foreign(path)) as db:
        yield from _settled(db, *since)


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
            found |= targets.intersection(names.split(_SEPARATOR))
    return found


def read_last(path: Path, state: int) -> Iterator[Settled]:
    """Read the targets whose last word is `FAILED` or `UNKNOWN`, without holding them.

    Raises:
        JournalError: not a journal.
    """
    with contextlib.closing(_open_foreign(path)) as db:
        tried_again = _tried_again(db)
        for number, item in _numbered(db, 0, 0):
            if item.state == state and not tried_again(item.target, number):
                yield item


def count_last(path: Path) -> dict[int, int]:
    """Count the targets by their last word: `SENT`, `FAILED`, `UNKNOWN`.

    Raises:
        JournalError: not a journal.
    """
    counts = {SENT: 0, FAILED: 0, UNKNOWN: 0}
    with contextlib.closing(_open_foreign(path)) as db:
        tried_again = _tried_again(db)
        for number, item in _numbered(db, 0, 0):
            counts[item.state] += not tried_again(item.target, number)
    return counts


def _tried_again(db: sqlite3.Connection) -> Callable[[str, int], bool]:
    """Give what tells whether a target left again after a call."""
    if not db.execute("SELECT 1 FROM tried_again LIMIT 1").fetchone():
        return lambda target, number: False
    find = "SELECT 1 FROM tried_again WHERE target = ? AND call > ? LIMIT 1"
    return lambda target, number: bool(db.execute(find, (target, number)).fetchone())


def _settled(db: sqlite3.Connection, call: int, exception: int) -> Iterator[Settled]:
    return (item for _, item in _numbered(db, call, exception))


# Calls that left, with what became of them, if that is known.
_CALLS: Final = (
    "calls LEFT JOIN answers ON answers.call = calls.id WHERE coalesce(answers.state, 0) <> ?"
)


def _numbered(db: sqlite3.Connection, call: int, exception: int) -> Iterator[tuple[int, Settled]]:
    for target, state, reason in db.execute(
        "SELECT target, state, reason FROM exceptions WHERE call IS NULL AND rowid > ? "
        "ORDER BY rowid",
        (exception,),
    ):
        yield 0, Settled(target, state, reason)
    find = "SELECT target, state, reason FROM exceptions WHERE call = ?"
    rows = db.execute(
        "SELECT id, targets, coalesce(answers.state, ?), coalesce(answers.reason, ?), "  # noqa: S608
        f"EXISTS (SELECT 1 FROM exceptions WHERE call = id) FROM {_CALLS} AND id > ? ORDER BY id",
        (UNKNOWN, INTERRUPTED, WITHDRAWN, call),
    )
    for number, targets, state, reason, mixed in rows:
        own = {t: Settled(t, s, r) for t, s, r in db.execute(find, (number,))} if mixed else {}
        why = None if state == SENT else reason
        for target in targets.split(_SEPARATOR):
            yield number, own.get(target) or Settled(target, state, why)


def _prepare(path: Path, job: Mapping[str, str]) -> bool:
    """Make the file, or check that it is this job's; tell whether it was there already."""
    if path.exists() and path.stat().st_size:
        with contextlib.closing(_open_foreign(path)) as db:
            _check_job(path, _job(db), job)
        return True
    try:
        # The owner alone may read who gets what.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with contextlib.closing(_connect(path)) as db:
            db.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            rows = [("version", str(_VERSION)), *job.items()]
            db.executemany("INSERT INTO job VALUES (?, ?)", rows)
            db.execute(f"PRAGMA application_id = {_MAGIC}")
            db.execute("COMMIT")
    except (OSError, sqlite3.Error) as error:
        raise JournalError(f"journal {path}: cannot be made: {error}") from None
    return False


def _connect(path: Path) -> sqlite3.Connection:
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
