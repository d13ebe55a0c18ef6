"""The calls of the operations that send, recall, update and stream messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from easemob_async import Recall
from tests.contract.bodies import message
from tests.contract.example import Call, Example

EDITED = "1029457500870543736"
"""The message that is updated; the page masks its id."""


def options(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a send."""
    names = {
        "from": "sender",
        "routetype": "route_type",
        "chatroom_msg_level": "level",
        **{n: n for n in ("sync_device", "roam_ignore_users", "need_group_ack", "ext", "env")},
    }
    return {ours: body[theirs] for theirs, ours in names.items() if theirs in body}


def send(method: str) -> Call:
    return lambda c, e: getattr(c.messages, method)(
        e.body["to"], message(e.body["type"], e.body["body"]), **options(e.body)
    )


def send_to_members(method: str) -> Call:
    return lambda c, e: getattr(c.messages, method)(
        e.body["to"][0],
        e.body["users"],
        message(e.body["type"], e.body["body"]),
        **options(e.body),
    )


def recall(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a recall."""
    names = {
        "msg_id": "message_id",
        "to": "target",
        "from": "operator",
        "recallMessageExtensionInfo": "ext",
    }
    return {names.get(key, key): value for key, value in row.items()}


def update(e: Example) -> dict[str, Any]:
    """Return the arguments of an update."""
    new = dict(e.body["new_msg"])
    kind = {"image": "img"}.get(new["type"], new.pop("type"))
    return {
        "body": message(kind, new) if kind in ("txt", "custom") else kind,
        "operator": e.body["user"],
        "ext": e.body["new_ext"],
        "merge_ext": e.body["is_combine_ext"],
    }


def piece(e: Example) -> dict[str, Any]:
    """Return the arguments of a piece of a stream."""
    names = {"msgId": "message_id", "finishReason": "finish_reason", "type": "format"}
    body: dict[str, Any] = dict(e.body["body"])
    text = body.pop("msg")
    arguments = {names.get(key, key): value for key, value in body.items()}
    arguments |= {"target": e.body["to"], "text": text, "sender": e.body["from"]}
    return arguments | ({"ext": e.body["ext"]} if "ext" in e.body else {})


CALLS: Mapping[str, Call] = {
    "messages.send_to_users": send("send_to_users"),
    "messages.send_to_groups": send("send_to_groups"),
    "messages.send_to_rooms": send("send_to_rooms"),
    "messages.send_to_group_members": send_to_members("send_to_group_members"),
    "messages.send_to_room_members": send_to_members("send_to_room_members"),
    "messages.send_legacy": lambda c, e: c.messages.send_legacy(
        e.body["target"],
        message(e.body["msg"]["type"], e.body["msg"]),
        target_type=e.body["target_type"],
        **options(e.body),
    ),
    "messages.recall": lambda c, e: c.messages.recall(**recall(e.body)),
    "messages.recall_many": lambda c, e: c.messages.recall_many(
        [Recall(**recall(row)) for row in e.body["msgs"]]
    ),
    "messages.update": lambda c, e: c.messages.update(EDITED, **update(e)),
    "messages.stream_to_user": lambda c, e: c.messages.stream_to_user(**piece(e)),
    "messages.stream_to_group": lambda c, e: c.messages.stream_to_group(**piece(e)),
}
