"""The writer of a journal: an SQLite file that records the calls of a job and their outcomes.

A call is one row, committed to the disk before the call is sent; its answer is another row.
Whatever kills the process, the file then shows for every target whether it was sent, failed, or was
sent without a recorded answer: unknown. One thread writes, and commits all rows that have come
meanwhile together.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from easemob_async.errors import JournalError
from easemob_async.fanout.journal.lock import Mark, SideFile, side_file
from easemob_async.fanout.journal.opening import connect, prepare
from easemob_async.fanout.journal.rows import (
    SEPARATOR,
    SET_COUNT,
    WITHDRAWN,
    Settled,
    again_row,
    answer_row,
    call_row,
    exception_row,
)
from easemob_async.ids import join_ids
from easemob_async.wire.codec import whole_text

_Row = tuple[str, tuple[object, ...]]


class Verdict(NamedTuple):
    """The outcome of a call: one state for all of its targets except some."""

    state: int
    """The state of all targets that are not among the exceptions."""
    reason: str | None = None
    """The reason of that state."""
    exceptions: tuple[tuple[str, int, str | None], ...] = ()
    """The targets with another state, each with its state and reason."""
    message_ids: Sequence[str] | None = None
    """The ids in the order of the targets, if they are stored; empty for an exception."""


class Journal:
    """The journal of one job, open for writing by this process alone."""

    def __init__(self, path: Path, job: Mapping[str, str]) -> None:
        """Open or create a journal.

        Raises:
            JournalError: the file belongs to another job, is not a journal, is damaged or in use,
                or cannot be created.
        """
        self.path = path = path.resolve()
        self._side = SideFile(path)
        try:
            prepared = prepare(path, job)
            self._files = _Files(path)
        except BaseException:
            self._side.release()
            raise
        self.resumed = prepared.resumed
        """Whether earlier runs wrote to it."""
        self.began = prepared.rows
        """The last row of earlier runs."""
        self.counts = prepared.counts
        """The counts of refusals from earlier runs."""
        self._id = prepared.journal_id
        self._rows = prepared.rows
        self._side.write_mark(Mark(self._id, self._rows))
        self._orders: list[_Order] = []
        self._work: queue.SimpleQueue[list[_Order] | None] = queue.SimpleQueue()
        self._broken: JournalError | None = None
        self._ordering = threading.Lock()  # no order comes after the failure of all orders
        self._thread = threading.Thread(
            target=self._write_orders, name="easemob-journal", daemon=True
        )
        self._thread.start()

    def departs(
        self, targets: Sequence[str], again: Sequence[str] = ()
    ) -> tuple[int, asyncio.Future[None]]:
        """Record that a call is sent.

        Args:
            targets: the targets of the call.
            again: the targets among them whose states from earlier runs this call replaces.

        Returns:
            The number of the call, and a future to await before the call is sent: then the record
            is on the disk. If it raises a `JournalError`, the call must not be sent.
        """
        call = self._number()
        rows = [call_row(call, join_ids(targets))]
        rows += [again_row(self._number(), target, call) for target in again]
        return call, self._order(rows)

    def withdraw(self, call: int) -> asyncio.Future[None]:
        """Record that a call was certainly not processed."""
        return self._order([answer_row(self._number(), call, WITHDRAWN, None)])

    def settle(
        self, call: int, verdict: Verdict, counts: Mapping[str, int] | None = None
    ) -> asyncio.Future[None]:
        """Record the outcome of a call, and the counts of the job."""
        return self._order(
            [*self._verdict(call, verdict), *((SET_COUNT, c) for c in (counts or {}).items())]
        )

    def settle_unsent(
        self,
        targets: Sequence[str],
        verdict: Verdict,
        counts: Mapping[str, int],
        again: Sequence[str],
    ) -> asyncio.Future[None]:
        """Record the outcome of targets that no longer need their own call."""
        call = self._number()
        rows = [call_row(call, join_ids(targets)), *self._verdict(call, verdict)]
        rows += [again_row(self._number(), target, call) for target in again]
        return self._order([*rows, *((SET_COUNT, count) for count in counts.items())])

    def note(self, settled: list[Settled], again: Container[str]) -> asyncio.Future[None]:
        """Record targets that were settled without a call.

        Args:
            settled: the targets.
            again: the targets whose states from earlier runs are replaced.
        """
        rows: list[_Row] = []
        for item in settled:
            rows.append(self._exception(None, item.target, item.state, item.reason))
            if item.target in again:
                note = self._rows
                rows.append(again_row(self._number(), whole_text(item.target), note))
        return self._order(rows)

    def close(self) -> None:
        """Write the remaining rows, and close the file.

        Raises:
            JournalError: the file was deleted or replaced while it was written.
        """
        self._hand_over()
        if self._thread.is_alive():
            self._work.put(None)
            self._thread.join()
        try:
            if self._broken is None:
                self._files.check(log=False)  # the log is removed with the last connection
        finally:
            self._side.release()

    def _number(self) -> int:
        self._rows += 1
        return self._rows

    def _verdict(self, call: int, verdict: Verdict) -> list[_Row]:
        reason = None if verdict.reason is None else whole_text(verdict.reason)
        ids = None
        if verdict.message_ids is not None:
            kept = (one.replace(SEPARATOR, " ") for one in verdict.message_ids)
            ids = whole_text(SEPARATOR.join(kept))
        rows = [answer_row(self._number(), call, verdict.state, reason, ids)]
        return rows + [self._exception(call, *exception) for exception in verdict.exceptions]

    def _exception(self, call: int | None, target: str, state: int, reason: str | None) -> _Row:
        why = None if reason is None else whole_text(reason)
        return exception_row(self._number(), call, whole_text(target), state, why)

    def _order(self, rows: list[_Row]) -> asyncio.Future[None]:
        """Pass rows to the thread, which writes them even if nobody waits for the result."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        with self._ordering:
            if self._broken is None:
                if not self._orders:  # all orders of one turn of the loop are passed at once
                    loop.call_soon(self._hand_over)
                self._orders.append(_Order(rows, self._rows, done))
                return done
        _fail(done, self._broken)
        return done

    def _hand_over(self) -> None:
        with self._ordering:
            orders, self._orders = self._orders, []
            if orders and self._broken is None:
                self._work.put(orders)
                return
        if orders:
            _resolve(orders, self._broken)

    def _write_orders(self) -> None:
        try:
            db = connect(self.path)
        except sqlite3.Error as error:
            self._fail_all(error)
            return
        with contextlib.closing(db):
            while (orders := self._work.get()) is not None:
                ended = False
                with contextlib.suppress(queue.Empty):
                    while True:
                        more = self._work.get_nowait()
                        if more is None:
                            ended = True
                            break
                        orders += more
                failure = self._commit(db, orders)
                _resolve(orders, failure)
                if failure is not None:
                    self._fail_all(failure)
                    return
                if ended:
                    return

    def _commit(self, db: sqlite3.Connection, orders: list[_Order]) -> Exception | None:
        try:
            self._files.check()
            db.execute("BEGIN IMMEDIATE")
            for order in orders:
                for statement, row in order.rows:
                    db.execute(statement, row)
            db.execute("COMMIT")
            self._files.check()
        # Any error: a thread that ends silently would leave the job waiting forever.
        except Exception as error:
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            return self._cannot_write(error)
        self._side.write_mark(Mark(self._id, orders[-1].last))
        return None

    def _cannot_write(self, error: Exception) -> JournalError:
        if self._broken is None:
            self._broken = (
                error
                if isinstance(error, JournalError)
                else JournalError(f"journal {self.path}: cannot be written: {error}")
            )
        return self._broken

    def _fail_all(self, error: Exception) -> None:
        with self._ordering, contextlib.suppress(queue.Empty):
            failure = self._cannot_write(error)
            while True:
                orders = self._work.get_nowait()
                if orders is not None:
                    _resolve(orders, failure)


class _Files:
    """The journal, its log and its side file on the disk, which must stay the same files."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._side = side_file(path)
        self._seen: dict[Path, tuple[int, int, int]] = {}
        self.check()

    def check(self, *, log: bool = True) -> None:
        """Check that the files are still the same.

        Raises:
            JournalError: a file was deleted, replaced or cut.
        """
        self._check(self._path)
        self._check(self._side)
        if log:
            self._check(self._log)

    def _check(self, path: Path) -> None:
        before = self._seen.get(path)
        try:
            found = os.stat(path)  # cheap: each commit calls it twice
        except FileNotFoundError:
            if before is None and path is self._log:
                return  # not written yet
            raise self._changed(path, "deleted") from None
        now = found.st_dev, found.st_ino, found.st_size
        if before is not None and before[:2] != now[:2]:
            raise self._changed(path, "replaced")
        if before is not None and now[2] < before[2]:
            raise self._changed(path, "cut")
        self._seen[path] = now

    def _changed(self, path: Path, how: str) -> JournalError:
        what = "" if path == self._path else f"its {path.name} "
        return JournalError(
            f"journal {self._path}: {what}was {how} while the job ran: targets that were sent to "
            "after that are not recorded"
        )


class _Order(NamedTuple):
    rows: list[_Row]
    last: int
    """The highest row number so far; orders are written in the order of their numbers."""
    done: asyncio.Future[None]


def _fail(done: asyncio.Future[None], failure: Exception) -> None:
    done.set_exception(JournalError(str(failure)))
    done.exception()  # a waiting caller raises it; without one it needs no warning


def _resolve(orders: Sequence[_Order], failure: Exception | None) -> None:
    """Set the results of orders, or their error, in the event loop of the callers that wait."""

    def settle() -> None:
        for order in orders:
            if order.done.done():
                continue
            if failure is None:
                order.done.set_result(None)
            else:
                _fail(order.done, failure)

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any longer
        orders[0].done.get_loop().call_soon_threadsafe(settle)
