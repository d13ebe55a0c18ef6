"""Chat rooms: settings, members, admins, attributes and tags."""

from __future__ import annotations

from typing import Any

import pytest

from easemob_async import (
    FOREVER,
    BadRequestError,
    EasemobClient,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
)
from tests.conftest import Against
from tests.resources.places import moderate
from tests.resources.stories import HOUR, every_operation
from tests.servers import Reply


async def test_every_operation_end_to_end() -> None:
    async with every_operation("chat_rooms") as (c, _):
        made = await c.chat_rooms.create("r", owner="ann", description="d", members=["bob", "eve"])
        id_ = made.room_id
        await c.chat_rooms.members.add(id_, "bob")  # already in: fine
        assert (await c.chat_rooms.members.add_many(id_, ["joe", "bob"])).ok
        await moderate(c.chat_rooms, id_, "ann")
        await c.chat_rooms.update(id_, name="new", max_users=20)
        room = await c.chat_rooms.get(id_)
        assert (room.name, room.max_users, room.owner) == ("new", 20, "ann")
        assert [r.room_id async for r in c.chat_rooms.list(limit=1)] == [id_]
        assert [r.room_id async for r in c.chat_rooms.list_joined("joe")] == [id_]
        await c.chat_rooms.admins.add(id_, "joe")
        assert [name async for name in c.chat_rooms.admins.list(id_)] == ["joe"]
        await c.chat_rooms.admins.remove(id_, "joe")
        await c.chat_rooms.announcement.update(id_, "hi")
        assert await c.chat_rooms.announcement.get(id_) == "hi"
        await c.chat_rooms.super_admins.add("bob")
        assert [name async for name in c.chat_rooms.super_admins.list()] == ["bob"]
        await c.chat_rooms.super_admins.remove("bob")
        attributes = c.chat_rooms.attributes
        assert (await attributes.set(id_, "joe", {"k": "1"}, auto_delete="NO_DELETE")).ok
        with pytest.raises(BadRequestError, match="others are not allowed"):
            await attributes.set(id_, "eve", {"k": "2"})
        assert (await attributes.set_forced(id_, "eve", {"k": "2", "own": "x"})).ok
        assert await attributes.get(id_) == {"k": "2", "own": "x"}
        assert (await attributes.delete(id_, "joe", ["k"])).failed
        assert (await attributes.delete_forced(id_, "joe", ["k"])).ok
        with pytest.raises(PermissionDeniedError, match="not in chatroom"):
            await attributes.set(id_, "bob", {"k": "3"})
        tags = c.chat_rooms.tags
        await tags.set(id_, "joe", ["t1", "t2"])
        await tags.mute(id_, "t1", duration=FOREVER)
        assert (await tags.get(id_, "joe"))["t1"] is None
        assert "joe" in [m.username async for m in c.chat_rooms.mutes.list(id_)]
        with pytest.raises(NotFoundError, match="tag not found"):
            await tags.mute(id_, "none", duration=HOUR)
        await c.chat_rooms.members.remove(id_, "eve")
        assert await attributes.get(id_) == {}  # they left with the member who set them
        assert (await c.chat_rooms.members.remove_many(id_, ["eve", "joe"])).failed
        await c.chat_rooms.members.add(id_, "joe")
        await c.chat_rooms.transfer_owner(id_, "joe")
        await c.chat_rooms.delete(id_)
        with pytest.raises(NotFoundError):
            await c.chat_rooms.get(id_)


async def test_a_null_costs_itself_alone(against: Against) -> None:
    async with against(lambda _: Reply(body={"data": {"k": "v", "n": None}}), token="t") as (
        client,
        _,
    ):
        assert await client.chat_rooms.attributes.get("1") == {"k": "v"}


async def test_a_result_is_found_under_the_name_that_was_asked_for(against: Against) -> None:
    rows = [{"user": "ann", "result": True}, {"user": "bob", "result": False, "reason": "no"}]
    async with against(lambda _: Reply(body={"data": rows}), token="t") as (client, _):
        result = await client.chat_rooms.mutes.remove_many("1", ["Ann", "BOB"])
    assert [outcome.item for outcome in result] == ["Ann", "BOB"]
    assert result["Ann"].ok
    assert result.failed == {"BOB": "no"}


async def test_a_batch_of_which_nothing_was_done_lacks_its_list(against: Against) -> None:
    body = {"data": {"status": "error", "errorKeys": {"k": "not yours"}}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        result = await client.chat_rooms.attributes.set("1", "ann", {"k": "v"})
        assert result.failed == {"k": "not yours"}


async def test_an_id_with_a_comma_is_refused(unconnected: EasemobClient) -> None:
    with pytest.raises(InvalidArgumentError, match="comma"):
        await unconnected.chat_rooms.blocklist.remove("r", "bob,eve")


async def test_bad_input_is_a_clear_error_before_any_io(unconnected: EasemobClient) -> None:
    wrong: Any = ["k"]
    with pytest.raises(InvalidArgumentError):
        await unconnected.chat_rooms.attributes.set("r", "ann", wrong)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"room_id": "Room 1"}, "must be 1 to 64 of a-z and 0-9"),
        ({"room_id": 17}, "must be 1 to 64 of a-z and 0-9"),
        ({"custom": "x" * 8193}, "custom"),
        ({"members": ["ann", ""]}, "members"),
    ],
)
async def test_what_a_room_cannot_be_made_with_is_refused_before_anything_is_sent(
    arguments: dict[str, Any], problem: str
) -> None:
    async with EasemobClient("a#b", token="t", base_url="http://127.0.0.1:1") as client:
        with pytest.raises(InvalidArgumentError, match=problem):
            await client.chat_rooms.create("lobby", owner="ann", description="", **arguments)
