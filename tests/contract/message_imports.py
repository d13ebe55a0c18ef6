"""The calls of the operations that import messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contract.bodies import message
from tests.contract.example import Call, Example


def imported(e: Example) -> dict[str, Any]:
    """Return the arguments of an import."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=e.body["msg_timestamp"])
    options = {"need_download": e.body["need_download"]} if "need_download" in e.body else {}
    return {
        "target": e.body["target"],
        "body": message(e.body["type"], e.body["body"]),
        "sender": e.body["from"],
        "ext": e.body["ext"],
        "sent_at": moment,
        **options,
    }


CALLS: Mapping[str, Call] = {
    "message_imports.create_user_message": lambda c, e: c.message_imports.create_user_message(
        **imported(e)
    ),
    "message_imports.create_group_message": lambda c, e: c.message_imports.create_group_message(
        **imported(e)
    ),
}
