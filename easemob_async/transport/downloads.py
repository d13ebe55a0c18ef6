"""Files on their way in: handed on piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from os import PathLike
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any, Final, NamedTuple

from easemob_async.transport.callers_error import CallersError
from easemob_async.transport.cancel_scopes import cancelled_once, outlast

PIECE: Final = 64 * 1024
"""The largest piece of a file that is handed on."""
_AHEAD: Final = 256 * 1024
_BETWEEN_MARKS: Final = 512 * 1024


class Sink:
    """Where the content of an answer goes that is a file."""

    piece: int | None = None
    """The size of the largest piece that it takes; ``None`` for pieces as they arrive."""
    ahead: int | None = None
    """How many bytes may have arrived without being taken; ``None`` for what is usual."""
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
    """Writes to a file, which a repeated attempt begins anew, in a thread of its own.

    A slow disk holds up this download and nothing else. Each piece is written as it comes, while
    the next arrives: it is in the processor's cache then.
    """

    ahead = _AHEAD

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._orders: SimpleQueue[bytes | _Mark | None] = SimpleQueue()
        self._thread: Thread | None = None
        # The mark before the latest has to be reached: so much and no more is not written yet.
        self._mark: asyncio.Future[None] | None = None
        self._since_mark = 0

    async def begin(self) -> None:
        """Forget what an earlier attempt brought."""
        if self._thread is None:
            self._thread = Thread(target=self._write, name="easemob-download", daemon=True)
            self._thread.start()
        await self._reach(self._put_mark(restarts=True))

    async def take(self, piece: bytes) -> None:
        """Queue a piece for the thread; wait only while too much is not written yet."""
        self._orders.put(piece)
        self._since_mark += len(piece)
        if self._since_mark >= _BETWEEN_MARKS:
            before, self._mark = self._mark, self._put_mark()
            if before is not None:
                await self._reach(before)

    async def end(self) -> None:
        """Wait until all is written."""
        await self._reach(self._put_mark())

    async def close(self) -> None:
        """End the thread, whatever became of the download; the file may be closed then."""
        if self._thread is None:
            return
        mark = self._put_mark()
        self._orders.put(None)
        try:
            await outlast(mark)
        finally:
            self._thread.join()  # it has nothing left to do

    def _put_mark(self, *, restarts: bool = False) -> asyncio.Future[None]:
        self._since_mark = 0
        mark = _Mark(asyncio.get_running_loop().create_future(), restarts)
        self._orders.put(mark)
        return mark.reached

    async def _reach(self, mark: asyncio.Future[None]) -> None:
        try:
            await mark
        except Exception as error:
            raise CallersError(error) from None  # the disk's, not the wire's

    def _write(self) -> None:
        failure: Exception | None = None
        while (order := self._orders.get()) is not None:
            try:
                if isinstance(order, _Mark):
                    if order.restarts:
                        self._file.seek(0)
                        self._file.truncate()
                elif failure is None:
                    self._file.write(order)
            except Exception as error:  # of any kind: the loop has to be told
                failure = error
            if isinstance(order, _Mark):
                order.settle(failure)


class _Mark(NamedTuple):
    """A place among the pieces that are to be written."""

    reached: asyncio.Future[None]
    """Done when all before it is written; the error if that failed."""
    restarts: bool
    """Whether the file begins anew here."""

    def settle(self, failure: Exception | None) -> None:
        """Report to the loop that the mark is reached."""

        def tell() -> None:
            if self.reached.done():  # the wait for it was cancelled
                return
            if failure is None:
                self.reached.set_result(None)
            else:
                self.reached.set_exception(failure)
                self.reached.exception()  # of two marks, only one is waited for

        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any longer
            self.reached.get_loop().call_soon_threadsafe(tell)


class ToQueue(Sink):
    """Hands pieces to an iterator; these cannot be taken back."""

    piece = PIECE

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
                sink = ToFile(file)
                try:
                    await self._fetch(sink)
                finally:
                    await sink.close()
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
