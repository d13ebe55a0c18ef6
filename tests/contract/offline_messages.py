"""The calls of the operations on offline messages."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contract.example import Call

CALLS: Mapping[str, Call] = {
    "offline_messages.get_count": lambda c, e: c.offline_messages.get_count(e.username),
    "offline_messages.get_status": lambda c, e: c.offline_messages.get_status(
        e.username, e.path["msg_id"]
    ),
}
