"""Webhooks that could not be delivered and were stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from easemob_async import checks
from easemob_async.models.files import StoredWebhooks
from easemob_async.models.pages import Paginator, whole
from easemob_async.transport.operation import Operation
from easemob_async.transport.transport import Transport

_LIST: Final = Operation("webhook_storage.list", "GET", "/callbacks/storage/info", "safe")
_RETRY: Final = Operation("webhook_storage.retry", "POST", "/callbacks/storage/retry", "once")


class WebhookStorage:
    """Webhooks of the past three days that could not be delivered, where the app has that."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Paginator[StoredWebhooks]:
        """List the sets of ten minutes each; one page.

        Source: webhook_storage.list
        """

        async def fetch() -> Sequence[StoredWebhooks]:
            answer = await self._transport.call(_LIST)
            stored: Sequence[StoredWebhooks] = answer.read(tuple[StoredWebhooks, ...], "data")
            return stored

        return whole(fetch)

    async def retry(
        self, date: str, *, retries: int | None = None, target_url: str | None = None
    ) -> None:
        """Have a set delivered again; at most 10 times are advised.

        Args:
            date: the key of the set, as `list` gives it.
            retries: how often that was done before.
            target_url: where to; the rule's own URL when it is not given.

        Raises:
            APIError: the service says inside a success that it did not.

        Source: webhook_storage.retry
        """
        body: dict[str, Any] = {"date": checks.reference(_RETRY.id, "date", date)}
        if retries is not None:
            body["retry"] = checks.number(_RETRY.id, "retries", retries, least=0)
        if target_url is not None:
            body["targetUrl"] = checks.text(_RETRY.id, "target_url", target_url)
        answer = await self._transport.call(_RETRY, json=body, about=date)
        answer.confirm("data")
