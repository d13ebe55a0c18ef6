"""The first form of the API: a server that answers exactly as printed in rest-2014.md."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from easemob_async import EasemobClient, GroupRole, OnlineStatus, Text
from tests.servers import Received, Reply, ScriptedServer, scripted

ENVELOPE = {
    "application": "4d7e4ba0-dc4a-11e3-90d5-e1ffbaacdaf5",
    "params": {},
    "uri": "https://a1.easemob.com/easemob-demo/chatdemoui",
    "entities": [],
    "timestamp": 1404932199220,
    "duration": 743,
    "organization": "easemob-demo",
    "applicationName": "chatdemoui",
}


def enveloped(action: str, data: Any, **more: Any) -> Reply:
    return Reply(body={"action": action, **ENVELOPE, "data": data, **more})


PREFIX = "/easemob-demo/chatdemoui"
ANSWERS = {
    ("GET", "/users/stliu/status"): enveloped("get", {"stliu": "online"}),
    ("POST", "/messages"): enveloped("post", {"stliu1": "success", "jma3": "success"}),
    ("GET", "/chatgroups"): enveloped(
        "get", [{"groupid": "1404705934830"}, {"groupid": "1404114807341"}], count=0
    ),
    ("POST", "/chatgroups"): Reply(body={"groupid": "1404882944671671"}),
    ("DELETE", "/chatgroups/1404928094479135"): enveloped(
        "delete", {"success": True, "groupid": "1404928094479135"}
    ),
    # Not printed: the nearest documented form.
    ("GET", "/chatgroups/1404705934830/users"): enveloped(
        "get", [{"owner": "ann"}, {"member": "bob"}]
    ),
    ("POST", "/chatgroups/1404705934830/users/bob"): enveloped("post", {}),
    ("DELETE", "/chatgroups/1404705934830/users/bob"): enveloped("delete", {}),
}


@pytest.fixture
async def of_2014() -> AsyncIterator[tuple[EasemobClient, ScriptedServer]]:
    def respond(request: Received) -> Reply:
        return ANSWERS[request.method, request.path.removeprefix(PREFIX)]

    async with (
        scripted(respond) as server,
        EasemobClient(
            "easemob-demo#chatdemoui", client_id="a", client_secret="bcd", base_url=server.url
        ) as client,
    ):
        yield client, server


Old = tuple[EasemobClient, ScriptedServer]


async def test_is_a_user_online(of_2014: Old) -> None:
    client, server = of_2014
    assert await client.users.get_status("stliu") is OnlineStatus.ONLINE
    assert server.calls[0].headers["authorization"].startswith("Bearer ")


async def test_send_a_message(of_2014: Old) -> None:
    client, server = of_2014
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


async def test_send_to_groups_without_sender_and_ext(of_2014: Old) -> None:
    client, server = of_2014
    await client.messages.send_legacy(["1404705934830"], Text("x"), target_type="chatgroups")
    assert server.calls[0].json == {
        "target_type": "chatgroups",
        "target": ["1404705934830"],
        "msg": {"type": "txt", "msg": "x"},
    }


async def test_all_groups_of_the_app(of_2014: Old) -> None:
    client, _ = of_2014
    groups = [group.group_id async for group in client.chat_groups.list()]
    assert groups == ["1404705934830", "1404114807341"]


async def test_create_a_group(of_2014: Old) -> None:
    client, server = of_2014
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


async def test_delete_a_group(of_2014: Old) -> None:
    client, server = of_2014
    assert await client.chat_groups.delete("1404928094479135") is None
    assert server.calls[0].method == "DELETE"


async def test_members_of_a_group(of_2014: Old) -> None:
    client, _ = of_2014
    members = [member async for member in client.chat_groups.members.list("1404705934830")]
    assert [(m.username, m.role) for m in members] == [
        ("ann", GroupRole.OWNER),
        ("bob", GroupRole.MEMBER),
    ]


async def test_add_and_remove_a_member(of_2014: Old) -> None:
    client, server = of_2014
    await client.chat_groups.members.add("1404705934830", "bob")
    await client.chat_groups.members.remove("1404705934830", "bob")
    assert [request.method for request in server.calls] == ["POST", "DELETE"]
