"""The record of a chunk's calls in the ledger, for the runner that sends them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Container, Mapping, Sequence
from typing import Any

from easemob_async.distributed.database import ranges
from easemob_async.distributed.lease import Lease, Moment
from easemob_async.distributed.writer import LostChunkError, Order, Writer
from easemob_async.fanout.journal.rows import Settled
from easemob_async.fanout.journal.writer import Verdict
from easemob_async.fanout.refusals import Refusals
from easemob_async.fanout.report import kind_of
from easemob_async.wire.codec import whole_text


class ChunkRecord:
    """The record of a chunk while a worker has it: it stands where a local job has its journal."""

    def __init__(
        self,
        writer: Writer,
        chunk: tuple[int, int, int],
        names: Sequence[str],
        lease: Lease,
        refusals: Refusals,
        counts: Mapping[str, int],
    ) -> None:
        """Make the record of a chunk that was claimed.

        Args:
            writer: the writer of the process.
            chunk: its job, its number, and the epoch in which it was claimed.
            names: all of its targets.
            lease: its lease.
            refusals: the counts of refusals, which the record keeps up to date.
            counts: the counts of the job.
        """
        self.chunk = chunk
        self._writer = writer
        self._positions = {name: position for position, name in enumerate(names)}
        self._lease = lease
        self._refusals = refusals
        self._counts = dict(counts)
        self._calls = 0
        # The targets of calls that have one: the kind of a reason does not name it.
        self._only: dict[int, str] = {}
        self._pending: set[asyncio.Future[None]] = set()

    def departs(
        self, targets: Sequence[str], again: Sequence[str] = ()
    ) -> tuple[int, asyncio.Future[None]]:
        """Record that a call is sent."""
        number = self._number()
        if len(targets) == 1:
            self._only[number] = targets[0]
        order = self._put("depart", number, self._ranges(targets), can_wait=False)
        return number, asyncio.ensure_future(self._departs(number, order))

    def withdraw(self, call: int) -> asyncio.Future[None]:
        """Record that a call was certainly not processed."""
        self._only.pop(call, None)
        return self._keep(self._done(self._put("withdraw", call)))

    def settle(
        self, call: int, verdict: Verdict, counts: Mapping[str, int] | None = None
    ) -> asyncio.Future[None]:
        """Record the outcome of a call, and the counts of the job."""
        found = self._verdict(verdict, self._only.pop(call, None))
        order = self._put("settle", call, *found, self._changes(counts or {}))
        return self._keep(self._learn(order))

    def settle_unsent(
        self,
        targets: Sequence[str],
        verdict: Verdict,
        counts: Mapping[str, int],
        again: Sequence[str],
    ) -> asyncio.Future[None]:
        """Record the outcome of targets that no longer need their own call."""
        order = self._put(
            "settle unsent",
            self._number(),
            *self._verdict(verdict, targets[0] if len(targets) == 1 else None),
            self._changes(counts),
            self._ranges(targets),
        )
        return self._keep(self._learn(order))

    def note(self, settled: list[Settled], again: Container[str]) -> asyncio.Future[None]:
        """Record targets that were settled without a call."""
        noted = [
            self.settle_unsent([one.target], Verdict(one.state, one.reason), {}, ())
            for one in settled
        ]
        return self._keep(_all(noted))

    async def keep(self) -> None:
        """Extend the lease.

        Raises:
            LostChunkError: another worker has the chunk, its job was stopped, or the database is
                away.
        """
        order = self._put("keep", 0, can_wait=False)
        answer = await order.done
        if answer != "kept":
            raise _lost(answer)
        assert order.asked is not None
        self._lease.extend(order.asked)

    async def drain(self) -> None:
        """Wait until everything is recorded."""
        while self._pending:
            await asyncio.wait(self._pending)

    async def _departs(self, number: int, order: Order) -> None:
        try:
            answer = await order.done
        except LostChunkError:
            # The commit may have taken place, or still take place, without an answer.
            self.withdraw(number)
            raise
        if answer != "departed":
            raise _lost(answer)
        assert order.asked is not None
        self._lease.extend(order.asked)
        if self._lease.has_ended(Moment.now()):
            self.withdraw(number)
            raise LostChunkError("this process was paused, and another may have the chunk by now")

    async def _learn(self, order: Order) -> None:
        answer = await order.done
        if not isinstance(answer, dict):
            raise _lost(answer)
        self._counts = answer
        self._refusals.learn(answer)

    async def _done(self, order: Order) -> None:
        await order.done

    def _put(self, name: str, number: int, *values: object, can_wait: bool = True) -> Order:
        return self._writer.put(name, *self.chunk, number, *values, can_wait=can_wait)

    def _number(self) -> int:
        self._calls += 1
        return self._calls

    def _ranges(self, targets: Sequence[str]) -> str:
        return ranges(sorted(map(self._positions.__getitem__, targets)))

    def _verdict(self, verdict: Verdict, only: str | None) -> Sequence[object]:
        exceptions = [
            (self._positions[target], state, *_reasons(reason, target))
            for target, state, reason in verdict.exceptions
        ]
        return verdict.state, *_reasons(verdict.reason, only), exceptions

    def _changes(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """Return how counts of this process change those of the job."""
        changes = {name: count - self._counts.get(name, 0) for name, count in counts.items()}
        self._counts.update(counts)
        return {name: change for name, change in changes.items() if change}

    def _keep(self, work: Awaitable[None]) -> asyncio.Future[None]:
        future = asyncio.ensure_future(work)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        future.add_done_callback(_seen)
        return future


def _reasons(reason: str | None, target: str | None) -> tuple[str | None, str | None]:
    if reason is None:
        return None, None
    text = whole_text(reason).replace("\0", "\ufffd")
    return text, kind_of(text, target)


def _lost(answer: Any) -> LostChunkError:
    why = {
        "fenced": "another worker has the chunk",
        "stopped": "the job was stopped",
        "taken": "a target of the call is in another call already",
    }
    return LostChunkError(why.get(str(answer), f"the ledger refused the call: {answer}"))


async def _all(noted: Sequence[asyncio.Future[None]]) -> None:
    for one in noted:
        await one


def _seen(done: asyncio.Future[None]) -> None:
    if not done.cancelled():
        done.exception()
