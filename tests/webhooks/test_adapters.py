"""The receiver behind real servers: `aiohttp.web`, and ASGI under uvicorn, alone and mounted."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import uvicorn
from aiohttp import web
from fastapi import FastAPI, Request, Response
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from easemob_async.webhooks import (
    Allow,
    ChatMessage,
    Event,
    PreDelivery,
    Refuse,
    WebhookReceiver,
    asgi,
)
from easemob_async.webhooks import aiohttp as aiohttp_adapter
from tests.waiting import happens
from tests.webhooks.posts import MESSAGE, QUESTION, SECRET, signed

NOW = QUESTION["timestamp"] / 1000


def bot() -> tuple[WebhookReceiver, list[Event]]:
    receiver = WebhookReceiver(SECRET, max_body=10_000, now=lambda: NOW)
    events: list[Event] = []
    receiver.on(ChatMessage)(events.append)

    @receiver.before_delivery()
    async def screen(message: PreDelivery) -> Allow | Refuse:
        return Refuse("no") if "bad" in str(message.body) else Allow()

    return receiver, events


@web.middleware
async def keep_the_body(request: web.Request, handler: Any) -> web.StreamResponse:
    """A middleware that reads the body, to log it, say."""
    await request.read()
    response: web.StreamResponse = await handler(request)
    return response


@pytest.mark.parametrize("packed", [False, True])
async def test_a_middleware_of_aiohttp_may_read_the_body_first(packed: bool) -> None:
    receiver, events = bot()
    async with (
        behind_aiohttp(receiver, keep_the_body) as url,
        aiohttp.ClientSession() as session,
    ):
        body = json.dumps(signed(MESSAGE)).encode()
        headers = {"Content-Encoding": "gzip"} if packed else {}
        body = gzip.compress(body) if packed else body
        for expected in (200, 200):  # the second is a duplicate
            async with session.post(url, data=body, headers=headers) as response:
                assert response.status == expected
        async with session.post(url, data=b"x" * 20_000) as response:
            assert response.status == 413
        await receiver.idle()
    assert [event.kind for event in events] == ["chat.message"]


@asynccontextmanager
async def behind_aiohttp(receiver: WebhookReceiver, *middlewares: Any) -> AsyncIterator[str]:
    app = web.Application(middlewares=middlewares)
    app.router.add_post("/easemob", receiver.aiohttp_handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with receiver:
            host, port = runner.addresses[0][:2]
            yield f"http://{host}:{port}/easemob"
    finally:
        await runner.cleanup()


class Uvicorn(uvicorn.Server):
    """Signals when it has started, or could not."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.up.set()


@asynccontextmanager
async def under_uvicorn(app: Any, path: str) -> AsyncIterator[str]:
    config = uvicorn.Config(app, port=0, ws="none", lifespan="on", log_level="error")
    server = Uvicorn(config)
    task = asyncio.create_task(server.serve())
    await happens(server.up)
    assert server.started
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}{path}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def asgi_alone(receiver: WebhookReceiver) -> AsyncIterator[str]:
    async with under_uvicorn(receiver.asgi_app, "/anything") as url:
        yield url


@asynccontextmanager
async def asgi_mounted(receiver: WebhookReceiver) -> AsyncIterator[str]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with receiver:
            yield

    app = Starlette(
        routes=[Route("/health", lambda _: PlainTextResponse("fine"))], lifespan=lifespan
    )
    app.mount("/easemob", receiver.asgi_app)
    # With the slash: without it Starlette redirects, which the service counts as a failure.
    async with under_uvicorn(app, "/easemob/") as url:
        yield url


SERVERS = [behind_aiohttp, asgi_alone, asgi_mounted]


@pytest.mark.parametrize("server", SERVERS)
async def test_posts_are_answered(server: Any) -> None:
    receiver, events = bot()
    async with server(receiver) as url, aiohttp.ClientSession() as session:

        async def post(payload: dict[str, Any], **options: Any) -> tuple[int, Any]:
            async with session.post(url, json=payload, **options) as response:
                assert response.content_type == "application/json"
                return response.status, await response.json()

        assert await post(signed(MESSAGE)) == (200, {})
        assert await post(signed(MESSAGE, "another")) == (403, {})
        assert await post(MESSAGE) == (200, {})
        assert await post(signed(QUESTION)) == (200, {"valid": True})
        bad = {"bodies": [{"type": "txt", "msg": "bad"}]}
        assert await post(signed(QUESTION, payload=bad)) == (200, {"valid": False, "code": "no"})
        await receiver.idle()
        assert [event.kind for event in events] == ["chat.message"]
        async with session.get(url) as response:
            assert response.status == 405
    assert (await receiver.answer(b"{}")).status == 503  # it was closed with its server


@pytest.mark.parametrize("server", SERVERS)
async def test_an_oversized_body_is_not_read_to_its_end(server: Any) -> None:
    receiver, events = bot()
    async with server(receiver) as url:
        host, _, port = url.split("/")[2].partition(":")
        path = "/" + url.split("/", 3)[3]
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: 1000000000\r\n\r\n".encode() + b"x" * 20_000)
        async with asyncio.timeout(10):
            status = await reader.readline()
        assert b" 413 " in status
        writer.close()
        assert receiver.counts.dropped == {"too_large": 1}


@pytest.mark.parametrize("server", SERVERS)
async def test_a_body_that_does_not_come_is_not_waited_for(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for adapter in (aiohttp_adapter, asgi):
        monkeypatch.setattr(adapter, "READ_WITHIN", 0.05)
    receiver, _ = bot()
    async with server(receiver) as url:
        host, _, port = url.split("/")[2].partition(":")
        path = "/" + url.split("/", 3)[3]
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{{".encode())
        async with asyncio.timeout(10):
            assert b" 408 " in await reader.readline()
        writer.close()
        # A sender that leaves in the middle costs nothing.
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{{".encode())
        await writer.drain()
        writer.close()
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=json.dumps(signed(MESSAGE))) as response:
                assert response.status == 200
    assert receiver.counts.queued == 1


async def test_asgi_without_the_slash_is_a_redirect_of_the_framework() -> None:
    """Why the documentation shows a route, and not a mount."""
    receiver, _ = bot()
    async with asgi_mounted(receiver) as url, aiohttp.ClientSession() as session:
        async with session.post(url.rstrip("/"), json={}, allow_redirects=False) as response:
            assert response.status == 307


@asynccontextmanager
async def fastapi_route(receiver: WebhookReceiver) -> AsyncIterator[str]:
    """The documented way into FastAPI: a route, with no slash behind it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with receiver:
            yield

    app = FastAPI(lifespan=lifespan)
    app.router.routes.append(Route("/easemob", receiver.asgi_app))
    async with under_uvicorn(app, "/easemob") as url:
        yield url


@asynccontextmanager
async def fastapi_function(receiver: WebhookReceiver) -> AsyncIterator[str]:
    """The other: a function that gives the body to the receiver."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with receiver:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/easemob")
    async def easemob(request: Request) -> Response:
        answer = await receiver.answer(
            await request.body(), content_encoding=request.headers.get("content-encoding")
        )
        return Response(answer.body, answer.status, media_type="application/json")

    async with under_uvicorn(app, "/easemob") as url:
        yield url


ALL = [*SERVERS, fastapi_route, fastapi_function]


@pytest.mark.parametrize("server", ALL)
async def test_packed_posts_are_taken_within_bounds_and_without_noise(
    server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    receiver, events = bot()
    async with server(receiver) as url:
        host, _, port = url.split("/")[2].partition(":")
        path = "/" + url.split("/", 3)[3]

        async def post(body: bytes, encoding: str = "gzip") -> int:
            reader, writer = await asyncio.open_connection(host, int(port))
            head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Encoding: {encoding}\r\n"
            head += f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            async with asyncio.timeout(10):
                status = await reader.readline()
            writer.close()
            return int(status.split()[1])

        message = json.dumps(signed(MESSAGE)).encode()
        half = message.replace(b"hello", b"cut \\ud83d").replace(b"_8924", b"_8925", 1)
        good = gzip.compress(message)
        assert await post(good) == 200
        assert await post(message, "identity") == 200
        assert await post(zlib.compress(message), "deflate") == 200
        assert await post(b"not packed at all") == 400
        assert await post(good[:-9] + b"zz" + good[-7:]) == 400
        assert await post(gzip.compress(b"0" * 5_000_000)) == 413
        assert await post(half.replace(b"8925", b"8924"), "identity") == 200
        for _ in range(3):  # a sender that leaves
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(
                f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n{{".encode()
            )
            await writer.drain()
            writer.transport.abort()
        assert await post(good) == 200
        await receiver.idle()
    assert len(events) == 1
    assert not [r for r in caplog.records if r.name != "easemob_async" and r.levelname != "DEBUG"]


async def test_an_asgi_receiver_that_runs_already_fails_the_start() -> None:
    receiver, _ = bot()
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with receiver:
        await receiver.asgi_app({"type": "lifespan"}, receive, send)
        await receiver.asgi_app({"type": "websocket"}, receive, send)
    assert sent[0]["type"] == "lifespan.startup.failed"
    assert "already running" in sent[0]["message"]
    assert sent[1]["type"] == "websocket.close"
