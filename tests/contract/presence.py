"""The calls of the operations on presence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from tests.contract.example import Call

CALLS: Mapping[str, Call] = {
    "presence.set": lambda c, e: c.presence.set(
        e.username, e.path["resource"], status=int(e.path["status"]), ext=e.body["ext"]
    ),
    "presence.subscribe": lambda c, e: c.presence.subscribe(
        e.username, e.body["usernames"], duration=timedelta(seconds=int(e.path["expiry"]))
    ),
    "presence.unsubscribe": lambda c, e: c.presence.unsubscribe(e.username, e.body),
    "presence.list_subscriptions": lambda c, e: c.presence.list_subscriptions(e.username).page(),
    "presence.get_many": lambda c, e: c.presence.get_many(e.username, e.body["usernames"]),
    "presence.get_group_online_count": lambda c, e: c.presence.get_group_online_count(
        e.path["group_id"]
    ),
}
