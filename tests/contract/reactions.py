"""The calls of the operations on reactions."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contract.example import Call

CALLS: Mapping[str, Call] = {
    "reactions.add": lambda c, e: c.reactions.add(e.username, e.body["msgId"], e.body["message"]),
    "reactions.remove": lambda c, e: c.reactions.remove(
        e.username, e.query["msgId"], e.query["message"]
    ),
    "reactions.list": lambda c, e: c.reactions.list(
        e.username,
        e.query["msgIdList"].split(","),
        chat_type=e.query["msgType"],
        group_id=e.query.get("groupId"),
    ).page(),
    "reactions.get": lambda c, e: c.reactions.get(
        e.username,
        e.query["msgId"],
        e.query["message"],
        limit=e.limit,
        cursor=e.query.get("cursor"),
    ).page(),
}
