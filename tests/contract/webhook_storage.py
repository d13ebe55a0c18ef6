"""The calls of the operations on stored webhooks."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contract.example import Call

CALLS: Mapping[str, Call] = {
    "webhook_storage.list": lambda c, e: c.webhook_storage.list().page(),
    "webhook_storage.retry": lambda c, e: c.webhook_storage.retry(
        e.body["date"], retries=e.body["retry"], target_url=e.body["targetUrl"]
    ),
}
