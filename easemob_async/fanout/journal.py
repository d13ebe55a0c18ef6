"""The journal of a job: an SQLite file that knows what left and what came back.

A call is one row, written when it departs (and committed to the disk before it does); its answer is
another. Whatever kills the process, the file then says of every target whether it was sent, failed,
or left without a recorded answer: unknown. The writing is done by one thread, which commits in one
go whatever has come up meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from easemob_async.errors import JournalError
from easemob_async.fanout.lock import FileLock
from easemob_async.fanout.records import SEPARATOR, WITHDRAWN, Settled, connect, prepare


@attrs.frozen
class Verdict:
    """What became of a call: one state for its targets, but for some exceptions."""

    state: int
    reason: str | None = None
    exceptions: tuple[tuple[str, int, str | None], ...] = ()


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
            self.resumed = prepare(path, job)
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
        row = (number, SEPARATOR.join(targets))
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
        rows = [(None, _storable(item.target), item.state, item.reason) for item in settled]
        await self._order((_ADD_EXCEPTION, rows))

    def close(self) -> None:
        """Write what is still to be written, and let go of the file."""
        if self._thread.is_alive():
            self._work.put(None)
            self._thread.join()
        self._lock.release()

    def _last_rows(self) -> tuple[int, int]:
        with contextlib.closing(connect(self.path)) as db:
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
            db = connect(self.path)
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


def _storable(target: str) -> str:
    """Give a target that broke a rule as text that SQLite takes: without lone surrogates."""
    return target.encode(errors="backslashreplace").decode()
