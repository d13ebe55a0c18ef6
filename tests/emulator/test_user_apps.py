"""Messages from users' apps: allowed, refused or replaced by the pre-send callback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from easemob_async import EasemobClient, Text
from easemob_async.emulator import Emulator
from easemob_async.emulator.user_apps import Said
from easemob_async.webhooks import (
    Allow,
    PreDelivery,
    Refuse,
    Replace,
    Verdict,
    WebhookReceiver,
)
from tests.emulator.webhook_server import SECRET, Server, serving


async def asked(
    emulator: Emulator, screen: Callable[[PreDelivery], Verdict], **options: Any
) -> Said:
    receiver = WebhookReceiver(SECRET)
    receiver.before_delivery()(screen)
    async with serving(receiver.aiohttp_handler) as url, receiver:
        emulator.add_webhook(url, secret=SECRET, before_delivery=True, wait=5)
        return await emulator.say(**{"sender": "ann", "target": "bob", "body": "hello", **options})


class Allowing:
    """Allows every message, and keeps the questions."""

    def __init__(self) -> None:
        self.questions: list[PreDelivery] = []

    def __call__(self, message: PreDelivery) -> Allow:
        self.questions.append(message)
        return Allow()


async def test_a_message_is_asked_about_and_delivered(two: Emulator) -> None:
    allow = Allowing()
    said = await asked(two, allow, ext={"k": 1})
    assert said.delivered
    (message,) = two.received("bob")
    assert (message["id"], message["body"], message["ext"]) == (
        said.message_id,
        {"msg": "hello"},
        {"k": 1},
    )
    (question,) = allow.questions
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
    allow = Allowing()
    said = await asked(two, allow, target=group.group_id, chat_type="groupchat")
    assert said.delivered
    assert [message["body"]["msg"] for message in two.received("bob")] == ["hello"]
    (question,) = allow.questions
    assert (question.conversation, question.group_id) == ("groupchat", group.group_id)
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
        with pytest.raises(ValueError, match=r"does not exist|not a member|chat_type"):
            await two.say(sender, target, "hi", chat_type=chat_type)


async def test_a_shell_can_have_a_user_say_something(two: Emulator) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"{two.base_url}/_emulator/say"
        async with session.post(url, json={"sender": "ann", "target": "bob", "body": "hi"}) as r:
            assert (r.status, (await r.json())["delivered"]) == (200, True)
        pair = {"sender": "ann", "target": "bob"}
        for bad in (
            *({"sender": "ann"}, {"sender": "x", "target": "bob", "body": "hi"}, [1]),
            *({**pair, "body": body} for body in (5, {"msg": "hi"}, {"type": 5}, ["hi"])),
        ):
            async with session.post(url, data=json.dumps(bad)) as r:
                assert r.status == 400
                assert (await r.json())["error"]
