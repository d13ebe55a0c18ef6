"""The calls of the operations on push."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from tests.contract.example import Call, Example


def settings(e: Example) -> dict[str, Any]:
    """Return the settings of a request."""
    names = {"type": "mode", "ignoreInterval": "ignore_interval"}
    found = {ours: e.body[theirs] for theirs, ours in names.items() if theirs in e.body}
    if "ignoreDuration" in e.body:
        found["ignore_duration"] = timedelta(milliseconds=e.body["ignoreDuration"])
    return found


def pushed(e: Example) -> dict[str, Any]:
    """Return the notification of a request, in the service's form, and its strategy."""
    body = e.body or {"pushMessage": {"title": "a", "content": "b"}}
    return {"notification": body["pushMessage"], "strategy": body.get("strategy")}


NAME = "labelname"


def chat_type(e: Example) -> str:
    return e.path["chattype"] if e.path["chattype"] != "XXXX" else "user"


CALLS: Mapping[str, Call] = {
    "push.set_binding": lambda c, e: c.push.set_binding(e.username, **e.body),
    "push.list_bindings": lambda c, e: c.push.list_bindings(e.username).page(),
    "push.set_nickname": lambda c, e: c.push.set_nickname(e.username, e.body["nickname"]),
    "push.set_nicknames": lambda c, e: c.push.set_nicknames(
        {row["username"]: row["push_nickname"] for row in e.body}
    ),
    "push.set_display_style": lambda c, e: c.push.set_display_style(
        e.username, e.body["notification_display_style"]
    ),
    "push.set_settings": lambda c, e: c.push.set_settings(
        e.username, e.path["key"], chat_type=chat_type(e), **settings(e)
    ),
    "push.get_settings": lambda c, e: c.push.get_settings(
        e.username, e.path["key"], chat_type=chat_type(e)
    ),
    "push.set_language": lambda c, e: c.push.set_language(
        e.username, e.body["translationLanguage"]
    ),
    "push.get_language": lambda c, e: c.push.get_language(e.username),
    "push.templates.create": lambda c, e: c.push.templates.create(**e.body),
    "push.templates.get": lambda c, e: c.push.templates.get(e.path["name"]),
    "push.templates.update": lambda c, e: c.push.templates.update(
        e.path["name"], title_pattern="a", content_pattern="b"
    ),
    "push.templates.delete": lambda c, e: c.push.templates.delete(e.path["name"]),
    "push.templates.set_for_user": lambda c, e: c.push.templates.set_for_user(
        e.username, e.body["templateName"]
    ),
    "push.templates.get_for_user": lambda c, e: c.push.templates.get_for_user(e.username),
    "push.labels.create": lambda c, e: c.push.labels.create(**e.body),
    "push.labels.list": lambda c, e: c.push.labels.list(limit=e.limit).page(),
    "push.labels.get": lambda c, e: c.push.labels.get(e.path[NAME]),
    "push.labels.delete": lambda c, e: c.push.labels.delete(e.path[NAME]),
    "push.labels.users.add_many": lambda c, e: c.push.labels.users.add_many(
        e.path[NAME], e.body["usernames"]
    ),
    "push.labels.users.list": lambda c, e: c.push.labels.users.list(
        e.path[NAME], limit=e.limit
    ).page(),
    "push.labels.users.get": lambda c, e: c.push.labels.users.get(e.path[NAME], e.username),
    "push.labels.users.remove_many": lambda c, e: c.push.labels.users.remove_many(
        e.path[NAME], e.body["usernames"]
    ),
    "push.send_to_user_sync": lambda c, e: c.push.send_to_user_sync(e.path["target"], **pushed(e)),
    "push.send_to_user": lambda c, e: c.push.send_to_user(e.path["target"], **pushed(e)),
    "push.send_to_users": lambda c, e: c.push.send_to_users(e.body["targets"], **pushed(e)),
    "push.send_to_label": lambda c, e: c.push.send_to_label(*e.body["targets"], **pushed(e)),
    "push.send_to_all": lambda c, e: c.push.send_to_all(**pushed(e)),
    "push.notifications.create": lambda c, e: c.push.notifications.create(e.body),
    "push.notifications.get": lambda c, e: c.push.notifications.get(
        e.path["messageId"] if e.path["messageId"] != "XXXX" else 1
    ),
    "push.notifications.send_to_all": lambda c, e: c.push.notifications.send_to_all(
        e.body["pushMsgId"], strategy=e.body.get("strategy")
    ),
    "push.get_statistics": lambda c, e: c.push.get_statistics(
        *(date.fromisoformat(e.path[key]) for key in ("startTime", "endTime")),
        platform=e.query["platform"],
    ),
}
