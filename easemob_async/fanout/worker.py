"""One of the tasks of a job: where its call is, and what the journal has to know of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from easemob_async.errors import EasemobError
from easemob_async.fanout.journal import Journal, Verdict
from easemob_async.fanout.pace import Pacer
from easemob_async.fanout.screen import Screen
from easemob_async.transport.call import Bulk


class StoppedError(EasemobError):
    """Ends a call that would have to be repeated after its job was stopped."""


class Worker:
    """Sends one call after the other."""

    def __init__(
        self,
        pacer: Pacer,
        journal: Journal | None,
        screen: Screen | None,
        is_stopped: Callable[[], bool],
    ) -> None:
        self._pacer = pacer
        self._is_stopped = is_stopped
        self._journal = journal
        self._again = set[str]() if screen is None else screen.again
        self._number: int | None = None
        self.task: asyncio.Task[None] | None = None
        self.waiting = True
        """It reads, or waits for quota or to repeat: nothing is on its way."""
        self.departed = False
        """Its call left and is not answered yet."""

    def bulk(self, targets: Sequence[str]) -> Bulk:
        """Give what the transport has to tell about the attempts of a new call."""
        self._number = None

        @asynccontextmanager
        async def admission() -> AsyncIterator[None]:
            self.waiting = True
            self._check()
            async with self._pacer.admission(len(targets)):
                yield
            self.waiting = False

        async def on_departure() -> None:
            if self._journal is not None:
                if self._number is None:
                    again = list(self._again.intersection(targets)) if self._again else []
                    self._number = await self._journal.departs(targets, again)
                    self._again.difference_update(again)
                else:
                    await self._journal.departs_again(self._number)
            self.departed = True

        async def on_repeat() -> None:
            self.rest()
            self._pacer.unused()
            await self.withdraw()
            self._check()

        return Bulk(admission, on_departure, on_repeat)

    def _check(self) -> None:
        if self._is_stopped():
            raise StoppedError("the job was stopped before this call left (again)")

    async def settle(self, verdict: Verdict) -> None:
        """Have the journal know what became of the call.

        Raises:
            JournalError: it cannot be written.
        """
        if self._journal is not None and self._number is not None:
            await self._journal.settle(self._number, verdict)

    async def withdraw(self) -> None:
        """Have the journal know that the call surely was not processed."""
        if self._journal is not None and self._number is not None:
            await self._journal.withdraw(self._number)

    def rest(self) -> None:
        """Nothing is on its way any more."""
        self.departed = False
        self.waiting = True

    def interrupt(self) -> None:
        """Cancel it, unless that would leave the fate of a call unknown."""
        if self.task is not None and self.waiting:
            self.task.cancel()
