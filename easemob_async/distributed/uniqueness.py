"""Uniqueness of the targets of a plan: full ids on disk, in memory of a fixed size.

A target that was certainly not met before goes on at once. Possible duplicates are set aside on
disk until all others are in the database, and are looked up there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterator
from pathlib import Path
from typing import Any, Final

from easemob_async.errors import InvalidArgumentError
from easemob_async.fanout.bloom_filter import BloomFilter
from easemob_async.fanout.deduplication import Content, Sifted, set_aside
from easemob_async.fanout.journal.index import Index, SetAside
from easemob_async.fanout.journal.rows import SENT
from easemob_async.fanout.settings import Encoded

Written = Callable[[], AsyncIterator[list[str]]]
"""A function that yields all targets which were let through."""

# Up to so many possible duplicates are held in memory while the others are read; more, in an index.
_HELD: Final = 100_000
_BATCH: Final = 5_000


class Uniqueness:
    """What separates the new targets of a plan from duplicates."""

    def __init__(self, folder: Path, content: Content, written: Written) -> None:
        """Remember no targets yet.

        Args:
            folder: an empty folder, for what does not belong in memory.
            content: returns the content of an item's own message.
            written: yields all targets that were let through; they are written by then.
        """
        self._index = Index(folder / "plan")
        self._filter = BloomFilter()
        self._content = content
        self._written = written
        self._unwritten: list[SetAside] = []
        self._aside = 0

    async def let_through(self, items: list[Any]) -> Sifted:
        """Separate new items from possible duplicates, which are set aside.

        Items that are neither ids nor pairs are let through: the planner refuses them.
        """
        if len(self._unwritten) >= _BATCH:
            await self._write_aside()
        aside = await set_aside(self._filter, items, self._content)
        if aside:
            self._unwritten += aside.values()
            items = [item for at, item in enumerate(items) if at not in aside]
        return Sifted(items, [], [])

    async def second_look(self, number: int) -> AsyncIterator[Sifted]:
        """Yield the targets that were set aside, and separate new ones from real duplicates."""
        await self._write_aside()
        if not self._aside:
            return
        find = await self._finder()
        batches = self._index.aside(_BATCH)
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            met = await find([item.target for item, _ in batch])
            new: list[Any] = []
            skipped: list[str] = []
            for (target, content, problem), again in batch:
                if again or target in met:
                    skipped.append(target)
                elif problem is not None:
                    new.append((target, InvalidArgumentError(problem)))
                else:
                    new.append((target, content and Encoded(content)))
            yield Sifted(new, skipped, [])

    def close(self) -> None:
        """Remove what is on the disk."""
        self._index.close()

    async def _write_aside(self) -> None:
        aside, self._unwritten = self._unwritten, []
        self._aside += len(aside)
        await asyncio.to_thread(self._index.put_aside, aside)

    async def _finder(self) -> Callable[[list[str]], Awaitable[Container[str]]]:
        """Read the targets that were let through, and return what finds given ones among them."""
        if self._aside > _HELD:
            await asyncio.to_thread(self._index.build, self._states(asyncio.get_running_loop()))

            async def look_up(targets: list[str]) -> Container[str]:
                return await asyncio.to_thread(self._index.look_up, targets)

            return look_up
        held = {item.target for batch in self._index.aside(_BATCH) for item, _ in batch}
        found: set[str] = set()
        async for names in self._written():
            found |= held.intersection(names)

        async def among(targets: list[str]) -> Container[str]:
            return found

        return among

    def _states(self, loop: asyncio.AbstractEventLoop) -> Iterator[list[tuple[str, int]]]:
        """Yield what was let through, in a thread, with a state as the index wants it."""
        written = self._written()

        async def more() -> list[str] | None:
            return await anext(written, None)

        while (names := asyncio.run_coroutine_threadsafe(more(), loop).result()) is not None:
            yield [(name, SENT) for name in names]
