"""How each operation of the facts is called: an example's request as a call of ours.

Written by hand from the facts, so that a wrong name or a wrong argument shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from easemob_async import (
    NewUser,
)
from tests.contract.calls_messages import MESSAGES
from tests.contract.calls_places import PLACES
from tests.contract.calls_users import USERS
from tests.contract.example import Call, Example
from tests.contract.message import message


def sending(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of a send."""
    names = {
        "from": "sender",
        "routetype": "route_type",
        "chatroom_msg_level": "level",
        **{n: n for n in ("sync_device", "roam_ignore_users", "need_group_ack", "ext", "env")},
    }
    return {ours: body[theirs] for theirs, ours in names.items() if theirs in body}


def group(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings of a group."""
    names = {
        "maxusers": "max_users",
        "allowinvites": "allow_invites",
        "membersonly": "members_only",
        **{
            n: n
            for n in (
                *("avatar", "description", "public", "invite_need_confirm", "custom"),
                *("owner", "members"),
            )
        },
    }
    settings = {ours: body[theirs] for theirs, ours in names.items() if theirs in body}
    return {**settings, "name": body["groupname"]}


def notify(example: Example) -> dict[str, Any]:
    value = example.query.get("need_notify")
    return {} if value is None else {"need_notify": value == "true"}


def _send(method: str) -> Call:
    return lambda c, e: getattr(c.messages, method)(
        e.body["to"], message(e.body["type"], e.body["body"]), **sending(e.body)
    )


def _send_to_members(method: str) -> Call:
    return lambda c, e: getattr(c.messages, method)(
        e.body["to"][0],
        e.body["users"],
        message(e.body["type"], e.body["body"]),
        **sending(e.body),
    )


CALLS: Mapping[str, Call] = {
    **MESSAGES,
    **PLACES,
    **USERS,
    "tokens.create_app_token": lambda c, e: c.tokens.create_app_token(
        client_id=e.body["client_id"],
        client_secret=e.body["client_secret"],
        ttl=timedelta(seconds=e.body["ttl"]),
    ),
    "tokens.create_user_token": lambda c, e: c.tokens.create_user_token(
        e.body["username"],
        auto_create=e.body["autoCreateUser"],
        ttl=timedelta(seconds=e.body["ttl"]),
    ),
    "users.create_open": lambda c, e: c.users.create_open(
        e.body["username"], password=e.body["password"], nickname=e.body["nickname"]
    ),
    "users.create": lambda c, e: c.users.create(
        e.body[0]["username"], password=e.body[0]["password"]
    ),
    "users.create_many": lambda c, e: c.users.create_many([NewUser(**row) for row in e.body]),
    "users.update_password": lambda c, e: c.users.update_password(
        e.path["username"], password=e.body["newpassword"]
    ),
    "users.get": lambda c, e: c.users.get(e.path["username"]),
    "users.list": lambda c, e: c.users.list(limit=e.limit, cursor=e.query.get("cursor")).page(),
    "users.delete": lambda c, e: c.users.delete(e.path["username"]),
    "users.delete_batch": lambda c, e: c.users.delete_batch(limit=e.limit or 10),
    "users.ban": lambda c, e: c.users.ban(e.path["username"]),
    "users.unban": lambda c, e: c.users.unban(e.path["username"]),
    "users.disconnect": lambda c, e: c.users.disconnect(e.path["username"]),
    "users.disconnect_device": lambda c, e: c.users.disconnect_device(
        e.path["username"], e.path["resourceId"]
    ),
    "users.get_status": lambda c, e: c.users.get_status(e.path["username"]),
    "users.get_statuses": lambda c, e: c.users.get_statuses(e.body["usernames"]),
    "users.list_devices": lambda c, e: c.users.list_devices(e.path["username"]).page(),
    "messages.send_to_users": _send("send_to_users"),
    "messages.send_to_groups": _send("send_to_groups"),
    "messages.send_to_rooms": _send("send_to_rooms"),
    "messages.send_to_group_members": _send_to_members("send_to_group_members"),
    "messages.send_to_room_members": _send_to_members("send_to_room_members"),
    "messages.send_legacy": lambda c, e: c.messages.send_legacy(
        e.body["target"],
        message(e.body["msg"]["type"], e.body["msg"]),
        target_type=e.body["target_type"],
        **sending(e.body),
    ),
    "chat_groups.create": lambda c, e: c.chat_groups.create(**group(e.body)),
    "chat_groups.list": lambda c, e: c.chat_groups.list(
        limit=e.limit, cursor=e.query.get("cursor")
    ).page(),
    "chat_groups.list_joined": lambda c, e: c.chat_groups.list_joined(e.path["username"]).page(),
    "chat_groups.get": lambda c, e: c.chat_groups.get(e.path["group_id"]),
    "chat_groups.update": lambda c, e: c.chat_groups.update(e.path["group_id"], **group(e.body)),
    "chat_groups.ban": lambda c, e: c.chat_groups.ban(e.path["group_id"]),
    "chat_groups.unban": lambda c, e: c.chat_groups.unban(e.path["group_id"]),
    "chat_groups.delete": lambda c, e: c.chat_groups.delete(e.path["group_id"]),
    "chat_groups.transfer_owner": lambda c, e: c.chat_groups.transfer_owner(
        e.path["group_id"], e.body["newowner"]
    ),
    "chat_groups.members.add": lambda c, e: c.chat_groups.members.add(
        e.path["group_id"], e.path["username"], **notify(e)
    ),
    "chat_groups.members.add_many": lambda c, e: c.chat_groups.members.add_many(
        e.path["group_id"], e.body["usernames"], **notify(e)
    ),
    "chat_groups.members.remove": lambda c, e: c.chat_groups.members.remove(
        e.path["group_id"], e.path["username"], **notify(e)
    ),
    "chat_groups.members.remove_many": lambda c, e: c.chat_groups.members.remove_many(
        e.path["group_id"], e.path["members"].split(","), **notify(e)
    ),
    "chat_groups.members.list": lambda c, e: c.chat_groups.members.list(
        e.path["group_id"], limit=e.limit, joined_time=e.query.get("joined_time") == "true"
    ).page(),
    "chat_groups.members.is_joined": lambda c, e: c.chat_groups.members.is_joined(
        e.path["group_id"], e.path["username"]
    ),
}
