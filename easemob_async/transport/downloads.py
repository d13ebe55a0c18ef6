"""Files on their way in: handed on piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from os import PathLike
from pathlib import Path
from typing import IO, Any

from easemob_async.transport.call import Sink


class ToFile(Sink):
    """Writes to a file, which a repeated attempt begins anew."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    async def begin(self) -> None:
        """Forget what an earlier attempt brought."""
        await asyncio.to_thread(self._restart)

    async def take(self, piece: bytes) -> None:
        """Write a piece."""
        await asyncio.to_thread(self._file.write, piece)

    def _restart(self) -> None:
        self._file.seek(0)
        self._file.truncate()


class ToQueue(Sink):
    """Hands pieces to who iterates; what was handed on cannot be taken back."""

    def __init__(self, queue: asyncio.Queue[bytes | None]) -> None:
        self._queue = queue

    async def take(self, piece: bytes) -> None:
        """Hand a piece on."""
        self.kept = True
        await self._queue.put(piece)


class Download:
    """A file that is not fetched yet.

    ``await`` it for its content, `save` it to a path, or ``async for`` it for its pieces: the last
    two never hold it whole. Each of them fetches it anew.
    """

    def __init__(self, fetch: Callable[[Sink], Awaitable[object]]) -> None:
        self._fetch = fetch

    def __await__(self) -> Generator[Any, None, bytes]:
        return self.read().__await__()

    async def read(self) -> bytes:
        """Fetch the whole; the same as awaiting."""
        return b"".join([piece async for piece in self])

    async def save(self, path: str | PathLike[str]) -> None:
        """Fetch it to a path; nothing is left there when that fails.

        Raises:
            OSError: the file cannot be written.
        """
        target = Path(path)
        part = target.with_name(target.name + ".part")
        file = await asyncio.to_thread(part.open, "wb")
        try:
            with file:
                await self._fetch(ToFile(file))
            await asyncio.to_thread(part.replace, target)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise

    async def __aiter__(self) -> AsyncIterator[bytes]:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(2)

        async def fetch() -> None:
            try:
                await self._fetch(ToQueue(queue))
            finally:
                await queue.put(None)

        task = asyncio.create_task(fetch())
        try:
            while (piece := await queue.get()) is not None:
                yield piece
            await task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
