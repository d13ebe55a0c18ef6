"""Streaming messages: a text that grows while it is written, as a language model writes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, Literal, Self

import attrs

from easemob_async import api_limits, checks
from easemob_async.errors import APIError, EasemobError, InvalidArgumentError, ResponseError
from easemob_async.operation import Operation
from easemob_async.quotas import SECOND, Limit
from easemob_async.transport.transport import Transport
from easemob_async.wire import codec

_100: Final = (Limit(100, per=SECOND, unit="messages"),)
_TO_USER: Final = Operation("messages.stream_to_user", "POST", "/stream_message/user", "once", _100)
_TO_GROUP: Final = Operation(
    "messages.stream_to_group", "POST", "/stream_message/chatgroup", "once", _100
)
# Well inside the 30 seconds after which the service ends a stream.
_KEEP_ALIVE: Final = 20.0

FAILED: Final = 1
"""The ``finish_reason`` of a stream whose writer failed, unless another is chosen."""


class StreamFormat(StrEnum):
    """How a streamed text is shown."""

    TEXT = "text"
    MARKDOWN = "markdown"


@attrs.frozen
class StreamChunk:
    """What sending a piece answers."""

    message_id: str | None = None
    """The message's id; only with the first piece."""


class StreamSending:
    """What `client.messages` offers for streams.

    Common arguments:
        target: a user, or a group of at most 200 members.
        text: this piece.
        seq: its number: 0, 1, 2 ...
        sender: who it is from; ``admin`` when it is not given.
        message_id: the message; not with the first piece.
        finish: whether it is the last.
        finish_reason: why it ends, of the app's own numbering; counts with ``finish`` alone.
        format: how it is shown; with the first piece.
        ext: the app's own extension; that of the first piece holds.
    """

    _transport: Transport

    async def stream_to_user(
        self,
        target: str,
        text: str,
        *,
        seq: int,
        sender: str | None = None,
        message_id: str | None = None,
        finish: bool | None = None,
        finish_reason: int | None = None,
        format: StreamFormat | str | None = None,  # noqa: A002 - the field's word
        ext: Mapping[str, object] | None = None,
    ) -> StreamChunk:
        """Send a piece of a streaming message to a user; `stream` does it for you.

        Raises:
            APIError: the stream has ended, was quiet for 30 seconds, is over 128 KB or 30 minutes.

        Source: messages.stream_to_user
        """
        piece = (text, seq, sender, message_id, finish, finish_reason, format, ext)
        return await self._piece(_TO_USER, target, *piece)

    async def stream_to_group(
        self,
        target: str,
        text: str,
        *,
        seq: int,
        sender: str | None = None,
        message_id: str | None = None,
        finish: bool | None = None,
        finish_reason: int | None = None,
        format: StreamFormat | str | None = None,  # noqa: A002 - the field's word
        ext: Mapping[str, object] | None = None,
    ) -> StreamChunk:
        """Send a piece of a streaming message to a group; `stream` does it for you.

        Raises:
            APIError: the stream has ended, was quiet for 30 seconds, is over 128 KB or 30 minutes.

        Source: messages.stream_to_group
        """
        piece = (text, seq, sender, message_id, finish, finish_reason, format, ext)
        return await self._piece(_TO_GROUP, target, *piece)

    def stream(
        self,
        target: str,
        *,
        to: Literal["user", "group"] = "user",
        sender: str | None = None,
        format: StreamFormat | str | None = None,  # noqa: A002 - the field's word
        ext: Mapping[str, object] | None = None,
        join: float = 0.2,
        failed_reason: int = FAILED,
    ) -> StreamWriter:
        """Write a message that grows: ``async with ...stream("u1", to="user") as out``.

        Args:
            target: a user, or a group of at most 200 members.
            to: which of the two.
            sender: who it is from; ``admin`` when it is not given.
            format: how it is shown.
            ext: the app's own extension.
            join: pieces that come within so many seconds are sent together.
            failed_reason: the ``finish_reason`` when the block is left by an error.

        Source: messages.stream_to_user, messages.stream_to_group
        """
        if to not in ("user", "group"):
            raise InvalidArgumentError(f"messages.stream: to must be 'user' or 'group', not {to!r}")
        operation = _TO_USER if to == "user" else _TO_GROUP
        checks.reference(operation.id, "target", target)
        checks.member(operation.id, "format", StreamFormat, format)
        if sender is not None:
            checks.reference(operation.id, "sender", sender)
        if ext is not None:
            codec.checked_json(ext, f"{operation.id}: ext")
        if isinstance(join, bool) or not isinstance(join, int | float) or not 0 <= join < 20:
            raise checks.fail(operation.id, f"join must be seconds from 0 to 20, not {join!r}")
        return StreamWriter(self, operation, target, sender, format, ext, join, failed_reason)

    async def _piece(
        self,
        operation: Operation,
        target: str,
        text: str,
        seq: int,
        sender: str | None,
        message_id: str | None,
        finish: bool | None,
        finish_reason: int | None,
        format: str | None,  # noqa: A002 - the field's word
        ext: Mapping[str, object] | None,
    ) -> StreamChunk:
        id_ = operation.id
        if message_id is not None:
            checks.reference(id_, "message_id", message_id)
        if finish_reason is not None:
            checks.number(id_, "finish_reason", finish_reason, least=-(2**31), most=2**31 - 1)
        fields: dict[str, Any] = {
            "msgId": message_id,
            "msg": checks.text(id_, "text", text, most_bytes=api_limits.STREAM_BYTES),
            "seq": checks.number(id_, "seq", seq, least=0),
            "finish": finish,
            "finishReason": finish_reason,
            "type": checks.member(id_, "format", StreamFormat, format),
        }
        body: dict[str, Any] = {
            "from": "admin" if sender is None else checks.reference(id_, "sender", sender),
            "to": checks.reference(id_, "target", target),
            "body": {name: value for name, value in fields.items() if value is not None},
        }
        if ext is not None:
            body["ext"] = codec.checked_json(ext, f"{id_}: ext")
        answer = await self._transport.call(operation, json=body, about=target)
        return StreamChunk(answer.optional(str, "data", "msgId"))


class StreamWriter:
    """Writes a message that grows, piece by piece; see `messages.stream`.

    It numbers the pieces, joins small ones, keeps the stream alive while nothing comes, refuses
    what would go over 128 KB, ends the stream on leaving the block, and marks it as failed when the
    block is left by an error. What is not on its way when sending fails is lost with the stream.
    """

    def __init__(
        self,
        sending: StreamSending,
        operation: Operation,
        target: str,
        sender: str | None,
        format: str | None,  # noqa: A002 - the field's word
        ext: Mapping[str, object] | None,
        join: float,
        failed_reason: int,
    ) -> None:
        self._sending = sending
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
        self._error: EasemobError | None = None
        self._ended = False
        self.message_id: str | None = None
        """The message's id; known once the first piece is sent."""

    async def write(self, text: str) -> None:
        """Add to the message.

        Raises:
            InvalidArgumentError: the whole would go over 128 KB.
            EasemobError: an earlier piece could not be sent: the stream is broken.
        """
        self._check()
        size = len(checks.text(self._operation.id, "text", text).encode())
        if self._bytes + size > api_limits.STREAM_BYTES:
            raise InvalidArgumentError(
                f"{self._operation.id}: the stream would have {self._bytes + size} bytes, at most "
                f"{api_limits.STREAM_BYTES} are allowed",
                operation=self._operation.id,
            )
        self._bytes += size
        self._waiting += text
        self._written.set()

    async def finish(self, reason: int | None = None) -> None:
        """End the message; leaving the block does it by itself."""
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
        """Tell readers that no more comes, where that can still be told."""
        refused = isinstance(self._error, APIError) and not self._error.maybe_processed
        if self.message_id is None or refused:
            return  # nothing was shown, or the service has ended it by itself
        with contextlib.suppress(EasemobError):  # the error before it is the one to tell
            await self._send(finish=True, reason=self._failed_reason)

    async def _flush(self) -> None:
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_KEEP_ALIVE if self._seq else None):
                        await self._written.wait()
                        await asyncio.sleep(self._join)
                # open: whether an empty piece keeps a stream alive; nothing says that it may not
                await self._send()
        except EasemobError as error:
            self._error = error

    async def _stop(self) -> None:
        if self._flusher is not None:
            try:
                async with self._turn:  # a piece that is on its way gets its answer
                    pass
            finally:
                self._flusher.cancel()
            await asyncio.wait([self._flusher])

    async def _send(self, *, finish: bool | None = None, reason: int | None = None) -> None:
        async with self._turn:
            text, self._waiting = self._waiting, ""
            self._written.clear()
            first = self._seq == 0
            # A number is used up by trying: the service may have taken the piece.
            number, self._seq = self._seq, self._seq + 1
            chunk = await self._sending._piece(
                self._operation,
                self._target,
                text,
                number,
                self._sender,
                self.message_id,
                finish,
                reason,
                self._format if first else None,
                self._ext if first else None,
            )
            self.message_id = self.message_id or chunk.message_id
            if self.message_id is None:
                # Without it the next piece would begin another message.
                raise ResponseError(
                    f"{self._operation.id}: unexpected answer: data.msgId is missing",
                    operation=self._operation.id,
                )

    def _check(self) -> None:
        if self._error is not None:
            raise self._error
        if self._ended:
            raise InvalidArgumentError(f"{self._operation.id}: the stream has ended")
