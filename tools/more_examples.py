"""Examples of methods that are not one operation; a comment names the method that follows it.

tests/test_reference.py runs them against the emulator.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from easemob_async import EasemobClient, PushNotification, Text
from easemob_async.emulator import Emulator
from easemob_async.webhooks import Allow, ChatMessage, PreDelivery, Refuse, Verdict, WebhookReceiver


async def of_the_client(client: EasemobClient, group_id: str, room_id: str, hour: datetime) -> None:
    """Call methods of the client that make several calls, or none."""
    # example: chat_groups.get_many
    groups = await client.chat_groups.get_many([group_id, "1"])
    print(groups[group_id].ok, groups.failed)  # True {'1': ...}
    # example: chat_rooms.get_many
    rooms = await client.chat_rooms.get_many([room_id])
    print(rooms.succeeded[room_id])
    # example: mutes.lift
    await client.mutes.lift("ann")
    # example: messages.stream
    async with client.messages.stream("ann", sender="bot") as out:
        for piece in ("Once ", "upon ", "a time."):
            await out.write(piece)
    # example: history.messages
    async for message in client.history.messages(hour):
        print(message.sender, message.bodies)
    # example: tokens.sign_user_token
    client.tokens.sign_user_token("ann", ttl=timedelta(hours=1))
    # example: EasemobClient.with_options
    patient = client.with_options(timeout=300)
    await patient.users.get("ann")


async def of_jobs(client: EasemobClient, group_id: str, room_id: str, journal: Path) -> None:
    """Run bulk jobs."""
    # example: fanout.to_users
    report = await client.fanout.to_users(["ann", "bob"], Text("Sale!"), sender="shop")
    print(report)  # 2 read: 2 sent, 0 failed, ...
    # example: fanout.to_groups
    async for outcome in client.fanout.to_groups([group_id], Text("Sale!"), sender="shop"):
        print(outcome.target, outcome.status)
    # example: fanout.to_rooms
    await client.fanout.to_rooms([room_id], Text("Sale!"), sender="shop")
    # example: fanout.push_to_users
    notification = PushNotification(title="Sale", content="20 % off today")
    await client.fanout.push_to_users(["ann", "bob"], notification)
    # example: FanoutJob.plan
    plan = await client.fanout.to_users(["ann", "bob"], Text("Sale!"), sender="shop").plan()
    print(plan)  # nothing was sent
    # example: FanoutReport.iter_failed
    report = await client.fanout.to_users(["ann", ""], Text("Hi"), sender="shop", journal=journal)
    for failed in report.iter_failed():
        print(failed.target, failed.error)


async def of_agora(client: EasemobClient) -> None:
    """Sign a token of Agora Chat."""
    user = await client.users.get("ann")
    assert user.uuid is not None
    # example: tokens.sign_agora_user_token
    client.tokens.sign_agora_user_token(user.uuid, expires_in=timedelta(hours=1))


async def of_the_emulator(
    client: EasemobClient, emulator: Emulator, receiver: WebhookReceiver
) -> None:
    """Use the emulator, and handle events."""
    # example: Emulator.add_user
    emulator.add_user("cara", password="s3cret")  # noqa: S106
    # example: Emulator.fail
    emulator.fail("GET", "/users/cara", status=503, times=2)
    # example: Emulator.say
    said = await emulator.say("ann", "cara", "hello")
    print(said.delivered)
    # example: Emulator.received
    print(emulator.received("cara")[0]["body"])

    # example: WebhookReceiver.on
    @receiver.on(ChatMessage)
    async def answer(event: ChatMessage) -> None:
        print(event.sender, event.body)

    # example: WebhookReceiver.before_delivery
    @receiver.before_delivery()
    async def screen(message: PreDelivery) -> Verdict:
        text = message.body.text if isinstance(message.body, Text) else ""
        return Refuse("no shouting") if text.isupper() else Allow()

    # example: messages.reply
    @receiver.on(ChatMessage)
    async def echo(event: ChatMessage) -> None:
        await client.messages.reply(event, Text("Thank you!"))

    # example: webhook_storage.replay
    async with receiver:
        await client.webhook_storage.replay(receiver)
