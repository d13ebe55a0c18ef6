"""A bounded queue of events and the tasks that empty it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from easemob_async.webhooks.event import Event


class Workers:
    """Hands events to a function, several at once. Made in the running event loop."""

    def __init__(
        self, handle: Callable[[Event], Awaitable[None]], *, count: int, queue_size: int
    ) -> None:
        self._handle = handle
        self._queue: asyncio.Queue[Event] = asyncio.Queue(queue_size)
        self._tasks = [
            asyncio.create_task(self._work(), name="easemob-webhooks") for _ in range(count)
        ]

    def put(self, event: Event) -> bool:
        """Take an event, unless too many are waiting."""
        if self._queue.full():
            return False
        self._queue.put_nowait(event)
        return True

    async def idle(self) -> None:
        """Wait until all that was taken is handled."""
        await self._queue.join()

    async def close(self, within: float) -> list[Event]:
        """Wait for what was taken, for some seconds, and stop; gives what nobody got to."""
        left: list[Event] = []
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self.idle()
        finally:
            for task in self._tasks:
                task.cancel()
            while not self._queue.empty():
                left.append(self._queue.get_nowait())
                self._queue.task_done()  # who waits in `idle` waits no longer
            await asyncio.gather(*self._tasks, return_exceptions=True)
        return left

    async def _work(self) -> None:
        while True:
            event = await self._queue.get()
            try:
                await self._handle(event)
            finally:
                self._queue.task_done()
