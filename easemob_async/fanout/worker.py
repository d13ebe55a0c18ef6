"""A worker of a job: the state of its present call, and the records of it in the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from easemob_async.errors import EasemobError
from easemob_async.fanout.deduplication import Deduplication
from easemob_async.fanout.journal.writer import Verdict
from easemob_async.fanout.pacing import Pacer
from easemob_async.fanout.packing import PlannedCall
from easemob_async.fanout.planner import Planner
from easemob_async.fanout.record import Record
from easemob_async.transport.call import Call
from easemob_async.transport.permit import Flexible
from easemob_async.transport.policy import Policy


class StoppedError(EasemobError):
    """The end of a call that would be sent or retried after its job was stopped."""


class Worker:
    """A worker of a job, which sends one call after the other."""

    def __init__(
        self,
        pacer: Pacer,
        planner: Planner,
        record: Record | None,
        deduplication: Deduplication | None,
        is_stopped: Callable[[], bool],
    ) -> None:
        self._pacer = pacer
        self._planner = planner
        self._is_stopped = is_stopped
        self._record = record
        self._again = set[str]() if deduplication is None else deduplication.again
        self._number: int | None = None
        self._call: PlannedCall
        self._request: Callable[[Sequence[str]], Call]
        self.task: asyncio.Task[None] | None = None
        self.targets: Sequence[str] = ()
        """The targets of its present or latest request."""
        self.waiting = True
        """Whether it reads, or waits for quota, a token or a retry: no request is in flight."""
        self.departed = False
        """Whether its call was sent and is not answered yet."""

    def begin(
        self, call: PlannedCall, least: int, request: Callable[[Sequence[str]], Call]
    ) -> Policy:
        """Begin a call; return the policy for its attempts.

        An attempt may leave with the first of the targets only. The next attempt may do so again:
        it follows only if the one before was certainly not processed.

        Args:
            call: the call.
            least: the fewest targets with which an attempt leaves, if the call has so many.
            request: makes a request to some of the targets.
        """
        self._number = None
        self._call = call
        self._request = request
        self.departed = False
        self.targets = call.targets
        flexible = Flexible(least, self._pacer.spare, self._pacer.slot)
        return Policy(
            True, self._admission, flexible, self._on_admission, self._on_departure, self._on_repeat
        )

    def _admission(self) -> AbstractAsyncContextManager[None]:
        self.waiting = True
        self._check()
        return self._pacer.admission(len(self.targets))

    async def _on_departure(self) -> None:
        self.waiting = False
        if self._record is not None:
            leaving = self.targets
            again = list(self._again.intersection(leaving)) if self._again else []
            self._number, recorded = self._record.departs(leaving, again)
            await recorded
        self.departed = True

    async def _on_repeat(self) -> None:
        self.departed = False
        self.waiting = True
        self._pacer.unused()
        await self.withdraw()
        self._check()

    def _on_admission(self, call: Call, messages: int) -> Call:
        if messages < call.messages:
            self._pacer.reduced(messages)
            self._planner.put_back(PlannedCall(self.targets[messages:], self._call.content))
            self.targets = self.targets[:messages]
            call = self._request(self.targets)
        self._planner.call_is_admitted(self._call)
        return call

    def _check(self) -> None:
        if self._is_stopped():
            raise StoppedError("the job was stopped before this call was sent or retried")

    def settle(
        self, targets: Sequence[str], verdict: Verdict, counts: Mapping[str, int]
    ) -> asyncio.Future[None] | None:
        """Record the outcome of the call, or of targets that no longer need one, in the journal.

        Returns:
            A future that is done when it is written; ``None`` without a journal.
        """
        self.departed = False
        again: list[str] = []
        if self._again:
            again = list(self._again.intersection(targets))
            self._again.difference_update(again)
        number, self._number = self._number, None
        if self._record is None:
            return None
        if number is None:
            return self._record.settle_unsent(targets, verdict, counts, again)
        return self._record.settle(number, verdict, counts)

    async def withdraw(self) -> None:
        """Record in the journal that the call was certainly not processed.

        Raises:
            JournalError: the journal cannot be written.
        """
        number, self._number = self._number, None
        if self._record is not None and number is not None:
            await self._record.withdraw(number)

    def withdraw_at_once(self) -> None:
        """Record the same without waiting, for a call that was not sent and was cancelled."""
        number, self._number = self._number, None
        if self._record is not None and number is not None:
            self._record.withdraw(number)

    def interrupt(self) -> None:
        """Cancel the worker, unless that would leave the outcome of a call unknown."""
        if self.task is not None and self.waiting:
            self.task.cancel()
