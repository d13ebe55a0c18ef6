"""Files on their way out: one part of a form, written piece by piece, once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterable, AsyncIterator
from os import PathLike
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote

from aiohttp import ClientConnectionResetError
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_writer import StreamWriter
from aiohttp.payload import Payload

from easemob_async.checks import fail, text_problem
from easemob_async.errors import InvalidArgumentError
from easemob_async.transport.departure import Departure

_PIECE: Final = 1 << 20

Content = bytes | str | PathLike[str] | AsyncIterable[bytes]
"""A file: its content, its path, or an async iterator over its pieces."""


class Upload:
    """A file to upload, checked before anything is sent."""

    def __init__(self, operation: str, content: Content, filename: str | None) -> None:
        """Check a file.

        Raises:
            InvalidArgumentError: no such file, a name that is missing or broken.
        """
        self.content = content
        self.once = False
        """Whether it can be read once only: an iterator."""
        self.consumed = False
        """Whether such a one was begun: the upload cannot be repeated then."""
        self.size: int | None = None
        if isinstance(content, bytes):
            self.size = len(content)
        elif isinstance(content, str | PathLike):
            path = Path(content)
            if not path.is_file():
                raise InvalidArgumentError(
                    f"{operation}: no such file: {path}", operation=operation
                )
            self.size, filename = path.stat().st_size, filename or path.name
        elif not isinstance(content, AsyncIterable):
            raise InvalidArgumentError(
                f"{operation}: content must be bytes, a path or an async iterator, not "
                f"{type(content).__name__}",
                operation=operation,
            )
        else:
            self.once = aiter(content) is content
        name = "file" if filename is None else filename
        named = isinstance(name, str) and bool(name)
        problem = text_problem(name) if named else "must be a text that is not empty"
        if problem is not None:
            raise fail(operation, f"filename {name!r:.80} {problem}")
        self.boundary = secrets.token_hex(16)
        shown = name.replace("\\", "_").replace('"', "%22")
        disposition = f'form-data; name="file"; filename="{shown}"'
        if not name.isascii():
            disposition += f"; filename*=utf-8''{quote(name, safe='')}"
        self.head = (
            f"--{self.boundary}\r\nContent-Disposition: {disposition}\r\n"
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        self.tail = f"\r\n--{self.boundary}--\r\n".encode()

    def body(self, departure: Departure) -> StreamedBody:
        """Make the body of one attempt."""
        return StreamedBody(self, departure)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Read the file."""
        content = self.content
        if isinstance(content, bytes):
            for start in range(0, len(content), _PIECE):
                yield content[start : start + _PIECE]
        elif isinstance(content, str | PathLike):
            with await asyncio.to_thread(Path(content).open, "rb") as file:
                while piece := await asyncio.to_thread(file.read, _PIECE):
                    yield piece
        else:
            self.consumed = self.once
            async for piece in content:
                yield piece


class StreamedBody(Payload):
    """A request body that is read while it is written; its first write is the departure."""

    def __init__(self, upload: Upload, departure: Departure) -> None:
        super().__init__(upload, content_type=f"multipart/form-data; boundary={upload.boundary}")
        self._upload = upload
        if upload.size is not None:
            self._size = len(upload.head) + upload.size + len(upload.tail)
        self.departure = departure
        self.broken: Exception | None = None
        """What the caller's own file or iterator raised; the request was cut there."""

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Not text."""
        raise TypeError("a file is not text")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write it, once."""
        await self.write_with_length(writer, None)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write headers and body, once."""
        await self.departure.write_to(cast("StreamWriter", writer).protocol)
        upload, written = self._upload, 0
        await writer.write(upload.head)
        pieces = upload.pieces()
        while (piece := await self._next(pieces)) is not None:
            written += len(piece)
            await writer.write(piece)
        if upload.size is not None and written != upload.size:
            raise ClientConnectionResetError("the file changed while it was sent")
        await writer.write(upload.tail)

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        """Return the next piece; keep the exception of the caller's own file or iterator."""
        try:
            piece = await anext(pieces, None)
            if piece is not None and not isinstance(piece, bytes):
                raise TypeError(f"a piece of a file must be bytes, not {type(piece).__name__}")
        except Exception as error:
            self.broken = error
            raise ClientConnectionResetError("the file cannot be read") from None
        return piece
