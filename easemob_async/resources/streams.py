"""Streaming messages: a text that is sent in pieces while it is written."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import attrs

from easemob_async import api_limits, checks
from easemob_async.errors import APIError, InvalidArgumentError, ResponseError
from easemob_async.models.messages import StreamChunk, StreamFormat
from easemob_async.operation import Operation
from easemob_async.transport.transport import Transport
from easemob_async.wire import codec

# In seconds; the service ends a stream that gets no piece for 30 seconds.
_KEEP_ALIVE: Final = 20.0

FAILED: Final = 1
"""The ``finish_reason`` of a stream whose writer failed, by default."""


@attrs.frozen(kw_only=True)
class Piece:
    """One piece of a streaming message."""

    text: str
    """The text of the piece."""
    seq: int
    """The number of the piece; the first piece has 0."""
    sender: str | None
    """The sender; ``None`` for ``admin``."""
    message_id: str | None = None
    """The message's id, which the answer to the first piece has."""
    finish: bool | None = None
    """Whether this is the last piece."""
    finish_reason: int | None = None
    """The reason why the message ends, a number that the app defines."""
    format: str | None = None
    """The format in which clients show the text."""
    ext: Mapping[str, object] | None = None
    """The app's own extension fields."""

    def to_wire(self, operation: str, target: str) -> dict[str, Any]:
        """Check the piece, and return the body of its request.

        Raises:
            InvalidArgumentError: a field breaks a fixed limit.
        """
        reason = self.finish_reason
        if self.message_id is not None:
            checks.reference(operation, "message_id", self.message_id)
        if reason is not None:
            checks.number(operation, "finish_reason", reason, least=-(2**31), most=2**31 - 1)
        fields: dict[str, Any] = {
            "msgId": self.message_id,
            "msg": checks.text(operation, "text", self.text, most_bytes=api_limits.STREAM_BYTES),
            "seq": checks.number(operation, "seq", self.seq, least=0),
            "finish": checks.flag(operation, "finish", self.finish),
            "finishReason": reason,
            "type": checks.member(operation, "format", StreamFormat, self.format),
        }
        sender = self.sender
        body: dict[str, Any] = {
            "from": "admin" if sender is None else checks.reference(operation, "sender", sender),
            "to": checks.reference(operation, "target", target),
            "body": {name: value for name, value in fields.items() if value is not None},
        }
        if self.ext is not None:
            body["ext"] = codec.checked_json(self.ext, f"{operation}: ext")
        return body


async def send_piece(
    transport: Transport, operation: Operation, target: str, piece: Piece
) -> StreamChunk:
    """Send one piece."""
    body = piece.to_wire(operation.id, target)
    answer = await transport.call(operation, json=body, about=target)
    return StreamChunk(answer.optional(str, "data", "msgId"))


class StreamWriter:
    """A writer that sends a streaming message piece by piece; see `messages.stream`.

    It numbers the pieces, joins small ones, keeps the stream alive while nothing is written,
    refuses text beyond 128 KB, finishes the stream at the end of the block, and marks it as failed
    if the block ends with an error. If sending fails, text that was not sent yet is lost.
    """

    def __init__(
        self,
        transport: Transport,
        operation: Operation,
        target: str,
        *,
        sender: str | None,
        format: str | None,  # noqa: A002 - the field's word
        ext: Mapping[str, object] | None,
        join: float,
        failed_reason: int,
    ) -> None:
        checks.reference(operation.id, "target", target)
        checks.member(operation.id, "format", StreamFormat, format)
        if sender is not None:
            checks.reference(operation.id, "sender", sender)
        if ext is not None:
            codec.checked_json(ext, f"{operation.id}: ext")
        if isinstance(join, bool) or not isinstance(join, int | float) or not 0 <= join < 20:
            raise checks.fail(operation.id, f"join must be seconds from 0 to 20, not {join!r}")
        self._transport = transport
        self._operation = operation
        self._target = target
        self._sender = sender
        self._format = format
        self._ext = ext
        self._join = join
        self._failed_reason = failed_reason
        self._waiting = ""
        self._bytes = 0
        self._seq = 0
        self._turn = asyncio.Lock()
        self._written = asyncio.Event()
        self._flusher: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._ended = False
        self.message_id: str | None = None
        """The message's id; ``None`` until the first piece was sent."""

    async def write(self, text: str) -> None:
        """Append text to the message.

        Raises:
            InvalidArgumentError: the message would be larger than 128 KB.
            EasemobError: an earlier piece could not be sent; the stream cannot continue. An error
                of a token provider is raised as it is.
        """
        self._check()
        size = len(checks.text(self._operation.id, "text", text).encode())
        if self._bytes + size > api_limits.STREAM_BYTES:
            raise InvalidArgumentError(
                f"{self._operation.id}: the stream would be {self._bytes + size} bytes long; at "
                f"most {api_limits.STREAM_BYTES} are allowed",
                operation=self._operation.id,
            )
        self._bytes += size
        self._waiting += text
        self._written.set()

    async def finish(self, reason: int | None = None) -> None:
        """Finish the message; the end of the block does this automatically."""
        if self._ended:
            self._check()
        self._ended = True
        await self._stop()
        if self._error is not None:
            await self._mark_failed()
            raise self._error
        if self._seq or self._waiting:
            await self._send(finish=True, reason=reason)

    async def __aenter__(self) -> Self:
        self._flusher = asyncio.create_task(self._flush())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._ended:
            return
        if error is None:
            await self.finish()
            return
        self._ended = True
        await self._stop()
        await self._mark_failed()

    async def _mark_failed(self) -> None:
        """Mark the message as failed for its readers, if the stream is still open."""
        refused = isinstance(self._error, APIError) and not self._error.maybe_processed
        if self.message_id is None or refused:
            return  # readers saw nothing, or the service has ended the stream already
        with contextlib.suppress(Exception):  # the earlier error is the one that is raised
            await self._send(finish=True, reason=self._failed_reason)

    async def _flush(self) -> None:
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_KEEP_ALIVE if self._seq else None):
                        await self._written.wait()
                        await asyncio.sleep(self._join)
                # open: whether an empty piece keeps a stream alive; the facts do not forbid it
                await self._send()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # those of a token provider or a hook are the caller's own
            self._error = error

    async def _stop(self) -> None:
        if self._flusher is not None:
            try:
                async with self._turn:  # wait for the answer of a piece that is being sent
                    pass
            finally:
                self._flusher.cancel()
            await asyncio.wait([self._flusher])

    async def _send(self, *, finish: bool | None = None, reason: int | None = None) -> None:
        async with self._turn:
            text, self._waiting = self._waiting, ""
            self._written.clear()
            first = self._seq == 0
            # A failed attempt uses up its number too: the service may have accepted the piece.
            number, self._seq = self._seq, self._seq + 1
            piece = Piece(
                text=text,
                seq=number,
                sender=self._sender,
                message_id=self.message_id,
                finish=finish,
                finish_reason=reason,
                format=self._format if first else None,
                ext=self._ext if first else None,
            )
            chunk = await send_piece(self._transport, self._operation, self._target, piece)
            self.message_id = self.message_id or chunk.message_id
            if self.message_id is None:
                # Without the id the next piece would begin another message.
                raise ResponseError(
                    f"{self._operation.id}: unexpected answer: data.msgId is missing",
                    operation=self._operation.id,
                )

    def _check(self) -> None:
        if self._error is not None:
            raise self._error
        if self._ended:
            raise InvalidArgumentError(
                f"{self._operation.id}: the stream has ended; start another with messages.stream"
            )
