"""Posts as the world sends them: signed ones get 200 whatever they hold, in order, bounded."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import zlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import InvalidArgumentError, Text
from easemob_async.webhooks import (
    ChatMessage,
    ChatMessageOffline,
    ChatroomMessage,
    Event,
    GroupMemberJoined,
    GroupMessage,
    GroupMessageOffline,
    UnknownEvent,
    WebhookReceiver,
    parse_event,
    sign,
)
from easemob_async.webhooks.signature import spellings
from tests.clock import run_virtual
from tests.conftest import Against
from tests.servers import Reply
from tests.webhooks.posts import MESSAGE, QUESTION, SECRET, examples, signed
from tests.webhooks.test_receiver import NOW, Kept


def with_text(text: bytes, whole: dict[str, Any] = MESSAGE) -> bytes:
    """A signed post with something raw in its message."""
    post = signed({**whole, "payload": {"bodies": [{"type": "txt", "msg": "@@"}], "ext": {}}})
    return json.dumps(post).encode().replace(b'"@@"', text)


CONTENT = {
    "half an emoji": b'"cut \\ud83d"',
    "the other half": b'"\\ude00 cut"',
    "raw CESU-8": b'"\xed\xa0\xbd"',
    "no UTF-8": b'"\xff\xfe"',
    "NaN": b"NaN",
    "a raw tab": b'"a\tb"',
    "a raw NUL": b'"a\x00b"',
    "a number without bounds": b"1e999",
    "depth 900": b"[" * 900 + b"]" * 900,
    "depth 2000": b"[" * 2000 + b"]" * 2000,
    "depth 2000 with strings": b'{"a]}": [' * 2000 + b'"[\\"{"' + b"]}" * 2000,
    "depth 100000": b"[" * 100_000 + b"]" * 100_000,
}


@pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT)
async def test_a_signed_post_gets_200_whatever_it_holds(content: bytes) -> None:
    kept = Kept()
    async with kept.listening() as receiver:
        for body in (with_text(content), b"\xef\xbb\xbf" + with_text(content, {**MESSAGE, "x": 1})):
            answer = await receiver.answer(body)
            assert answer.status == 200
        answer = await receiver.answer(with_text(content, QUESTION))
        assert (answer.status, json.loads(answer.body)) == (200, {"valid": True})
        forged = with_text(content).replace(b'"security": "', b'"security": "0')
        assert (await receiver.answer(forged)).status == 403
    (event,) = {type(event) for event in kept.events}
    deep = content.count(b"[") > 1000
    assert event is (UnknownEvent if deep else ChatMessage)
    assert parse_event(with_text(content)).payload["callId"] == MESSAGE["callId"]


CALL_IDS = ["x\ud83dy", "\ud83d\ud83d", "x\ude00", "cut\ud83d \ud83d", "\udc80\ud83d"]
SIGNED_AS = {
    "?": lambda text: b"".join(b"?" if "\ud800" <= c <= "\udfff" else c.encode() for c in text),
    "U+FFFD": lambda text: "".join(
        "\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text
    ).encode(),
    "as it came": lambda text: text.encode("utf-8", "surrogatepass"),
}


@pytest.mark.parametrize("spelling", SIGNED_AS.values(), ids=SIGNED_AS)
@pytest.mark.parametrize("call_id", CALL_IDS, ids=ascii)
@pytest.mark.parametrize("raw", [True, False], ids=["raw", "escaped"])
async def test_a_call_id_cut_in_an_emoji_is_known_by_its_likely_spellings(
    call_id: str, spelling: Any, raw: bool
) -> None:
    post = {**MESSAGE, "callId": call_id}
    post["security"] = sign(spelling(call_id), SECRET, post["timestamp"])
    body = json.dumps(post).encode()
    if raw:
        body = body.replace(
            json.dumps(call_id).encode(), b'"' + call_id.encode("utf-8", "surrogatepass") + b'"'
        )
    kept = Kept()
    async with kept.listening() as receiver:
        assert (await receiver.answer(body)).status == 200
        wrong = body.replace(post["security"].encode(), b"0" * 32)
        assert (await receiver.answer(wrong)).status == 403
    assert len(kept.events) == 1


@given(st.text(st.characters(codec=None, min_codepoint=0xD700, max_codepoint=0xE000)))
def test_there_are_few_spellings_and_all_can_be_written(spelt: str) -> None:
    assert 1 <= len(spellings(spelt)) <= 8


@pytest.mark.parametrize("field", ["content_type", "eventType", "chat_type", "from", "host"])
async def test_depth_in_any_field_of_a_signed_post_gets_200(field: str) -> None:
    kept = Kept()
    post = {**MESSAGE, "chat_type": "groupchat", field: "@@"}
    body = json.dumps(signed(post)).encode().replace(b'"@@"', b"[" * 990 + b"]" * 990)
    async with kept.listening() as receiver:
        assert (await receiver.answer(body)).status == 200


async def test_odd_handlers_neither_end_the_workers_nor_keep_the_end() -> None:
    class Odd(BaseException):
        pass

    seen: list[str] = []
    kept = Kept(workers=1, drain_within=timedelta(seconds=0.1))

    @kept.receiver.on(ChatMessage)
    async def handle(event: ChatMessage) -> None:
        number = len(seen)
        seen.append(str(event.call_id))
        if number == 0:
            raise Odd
        if number == 1:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)
        while number == 3:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                if done.is_set():
                    raise

    done = asyncio.Event()
    async with kept.receiver as receiver:
        for number in range(3):
            await receiver.answer(message(number, f"u{number}"))
        await receiver.idle()
        assert len(seen) == 3
        assert len(kept.failed) == 2
        await receiver.answer(message(3, "deaf"))
        (worker,) = receiver._workers._tasks  # type: ignore[union-attr]
    done.set()
    worker.cancel()
    await asyncio.wait([worker])


# ---------------------------------------------------------------- packed


def packings(body: bytes) -> dict[str, tuple[str, bytes]]:
    raw = zlib.compressobj(wbits=-15)
    return {
        "gzip": ("gzip", gzip.compress(body)),
        "x-gzip": ("x-gzip", gzip.compress(body)),
        "deflate": ("deflate", zlib.compress(body)),
        "bare deflate": ("deflate", raw.compress(body) + raw.flush()),
        "identity": ("identity", body),
        "two members": ("gzip", gzip.compress(body[:50]) + gzip.compress(body[50:])),
    }


@pytest.mark.parametrize("how", list(packings(b"")))
async def test_packed_posts_are_unpacked(how: str) -> None:
    kept = Kept()
    async with kept.listening() as receiver:
        encoding, body = packings(json.dumps(signed(MESSAGE)).encode())[how]
        assert (await receiver.answer(body, content_encoding=encoding.upper())).status == 200
    assert len(kept.events) == 1


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"not packed"),
        ("gzip", gzip.compress(b"{}" * 1000, mtime=0)[:-20]),
        ("gzip", b""),
        ("deflate", b"\xff" * 20),
        ("br", b"x"),
        ("gzip, gzip", b"x"),
    ],
)
async def test_what_is_not_packed_as_it_says_is_400(encoding: str, body: bytes) -> None:
    kept = Kept()
    async with kept.receiver as receiver:
        assert (await receiver.answer(body, content_encoding=encoding)).status == 400
    assert kept.reasons() == ["damaged"]


async def test_what_unpacks_without_an_end_is_413() -> None:
    kept = Kept(max_body=10_000)
    bomb = gzip.compress(b"0" * 5_000_000)
    assert len(bomb) < 10_000
    async with kept.receiver as receiver:
        assert (await receiver.answer(bomb, content_encoding="gzip")).status == 413


# ---------------------------------------------------------------- order and bounds


def message(number: int, sender: str = "ann", to: str = "bot") -> bytes:
    post = {
        **MESSAGE,
        "from": sender,
        "to": to,
        "callId": f"acme#shop_{sender}{number}",
        "payload": {"bodies": [{"type": "txt", "msg": str(number)}], "ext": {}},
    }
    return json.dumps(signed(post)).encode()


def test_events_of_a_conversation_keep_their_order_and_others_run_beside() -> None:
    async def run(ordered: bool) -> tuple[dict[str, list[int]], float]:
        seen: dict[str, list[int]] = {}
        receiver = WebhookReceiver(SECRET, now=lambda: NOW, ordered=ordered)
        dice = random.Random(5)

        @receiver.on(ChatMessage)
        async def handle(event: ChatMessage) -> None:
            await asyncio.sleep(dice.random())
            assert isinstance(event.body, Text)
            name = event.target if event.sender == "bot" else event.sender
            seen.setdefault(str(name), []).append(int(event.body.text))

        async with receiver:
            began = asyncio.get_running_loop().time()
            for number in range(10):
                for user in ("ann", "bob", "eve", "joe"):
                    # What the bot says in between belongs to the same conversation.
                    sender, to = (user, "bot") if number % 3 else ("bot", user)
                    await receiver.answer(
                        message(number, sender, to).replace(b"bot0", b"b0" + user.encode())
                    )
            await receiver.idle()
            return seen, asyncio.get_running_loop().time() - began

    seen, took = run_virtual(run(ordered=True))
    assert all(numbers == sorted(numbers) for numbers in seen.values())
    assert took < 10  # side by side: one after the other takes some 20 s
    seen, _ = run_virtual(run(ordered=False))
    assert any(numbers != sorted(numbers) for numbers in seen.values())


def test_a_slow_conversation_does_not_keep_the_others() -> None:
    async def run() -> list[str]:
        done: list[str] = []
        receiver = WebhookReceiver(
            SECRET, now=lambda: NOW, workers=2, drain_within=timedelta(seconds=9000)
        )

        @receiver.on(ChatMessage)
        async def handle(event: ChatMessage) -> None:
            await asyncio.sleep(1000 if event.sender == "slow" else 1)
            done.append(str(event.sender))

        async with receiver:
            for number in range(5):
                await receiver.answer(message(number, "slow"))
            for number in range(20):
                await receiver.answer(message(number, f"user{number}"))
        return done

    done = run_virtual(run())
    assert done.index("user19") < done.index("slow") + 1
    assert done.count("slow") == 5


async def test_the_queue_is_bounded_in_bytes() -> None:
    gate = asyncio.Event()
    kept = Kept(queue_bytes=10_000, max_body=100_000)
    kept.receiver.on(ChatMessage)(lambda _: gate.wait())
    async with kept.receiver as receiver:
        for number in range(40):
            post = {
                **MESSAGE,
                "callId": f"acme#shop_{number}",
                "from": f"u{number}",
                "pad": "x" * 900,
            }
            body = json.dumps(signed(post)).encode()
            assert (await receiver.answer(body)).status == 200
        assert receiver.counts.queued == 10_000 // len(body)
        assert set(kept.reasons()) == {"overflow"}
        gate.set()
        await receiver.idle()
        # One that is larger than all that may wait is taken when nothing waits.
        large = {**MESSAGE, "callId": "acme#shop_large", "pad": "x" * 20_000}
        await receiver.answer(json.dumps(signed(large)).encode())
        assert receiver.counts.queued == 10_000 // len(body) + 1


@pytest.mark.parametrize(
    ("kind", "example"), examples(), ids=lambda v: v if isinstance(v, str) else ""
)
def test_every_documented_event_belongs_to_a_conversation(
    kind: str, example: dict[str, Any]
) -> None:
    event = parse_event(example)
    named = [example.get(k) for k in ("from", "to", "id", "user", "name", "group_id")]
    if any(named) and event.kind != "message.pre_delivery":
        assert event.conversation.split(":")[0] in ("chat", "group", "thread", "user")


@pytest.mark.parametrize(
    ("change", "conversation"),
    [
        ({}, "chat:ann bot"),
        ({"from": "bot", "to": "ann"}, "chat:ann bot"),
        ({"from": "acme#shop_ANN@easemob.com/ios_1"}, "chat:ann bot"),
        ({"chat_type": "groupchat", "to": "7"}, "group:7"),
        ({"chat_type": "groupchat", "to": "bot", "group_id": "7"}, "group:7"),
        ({"chat_type": "groupchat", "to": "7", "content_type": "chat:room:text"}, "group:7"),
        ({"chat_type": "new", "to": None}, "user:ann"),
        ({"chat_type": "new", "from": None, "to": None}, ""),
    ],
)
def test_what_a_message_belongs_to(change: dict[str, Any], conversation: str) -> None:
    assert parse_event({**MESSAGE, **change}).conversation == conversation


def test_what_happens_to_a_group_belongs_where_its_messages_do() -> None:
    joined = {
        "event": "group_op_event",
        "operation": "JOIN",
        "type": "CHATROOM",
        "id": "7",
        "operator": "ann",
        "payload": {"type": "DIRECT", "member": ["bob"]},
        "callId": "1",
        "timestamp": 1,
        "appkey": "acme#shop",
    }
    event = parse_event(joined)
    assert isinstance(event, GroupMemberJoined)
    assert event.conversation == "group:7"


# ---------------------------------------------------------------- groups and rooms


def test_what_cannot_be_told_apart_says_so() -> None:
    """The documented example of a room's message has no content_type."""
    (example,) = [e for kind, e in examples() if kind == "chatroom.message"][:1]
    event = parse_event(example)
    assert isinstance(event, GroupMessageOffline)
    assert event.is_room is None
    assert event.group_id == example["group_id"]
    for content_type, is_room in (("chat:group:text", False), ("chat:room:text", True)):
        told = parse_event({**example, "content_type": content_type})
        assert isinstance(told, GroupMessage | GroupMessageOffline | ChatroomMessage)
        assert told.is_room is is_room
    assert parse_event(MESSAGE).is_room is False  # type: ignore[attr-defined]


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


def test_a_handler_may_be_for_several_classes() -> None:
    receiver = WebhookReceiver(SECRET)

    @receiver.on(ChatMessage, GroupMessage)
    async def handle(event: ChatMessage | GroupMessage) -> None: ...

    @receiver.on(ChatMessage, ChatMessageOffline, GroupMessage, GroupMessageOffline, Event)
    def wide(event: Event) -> None: ...

    assert handle.__name__ == "handle"
