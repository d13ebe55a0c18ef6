"""Servers that the emulator's webhooks are posted to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from easemob_async.emulator import Emulator
from easemob_async.webhooks import Event, WebhookReceiver

SECRET = "the-secret-of-the-rule"


class Server:
    """Where the webhooks go: a status that a test chooses, and what came."""

    def __init__(self) -> None:
        self.status = 200
        self.text = "{}"
        self.posts: list[dict[str, Any]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.posts.append(await request.json())
        return web.Response(status=self.status, text=self.text)


@asynccontextmanager
async def serving(handler: Any) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/easemob", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/easemob"
    finally:
        await runner.cleanup()


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def bot(emulator: Emulator) -> AsyncIterator[tuple[WebhookReceiver, list[Event]]]:
    receiver = WebhookReceiver(SECRET, allow_unsigned=True)
    events: list[Event] = []
    receiver.on(Event)(events.append)
    async with serving(receiver.aiohttp_handler) as url, receiver:
        emulator.add_webhook(url, secret=SECRET)
        yield receiver, events


async def settled(emulator: Emulator, receiver: WebhookReceiver) -> None:
    await emulator.webhooks.idle()
    await receiver.idle()
