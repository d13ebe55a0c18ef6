"""How the operations of chat groups, chat rooms and threads are called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from easemob_async import FOREVER, EasemobClient
from tests.contract.example import Call, Example


def length(milliseconds: int) -> timedelta:
    return FOREVER if milliseconds == -1 else timedelta(milliseconds=milliseconds)


def names(e: Example, *keys: str) -> list[str]:
    """The users of a call, wherever they stand."""
    if e.body and "usernames" in e.body:
        found: list[str] = e.body["usernames"]
        return found
    return next(e.path[key] for key in keys if key in e.path).split(",")


def place(e: Example) -> str:
    return e.path.get("group_id") or e.path["chatroom_id"]


def of(resource: str) -> dict[str, Call]:
    """What groups and rooms share."""

    def call(name: str, make: Callable[[Any, Example], Any]) -> tuple[str, Call]:
        id_ = f"{resource}.{name}"

        def run(client: EasemobClient, e: Example) -> Any:
            return make(getattr(client, resource), e)

        return id_, run

    user = ("username", "usernames", "member", "members", "oldadmin")
    return dict(
        (
            call("announcement.get", lambda r, e: r.announcement.get(place(e))),
            call(
                "announcement.update",
                lambda r, e: r.announcement.update(place(e), e.body["announcement"]),
            ),
            call("admins.list", lambda r, e: r.admins.list(place(e)).page()),
            call("admins.add", lambda r, e: r.admins.add(place(e), e.body["newadmin"])),
            call("admins.remove", lambda r, e: r.admins.remove(place(e), names(e, *user)[0])),
            call("mutes.list", lambda r, e: r.mutes.list(place(e)).page()),
            call(
                "mutes.add_many",
                lambda r, e: r.mutes.add_many(
                    place(e), e.body["usernames"], duration=length(e.body["mute_duration"])
                ),
            ),
            call("mutes.remove_many", lambda r, e: r.mutes.remove_many(place(e), names(e, *user))),
            call("mutes.mute_all", lambda r, e: r.mutes.mute_all(place(e))),
            call("mutes.unmute_all", lambda r, e: r.mutes.unmute_all(place(e))),
            call("allowlist.list", lambda r, e: r.allowlist.list(place(e)).page()),
            call("allowlist.add", lambda r, e: r.allowlist.add(place(e), e.path["username"])),
            call("allowlist.add_many", lambda r, e: r.allowlist.add_many(place(e), names(e))),
            call(
                "allowlist.remove_many",
                lambda r, e: r.allowlist.remove_many(place(e), names(e, *user)),
            ),
            call("blocklist.list", lambda r, e: r.blocklist.list(place(e)).page()),
            call("blocklist.add", lambda r, e: r.blocklist.add(place(e), e.path["username"])),
            call("blocklist.add_many", lambda r, e: r.blocklist.add_many(place(e), names(e))),
            call("blocklist.remove", lambda r, e: r.blocklist.remove(place(e), names(e, *user)[0])),
            call(
                "blocklist.remove_many",
                lambda r, e: r.blocklist.remove_many(place(e), names(e, *user)),
            ),
        )
    )


def attributes(e: Example) -> dict[str, Any]:
    """Who sets what of a room."""
    common = {"room_id": e.path["chatroom_id"], "username": e.path["username"]}
    if "keys" in e.body:
        return {**common, "keys": e.body["keys"]}
    return {**common, "attributes": e.body["metaData"], "auto_delete": e.body["autoDelete"]}


ROOM = {"maxusers": "max_users", "roomid": "room_id"}

PLACES: dict[str, Call] = {
    **of("chat_groups"),
    **of("chat_rooms"),
    "chat_groups.member_attributes.set": lambda c, e: c.chat_groups.member_attributes.set(
        e.path["group_id"], e.path["username"], e.body["metaData"]
    ),
    "chat_groups.member_attributes.set_many": lambda c, e: c.chat_groups.member_attributes.set_many(
        e.path["group_id"], {row["username"]: row["metadata"] for row in e.body}
    ),
    "chat_groups.member_attributes.get": lambda c, e: c.chat_groups.member_attributes.get(
        e.path["group_id"], e.path["username"]
    ),
    "chat_groups.member_attributes.get_many": lambda c, e: c.chat_groups.member_attributes.get_many(
        e.path["group_id"], e.body["targets"], keys=e.body["properties"]
    ),
    "threads.create": lambda c, e: c.threads.create(
        e.body["name"],
        group_id=str(e.body["group_id"]),
        message_id=str(e.body["msg_id"]),
        owner=e.body["owner"],
    ),
    "threads.update": lambda c, e: c.threads.update(e.path["thread_id"], e.body["name"]),
    "threads.delete": lambda c, e: c.threads.delete(e.path["thread_id"]),
    "threads.list": lambda c, e: c.threads.list().page(),
    "threads.list_joined": lambda c, e: c.threads.list_joined(e.path["username"]).page(),
    "threads.list_joined_in_group": lambda c, e: c.threads.list_joined_in_group(
        e.path["group_id"], e.path["username"]
    ).page(),
    "threads.members.list": lambda c, e: c.threads.members.list(e.path["thread_id"]).page(),
    "threads.members.add_many": lambda c, e: c.threads.members.add_many(
        e.path["thread_id"], e.body["usernames"]
    ),
    "threads.members.remove_many": lambda c, e: c.threads.members.remove_many(
        e.path["thread_id"], e.body["usernames"]
    ),
    "chat_rooms.create": lambda c, e: c.chat_rooms.create(
        **{ROOM.get(key, key): value for key, value in e.body.items()}
    ),
    "chat_rooms.list": lambda c, e: c.chat_rooms.list(limit=e.limit).page(),
    "chat_rooms.list_joined": lambda c, e: c.chat_rooms.list_joined(
        e.path["username"], limit=e.limit
    ).page(),
    "chat_rooms.get": lambda c, e: c.chat_rooms.get(place(e)),
    "chat_rooms.update": lambda c, e: c.chat_rooms.update(
        place(e), **{ROOM.get(key, key): value for key, value in e.body.items()}
    ),
    "chat_rooms.transfer_owner": lambda c, e: c.chat_rooms.transfer_owner(
        place(e), e.body["newowner"]
    ),
    "chat_rooms.delete": lambda c, e: c.chat_rooms.delete(place(e)),
    "chat_rooms.members.add": lambda c, e: c.chat_rooms.members.add(place(e), e.path["username"]),
    "chat_rooms.members.add_many": lambda c, e: c.chat_rooms.members.add_many(
        place(e), e.body["usernames"]
    ),
    "chat_rooms.members.remove": lambda c, e: c.chat_rooms.members.remove(
        place(e), e.path["username"]
    ),
    "chat_rooms.members.remove_many": lambda c, e: c.chat_rooms.members.remove_many(
        place(e), e.path["usernames"].split(",")
    ),
    "chat_rooms.members.list": lambda c, e: c.chat_rooms.members.list(
        place(e), limit=e.limit
    ).page(),
    "chat_rooms.super_admins.add": lambda c, e: c.chat_rooms.super_admins.add(e.body["superadmin"]),
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
    "chat_rooms.attributes.get": lambda c, e: c.chat_rooms.attributes.get(place(e), e.body["keys"]),
    "chat_rooms.attributes.delete": lambda c, e: c.chat_rooms.attributes.delete(**attributes(e)),
    "chat_rooms.attributes.delete_forced": lambda c, e: c.chat_rooms.attributes.delete_forced(
        **attributes(e)
    ),
    "chat_rooms.tags.mute": lambda c, e: c.chat_rooms.tags.mute(
        place(e), e.body["tag"], duration=timedelta(seconds=e.body["mute_duration"])
    ),
    "chat_rooms.tags.set": lambda c, e: c.chat_rooms.tags.set(
        place(e), e.path["username"], e.body["tags"]
    ),
    "chat_rooms.tags.get": lambda c, e: c.chat_rooms.tags.get(place(e), e.path["username"]),
}
