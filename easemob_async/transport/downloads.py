"""Files on their way in: handed on piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from os import PathLike
from pathlib import Path
from typing import IO, Any, Final

from easemob_async.transport.callers_error import CallersError
from easemob_async.transport.cancel_scopes import cancelled_once

PIECE: Final = 64 * 1024
"""The largest piece of a file that is handed on."""
_AT_ONCE: Final = 1 << 20


class Sink:
    """Where the content of an answer goes that is a file."""

    piece = PIECE
    """The size of the largest piece that it takes."""
    kept = False
    """Whether something of it cannot be taken back: the call is not repeated then."""

    async def begin(self) -> None:
        """An attempt is answered: what is taken from now on is the file from its beginning."""

    async def take(self, piece: bytes) -> None:
        """Take a piece."""
        raise NotImplementedError

    async def end(self) -> None:
        """The file is complete."""


class ToFile(Sink):
    """Writes to a file, which a repeated attempt begins anew."""

    piece = _AT_ONCE

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        # Pieces are written together: a thread for each would cost more than the write.
        self._unwritten: list[bytes] = []
        self._size = 0

    async def begin(self) -> None:
        """Forget what an earlier attempt brought."""
        self._unwritten, self._size = [], 0
        await self._do(self._restart)

    async def take(self, piece: bytes) -> None:
        """Write a piece, as soon as there is enough to write."""
        self._unwritten.append(piece)
        self._size += len(piece)
        if self._size >= _AT_ONCE:
            await self.end()

    async def end(self) -> None:
        """Write what is left."""
        unwritten, self._unwritten, self._size = self._unwritten, [], 0
        await self._do(self._file.writelines, unwritten)

    async def _do(self, work: Callable[..., object], *arguments: object) -> None:
        try:
            await asyncio.to_thread(work, *arguments)
        except OSError as error:
            raise CallersError(error) from None  # the disk's, not the wire's

    def _restart(self) -> None:
        self._file.seek(0)
        self._file.truncate()


class ToQueue(Sink):
    """Hands pieces to an iterator; these cannot be taken back."""

    def __init__(self, queue: asyncio.Queue[bytes]) -> None:
        self._queue = queue

    async def take(self, piece: bytes) -> None:
        """Hand a piece on."""
        self.kept = True
        await self._queue.put(piece)


class Download:
    """A file that is not fetched yet.

    ``await`` it for its content, `save` it to a path, or ``async for`` it for its pieces: the last
    two never hold it whole. Each of them fetches it anew. The client's ``timeout`` is for all of
    it, the time that the loop takes for each piece included.
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
        opening = asyncio.ensure_future(asyncio.to_thread(_beside, target))
        try:
            part, file = await asyncio.shield(opening)
        except asyncio.CancelledError:
            with cancelled_once():  # the thread goes on: what it makes must not stay
                await asyncio.wait([opening])
            if not opening.exception():
                part, file = opening.result()
                file.close()
                part.unlink(missing_ok=True)
            raise
        try:
            with file:
                await self._fetch(ToFile(file))
            await asyncio.to_thread(part.replace, target)
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        queue: asyncio.Queue[bytes] = asyncio.Queue(2)

        async def fetch() -> None:
            await self._fetch(ToQueue(queue))

        task = asyncio.create_task(fetch())
        getter: asyncio.Task[bytes] | None = None
        try:
            while not (task.done() and queue.empty()):
                getter = asyncio.create_task(queue.get())
                await asyncio.wait({task, getter}, return_when=asyncio.FIRST_COMPLETED)
                if not getter.done():
                    getter.cancel()
                    continue
                yield getter.result()
            await task
        finally:
            # Leaving the loop early ends the call; what is still in the queue is dropped.
            unfinished = {one for one in (task, getter) if one is not None and not one.done()}
            for one in unfinished:
                one.cancel()
            if unfinished:
                await asyncio.wait(unfinished)
            if task.done() and not task.cancelled():
                task.exception()  # seen: it was raised above, or the loop was left before


def _beside(target: Path) -> tuple[Path, IO[bytes]]:
    """Make a temporary file in the same folder."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
    return part, part.open("xb")
