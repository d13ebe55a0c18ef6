"""A reply goes to the user, group or room that the message came from."""

from __future__ import annotations

from typing import Any

import pytest

from easemob_async import InvalidArgumentError, Text
from easemob_async.webhooks import MessageEvent, parse_event
from tests.conftest import Against
from tests.servers import Reply
from tests.webhooks.posts import MESSAGE


@pytest.mark.parametrize(
    ("change", "options", "path", "sent"),
    [
        ({}, {}, "/messages/users", {"to": ["ann"], "from": "bot"}),
        ({}, {"sender": "other"}, "/messages/users", {"to": ["ann"], "from": "other"}),
        ({"eventType": "chat_offline"}, {}, "/messages/users", {"to": ["ann"], "from": "bot"}),
        (
            {"chat_type": "groupchat", "to": "7", "content_type": "chat:group:text"},
            {"sender": "bot"},
            "/messages/chatgroups",
            {"to": ["7"], "from": "bot"},
        ),
        (
            {"chat_type": "groupchat", "to": "bot", "group_id": "7", "eventType": "chat_offline"},
            {"sender": "bot"},
            "/messages/chatgroups",
            {"to": ["7"], "from": "bot"},
        ),
        (
            {"chat_type": "groupchat", "to": "bot", "group_id": "7", "content_type": "chat:room:x"},
            {"sender": "bot"},
            "/messages/chatrooms",
            {"to": ["7"], "from": "bot"},
        ),
        (
            {"chat_type": "groupchat", "to": "7"},
            {"room": True},
            "/messages/chatrooms",
            {"to": ["7"]},
        ),
        (
            {"chat_type": "groupchat", "to": "7", "payload": {"type": "chatroom"}},
            {},
            "/messages/chatrooms",
            {"to": ["7"]},
        ),
        (
            {"chat_type": "groupchat", "to": "7", "payload": {"type": "groupchat"}},
            {"room": True},
            "/messages/chatgroups",
            {"to": ["7"]},
        ),
        (
            {"chat_type": "groupchat", "to": "7", "payload": {"type": "chat"}},
            {"room": True},
            "/messages/chatrooms",
            {"to": ["7"]},
        ),
        (
            {"chat_type": "groupchat", "to": "7", "content_type": "chat:group:text"},
            {"room": True},
            "/messages/chatgroups",
            {"to": ["7"]},
        ),
    ],
)
async def test_an_answer_goes_where_the_message_came_from(
    against: Against, change: dict[str, Any], options: Any, path: str, sent: Any
) -> None:
    event = parse_event({**MESSAGE, **change})
    assert isinstance(event, MessageEvent)
    async with against(lambda _: Reply(body={"data": {"x": "1"}}), token="t") as (client, server):
        await client.messages.reply(event, Text("hi"), **options)
        (request,) = server.calls
        assert request.path.endswith(path)
        assert {k: request.json.get(k) for k in sent} == sent
        assert "from" in sent or "from" not in request.json


async def test_what_is_no_message_cannot_be_answered(against: Against) -> None:
    async with against(lambda _: Reply(), token="t") as (client, server):
        lost = parse_event(
            {**MESSAGE, "chat_type": "groupchat", "to": "bot", "eventType": "chat_offline"}
        )
        for event in (parse_event({"a": 1}), lost, None):
            with pytest.raises(InvalidArgumentError, match="messages.reply"):
                await client.messages.reply(event, Text("x"))  # type: ignore[arg-type]
        assert not server.calls
