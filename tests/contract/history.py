"""The calls of the operations on the history of messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from tests.contract.example import Call, Example


def hour(e: Example) -> datetime:
    """Return the hour of a path, which is Beijing time."""
    text = e.path["time"] if e.path["time"] != "XXXX" else "2018112717"
    return datetime.strptime(text, "%Y%m%d%H").replace(tzinfo=timezone(timedelta(hours=8)))


CALLS: Mapping[str, Call] = {"history.get": lambda c, e: c.history.get(hour(e))}
