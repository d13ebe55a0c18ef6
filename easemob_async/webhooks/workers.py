"""A bounded queue of events that keeps the order per key, and the tasks that process it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import Awaitable, Callable

from easemob_async.webhooks.events.base import Event


class Workers:
    """Tasks that pass queued events to a function, several at the same time.

    Create it in the running event loop. Events with the same key are handled one after the other,
    in order. After each event, its key goes to the end of the queue of keys.
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
        # Keys with waiting events that no task is handling.
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
        """Queue an event and return true; return false if the queue is full.

        Args:
            event: the event.
            size: the size of its post in bytes.
            key: events with the same key keep their order; ``""`` for no order.
        """
        # An event larger than the whole queue is still accepted if the queue is empty.
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
        """Wait until all queued events are handled."""
        await self._idle.wait()

    async def close(self, within: float) -> list[Event]:
        """Wait at most some seconds for queued events, then stop; return the events left."""
        left: list[Event] = []
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self.idle()
        finally:
            self._closing = True
            for task in self._tasks:
                task.cancel()
            # With a timeout: a handler may ignore the cancellation.
            await asyncio.wait(self._tasks, timeout=within)
            for lane in self._lanes.values():
                left += [event for event, _ in lane]
            self._lanes.clear()
            self._idle.set()  # ends the waiting calls of `idle`
        return left

    async def _work(self) -> None:
        while not self._closing:
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
                while task.cancelling():  # a handler cancelled itself; go on with other events
                    task.uncancel()
            finally:
                self._handling -= 1
                self._events -= 1
                self._bytes -= size
                if not lane:
                    self._lanes.pop(key, None)
                elif not self._closing:
                    self._ready.put_nowait(key)
                if not self._events:
                    self._idle.set()
