"""How the calls of a job follow one another, so that it and single calls can live together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from typing import Final, Literal, Protocol

from easemob_async.quotas import DAY, Limit

Pace = Literal["even", "burst"]

# Calls are spaced a little closer than the quota allows, so that a late one is caught up with;
# the quota itself keeps them from coming too close.
_SPACING: Final = 0.95


class Pacer(Protocol):
    """Lets the attempts of a job in."""

    def admission(self, messages: int) -> AbstractAsyncContextManager[None]:
        """Give the context in which one attempt acquires its quota."""
        ...

    def unused(self) -> None:
        """Take note that an attempt did not use its slot: it never left, or was refused."""
        ...


class Burst:
    """As fast as the quota lets go: for an app that nothing else uses."""

    def admission(self, messages: int) -> AbstractAsyncContextManager[None]:
        """Let in at once."""
        return nullcontext()

    def unused(self) -> None:
        """There are no slots."""


class Even:
    """Spaces calls over the window, with at most one acquisition of the job in the queue.

    A single call of the same client then finds at most one call of the job ahead of it.
    """

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()
        self._next = 0.0
        seconds = [
            (limit.unit, limit.per.total_seconds() / limit.units)
            for limit in limits
            if limit.per != DAY
        ]
        self._per_call = max((s for unit, s in seconds if unit == "calls"), default=0.0)
        self._per_message = max((s for unit, s in seconds if unit == "messages"), default=0.0)

    def unused(self) -> None:
        """Let the next one in at once; the quota itself keeps the pace after a refusal."""
        self._next = 0.0
        self._freed.set()

    @asynccontextmanager
    async def admission(self, messages: int) -> AsyncIterator[None]:
        """Wait for a turn and for the next slot."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            wait = self._next - loop.time()
            if wait > 0:
                self._freed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._freed.wait()
            yield
            spacing = max(self._per_call, self._per_message * messages)
            self._next = loop.time() + spacing * _SPACING


def make_pacer(pace: Pace, limits: Sequence[Limit]) -> Pacer:
    """Make what lets the calls of a job in."""
    return Even(limits) if pace == "even" and limits else Burst()


def shortest(limits: Sequence[Limit], *, calls: int, messages: int) -> float:
    """Give the seconds in which a quota, evenly used, lets so much pass; day limits aside."""
    return max(
        (
            (messages if limit.unit == "messages" else calls)
            * limit.per.total_seconds()
            / limit.units
            for limit in limits
            if limit.per != DAY
        ),
        default=0.0,
    )
