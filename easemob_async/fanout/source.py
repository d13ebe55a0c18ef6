"""The source of targets: an iterable that is read as needed and never held as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from itertools import islice
from typing import Any

from easemob_async.checks import exact


class Source:
    """A reader of an iterable in parts; when a read is cancelled, the items read are kept."""

    def __init__(self, targets: Iterable[Any] | AsyncIterable[Any]) -> None:
        self._is_async = isinstance(targets, AsyncIterable)
        self._targets = targets
        self._iterator: Any = None
        self._buffer: list[Any] = []
        self.exhausted = False
        """Whether the iterable has ended."""
        self.read = 0
        """The number of items that were taken from the iterable."""

    async def take(self, number: int) -> list[Any]:
        """Return so many items, or fewer at the end of the iterable.

        An error of the iterable is raised unchanged.
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
            return self._taken()
        before = len(self._buffer)
        try:
            self._buffer.extend(islice(self._iterator, number - before))
        finally:  # also count the items that came before an error
            self.read += len(self._buffer) - before
        items = self._taken()
        self.exhausted = len(items) < number
        return items

    @property
    def begun(self) -> bool:
        """Whether anything was asked of the iterable."""
        return self._iterator is not None

    def left(self) -> list[Any]:
        """Return the items that were read and not taken."""
        return list(self._buffer)

    def _taken(self) -> list[Any]:
        items, self._buffer = self._buffer, []
        # The fastest way to see that all are plain texts, as they are nearly always.
        plain = list(map(type, items)).count(str) == len(items)
        return items if plain else list(map(_exact, items))

    async def close(self) -> None:
        """Close the iterable, if it is an async generator."""
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            await close()


def _exact(item: Any) -> Any:
    """Return an item with its id as a plain string, so that no id has two forms."""
    if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str):
        return exact(item[0]), item[1]
    return exact(item) if isinstance(item, str) else item
