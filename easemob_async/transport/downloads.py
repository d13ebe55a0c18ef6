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
from typing import IO, Any, Final, Literal, NamedTuple

from easemob_async.transport.callers_error import CallersError
from easemob_async.transport.cancel_scopes import cancelled_once, outlast

PIECE: Final = 64 * 1024
"""The largest piece of a file that is handed on."""
_BETWEEN_MARKS: Final = 512 * 1024


class Sink:
    """Where the content of an answer goes that is a file."""

    piece: int | None = None
    """The size of the largest piece that it takes; ``None`` for pieces as they arrive."""
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

    All that may wait for the disk is done by the thread, so that a slow disk holds up this download
    and nothing else. Each piece is written as it comes, while the next arrives: it is in the
    processor's cache then.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Take a file over.

        Args:
            file: the file; `close` closes it.
        """
        self._file = file
        self._orders: SimpleQueue[bytes | _Mark] = SimpleQueue()
        self._thread: Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        # At most twice `_BETWEEN_MARKS` is unwritten: the mark before the latest has to be reached.
        self._mark: asyncio.Future[None] | None = None
        self._since_mark = 0
        self._closed: asyncio.Future[None] | None = None
        self._failure: BaseException | None = None

    async def begin(self) -> None:
        """Forget what an earlier attempt brought."""
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            thread = Thread(target=self._write, name="easemob-download", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # there are too many
                raise CallersError(error) from None
            self._thread = thread
        await self._reach(self._put_mark("restart"))

    async def take(self, piece: bytes) -> None:
        """Queue a piece for the thread; wait only while too much is unwritten."""
        self._orders.put(piece)
        self._since_mark += len(piece)
        if self._since_mark >= _BETWEEN_MARKS:
            before, self._mark = self._mark, self._put_mark("flush")
            if before is not None:
                await self._reach(before)

    async def end(self) -> None:
        """Write what is left, and close the file."""
        self._closed = self._put_mark("close")
        await self._reach(self._closed)

    async def close(self) -> None:
        """Close the file and end the thread, whatever became of the download."""
        self.abandon()
        if self._thread is not None and self._closed is not None:
            try:
                await outlast(self._closed)
            finally:
                self._thread.join()  # it has nothing left to do

    def abandon(self) -> None:
        """Let the thread close the file when it can, without waiting for it."""
        if self._thread is None:
            self._file.close()
        elif self._closed is None:
            self._closed = self._put_mark("close")

    def _put_mark(self, does: Literal["restart", "flush", "close"]) -> asyncio.Future[None]:
        self._since_mark = 0
        mark = _Mark(self._loop.create_future(), does)
        self._orders.put(mark)
        return mark.reached

    async def _reach(self, mark: asyncio.Future[None]) -> None:
        await asyncio.wait([mark])  # which does not cancel it
        error = mark.exception()
        if error is not None:
            raise CallersError(error) from None  # the disk's, not the wire's

    def _write(self) -> None:
        while self._does(self._orders.get()):
            pass

    def _does(self, order: bytes | _Mark) -> bool:
        """Do in the thread what is next; return false at the end."""
        try:
            if isinstance(order, bytes):
                if self._failure is None:
                    self._file.write(order)
                return True
            if order.does == "restart":
                self._file.seek(0)
                self._file.truncate()
            elif order.does == "close":
                self._file.close()
            elif self._failure is None:
                self._file.flush()
        except BaseException as error:  # whatever it is, the loop has to be told
            self._failure = error
        if isinstance(order, _Mark):
            order.settle(self._failure)
        return isinstance(order, bytes) or order.does != "close"


class _Mark(NamedTuple):
    """A place among the pieces that are to be written."""

    reached: asyncio.Future[None]
    """Done when all before it is written; the error if that failed."""
    does: Literal["restart", "flush", "close"]
    """What is done to the file here."""

    def settle(self, failure: BaseException | None) -> None:
        """Report to the loop that the mark is reached."""

        def tell() -> None:
            if failure is None:
                self.reached.set_result(None)
            else:
                self.reached.set_exception(failure)
                self.reached.exception()  # not every mark is waited for

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
            sink = ToFile(file)
            try:
                await self._fetch(sink)
            except GeneratorExit:  # its loop is closed: nothing can be waited for
                sink.abandon()
                raise
            except BaseException:
                await sink.close()
                raise
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
