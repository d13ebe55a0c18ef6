"""The calls of the operations that chat groups and chat rooms share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from easemob_async import FOREVER, EasemobClient
from easemob_async.resources.chat_groups import ChatGroups
from easemob_async.resources.chat_rooms import ChatRooms
from tests.contract.example import Call, Example

Place = ChatGroups | ChatRooms


def place_id(e: Example) -> str:
    """Return the group or the room of a path."""
    return e.path.get("group_id") or e.path["chatroom_id"]


def usernames(e: Example) -> list[str]:
    """Return the users of a call, from its body or its path."""
    if e.body and "usernames" in e.body:
        return list(e.body["usernames"])
    keys = ("username", "usernames", "member", "members", "oldadmin")
    return next(e.path[key] for key in keys if key in e.path).split(",")


def duration(e: Example) -> timedelta:
    """Return the length of a mute."""
    milliseconds = e.body["mute_duration"]
    return FOREVER if milliseconds == -1 else timedelta(milliseconds=milliseconds)


SHARED: Mapping[str, Callable[[Place, Example], Awaitable[Any]]] = {
    "announcement.get": lambda p, e: p.announcement.get(place_id(e)),
    "announcement.update": lambda p, e: p.announcement.update(place_id(e), e.body["announcement"]),
    "admins.list": lambda p, e: p.admins.list(place_id(e)).page(),
    "admins.add": lambda p, e: p.admins.add(place_id(e), e.body["newadmin"]),
    "admins.remove": lambda p, e: p.admins.remove(place_id(e), *usernames(e)),
    "mutes.list": lambda p, e: p.mutes.list(place_id(e)).page(),
    "mutes.add_many": lambda p, e: p.mutes.add_many(
        place_id(e), usernames(e), duration=duration(e)
    ),
    "mutes.remove_many": lambda p, e: p.mutes.remove_many(place_id(e), usernames(e)),
    "mutes.mute_all": lambda p, e: p.mutes.mute_all(place_id(e)),
    "mutes.unmute_all": lambda p, e: p.mutes.unmute_all(place_id(e)),
    "allowlist.list": lambda p, e: p.allowlist.list(place_id(e)).page(),
    "allowlist.add": lambda p, e: p.allowlist.add(place_id(e), *usernames(e)),
    "allowlist.add_many": lambda p, e: p.allowlist.add_many(place_id(e), usernames(e)),
    "allowlist.remove_many": lambda p, e: p.allowlist.remove_many(place_id(e), usernames(e)),
    "blocklist.list": lambda p, e: p.blocklist.list(place_id(e)).page(),
    "blocklist.add": lambda p, e: p.blocklist.add(place_id(e), *usernames(e)),
    "blocklist.add_many": lambda p, e: p.blocklist.add_many(place_id(e), usernames(e)),
    "blocklist.remove": lambda p, e: p.blocklist.remove(place_id(e), *usernames(e)),
    "blocklist.remove_many": lambda p, e: p.blocklist.remove_many(place_id(e), usernames(e)),
}


def shared(resource: str, place: Callable[[EasemobClient], Place]) -> Mapping[str, Call]:
    """Return the shared calls under the ids of a resource."""

    def at(call: Callable[[Place, Example], Awaitable[Any]]) -> Call:
        return lambda c, e: call(place(c), e)

    return {f"{resource}.{name}": at(call) for name, call in SHARED.items()}
