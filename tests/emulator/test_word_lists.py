"""Word lists: what becomes of a text, and the events that say so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import EasemobClient, Image, Text
from easemob_async.emulator import Emulator
from easemob_async.emulator.user_apps import Said
from easemob_async.emulator.word_lists import moderate
from easemob_async.webhooks import (
    KeywordEvent,
    MessageEvent,
    ModerationMessageReviewed,
    Replace,
    WebhookReceiver,
)
from tests import facts_reader as facts
from tests.emulator.webhook_server import SECRET, bot, serving, settled

EVENTS: Final[Mapping[str, Any]] = {
    entry["id"]: entry for entry in facts.read("webhooks")["events"] if "moderation" in entry["id"]
}
RESULTS: Final = {
    "PASS": ("pass", "through", ()),
    "REJECT": ("refuse", "intercepted", ("word",)),
    "EXCHANGE": ("replace", "replaced", ("word",)),
}
"""Disposition to the status, the reason and the words of the event."""
Send = Callable[[Emulator, EasemobClient, str], Awaitable[Said | None]]


async def by_rest(_: Emulator, client: EasemobClient, text: str) -> None:
    await client.messages.send_to_users(["bob"], Text(text), sender="ann")


async def by_an_app(emulator: Emulator, _: EasemobClient, text: str) -> Said:
    return await emulator.say("ann", "bob", text)


async def listed(client: EasemobClient, disposition: str, scope: str = "ALL") -> None:
    await client.moderation.word_lists.create(
        disposition, ["word"], scope=scope, disposition=disposition
    )


def assert_documented(post: Mapping[str, Any], kind: str) -> None:
    """A post has the documented fields, of the types of the example, and no other."""
    assert post.keys() == {field["name"] for field in EVENTS[kind]["fields"]}
    (example,) = EVENTS[kind]["examples"]
    assert {name: type(value) for name, value in post.items()} == {
        name: type(value) for name, value in example.items()
    }


WAYS = pytest.mark.parametrize("send", [by_rest, by_an_app])


@WAYS
@pytest.mark.parametrize("disposition", RESULTS)
async def test_a_text_with_a_word_has_an_event_before_that_of_the_message(
    two: Emulator, client: EasemobClient, send: Send, disposition: str
) -> None:
    await listed(client, disposition)
    two.log_in("bob")
    async with bot(two) as (receiver, events):
        await send(two, client, "a Word")
        await settled(two, receiver)
    status, reason, words = RESULTS[disposition]
    event, *others = events
    assert isinstance(event, KeywordEvent)
    assert (event.status, event.alert_reason, event.words) == (status, reason, words)
    assert (event.sender, event.target) == ("ann", "bob")
    assert (event.content_type, event.chat_type) == ("message", "chat:user:text")
    if disposition == "REJECT":
        assert others == []
        assert two.received("bob") == []
    else:
        (message,) = others
        assert isinstance(message, MessageEvent)
        assert message.message_id == event.message_id == two.received("bob")[0]["id"]
        assert message.bodies == (Text("a Word" if disposition == "PASS" else "a ***"),)


@WAYS
async def test_a_text_without_a_word_and_a_message_of_another_type_have_no_such_event(
    two: Emulator, client: EasemobClient, send: Send
) -> None:
    await listed(client, "REJECT")
    two.log_in("bob")
    async with bot(two) as (receiver, events):
        await send(two, client, "hello")
        await client.messages.send_to_users(["bob"], Image("http://x/word"), sender="ann")
        await settled(two, receiver)
    assert [event.kind for event in events] == ["chat.message", "chat.message"]


@pytest.mark.parametrize("disposition", RESULTS)
async def test_the_user_who_speaks_learns_what_became_of_the_text(
    two: Emulator, client: EasemobClient, disposition: str
) -> None:
    await listed(client, disposition)
    said = await two.say("ann", "bob", "a word")
    body = {"type": "txt", "msg": "a ***"} if disposition == "EXCHANGE" else None
    assert (said.delivered, said.body) == (disposition != "REJECT", body)
    assert (said.code is None) is said.delivered
    assert [m["id"] for m in two.received("bob")] == [said.message_id] * said.delivered


async def test_the_text_of_a_pre_send_callback_is_reviewed_as_well(
    two: Emulator, client: EasemobClient
) -> None:
    await listed(client, "EXCHANGE")
    receiver = WebhookReceiver(SECRET)
    receiver.before_delivery()(lambda _: Replace(Text("a word"), {"k": 1}))
    async with serving(receiver.aiohttp_handler) as url, receiver:
        two.add_webhook(url, secret=SECRET, before_delivery=True, wait=5)
        said = await two.say("ann", "bob", "hello")
    assert said.body == {"type": "txt", "msg": "a ***"}
    assert two.received("bob")[0]["ext"] == {"k": 1}


LETTERS: Final = "aAbß\u0130sS. "


def with_words(emulator: Emulator, words: Sequence[str], *, full_match: bool = False) -> None:
    """Add a word list that replaces."""
    lists = emulator.state.word_lists
    lists[str(len(lists))] = {
        "scope": "ALL",
        "fullMatch": full_match,
        "disposition": "EXCHANGE",
        "words": {str(number): {"word": word} for number, word in enumerate(words)},
    }


@given(
    st.text(LETTERS, max_size=20),
    st.lists(st.text(LETTERS, min_size=1, max_size=3), max_size=3),
    st.booleans(),
)
def test_no_word_is_left_in_a_text_and_a_text_without_one_stays(
    text: str, words: list[str], full_match: bool
) -> None:
    emulator = Emulator()
    with_words(emulator, words, full_match=full_match)
    found = moderate(emulator.state, text)
    low, rest = text.casefold(), found.text.casefold()
    there = [w for w in words if (w.casefold() == low if full_match else w.casefold() in low)]
    assert list(found.words) == list(dict.fromkeys(there))
    assert not any(word.casefold() in rest for word in there)
    if not there:
        assert (found.disposition, found.text) == (None, text)


def test_what_was_replaced_is_not_replaced_again() -> None:
    emulator = Emulator()
    for _ in range(100):
        with_words(emulator, ["*", "**"])
    assert moderate(emulator.state, "*" * 5000).text == "***" * 2500


@pytest.mark.parametrize("place", ["group", "room"])
async def test_the_event_of_a_group_or_a_room_names_it(
    two: Emulator, client: EasemobClient, place: str
) -> None:
    await listed(client, "REJECT", place.upper())
    text = Text("a word")
    async with bot(two) as (receiver, events):
        if place == "group":
            group = await client.chat_groups.create("g", owner="ann", members=["bob"])
            place_id = group.group_id
            await client.messages.send_to_groups([place_id], text, sender="ann")
        else:
            room = await client.chat_rooms.create("r", description="d", owner="ann")
            place_id = room.room_id
            await client.messages.send_to_rooms([place_id], text, sender="ann")
        await client.messages.send_to_users(["bob"], text, sender="ann")
        await settled(two, receiver)
    (event,) = (event for event in events if isinstance(event, KeywordEvent))
    assert (event.target, event.chat_type) == (place_id, f"chat:{place}:text")


async def test_each_recipient_has_an_event(two: Emulator, client: EasemobClient) -> None:
    await listed(client, "REJECT")
    async with bot(two) as (receiver, events):
        await client.messages.send_to_users(["ann", "bob"], Text("a word"))
        await settled(two, receiver)
    found = [(e.target, e.message_id) for e in events if isinstance(e, KeywordEvent)]
    assert [target for target, _ in found] == ["ann", "bob"]
    assert len({message_id for _, message_id in found}) == 2


@pytest.mark.parametrize("disposition", RESULTS)
async def test_an_event_has_the_documented_fields(
    two: Emulator, client: EasemobClient, disposition: str
) -> None:
    await listed(client, disposition)
    async with bot(two) as (receiver, events):
        await client.moderation.check_text("a word")
        await client.messages.send_to_groups(["1"], Text("a word"), sender="ann")
        await settled(two, receiver)
    for event, posted in list(zip(events, two.webhooks.posted, strict=True))[:2]:
        assert event.kind in EVENTS
        assert_documented(posted.event, event.kind)


@pytest.mark.parametrize(
    ("disposition", "result", "review"),
    [
        ("PASS", "PASS", "PASS"),
        ("REJECT", "REJECT", "REJECT"),
        ("EXCHANGE", "EXCHANGE", "REVIEWED"),
    ],
)
async def test_a_checked_text_is_a_reviewed_message(
    two: Emulator, client: EasemobClient, disposition: str, result: str, review: str
) -> None:
    await listed(client, disposition)
    async with bot(two) as (receiver, events):
        verdict = await client.moderation.check_text("a word")
        await settled(two, receiver)
    (event,) = events
    assert isinstance(event, ModerationMessageReviewed)
    assert (event.result, event.review, event.text) == (result, review, "a word")
    assert (event.review, event.risk_type) == (verdict.verdict, verdict.risk_type)
    assert (event.message_type, event.url, event.source) == ("txt", "", {})
