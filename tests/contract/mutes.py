"""The calls of the operations that mute a user everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from tests.contract.example import Call

CALLS: Mapping[str, Call] = {
    "mutes.set": lambda c, e: c.mutes.set(
        e.body["username"],
        chat=timedelta(seconds=e.body["chat"]),
        group_chat=timedelta(seconds=e.body["groupchat"]),
        chat_room=timedelta(seconds=e.body["chatroom"]),
    ),
    "mutes.get": lambda c, e: c.mutes.get(e.username),
    "mutes.list": lambda c, e: c.mutes.list(limit=e.limit).page(),
}
