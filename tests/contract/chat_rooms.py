"""The calls of the operations on chat rooms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.contract.example import Call, Example, joined
from tests.contract.places import place_id, shared


def settings(e: Example) -> dict[str, Any]:
    """Return the settings of a room."""
    names = {"maxusers": "max_users", "roomid": "room_id"}
    return {names.get(key, key): value for key, value in e.body.items()}


def attributes(e: Example) -> dict[str, Any]:
    """Return the arguments of a call that sets or deletes attributes of a room."""
    arguments = {"room_id": e.path["chatroom_id"], "username": e.username}
    if "keys" in e.body:
        return {**arguments, "keys": e.body["keys"]}
    return {**arguments, "attributes": e.body["metaData"], "auto_delete": e.body["autoDelete"]}


CALLS: Mapping[str, Call] = joined(
    shared("chat_rooms", lambda c: c.chat_rooms),
    {
        "chat_rooms.create": lambda c, e: c.chat_rooms.create(**settings(e)),
        "chat_rooms.list": lambda c, e: c.chat_rooms.list(limit=e.limit).page(),
        "chat_rooms.list_joined": lambda c, e: c.chat_rooms.list_joined(
            e.username, limit=e.limit
        ).page(),
        "chat_rooms.get": lambda c, e: c.chat_rooms.get(place_id(e)),
        "chat_rooms.update": lambda c, e: c.chat_rooms.update(place_id(e), **settings(e)),
        "chat_rooms.transfer_owner": lambda c, e: c.chat_rooms.transfer_owner(
            place_id(e), e.body["newowner"]
        ),
        "chat_rooms.delete": lambda c, e: c.chat_rooms.delete(place_id(e)),
        "chat_rooms.members.add": lambda c, e: c.chat_rooms.members.add(place_id(e), e.username),
        "chat_rooms.members.add_many": lambda c, e: c.chat_rooms.members.add_many(
            place_id(e), e.body["usernames"]
        ),
        "chat_rooms.members.remove": lambda c, e: c.chat_rooms.members.remove(
            place_id(e), e.username
        ),
        "chat_rooms.members.remove_many": lambda c, e: c.chat_rooms.members.remove_many(
            place_id(e), e.path["usernames"].split(",")
        ),
        "chat_rooms.members.list": lambda c, e: c.chat_rooms.members.list(
            place_id(e), limit=e.limit
        ).page(),
        "chat_rooms.super_admins.add": lambda c, e: c.chat_rooms.super_admins.add(
            e.body["superadmin"]
        ),
        "chat_rooms.super_admins.list": lambda c, e: c.chat_rooms.super_admins.list(
            limit=e.limit
        ).page(),
        "chat_rooms.super_admins.remove": lambda c, e: c.chat_rooms.super_admins.remove(
            e.path["superAdmin"]
        ),
        "chat_rooms.attributes.set": lambda c, e: c.chat_rooms.attributes.set(**attributes(e)),
        "chat_rooms.attributes.set_forced": lambda c, e: c.chat_rooms.attributes.set_forced(
            **attributes(e)
        ),
        "chat_rooms.attributes.get": lambda c, e: c.chat_rooms.attributes.get(
            place_id(e), e.body["keys"]
        ),
        "chat_rooms.attributes.delete": lambda c, e: c.chat_rooms.attributes.delete(
            **attributes(e)
        ),
        "chat_rooms.attributes.delete_forced": lambda c, e: c.chat_rooms.attributes.delete_forced(
            **attributes(e)
        ),
        "chat_rooms.tags.mute": lambda c, e: c.chat_rooms.tags.mute(
            place_id(e), e.body["tag"], duration=timedelta(seconds=e.body["mute_duration"])
        ),
        "chat_rooms.tags.set": lambda c, e: c.chat_rooms.tags.set(
            place_id(e), e.username, e.body["tags"]
        ),
        "chat_rooms.tags.get": lambda c, e: c.chat_rooms.tags.get(place_id(e), e.username),
    },
)
