"""Messages: sending, recalls and updates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from easemob_async import APIError, EasemobClient, InvalidArgumentError, Location, Recall, Text
from tests.conftest import Against
from tests.resources import names
from tests.resources.rest_2014 import enveloped, of_2014
from tests.resources.stories import every_operation
from tests.servers import Reply


async def test_every_operation_end_to_end() -> None:
    async with every_operation("messages") as (c, em):
        room = await c.chat_rooms.create("r", owner="ann", description="", members=["bob"])
        group = await c.chat_groups.create("g", owner="ann", members=["bob"])
        await c.messages.send_to_rooms([room.room_id], Text("to a room"))
        assert em.received(room.room_id)[-1]["body"] == {"msg": "to a room"}
        await c.messages.send_to_groups([group.group_id], Text("to a group"))
        found = [m async for m in c.messages.search("bob", "group", group_ids=[group.group_id])]
        assert [m.content.message for m in found] == ["to a group"]
        await c.messages.send_to_group_members(group.group_id, ["bob"], Text("to a member"))
        await c.messages.send_to_room_members(room.room_id, ["bob"], Text("to bob in the room"))
        await c.messages.send_legacy(["bob"], Text("as in 2014"))
        assert [message["body"]["msg"] for message in em.received("bob")] == [
            "to a group",
            "to a member",
            "to bob in the room",
            "as in 2014",
        ]
        await change_messages(c)
        assert [message["body"] for message in em.received("joe")] == [{"msg": "y"}]
        await stream_messages(c, group.group_id)
        assert em.received("eve")[0]["body"] == {"msg": "Hello"}
        assert em.received("bob")[-1]["body"] == {"msg": "all at once"}


async def change_messages(c: EasemobClient) -> None:
    """Leave one updated message with joe."""
    sent = await c.messages.send_to_users(["joe", "bob"], Text("x"), sender="eve")
    await c.messages.update(sent.message_ids["joe"], Text("y"), ext={"k": 1}, merge_ext=False)
    sent = await c.messages.send_to_users(["joe", "bob"], Text("z"), sender="eve")
    id_ = sent.message_ids["joe"]
    assert (await c.messages.recall(id_, target="joe", chat_type="chat")).message_id == id_
    again = Recall(message_id=id_, target="joe", chat_type="chat")
    other = Recall(message_id=sent.message_ids["bob"], target="bob", chat_type="chat")
    assert (await c.messages.recall_many([again, other])).failed == {id_: "not_found msg"}


async def stream_messages(c: EasemobClient, group_id: str) -> None:
    """Stream one message to eve and one to the group."""
    first = await c.messages.stream_to_user("eve", "Hel", seq=0, sender="bot")
    id_ = first.message_id
    assert id_ is not None
    await c.messages.stream_to_user("eve", "lo", seq=1, finish=True, sender="bot", message_id=id_)
    with pytest.raises(APIError, match="already finished"):
        await c.messages.stream_to_user("eve", "!", seq=2, sender="bot", message_id=id_)
    await c.messages.stream_to_group(group_id, "all at once", seq=0, finish=True)


# ---------------------------------------------------------------- the API of 2014


async def test_send_a_message() -> None:
    answers = {
        ("POST", "/messages"): enveloped("post", {"stliu1": "success", "jma3": "success"}),
    }
    async with of_2014(answers) as (client, server):
        outcome = await client.messages.send_legacy(
            ["u1", "u2", "u3"],
            Text("hello from rest"),
            sender="jma2",
            ext={"attr1": "v1", "attr2": "v2"},
        )
        assert outcome == {"stliu1": "success", "jma3": "success"}
        assert server.calls[0].json == {
            "target_type": "users",
            "target": ["u1", "u2", "u3"],
            "msg": {"type": "txt", "msg": "hello from rest"},
            "from": "jma2",
            "ext": {"attr1": "v1", "attr2": "v2"},
        }


async def test_send_to_groups_without_sender_and_ext() -> None:
    answers = {("POST", "/messages"): enveloped("post", {"1404705934830": "success"})}
    async with of_2014(answers) as (client, server):
        await client.messages.send_legacy(["1404705934830"], Text("x"), target_type="chatgroups")
        assert server.calls[0].json == {
            "target_type": "chatgroups",
            "target": ["1404705934830"],
            "msg": {"type": "txt", "msg": "x"},
        }


async def test_the_2014_call_sends_a_place_as_numbers(against: Against) -> None:
    async with against(lambda _: Reply(body={"data": {"u": "success"}}), token="t") as (c, server):
        await c.messages.send_legacy(["u"], Location(39.9, "116.3", "Beijing"))
        sent = server.calls[-1].json["msg"]
        assert (sent["lat"], sent["lng"]) == (39.9, 116.3)
        await c.messages.send_to_users(["u"], Location(39.9, 116.3, "Beijing"), sender="s")
        assert server.calls[-1].json["body"]["lat"] == "39.9"


# ---------------------------------------------------------------- odd answers


async def test_a_null_costs_itself_alone(against: Against) -> None:
    async with against(lambda _: Reply(body={"data": {"a": "1", "b": None}}), token="t") as (
        client,
        _,
    ):
        sent = await client.messages.send_to_users(["a", "b"], Text("x"), sender="s")
    assert sent.message_ids == {"a": "1"}


async def test_a_null_costs_itself_alone_in_the_call_of_2014(against: Against) -> None:
    body = {"data": {"a": "success", "b": None}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert await client.messages.send_legacy(["a", "b"], Text("x")) == {"a": "success"}


@pytest.mark.parametrize("odd", [None, False, True, [], ["1"], {}, {"id": 1}, 1.5])
async def test_an_odd_message_id_is_unknown_alone(against: Against, odd: object) -> None:
    body = {"data": {"a": "1", "b": odd, "c": 3}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        sent = await client.messages.send_to_users(["a", "b", "c"], Text("x"), sender="s")
        assert sent.message_ids == {"a": "1", "c": "3"}
        outcomes = {
            o.target: (o.status.value, o.message_id)
            async for o in client.fanout.to_users(["a", "b", "c"], Text("x"))
        }
        assert outcomes == {"a": ("sent", "1"), "b": ("unknown", None), "c": ("sent", "3")}


@pytest.mark.parametrize("prefix", ["", "acme#shop_"])
async def test_a_result_is_found_under_the_name_that_was_asked_for(
    against: Against, prefix: str
) -> None:
    body = {"data": {f"{prefix}ann": "1", f"{prefix}bob": "2"}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        sent = await client.messages.send_to_users(["Ann", "BOB"], Text("x"), sender="s")
    assert sent.message_ids == {"Ann": "1", "BOB": "2"}


@pytest.mark.parametrize("prefix", ["", "acme#shop_"])
async def test_an_outcome_of_2014_is_found_under_the_name_that_was_asked_for(
    against: Against, prefix: str
) -> None:
    body = {"data": {f"{prefix}ann": "success", f"{prefix}bob": "x"}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        outcome = await client.messages.send_legacy(["Ann", "BOB"], Text("x"))
    assert outcome == {"Ann": "success", "BOB": "x"}


# ---------------------------------------------------------------- arguments


@pytest.mark.parametrize("name", names.TAKEN)
async def test_names_that_people_have_are_taken(against: Against, name: str) -> None:
    body = {"data": {name: "1", "u": "2"}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert (await client.fanout.to_users([name, "u"], Text("x"))).sent == 2
        sent = await client.messages.send_to_users([name], Text("x"), sender=name)
        assert name in sent.message_ids


@pytest.mark.parametrize(("name", "says"), names.REFUSED)
async def test_control_characters_and_half_pairs_are_refused(
    unconnected: EasemobClient, name: str, says: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=says):
        await unconnected.messages.send_to_users([name], Text("x"), sender="s")
    report = await unconnected.fanout.to_users([name], Text("x"))
    assert (report.failed, report.calls) == (1, 0)


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.messages.recall_many([{}]),
        lambda c: c.messages.recall_many(None),
        lambda c: c.messages.recall_many([Recall(message_id="", target="a", chat_type="chat")]),
        lambda c: c.messages.recall("1", target="a", chat_type="chat", operator=5),
        lambda c: c.messages.update("1", "txt"),
        lambda c: c.messages.update("1", "img", ext={"a": float("nan")}),
        lambda c: c.messages.update("1", "img", ext={"a": "x" * 6000}),
        lambda c: c.messages.update("1", "img", ext=[1]),
        lambda c: c.messages.stream_to_user("ann", "x", seq=0, message_id=5),
        lambda c: c.messages.stream_to_user("ann", "x", seq=0, finish_reason="x"),
    ],
)
async def test_bad_input_is_a_clear_error_before_any_io(
    unconnected: EasemobClient, call: Callable[[EasemobClient], Awaitable[object]]
) -> None:
    with pytest.raises(InvalidArgumentError):
        await call(unconnected)
