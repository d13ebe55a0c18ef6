"""Where targets come from: any iterable, read as it is needed and never held whole."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, Iterable
from itertools import islice
from typing import Any


class Source:
    """Reads items in parts; what was read and not taken is kept when a read is cancelled."""

    def __init__(self, targets: Iterable[Any] | AsyncIterable[Any]) -> None:
        self._is_async = isinstance(targets, AsyncIterable)
        self._targets = targets
        self._iterator: Any = None
        self._buffer: deque[Any] = deque()
        self.exhausted = False
        """Whether nothing more will come."""
        self.read = 0
        """How many items were taken from the iterable."""

    async def take(self, number: int) -> list[Any]:
        """Give as many items, or fewer at the end.

        Whatever the iterable raises is raised.
        """
        if self._iterator is None:
            targets: Any = self._targets
            self._iterator = aiter(targets) if self._is_async else iter(targets)
        if self._is_async:
            while len(self._buffer) < number and not self.exhausted:
                try:
                    item = await anext(self._iterator)
                except StopAsyncIteration:
                    self.exhausted = True
                else:
                    self._buffer.append(item)
                    self.read += 1
            items = list(self._buffer)
            self._buffer.clear()
            return items
        before = len(self._buffer)
        try:
            self._buffer.extend(islice(self._iterator, number - before))
        finally:  # also what came before the iterable raised
            self.read += len(self._buffer) - before
        items = list(self._buffer)
        self._buffer.clear()
        self.exhausted = len(items) < number
        return items

    def left(self) -> list[Any]:
        """Give up what was read and not taken."""
        return list(self._buffer)

    async def close(self) -> None:
        """End an async generator where it stands."""
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            await close()
