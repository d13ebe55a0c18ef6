"""The pace of a job's calls, so that single calls of the same client hardly wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import Final, Literal, Protocol

from easemob_async.quotas import DAY, Limit
from easemob_async.transport.permit import Slot

Pace = Literal["even", "burst"]

# Calls are spaced a little closer than the quota allows, to make up for late calls; the quota
# itself keeps them within the limit.
_SPACING: Final = 0.95
_SPARE: Final = 0.01


class Pacer(Protocol):
    """The admission of a job's attempts."""

    spare: float
    """The part of each limit that the job leaves to single calls."""
    slot: Slot
    """The time between its calls, where the quota account keeps the pace."""

    def admission(self, messages: int) -> AbstractAsyncContextManager[None]:
        """Return the context in which one attempt acquires its quota."""
        ...

    def reduced(self, messages: int) -> None:
        """Record that the quota admits the present attempt with only so many messages."""
        ...

    def unused(self) -> None:
        """Record that an attempt did not use its slot: it was never sent, or was refused."""
        ...


class Burst:
    """The pace of a job that sends as fast as the quota allows, for an app that only it uses."""

    spare = 0.0
    slot = Slot()

    def admission(self, messages: int) -> AbstractAsyncContextManager[None]:
        """Admit an attempt immediately."""
        return nullcontext()

    def reduced(self, messages: int) -> None:
        """Do nothing: there are no slots."""

    def unused(self) -> None:
        """Do nothing: there are no slots."""


class Even:
    """The pace of a job that spaces its calls over the window of the quota.

    At most one call of the job waits in the queue for quota, so a single call of the same client
    has at most one call of the job ahead of it; and a little of the quota is left free, so that
    most single calls find room at once.
    """

    spare = _SPARE
    slot = Slot()

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()
        self._next = 0.0
        self._messages = 0
        self._slot = _slot_of(limits)

    def reduced(self, messages: int) -> None:
        """Make the slot of the present attempt shorter."""
        self._messages = messages

    def unused(self) -> None:
        """Admit the next attempt immediately; after a refusal the quota itself keeps the pace."""
        self._next = 0.0
        self._freed.set()

    def admission(self, messages: int) -> AbstractAsyncContextManager[None]:
        """Wait for a turn and for the next slot."""
        return _Turn(self, messages)

    async def take_turn(self, messages: int) -> None:
        """Wait for a turn and for the next slot, with so many messages."""
        await self._turn.acquire()
        try:
            wait = self._next - asyncio.get_running_loop().time()
            if wait > 0:
                self._freed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._freed.wait()
        except BaseException:
            self._turn.release()
            raise
        self._messages = messages

    def end_turn(self, *, admitted: bool) -> None:
        """Let the next attempt have its turn, a slot later if this one was admitted."""
        if admitted:
            now = asyncio.get_running_loop().time()
            self._next = now + self._slot.seconds(self._messages)
        self._turn.release()


class _Turn(AbstractAsyncContextManager[None]):
    # Not a generator: the event loop keeps an account of each, which is a hundredth of a call.
    __slots__ = ("_messages", "_pace")

    def __init__(self, pace: Even, messages: int) -> None:
        self._pace = pace
        self._messages = messages

    async def __aenter__(self) -> None:
        await self._pace.take_turn(self._messages)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pace.end_turn(admitted=kind is None)


class EvenTogether(Burst):
    """The same pace for the jobs of all processes: the account that they share keeps the slots."""

    spare = _SPARE

    def __init__(self, limits: Sequence[Limit]) -> None:
        self.slot = _slot_of(limits)


def make_pacer(pace: Pace, limits: Sequence[Limit], *, together: bool = False) -> Pacer:
    """Return the pacer of a job; `together` with the jobs of other processes or alone."""
    if pace == "burst" or not limits:
        return Burst()
    return EvenTogether(limits) if together else Even(limits)


def _slot_of(limits: Sequence[Limit]) -> Slot:
    """Return the time between calls that spreads them over the windows of their limits."""
    seconds = [
        (limit.unit, limit.per.total_seconds() / limit.units * _SPACING)
        for limit in limits
        if limit.per != DAY
    ]
    return Slot(
        max((s for unit, s in seconds if unit == "calls"), default=0.0),
        max((s for unit, s in seconds if unit == "messages"), default=0.0),
    )


def shortest(limits: Sequence[Limit], *, calls: int, messages: int) -> float:
    """Return the seconds that a quota needs for so many calls and messages, without day limits."""
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
