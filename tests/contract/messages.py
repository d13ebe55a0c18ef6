"""The calls of the operations that send, recall, update and stream messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from easemob_async import Highlight, Recall
from tests.contract.bodies import message
from tests.contract.example import Call, Example

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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


SEARCHER = "user01"
"""The user who searches, one of the pair in the example; the page masks the name in the path."""


def search(e: Example) -> dict[str, Any]:
    """Return the arguments of a search."""
    data = e.body["data"]
    names = {
        "keywordMatch": "match",
        "conversationType": "chat_types",
        "groupIds": "group_ids",
        "contentType": "content_types",
        "searchMode": "mode",
        "searchExt": "search_ext",
        "sort": "sort",
        "size": "limit",
    }
    found: dict[str, Any] = {ours: data[name] for name, ours in names.items() if name in data}
    found["keywords"] = data.get("keyword") or data.get("keywords")
    if "participantPairs" in data:
        found["usernames"] = [pair["userId2"] for pair in data["participantPairs"]]
    for name, ours in (("startTime", "start"), ("endTime", "end")):
        if name in data:
            found[ours] = EPOCH + timedelta(milliseconds=data[name])
    found["highlight"] = data["highlightEnable"]
    if "highlightPreTags" in data:
        found["highlight"] = Highlight(
            before=data["highlightPreTags"], after=data["highlightPostTags"]
        )
    return found


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
    "messages.search": lambda c, e: c.messages.search(SEARCHER, **search(e)).page(),
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
