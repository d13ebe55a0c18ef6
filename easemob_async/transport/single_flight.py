"""One fetch in flight, however many wait for what it brings."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from easemob_async.errors import ClientClosedError, EasemobError

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Fetches something for all who wait for it: a caller that is cancelled takes it from none."""

    def __init__(self, fetch: Callable[[], Coroutine[Any, Any, T]], what: str) -> None:
        """Fetch nothing yet.

        Args:
            fetch: fetches it.
            what: what is fetched, for errors.
        """
        self._fetch = fetch
        self._what = what
        self._task: asyncio.Task[T] | None = None

    @property
    def is_flying(self) -> bool:
        """Whether a fetch is in flight."""
        return self._task is not None

    def start(self) -> asyncio.Task[T]:
        """Start a fetch in the background."""
        task = self._task = asyncio.get_running_loop().create_task(self._fetch())
        task.add_done_callback(self._done)
        return task

    async def join(self) -> T:
        """Wait for the fetch in flight, or for one that starts now.

        Raises:
            EasemobError: it failed; each caller gets an object of its own.
        """
        task = self._task or self.start()
        try:
            # Shielded: a caller that is cancelled must not take the fetch from the others.
            return await asyncio.shield(task)
        except EasemobError as shared:
            error = copy.copy(shared)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is None or caller.cancelling():
                raise
            # It was the fetch that was cancelled, not this caller.
            error = ClientClosedError(f"the client was closed while it fetched {self._what}")
        raise error

    def moved(self) -> None:
        """Forget what waits in an event loop that is closed."""
        self._task = None

    async def close(self) -> None:
        """Stop a fetch that is in flight."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _done(self, task: asyncio.Task[T]) -> None:
        if self._task is task:
            self._task = None
        if not task.cancelled():
            task.exception()  # seen: callers that wait raise it
