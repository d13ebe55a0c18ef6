"""A bot that streams its answer in pieces while a language model writes it."""

import asyncio
import os
from collections.abc import AsyncIterator

from aiohttp import web

from easemob_async import EasemobClient, Text
from easemob_async.webhooks import ChatMessage, WebhookReceiver

BOT = "poet"
client = EasemobClient.from_env()
receiver = WebhookReceiver(os.environ["EASEMOB_WEBHOOK_SECRET"])


async def think(question: str) -> AsyncIterator[str]:
    """Yield an answer word by word, in place of a language model."""
    for word in f"You ask: {question} I shall think about it, and answer slowly.".split(" "):
        await asyncio.sleep(0.05)
        yield word + " "


@receiver.on(ChatMessage)
async def answer(event: ChatMessage) -> None:
    if event.target == BOT and isinstance(event.body, Text):
        async with client.messages.stream(event.sender, to="user", sender=BOT) as out:
            async for piece in think(event.body.text):
                await out.write(piece)


async def running(app: web.Application) -> AsyncIterator[None]:
    async with client, receiver:
        yield


app = web.Application()
app.router.add_post("/easemob", receiver.aiohttp_handler)
app.cleanup_ctx.append(running)

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
