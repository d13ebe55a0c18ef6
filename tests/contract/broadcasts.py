"""The calls of the operations that send broadcasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from easemob_async import Message
from tests.contract.bodies import message
from tests.contract.example import Call, Example


def body(e: Example) -> Message:
    """Return the message of a broadcast."""
    fields = {"customExts": None, **e.body["msg"]}
    return message(fields.pop("type"), fields)


def options(e: Example) -> dict[str, Any]:
    """Return the options of a broadcast."""
    names = {"from": "sender", "ext": "ext", "chatroom_msg_level": "level"}
    return {ours: e.body[theirs] for theirs, ours in names.items() if theirs in e.body}


CALLS: Mapping[str, Call] = {
    "broadcasts.send_to_all_users": lambda c, e: c.broadcasts.send_to_all_users(
        body(e), **options(e)
    ),
    "broadcasts.send_to_online_users": lambda c, e: c.broadcasts.send_to_online_users(
        body(e), **options(e)
    ),
    "broadcasts.send_to_rooms": lambda c, e: c.broadcasts.send_to_rooms(body(e), **options(e)),
}
