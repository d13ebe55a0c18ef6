"""A bot that answers messages, welcomes new group members and refuses messages with a bad word."""

import os
from collections.abc import AsyncIterator

from aiohttp import web

from easemob_async import EasemobClient, Text
from easemob_async import webhooks as wh

BOT = "echo"
client = EasemobClient.from_env()
receiver = wh.WebhookReceiver(os.environ["EASEMOB_WEBHOOK_SECRET"])


@receiver.on(wh.ChatMessage)
async def answer(event: wh.ChatMessage) -> None:
    if event.target == BOT and isinstance(event.body, Text):
        await client.messages.reply(event, Text(f"You said: {event.body.text}"))


@receiver.on(wh.GroupMemberJoined, wh.GroupMemberJoinedByInvite)
async def welcome(event: wh.GroupMemberJoined | wh.GroupMemberJoinedByInvite) -> None:
    if not event.is_room:
        words = Text(f"Welcome, {', '.join(event.usernames)}!")
        await client.messages.send_to_groups([event.group_id], words, sender=BOT)


@receiver.before_delivery()
async def screen(message: wh.PreDelivery) -> wh.Verdict:
    text = message.body.text if isinstance(message.body, Text) else ""
    return wh.Refuse("Mind your words.") if "darn" in text.lower() else wh.Allow()


async def running(app: web.Application) -> AsyncIterator[None]:
    async with client, receiver:  # at shutdown, the handlers finish before the client closes
        yield


app = web.Application()
app.router.add_post("/easemob", receiver.aiohttp_handler)
app.cleanup_ctx.append(running)

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
