"""Broadcasts to all users, to users who are online, and to all rooms."""

from __future__ import annotations

from datetime import timedelta

import pytest

from easemob_async import EasemobClient, RateLimitError, Text
from easemob_async.emulator import Emulator
from tests.resources.stories import every_operation


async def test_every_operation_end_to_end() -> None:
    async with every_operation("broadcasts") as (c, em):
        room = await c.chat_rooms.create("r", owner="ann", description="", members=["bob"])
        silent = await c.chat_rooms.create("s", owner="ann", description="", members=["bob"])
        await c.messages.send_to_rooms([room.room_id], Text("x"))  # a room is active from now on
        assert (await c.broadcasts.send_to_all_users(Text("all"))).broadcast_id
        em.log_in("bob")
        await c.broadcasts.send_to_online_users(Text("online"))
        await c.broadcasts.send_to_rooms(Text("rooms"))
        assert em.received("ann")[-1]["body"] == {"msg": "all"}
        assert em.received("bob")[-1]["body"] == {"msg": "online"}
        assert em.received(room.room_id)[-1]["body"] == {"msg": "rooms"}
        assert em.received(silent.room_id) == []


async def test_a_broadcast_that_would_wait_half_an_hour_is_refused_at_once() -> None:
    async with Emulator() as emulator, EasemobClient(**emulator.credentials) as client:
        await client.broadcasts.send_to_all_users(Text("x"))
        with pytest.raises(RateLimitError) as caught:
            await client.broadcasts.send_to_all_users(Text("x"))
        assert caught.value.retry_after is not None
        assert caught.value.retry_after > timedelta(minutes=29)
        assert len([r for r in emulator.requests if "broadcast" in r[1]]) == 1
