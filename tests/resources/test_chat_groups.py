"""Chat groups: settings, members, admins, files, and the attributes of members."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from easemob_async import (
    APIError,
    BatchResult,
    EasemobClient,
    GroupRole,
    InvalidArgumentError,
    JoinedGroupsPage,
    NotFoundError,
    PermissionDeniedError,
    ResponseError,
)
from easemob_async.emulator import Emulator
from tests.conftest import Against
from tests.resources import names
from tests.resources.places import moderate
from tests.resources.rest_2014 import enveloped, of_2014
from tests.resources.stories import HOUR, every_operation
from tests.servers import Reply


async def test_every_operation_end_to_end() -> None:
    async with every_operation("chat_groups") as (c, _):
        made = await c.chat_groups.create("friends", owner="ann", members=["bob"], public=True)
        id_ = made.group_id
        await c.chat_groups.update(id_, description="ours")
        assert (await c.chat_groups.get(id_)).description == "ours"
        assert [g.group_id async for g in c.chat_groups.list()] == [id_]
        assert [g.group_id async for g in c.chat_groups.list_joined("bob")] == [id_]
        joined = [g async for g in c.chat_groups.list_joined_legacy("bob", limit=1)]
        assert [(g.group_id, g.name) for g in joined] == [(id_, "friends")]
        members, admins = c.chat_groups.members, c.chat_groups.admins
        await members.add(id_, "eve")
        assert (await members.add_many(id_, ["joe", "eve"])).failed == {
            "eve": "not among the new members"
        }
        assert [m.username async for m in members.list(id_)] == ["ann", "bob", "eve", "joe"]
        await admins.add(id_, "bob")
        assert [name async for name in admins.list(id_)] == ["bob"]
        await admins.remove(id_, "bob")
        await c.chat_groups.announcement.update(id_, "hello")
        assert await c.chat_groups.announcement.get(id_) == "hello"
        await moderate_a_group(c)
        await share_files(c)
        await set_attributes(c)
        await c.chat_groups.ban(id_)
        with pytest.raises(PermissionDeniedError, match="disabled"):
            await members.remove(id_, "joe")
        await c.chat_groups.unban(id_)
        await members.remove(id_, "joe")
        assert (await members.remove_many(id_, ["eve", "joe"])).failed
        assert not await members.is_joined(id_, "eve")
        await c.chat_groups.transfer_owner(id_, "bob")
        assert (await c.chat_groups.get(id_)).owner == "bob"
        await c.chat_groups.delete(id_)
        with pytest.raises(NotFoundError):
            await c.chat_groups.get(id_)


async def moderate_a_group(c: EasemobClient) -> None:
    made = await c.chat_groups.create("g", owner="ann", members=["bob", "eve", "joe"])
    with pytest.raises(PermissionDeniedError, match="group owner"):
        await c.chat_groups.mutes.add_many(made.group_id, ["ann"], duration=HOUR)
    await moderate(c.chat_groups, made.group_id, "ann")


async def share_files(c: EasemobClient) -> None:
    group = await c.chat_groups.create("g", owner="ann")
    shared = await c.chat_groups.files.upload(group.group_id, b"doc", filename="Ünï.TXT")
    assert [f.name async for f in c.chat_groups.files.list(group.group_id)] == ["ünï.txt"]
    assert await c.chat_groups.files.download(group.group_id, shared.file_id) == b"doc"
    await c.chat_groups.files.delete(group.group_id, shared.file_id)


async def set_attributes(c: EasemobClient) -> None:
    group = await c.chat_groups.create("g", owner="ann", members=["bob"])
    own = c.chat_groups.member_attributes
    await own.set(group.group_id, "bob", {"k": "1", "gone": "x"})
    assert (await own.set_many(group.group_id, {"bob": {"gone": ""}, "ann": {"a": "b"}})).ok
    assert await own.get(group.group_id, "bob") == {"k": "1"}
    assert (await own.get_many(group.group_id, ["bob", "ann"])).succeeded["ann"] == {"a": "b"}
    with pytest.raises(NotFoundError, match="not in group"):
        await own.get(group.group_id, "joe")


@pytest.fixture
async def group_id(client: EasemobClient, emulator: Emulator) -> str:
    """Return a group of u0 and u1, on an emulator with 130 users."""
    for number in range(130):
        emulator.add_user(f"u{number}")
    group = await client.chat_groups.create(
        "friends",
        owner="u0",
        members=["u1"],
        description="d",
        public=False,
        max_users=300,
        allow_invites=True,
        avatar="http://a",
        custom="c",
    )
    return group.group_id


async def test_a_life(client: EasemobClient, group_id: str) -> None:
    groups = client.chat_groups
    got = await groups.get(group_id)
    assert (got.name, got.owner, got.description, got.custom) == ("friends", "u0", "d", "c")
    assert (got.max_users, got.member_count, got.allow_invites) == (300, 2, True)
    assert {(m.username, m.role) for m in got.members} == {("u0", "owner"), ("u1", "member")}
    await groups.update(group_id, name="new", max_users=10, public=True)
    got = await groups.get(group_id)
    assert (got.name, got.max_users, got.public) == ("new", 10, True)
    await groups.transfer_owner(group_id, "u1")
    with pytest.raises(PermissionDeniedError, match="the same"):
        await groups.transfer_owner(group_id, "u1")
    with pytest.raises(PermissionDeniedError, match="doesn't exist in group"):
        await groups.transfer_owner(group_id, "u99")
    await groups.ban(group_id)
    assert (await groups.get(group_id)).banned
    with pytest.raises(PermissionDeniedError):
        await groups.update(group_id, name="x")
    await groups.unban(group_id)
    assert await groups.announcement.get(group_id) == ""
    await groups.announcement.update(group_id, "群组公告")
    assert await groups.announcement.get(group_id) == "群组公告"
    await groups.delete(group_id)
    calls: list[Awaitable[object]] = [
        groups.get(group_id),
        groups.delete(group_id),
        groups.ban(group_id),
    ]
    for call in calls:
        with pytest.raises(NotFoundError, match="does not exist"):
            await call


async def test_lists(client: EasemobClient, group_id: str) -> None:
    ids = [group_id]
    for number in range(24):
        made = await client.chat_groups.create(f"g{number}", owner="u0")
        ids.append(made.group_id)
    listed = [group async for group in client.chat_groups.list(limit=7)]
    assert [group.group_id for group in listed] == ids[::-1]
    assert {group.owner for group in listed} == {"u0"}  # without the app's prefix
    joined = client.chat_groups.list_joined("u0", limit=10)
    assert [group.group_id async for group in joined] == ids
    page = await joined
    assert isinstance(page, JoinedGroupsPage)
    assert page.total == 25
    assert [g.group_id async for g in client.chat_groups.list_joined("u1")] == [group_id]


async def test_members(client: EasemobClient, group_id: str) -> None:
    members = client.chat_groups.members
    await members.add(group_id, "u2")
    with pytest.raises(PermissionDeniedError, match="already in group"):
        await members.add(group_id, "u2")
    with pytest.raises(NotFoundError, match="username nobody"):
        await members.add(group_id, "nobody")
    assert await members.is_joined(group_id, "u2")
    assert not await members.is_joined(group_id, "u3")
    added = await members.add_many(group_id, [f"u{n}" for n in range(130)], need_notify=False)
    assert set(added.failed) == {"u0", "u1", "u2"}
    assert len(added) == 130
    listed = [member async for member in members.list(group_id, limit=50, joined_time=True)]
    assert len(listed) == 130
    assert listed[0].role is GroupRole.OWNER
    assert all(member.joined_at is not None for member in listed)
    await members.remove(group_id, "u5")
    removed = await members.remove_many(group_id, [*(f"u{n}" for n in range(5, 100)), "x"])
    assert removed.failed == {
        "u5": "user u5 doesn't exist.",
        "x": "user x doesn't exist.",
    }
    with pytest.raises(PermissionDeniedError, match="group owner"):
        await members.remove(group_id, "u0")
    with pytest.raises(PermissionDeniedError, match="owner") as caught:
        await members.remove_many(group_id, [*(f"u{n}" for n in range(100, 130)), "u0"])
    assert caught.value.partial is not None
    assert len(caught.value.partial) == 0


async def test_admins(client: EasemobClient, group_id: str) -> None:
    admins = client.chat_groups.admins
    with pytest.raises(NotFoundError):
        await admins.add(group_id, "u9")
    await admins.add(group_id, "u1")
    assert list((await admins.list(group_id)).items) == ["u1"]
    await admins.remove(group_id, "u1")
    with pytest.raises(PermissionDeniedError, match="not admin"):
        await admins.remove(group_id, "u1")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"data": {"success": False}}, "refused"),
        ({"data": {"success": "failure", "reason": "busy"}}, "refused: busy"),
    ],
)
async def test_a_refusal_inside_a_success_is_never_lost(
    against: Against, body: object, says: str
) -> None:
    async with against(lambda _: Reply(body=body)) as (client, _):
        with pytest.raises(APIError, match=says):
            await client.chat_groups.delete("1")


async def test_an_answer_without_its_flag_is_a_response_error(against: Against) -> None:
    async with against(lambda _: Reply(body={"data": {}})) as (client, _):
        with pytest.raises(ResponseError, match=r'delete\("1"\).*data\.success is missing'):
            await client.chat_groups.delete("1")
        with pytest.raises(ResponseError, match=r"groupid is missing"):
            await client.chat_groups.create("x", owner="ann")


async def test_a_setting_that_was_not_changed_is_named(against: Against) -> None:
    body = {"data": {"groupname": True, "maxusers": False}}
    async with against(lambda _: Reply(body=body)) as (client, _):
        with pytest.raises(APIError, match="not changed: maxusers, public"):
            await client.chat_groups.update("1", name="x", max_users=5, public=True)


async def test_the_documented_maximum_is_sent_when_no_size_is_given(against: Against) -> None:
    body: dict[str, object] = {"entities": [], "data": [], "total": 0}
    async with against(lambda _: Reply(body=body)) as (client, server):
        await client.chat_groups.list()
        await client.chat_groups.list_joined("ann")
        await client.chat_groups.members.list("1")
        assert [request.query for request in server.calls] == [
            "limit=1000",
            "pagesize=20&pagenum=0",
            "pagenum=1&pagesize=1000",
        ]


# ---------------------------------------------------------------- the API of 2014


async def test_all_groups_of_the_app() -> None:
    rows = [{"groupid": "1404705934830"}, {"groupid": "1404114807341"}]
    async with of_2014({("GET", "/chatgroups"): enveloped("get", rows, count=0)}) as (client, _):
        groups = [group.group_id async for group in client.chat_groups.list()]
    assert groups == ["1404705934830", "1404114807341"]


async def test_create_a_group() -> None:
    answers = {("POST", "/chatgroups"): Reply(body={"groupid": "1404882944671671"})}
    async with of_2014(answers) as (client, server):
        group = await client.chat_groups.create(
            "friends", description="of ann", public=True, owner="ann", members=["bob"]
        )
        assert group.group_id == "1404882944671671"
        assert server.calls[0].json == {
            "groupname": "friends",
            "description": "of ann",
            "public": True,
            "owner": "ann",
            "members": ["bob"],
        }


async def test_delete_a_group() -> None:
    deleted = enveloped("delete", {"success": True, "groupid": "1404928094479135"})
    async with of_2014({("DELETE", "/chatgroups/1404928094479135"): deleted}) as (client, server):
        await client.chat_groups.delete("1404928094479135")
        assert [request.method for request in server.calls] == ["DELETE"]


# The facts show no answer of 2014 for members: these have the nearest documented form.


async def test_members_of_a_group() -> None:
    rows = enveloped("get", [{"owner": "ann"}, {"member": "bob"}])
    async with of_2014({("GET", "/chatgroups/1404705934830/users"): rows}) as (client, _):
        members = [member async for member in client.chat_groups.members.list("1404705934830")]
    assert [(m.username, m.role) for m in members] == [
        ("ann", GroupRole.OWNER),
        ("bob", GroupRole.MEMBER),
    ]


async def test_add_and_remove_a_member() -> None:
    answers = {
        ("POST", "/chatgroups/1404705934830/users/bob"): enveloped("post", {}),
        ("DELETE", "/chatgroups/1404705934830/users/bob"): enveloped("delete", {}),
    }
    async with of_2014(answers) as (client, server):
        await client.chat_groups.members.add("1404705934830", "bob")
        await client.chat_groups.members.remove("1404705934830", "bob")
        assert [request.method for request in server.calls] == ["POST", "DELETE"]


# ---------------------------------------------------------------- odd answers


async def test_a_null_costs_itself_alone(against: Against) -> None:
    async with against(lambda _: Reply(body={"data": {"k": "v", "n": None}}), token="t") as (
        client,
        _,
    ):
        assert await client.chat_groups.member_attributes.get("1", "ann") == {"k": "v"}


Batch = Callable[[EasemobClient], Awaitable[BatchResult[object]]]
ROWS = [{"user": "ann", "result": True}, {"user": "bob", "result": False, "reason": "no"}]
BATCHES: list[tuple[Batch, object]] = [
    (lambda c: c.chat_groups.members.remove_many("1", ["Ann", "BOB"]), ROWS),
    (lambda c: c.chat_groups.blocklist.add_many("1", ["Ann", "BOB"]), ROWS),
    (
        lambda c: c.chat_groups.member_attributes.get_many("1", ["Ann", "BOB"]),
        {"ann": {"k": "1"}, "bob": {"k": "2"}},
    ),
    (
        lambda c: c.chat_groups.members.add_many("1", ["Ann", "BOB"]),
        {"newmembers": ["ann", "bob"]},
    ),
    (
        lambda c: c.chat_groups.members.add_many("1", ["Ann", "BOB"]),
        {"newmembers": ["acme#shop_ann", "acme#shop_bob"]},
    ),
]


@pytest.mark.parametrize(
    ("call", "data"),
    BATCHES,
    ids=["remove_many", "blocklist", "member_attributes", "add_many", "add_many-prefix"],
)
async def test_a_result_is_found_under_the_name_that_was_asked_for(
    against: Against, call: Batch, data: object
) -> None:
    async with against(lambda _: Reply(body={"data": data}), token="t") as (client, _):
        result = await call(client)
    assert [outcome.item for outcome in result] == ["Ann", "BOB"]
    assert result["Ann"].ok
    assert result["BOB"].error is None


@pytest.mark.parametrize(
    "data",
    [
        {"updateMetadataSucceeded": [{"metadata": {}}]},
        {"updateMetadataSucceeded": ["ann"]},
        {"updateMetadataSucceeded": 5},
    ],
)
async def test_a_row_that_names_nobody_is_a_clear_error(against: Against, data: object) -> None:
    async with against(lambda _: Reply(body={"data": data}), token="t") as (client, _):
        with pytest.raises(ResponseError):
            await client.chat_groups.member_attributes.set_many("g", {"ann": {"k": "v"}})


async def test_a_role_of_tomorrow_is_a_plain_string(against: Against) -> None:
    rows = [{"owner": "ann"}, {"moderator": "bob"}, {"member": "eve", "joined_time": 1}]
    async with against(lambda _: Reply(body={"data": rows}), token="t") as (client, _):
        members = [(m.username, m.role) async for m in client.chat_groups.members.list("1")]
    assert members == [("ann", "owner"), ("bob", "moderator"), ("eve", "member")]
    group = {"id": "1", "affiliations": rows}
    async with against(lambda _: Reply(body={"data": [group]}), token="t") as (client, _):
        assert len((await client.chat_groups.get("1")).members) == 3


# ---------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.chat_groups.members.remove("g", "bob,eve"),
        lambda c: c.chat_groups.members.remove_many("g", ["ann", "bob,eve"]),
        lambda c: c.chat_groups.get("1,2"),
    ],
)
async def test_an_id_with_a_comma_is_refused(
    unconnected: EasemobClient, call: Callable[[EasemobClient], Awaitable[object]]
) -> None:
    with pytest.raises(InvalidArgumentError, match="comma"):
        await call(unconnected)


async def test_bad_input_is_a_clear_error_before_any_io(unconnected: EasemobClient) -> None:
    wrong: Any = ["ann"]
    with pytest.raises(InvalidArgumentError):
        await unconnected.chat_groups.member_attributes.set_many("g", wrong)


@pytest.mark.parametrize(("name", "says"), names.REFUSED)
async def test_control_characters_and_half_pairs_are_refused(
    unconnected: EasemobClient, name: str, says: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=says):
        await unconnected.chat_groups.members.add("1", name)
