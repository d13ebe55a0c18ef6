"""A deleted user leaves nothing to the next one of the name."""

from __future__ import annotations

from typing import Any

from tests.emulator.caller import Caller


async def everything_of(call: Caller, group: str, room: str) -> dict[str, Any]:
    """Return what the calls say that name the user bob."""
    paths = [
        "/users/bob",
        "/users/bob/offline_msg_count",
        "/user/bob/user_channels",
        "/users/ann/contacts/users",
        "/users/bob/contacts/users",
        "/users/ann/blocks/users",
        "/users/bob/blocks/users",
        "/push/label/lab",
        "/push/label/lab/user",
        "/push/label/lab/user/bob",
        "/users/ann/presence/sublist?pageNum=1&pageSize=10",
        "/chatrooms/super_admin",
        f"/chatgroups/{group}/mute",
        f"/chatrooms/{room}/mute",
        f"/chatgroups/{group}/blocks/users",
        f"/chatgroups/{group}/admin",
        f"/chatgroups/{group}/white/users",
        f"/chatgroups/{group}/users",
        f"/chatrooms/{room}/users",
        f"/metadata/chatgroup/{group}/user/bob",
        "/metadata/user/bob",
        "/users/ann/notification/user/bob",
        "/users/bob/notification/user/ann",
        "/mutes/bob",
        "/users/bob/collections",
        "/users/bob/status",
    ]
    kept: dict[str, Any] = {}
    for path in paths:
        status, answer = await call("GET", path)
        drop = ("timestamp", "duration", "uri")
        kept[path] = status, {key: answer[key] for key in answer if key not in drop}
        for row in answer.get("entities") or ():
            if isinstance(row, dict):
                for name in ("uuid", "created", "modified"):
                    row.pop(name, None)
        if isinstance(answer.get("data"), dict):
            answer["data"].pop("unixtime", None)
    kept["received"] = (0, call.emulator.received("bob"))
    return kept


async def test_a_deleted_user_leaves_nothing(call: Caller) -> None:
    async def good(method: str, path: str, body: Any = None) -> Any:
        status, answer = await call(method, path, body)
        assert status == 200, (method, path, answer)
        return answer

    for name in ("ann", "bob", "cid"):
        call.emulator.add_user(name)
    made = {"groupname": "g", "public": True, "owner": "ann", "members": ["cid"], "maxusers": 9}
    group = (await good("POST", "/chatgroups", made))["data"]["groupid"]
    room = {"name": "r", "description": "d", "owner": "ann", "members": ["cid"], "maxusers": 9}
    room_id = (await good("POST", "/chatrooms", room))["data"]["id"]
    await good("POST", "/push/label", {"name": "lab", "description": "d"})
    fresh = await everything_of(call, group, room_id)

    for place in (f"/chatgroups/{group}", f"/chatrooms/{room_id}"):
        await good("POST", f"{place}/users/bob")
    for place in (f"/chatgroups/{group}", f"/chatrooms/{room_id}"):
        await good("POST", f"{place}/mute", {"usernames": ["bob"], "mute_duration": -1})
        await good("POST", f"{place}/admin", {"newadmin": "bob"})
    await good("POST", f"/chatgroups/{group}/white/users/bob")
    await good("PUT", f"/metadata/chatgroup/{group}/user/bob", {"metaData": {"k": "v"}})
    await good("POST", "/chatrooms/super_admin", {"superadmin": "bob"})
    await good("POST", "/push/label/lab/user", {"usernames": ["bob"]})
    await good("POST", "/users/ann/contacts/users/bob")
    await good("POST", "/users/ann/blocks/users", {"usernames": ["bob"]})
    await good("POST", "/users/ann/presence/1000", {"usernames": ["bob"]})
    await good("PUT", "/users/ann/notification/user/bob", {"type": "NONE"})
    await good("POST", "/mutes", {"username": "bob", "chat": -1})
    await good("POST", "/users/bob/collections", {"data": "d", "type": 1})
    sent = {"from": "ann", "to": ["bob"], "type": "txt", "body": {"msg": "x"}}
    await good("POST", "/messages/users", sent)
    await good("POST", "/messages/users", {**sent, "from": "bob", "to": ["ann"]})
    assert await everything_of(call, group, room_id) != fresh

    call.emulator.clock.advance(1)
    await good("DELETE", "/users/bob")
    call.emulator.clock.advance(1)
    call.emulator.add_user("bob")
    again = await everything_of(call, group, room_id)
    assert again == fresh
