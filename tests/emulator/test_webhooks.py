"""The emulator's webhooks: what is posted, signed, repeated, suspended, stored and asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from easemob_async import FOREVER, APIError, EasemobClient, Text
from easemob_async.emulator import Emulator
from easemob_async.webhooks import (
    Allow,
    ChatMessage,
    Event,
    GroupMemberJoined,
    PreDelivery,
    Refuse,
    Replace,
    WebhookReceiver,
)

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


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    async with serving(found.handle) as found.url:
        yield found


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def bot(emulator: Emulator) -> AsyncIterator[tuple[WebhookReceiver, list[Event]]]:
    receiver, events = WebhookReceiver(SECRET, allow_unsigned=True), []
    receiver.on(Event)(events.append)
    async with serving(receiver.aiohttp_handler) as url, receiver:
        emulator.add_webhook(url, secret=SECRET)
        yield receiver, events


async def settled(emulator: Emulator, receiver: WebhookReceiver) -> None:
    await emulator.webhooks.idle()
    await receiver.idle()


async def test_what_operations_cause_is_posted_and_every_post_is_a_known_event(
    emulator: Emulator, client: EasemobClient
) -> None:
    for name in ("ann", "bob", "cid", "bot"):
        emulator.add_user(name)
    async with bot(emulator) as (receiver, events):
        emulator.log_in("ann")
        emulator.log_out("ann")
        emulator.log_in("bob", "ios_1")
        await client.users.disconnect("bob")
        sent = await client.messages.send_to_users(["ann"], Text("hi"), sender="bob")
        message_id = sent.message_ids["ann"]
        await client.messages.update(message_id, Text("ho"))
        await client.reactions.add("ann", message_id, ":)")
        await client.reactions.remove("ann", message_id, ":)")
        await client.messages.recall(message_id, target="ann", chat_type="chat")
        await client.contacts.add("ann", "bob")
        await client.contacts.remove("ann", "bob")
        await client.contacts.blocklist.add_many("ann", ["bob"])
        await client.contacts.blocklist.remove("ann", "bob")
        group = await client.chat_groups.create("g", owner="ann", members=["bob"], public=True)
        in_group = await client.messages.send_to_groups([group.group_id], Text("hi"), sender="ann")
        thread = await client.threads.create(
            "t",
            group_id=group.group_id,
            message_id=in_group.message_ids[group.group_id],
            owner="ann",
        )
        await client.messages.send_to_groups([thread.thread_id], Text("in it"), sender="ann")
        room = await client.chat_rooms.create("r", description="d", owner="ann", members=["bob"])
        await client.messages.send_to_rooms([room.room_id], Text("hi"), sender="ann")
        await client.chat_rooms.super_admins.add("ann")
        await client.chat_rooms.super_admins.remove("ann")
        uploaded = await client.chat_groups.files.upload(group.group_id, b"x", filename="a.txt")
        await client.chat_groups.files.delete(group.group_id, uploaded.file_id)
        await client.chat_groups.ban(group.group_id)
        await client.chat_groups.unban(group.group_id)
        for places, place in (
            (client.chat_groups, group.group_id),
            (client.chat_rooms, room.room_id),
        ):
            owned: Any = places
            await owned.members.add_many(place, ["cid", "bot"])
            await owned.admins.add(place, "cid")
            await owned.admins.remove(place, "cid")
            await owned.mutes.mute_all(place)
            await owned.mutes.unmute_all(place)
            await owned.mutes.add_many(place, ["cid"], duration=FOREVER)
            await owned.mutes.remove_many(place, ["cid"])
            await owned.allowlist.add(place, "cid")
            await owned.allowlist.remove_many(place, ["cid"])
            await owned.announcement.update(place, "news")
            await owned.update(place, name="new")
            await owned.members.remove(place, "bot")
            await owned.blocklist.add(place, "cid")
            await owned.blocklist.remove_many(place, ["cid"])
            await owned.transfer_owner(place, "bob")
            await owned.delete(place)
        await settled(emulator, receiver)
    kinds = {event.kind for event in events}
    assert "unknown" not in kinds
    assert receiver.counts.dropped == {}
    assert kinds == {
        *("user.login", "user.logout", "user.replaced"),
        *("chat.message", "chat.message_offline", "group.message", "group.message_offline"),
        *("chatroom.message", "message.edited", "message.recalled", "message.reaction_changed"),
        *("thread.message_updated", "contact.removed", "contact.blocked", "contact.unblocked"),
        *("chatroom.superadmin_added", "chatroom.superadmin_removed", "group.ban_changed"),
        *("group.shared_file_uploaded", "group.shared_file_deleted"),
        *(
            f"{place}.{what}"
            for place in ("group", "chatroom")
            for what in (
                *("created", "deleted", "info_updated", "owner_changed", "announcement_updated"),
                *("mute_all_changed", "member_joined", "member_kicked", "member_left_blocked"),
                *("member_left_deleted", "admin_added", "admin_removed", "member_muted"),
                *("member_unmuted", "allowlist_added", "allowlist_removed", "blocklist_added"),
                "blocklist_removed",
            )
        ),
    }


async def test_a_group_with_members_tells_who_joined(
    emulator: Emulator, client: EasemobClient
) -> None:
    for name in ("ann", "bob"):
        emulator.add_user(name)
    async with bot(emulator) as (receiver, events):
        group = await client.chat_groups.create("g", owner="ann", members=["bob"], public=True)
        await settled(emulator, receiver)
    joined = [event for event in events if isinstance(event, GroupMemberJoined)]
    assert [(event.group_id, event.usernames, event.member_count) for event in joined] == [
        (group.group_id, ("bob",), 2)
    ]


async def test_a_failure_is_repeated_once_at_once_and_stored(server: Server) -> None:
    clock = Clock()
    async with Emulator(now=clock) as emulator:
        emulator.add_webhook(server.url, secret=SECRET)
        emulator.add_user("ann")
        server.status = 500
        emulator.log_in("ann")
        await emulator.webhooks.idle()
        assert [post["reason"] for post in server.posts] == ["login", "login"]
        assert server.posts[0] == server.posts[1]
        assert [posted.statuses for posted in emulator.webhooks.posted] == [(500, 500)]
        # The start of ten minutes, in Beijing time.
        assert emulator.state.stored_webhooks == {"202311150610": {"size": 1, "retry": 0}}


async def test_without_storage_what_failed_is_lost(server: Server) -> None:
    async with Emulator(switched_off={"webhook_storage"}) as emulator:
        emulator.add_webhook(server.url, secret=SECRET)
        emulator.add_user("ann")
        server.status = 302
        emulator.log_in("ann")
        await emulator.webhooks.idle()
        assert emulator.state.stored_webhooks == {}
        assert len(server.posts) == 2


@pytest.mark.parametrize("too_long", [False, True])
async def test_ninety_failures_in_thirty_seconds_suspend_all_rules(
    server: Server, too_long: bool
) -> None:
    clock = Clock()
    async with Emulator(now=clock) as emulator:
        emulator.add_webhook(server.url, secret=SECRET)
        emulator.add_user("ann")
        for ban in range(1, 7):
            server.status, server.text = (200, "x" * 1001) if too_long else (500, "")
            posts = len(server.posts)
            for _ in range(60):
                emulator.log_in("ann")
            await emulator.webhooks.idle()
            assert len(server.posts) - posts == (60 if too_long else 90)
            if too_long:
                for _ in range(30):
                    emulator.log_in("ann")
                await emulator.webhooks.idle()
            minutes = min(5 * ban, 25)
            assert emulator.webhooks.suspended_until == clock.now + 60 * minutes
            posts = len(server.posts)
            clock.now += 60 * minutes - 1
            emulator.log_in("ann")
            await emulator.webhooks.idle()
            assert len(server.posts) == posts  # still suspended
            clock.now += 2
            server.status, server.text = 200, "{}"
            emulator.log_in("ann")
            await emulator.webhooks.idle()
            assert len(server.posts) == posts + 1


async def test_a_server_that_is_not_there_is_a_failure() -> None:
    async with Emulator() as emulator:
        emulator.add_webhook("http://127.0.0.1:1/easemob", secret=SECRET)
        emulator.add_user("ann")
        emulator.log_in("ann")
        await emulator.webhooks.idle()
        assert [posted.statuses for posted in emulator.webhooks.posted] == [(None, None)]


async def test_what_was_stored_is_replayed_into_a_receiver(
    emulator: Emulator, client: EasemobClient, server: Server
) -> None:
    emulator.add_user("ann")
    emulator.add_webhook(server.url, secret=SECRET)
    server.status = 503
    await client.messages.send_to_users(["bob"], Text("while the bot was down"), sender="ann")
    await emulator.webhooks.idle()
    receiver = WebhookReceiver(SECRET)
    events: list[Event] = []
    receiver.on(ChatMessage)(events.append)
    async with serving(receiver.aiohttp_handler) as url, receiver:
        for _ in range(2):
            (replayed,) = await client.webhook_storage.replay(receiver, target_url=url)
            assert (replayed.size, replayed.error) == (1, None)
            await settled(emulator, receiver)
        assert await client.webhook_storage.replay(receiver, since="9") == ()
        for stored in emulator.state.stored_webhooks.values():
            stored["retry"] = 10
        assert await client.webhook_storage.replay(receiver) == ()
    # What came twice is recognised.
    assert [event.body for event in events] == [Text("while the bot was down")]  # type: ignore[attr-defined]
    assert receiver.counts.dropped == {"duplicate": 1}


async def test_a_set_that_the_service_refuses_is_told(
    emulator: Emulator, client: EasemobClient
) -> None:
    emulator.state.stored_webhooks["202109091440"] = {"size": 15, "retry": 0}
    emulator.fail("POST", "/callbacks/storage/retry", status=200, body={"data": "failure"})
    (replayed,) = await client.webhook_storage.replay(WebhookReceiver(SECRET))
    assert replayed.date == "202109091440"
    assert replayed.error
    emulator.fail("POST", "/callbacks/storage/retry", status=403, body={"error": "x"})
    with pytest.raises(APIError):
        await client.webhook_storage.replay(WebhookReceiver(SECRET))


# ---------------------------------------------------------------- before delivery


async def asked(emulator: Emulator, screen: Any, **options: Any) -> Any:
    receiver = WebhookReceiver(SECRET)
    receiver.before_delivery()(screen)
    async with serving(receiver.aiohttp_handler) as url, receiver:
        emulator.add_webhook(url, secret=SECRET, before_delivery=True, wait=5)
        return await emulator.say(**{"sender": "ann", "target": "bob", "body": "hello", **options})


@pytest.fixture
async def two(emulator: Emulator) -> Emulator:
    for name in ("ann", "bob"):
        emulator.add_user(name)
    return emulator


async def test_a_message_is_asked_about_and_delivered(two: Emulator) -> None:
    questions: list[PreDelivery] = []
    said = await asked(two, lambda message: questions.append(message) or Allow(), ext={"k": 1})
    assert said.delivered
    (message,) = two.received("bob")
    assert (message["id"], message["body"], message["ext"]) == (
        said.message_id,
        {"msg": "hello"},
        {"k": 1},
    )
    (question,) = questions
    assert (question.sender, question.target, question.message_id) == (
        "ann",
        "bob",
        said.message_id,
    )
    assert question.body == Text("hello")
    assert question.ext == {"k": 1}


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Refuse("not here"), "not here"),
        (Refuse(), "custom logic denied"),
        (Refuse(""), "Message blocked by external logic"),
    ],
)
async def test_a_refused_message_is_not_delivered_nor_told(
    two: Emulator, verdict: Refuse, code: str, server: Server
) -> None:
    two.add_webhook(server.url, secret=SECRET)
    said = await asked(two, lambda _: verdict)
    assert (said.delivered, said.code) == (False, code)
    assert two.received("bob") == []
    await two.webhooks.idle()
    assert server.posts == []


async def test_a_replaced_message_is_delivered_changed(two: Emulator) -> None:
    said = await asked(two, lambda _: Replace(Text("***"), {"seen": 1}))
    assert said.delivered
    (message,) = two.received("bob")
    assert (message["body"], message["ext"]) == ({"msg": "***"}, {"seen": 1})


@pytest.mark.parametrize("deliver", [True, False])
@pytest.mark.parametrize("answer", ["late", "{}", "nonsense", '{"valid": 1}', "x" * 1001, "500"])
async def test_without_a_proper_answer_the_policy_decides(
    two: Emulator, answer: str, deliver: bool
) -> None:
    done = asyncio.Event()

    async def handle(request: web.Request) -> web.Response:
        if answer == "late":
            await done.wait()
        if answer == "500":
            return web.Response(status=500, text='{"valid": true}')
        return web.Response(text=answer)

    async with serving(handle) as url:
        two.add_webhook(
            url, secret=SECRET, before_delivery=True, deliver_on_failure=deliver, wait=0.05
        )
        said = await two.say("ann", "bob", "hello")
        done.set()
    assert said.delivered is deliver
    assert said.code == (None if deliver else "custom internal error")
    assert len(two.received("bob")) == deliver


async def test_messages_by_rest_are_not_asked_about(two: Emulator, client: EasemobClient) -> None:
    two.add_webhook("http://127.0.0.1:1/easemob", secret=SECRET, before_delivery=True)
    await client.messages.send_to_users(["bob"], Text("hi"), sender="ann")
    await two.webhooks.idle()
    assert len(two.received("bob")) == 1
    assert list(two.webhooks.posted) == []


async def test_groups_and_rooms_and_who_may_say_something(
    two: Emulator, client: EasemobClient
) -> None:
    group = await client.chat_groups.create("g", owner="ann", members=["bob"], public=True)
    questions: list[PreDelivery] = []
    said = await asked(
        two,
        lambda message: questions.append(message) or Allow(),
        target=group.group_id,
        chat_type="groupchat",
    )
    assert said.delivered
    assert [message["body"]["msg"] for message in two.received("bob")] == ["hello"]
    assert (questions[0].conversation, questions[0].group_id) == ("groupchat", group.group_id)
    two.add_user("cid")
    for arguments in (
        ("nobody", "bob", "chat"),
        ("ann", "nobody", "chat"),
        ("ann", "1", "groupchat"),
        ("ann", "1", "chatroom"),
        ("cid", group.group_id, "groupchat"),
        ("ann", "bob", "nonsense"),
    ):
        sender, target, chat_type = arguments
        with pytest.raises(ValueError, match=r"no user|no groupchat|no chatroom|not in|chat_type"):
            await two.say(sender, target, "hi", chat_type=chat_type)


async def test_a_shell_can_have_a_user_say_something(two: Emulator) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"{two.base_url}/_emulator/say"
        async with session.post(url, json={"sender": "ann", "target": "bob", "body": "hi"}) as r:
            assert (r.status, (await r.json())["delivered"]) == (200, True)
        for bad in ({"sender": "ann"}, {"sender": "x", "target": "bob", "body": "hi"}, [1]):
            async with session.post(url, data=json.dumps(bad)) as r:
                assert r.status == 400
                assert (await r.json())["error"]
