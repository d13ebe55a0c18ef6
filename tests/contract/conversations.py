"""The calls of the operations on conversations."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contract.example import Call

CALLS: Mapping[str, Call] = {
    "conversations.list": lambda c, e: c.conversations.list(e.username).page(),
    "conversations.delete": lambda c, e: c.conversations.delete(
        e.username,
        e.body["channel"],
        chat_type=e.body["type"],
        delete_roaming=e.body["delete_roam"],
    ),
}
