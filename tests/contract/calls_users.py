"""How the operations on users beside their accounts are called: relations, attributes, push."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from easemob_async import NewFavorite
from tests.contract.example import Call, Example
from tests.contract.message import message


def who(e: Example) -> str:
    for key in ("username", "owner_username", "userId"):
        if key in e.path:
            return e.path[key]
    raise AssertionError(e.path)


def pair(e: Example) -> tuple[str, str]:
    other = e.path.get("friend_username") or e.path["blocked_username"]
    return who(e), other


def broadcast(e: Example) -> tuple[Any, dict[str, Any]]:
    body = dict(e.body["msg"])
    options = {"sender": e.body["from"], "ext": e.body["ext"]}
    if "chatroom_msg_level" in e.body:
        options["level"] = e.body["chatroom_msg_level"]
    return message(body.pop("type"), {"customExts": None, **body}), options


def favorite(row: dict[str, Any]) -> NewFavorite:
    return NewFavorite(
        favorite_id=row["id"],
        data=row["data"],
        type=row["type"],
        ext=row["ext"],
        created=datetime.fromtimestamp(row["createdAt"] / 1000, UTC),
    )


def push_settings(e: Example) -> dict[str, Any]:
    names = {"type": "mode", "ignoreInterval": "ignore_interval"}
    options: dict[str, Any] = {names[k]: v for k, v in e.body.items() if k in names}
    if "ignoreDuration" in e.body:
        options["ignore_duration"] = timedelta(milliseconds=e.body["ignoreDuration"])
    return options


def kind(e: Example) -> str:
    return e.path["chattype"] if e.path["chattype"] != "XXXX" else "user"


def form(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split("&"))  # type: ignore[misc]


def seconds(value: int) -> timedelta:
    return timedelta(seconds=value)


USERS: dict[str, Call] = {
    "contacts.add": lambda c, e: c.contacts.add(*pair(e)),
    "contacts.check": lambda c, e: c.contacts.check(e.body["username"], e.body["check_list"]),
    "contacts.remove": lambda c, e: c.contacts.remove(*pair(e)),
    "contacts.remove_all": lambda c, e: c.contacts.remove_all(who(e)),
    "contacts.set_remark": lambda c, e: c.contacts.set_remark(*pair(e), e.body["remark"]),
    "contacts.list": lambda c, e: c.contacts.list(who(e), limit=e.limit, remarks=True).page(),
    "contacts.list_all": lambda c, e: c.contacts.list_all(who(e)).page(),
    "contacts.import_many": lambda c, e: c.contacts.import_many(who(e), e.body["usernames"]),
    "contacts.blocklist.add_many": lambda c, e: c.contacts.blocklist.add_many(
        who(e), e.body["usernames"]
    ),
    "contacts.blocklist.remove": lambda c, e: c.contacts.blocklist.remove(*pair(e)),
    "contacts.blocklist.list": lambda c, e: c.contacts.blocklist.list(
        who(e), limit=int(e.query["pageSize"])
    ).page(),
    "contacts.blocklist.check": lambda c, e: c.contacts.blocklist.check(
        e.body["username"], e.body["check_list"]
    ),
    "mutes.set": lambda c, e: c.mutes.set(
        e.body["username"],
        chat=seconds(e.body["chat"]),
        group_chat=seconds(e.body["groupchat"]),
        chat_room=seconds(e.body["chatroom"]),
    ),
    "mutes.get": lambda c, e: c.mutes.get(who(e)),
    "mutes.list": lambda c, e: c.mutes.list(limit=int(e.query["pageSize"])).page(),
    "favorites.add": lambda c, e: c.favorites.add(
        who(e), e.body["data"], type=e.body["type"], favorite_id=e.body["id"], ext=e.body["ext"]
    ),
    "favorites.add_many": lambda c, e: c.favorites.add_many(
        e.body["username"], [favorite(row) for row in e.body["collections"]]
    ),
    "favorites.update": lambda c, e: c.favorites.update(
        who(e), e.path["collectionId"], ext=e.body["ext"]
    ),
    "favorites.remove_many": lambda c, e: c.favorites.remove_many(who(e), e.body["collection_ids"]),
    "favorites.list": lambda c, e: c.favorites.list(who(e)).page(),
    "broadcasts.send_to_all_users": lambda c, e: c.broadcasts.send_to_all_users(
        broadcast(e)[0], **broadcast(e)[1]
    ),
    "broadcasts.send_to_online_users": lambda c, e: c.broadcasts.send_to_online_users(
        broadcast(e)[0], **broadcast(e)[1]
    ),
    "broadcasts.send_to_rooms": lambda c, e: c.broadcasts.send_to_rooms(
        broadcast(e)[0], **broadcast(e)[1]
    ),
    "reactions.add": lambda c, e: c.reactions.add(who(e), e.body["msgId"], e.body["message"]),
    "reactions.remove": lambda c, e: c.reactions.remove(
        who(e), e.query["msgId"], e.query["message"]
    ),
    "reactions.list": lambda c, e: c.reactions.list(
        who(e), e.query["msgIdList"].split(","), chat_type=e.query["msgType"]
    ).page(),
    "reactions.get": lambda c, e: c.reactions.get(
        who(e),
        e.query["msgId"],
        e.query["message"],
        limit=e.limit,
        cursor=e.query.get("cursor"),
    ).page(),
    "offline_messages.get_count": lambda c, e: c.offline_messages.get_count(who(e)),
    "offline_messages.get_status": lambda c, e: c.offline_messages.get_status(
        who(e), e.path["msg_id"]
    ),
    "user_attributes.set": lambda c, e: c.user_attributes.set(who(e), form(e.body)),
    "user_attributes.delete": lambda c, e: c.user_attributes.delete(who(e)),
    "user_attributes.get": lambda c, e: c.user_attributes.get(who(e)),
    "user_attributes.get_many": lambda c, e: c.user_attributes.get_many(
        e.body["targets"], keys=e.body["properties"]
    ),
    "user_attributes.get_capacity": lambda c, e: c.user_attributes.get_capacity(),
    "presence.set": lambda c, e: c.presence.set(
        who(e), e.path["resource"], status=int(e.path["status"]), ext=e.body["ext"]
    ),
    "presence.subscribe": lambda c, e: c.presence.subscribe(
        who(e), e.body["usernames"], duration=seconds(int(e.path["expiry"]))
    ),
    "presence.unsubscribe": lambda c, e: c.presence.unsubscribe(who(e), e.body),
    "presence.list_subscriptions": lambda c, e: c.presence.list_subscriptions(who(e)).page(),
    "presence.get_many": lambda c, e: c.presence.get_many(who(e), e.body["usernames"]),
    "presence.get_group_online_count": lambda c, e: c.presence.get_group_online_count(
        e.path["group_id"]
    ),
    "push.set_binding": lambda c, e: c.push.set_binding(who(e), **e.body),
    "push.list_bindings": lambda c, e: c.push.list_bindings(who(e)).page(),
    "push.set_nickname": lambda c, e: c.push.set_nickname(who(e), e.body["nickname"]),
    "push.set_nicknames": lambda c, e: c.push.set_nicknames(
        {row["username"]: row["push_nickname"] for row in e.body}
    ),
    "push.set_display_style": lambda c, e: c.push.set_display_style(
        who(e), e.body["notification_display_style"]
    ),
    "push.set_settings": lambda c, e: c.push.set_settings(
        who(e), e.path["key"], chat_type=kind(e), **push_settings(e)
    ),
    "push.get_settings": lambda c, e: c.push.get_settings(who(e), e.path["key"], chat_type=kind(e)),
    "push.set_language": lambda c, e: c.push.set_language(who(e), e.body["translationLanguage"]),
    "push.get_language": lambda c, e: c.push.get_language(who(e)),
    "push.templates.create": lambda c, e: c.push.templates.create(**e.body),
    "push.templates.get": lambda c, e: c.push.templates.get(e.path["name"]),
    "push.templates.update": lambda c, e: c.push.templates.update(
        e.path["name"], title_pattern="a", content_pattern="b"
    ),
    "push.templates.delete": lambda c, e: c.push.templates.delete(e.path["name"]),
    "push.templates.set_for_user": lambda c, e: c.push.templates.set_for_user(
        who(e), e.body["templateName"]
    ),
    "push.templates.get_for_user": lambda c, e: c.push.templates.get_for_user(who(e)),
    "push.get_statistics": lambda c, e: c.push.get_statistics(
        *(date.fromisoformat(e.path[key]) for key in ("startTime", "endTime"))
    ),
}
