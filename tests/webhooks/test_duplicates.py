"""Repeated events are recognised, in bounded memory."""

from __future__ import annotations

from easemob_async.webhooks import DropReason
from tests.webhooks.kept import Kept, post
from tests.webhooks.posts import MESSAGE, signed


async def test_a_repeated_event_is_handled_once() -> None:
    kept = Kept()
    async with kept.listening() as receiver:
        for _ in range(3):
            assert await post(receiver, signed(MESSAGE)) == (200, {})
    assert len(kept.events) == 1
    assert kept.reasons() == [DropReason.DUPLICATE] * 2


async def test_events_that_share_a_call_id_are_not_duplicates() -> None:
    accepted = {
        "chat_type": "roster",
        "eventType": "chat",
        "from": "acme#shop_ann@easemob.com",
        "to": "bob",
    }
    posts = [
        MESSAGE,
        {**MESSAGE, "eventType": "chat_offline"},
        {**MESSAGE, "eventType": "chat_offline", "to": "bob"},
        {**accepted, "payload": {"operation": "accept"}},
        {**accepted, "payload": {"operation": "remote_accept"}},
        {**accepted, "payload": {"operation": "remote_accept"}, "to": "ann"},
    ]
    kept = Kept()
    async with kept.listening() as receiver:
        for payload in posts:
            await post(receiver, signed(payload, callId="acme#shop_1"))
    assert len(kept.events) == len(posts)


async def test_duplicates_are_recognised_in_bounded_memory() -> None:
    kept = Kept(remember=10)
    async with kept.listening() as receiver:
        for number in range(100):
            await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}"))
        assert len(receiver._intake._seen._keys) == 10
        await post(receiver, signed(MESSAGE, callId="acme#shop_95"))
        await post(receiver, signed(MESSAGE, callId="acme#shop_5"))  # forgotten by now
    assert len(kept.events) == 101
    assert kept.reasons() == [DropReason.DUPLICATE]
