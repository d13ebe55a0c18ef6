"""The calls of the operations on roaming messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from tests.contract.example import Call, Example


def need_notify(e: Example) -> bool:
    return e.query.get("isNotify") == "true"


def before(e: Example) -> datetime:
    return datetime.fromtimestamp(int(e.query["delTime"]) / 1000, UTC)


CALLS: Mapping[str, Call] = {
    "roaming.delete_all": lambda c, e: c.roaming.delete_all(e.username),
    "roaming.delete_chat_messages": lambda c, e: c.roaming.delete_chat_messages(
        e.username,
        e.query["userId"],
        e.query["msgIdList"].split(","),
        need_notify=need_notify(e),
    ),
    "roaming.delete_group_messages": lambda c, e: c.roaming.delete_group_messages(
        e.username,
        e.query["groupId"],
        e.query["msgIdList"].split(","),
        need_notify=need_notify(e),
    ),
    "roaming.delete_chat_messages_before": lambda c, e: c.roaming.delete_chat_messages_before(
        e.username, e.query["userId"], before=before(e), need_notify=need_notify(e)
    ),
    "roaming.delete_group_messages_before": lambda c, e: c.roaming.delete_group_messages_before(
        e.username, e.query["groupId"], before=before(e), need_notify=need_notify(e)
    ),
}
