"""A bounded queue of events, in lanes that keep their order, and the tasks that empty it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import Awaitable, Callable

from easemob_async.webhooks.events.base import Event


class Workers:
    """Hands events to a function, several at once. Made in the running event loop.

    Events with the same key are handled one after the other, in their order. A key whose event is
    being handled is left alone meanwhile; then it goes behind the others that wait.
    """

    def __init__(
        self,
        handle: Callable[[Event], Awaitable[None]],
        *,
        count: int,
        most_events: int,
        most_bytes: int,
    ) -> None:
        self._handle = handle
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._lanes: dict[str | int, deque[tuple[Event, int]]] = {}
        # Keys with something to do that no task has in hand.
        self._ready: asyncio.Queue[str | int] = asyncio.Queue()
        self._numbers = itertools.count()
        self._events = 0
        self._handling = 0
        self._bytes = 0
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks = [
            asyncio.create_task(self._work(), name="easemob-webhooks") for _ in range(count)
        ]

    def put(self, event: Event, size: int, key: str) -> bool:
        """Take an event, unless too many are waiting or too much.

        Args:
            event: the event.
            size: how large its post was.
            key: what it has to keep its order with; ``""`` for nothing.
        """
        # One that is larger than all that may wait is still taken when nothing waits.
        too_much = self._events and self._bytes + size > self._most_bytes
        if self._events - self._handling >= self._most_events or too_much:
            return False
        lane = key or next(self._numbers)
        found = self._lanes.get(lane)
        if found is None:
            found = self._lanes[lane] = deque()
            self._ready.put_nowait(lane)
        found.append((event, size))
        self._events += 1
        self._bytes += size
        self._idle.clear()
        return True

    async def idle(self) -> None:
        """Wait until all that was taken is handled."""
        await self._idle.wait()

    async def close(self, within: float) -> list[Event]:
        """Wait for what was taken, for some seconds, and stop; returns what nobody got to."""
        left: list[Event] = []
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self.idle()
        finally:
            self._closing = True
            for task in self._tasks:
                task.cancel()
            # Not for ever: a handler may not listen.
            await asyncio.wait(self._tasks, timeout=within)
            for lane in self._lanes.values():
                left += [event for event, _ in lane]
            self._lanes.clear()
            self._idle.set()  # who waits in `idle` waits no longer
        return left

    async def _work(self) -> None:
        while True:
            key = await self._ready.get()
            lane = self._lanes[key]
            event, size = lane.popleft()
            self._handling += 1
            try:
                await self._handle(event)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if self._closing or task is None:
                    raise
                while task.cancelling():  # a handler has cancelled itself: others are waiting
                    task.uncancel()
            finally:
                self._handling -= 1
                self._events -= 1
                self._bytes -= size
                if lane:
                    self._ready.put_nowait(key)
                else:
                    self._lanes.pop(key, None)
                if not self._events:
                    self._idle.set()
