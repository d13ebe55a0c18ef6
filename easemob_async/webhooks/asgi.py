"""The receiver as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Final, cast

from easemob_async.errors import ConfigurationError
from easemob_async.webhooks.intake import READ_WITHIN, Answering

Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_JSON: Final = b"application/json"


class AsgiApp:
    """A receiver as an ASGI app, which answers POST on any path.

    It is an object because uvicorn treats a bound method as an app of ASGI 2.
    """

    def __init__(self, receiver: Answering) -> None:
        self._receiver = receiver

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or start and close the receiver if it is the whole app."""
        if scope["type"] == "lifespan":
            await _lifespan(self._receiver, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["method"] != "POST":
            await _respond(send, 405, b"{}", (b"allow", b"POST"))
        else:
            await self._answer(_encoding(scope), receive, send)

    async def _answer(self, encoding: str | None, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(READ_WITHIN):
                body = await _read(self._receiver, receive)
        except TimeoutError:
            await _respond(send, 408, b"{}")
            return
        if body is not None:
            answer = await self._receiver.answer(body, content_encoding=encoding)
            await _respond(send, answer.status, answer.body)


def _encoding(scope: Message) -> str | None:
    """Return the ``Content-Encoding`` header of a request."""
    for name, value in cast("Iterable[tuple[bytes, bytes]]", scope.get("headers") or ()):
        if name.lower() == b"content-encoding":
            return value.decode("latin-1")
    return None


async def _read(receiver: Answering, receive: Receive) -> bytes | None:
    """Read a body up to the size limit; return ``None`` if the client has disconnected."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece = message.get("body", b"")
        assert isinstance(piece, bytes | bytearray)
        body += piece
        if not message.get("more_body") or len(body) > receiver.max_body:
            return bytes(body)


async def _respond(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    length = str(len(body)).encode()
    common = [(b"content-type", _JSON), (b"content-length", length), *headers]
    await send({"type": "http.response.start", "status": status, "headers": common})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receiver: Answering, receive: Receive, send: Send) -> None:
    """Start and close the receiver if it is the whole app."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await receiver.start()
            except ConfigurationError as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await receiver.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
