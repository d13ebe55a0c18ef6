"""Stored webhooks: webhook posts that failed and that the service has stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from easemob_async import checks
from easemob_async.errors import APIError
from easemob_async.models.pages import Paginator, whole
from easemob_async.models.webhook_storage import ReplayedWebhooks, StoredWebhooks
from easemob_async.operation import Operation
from easemob_async.transport.transport import Transport

_LIST: Final = Operation("webhook_storage.list", "GET", "/callbacks/storage/info", "safe")
_RETRY: Final = Operation("webhook_storage.retry", "POST", "/callbacks/storage/retry", "once")


_MOST_RETRIES: Final = 10
_OK: Final = 200


class Receiving(Protocol):
    """The part of a `WebhookReceiver` that `replay` uses."""

    async def idle(self) -> None:
        """Wait until all received events are handled."""


class WebhookStorage:
    """The webhook posts of the past three days that failed and that the service has stored.

    The service must have enabled the storage for the app.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Paginator[StoredWebhooks]:
        """List the sets of stored posts, ten minutes per set; one page.

        Source: webhook_storage.list (callback_postsending_exception_storage.md)
        """

        async def fetch() -> Sequence[StoredWebhooks]:
            answer = await self._transport.call(_LIST)
            stored: Sequence[StoredWebhooks] = answer.read(tuple[StoredWebhooks, ...], "data")
            return stored

        return whole(fetch)

    async def retry(
        self, date: str, *, retries: int | None = None, target_url: str | None = None
    ) -> None:
        """Ask the service to post a set again; at most 10 retries per set are recommended.

        Args:
            date: the key of the set; `list` returns it.
            retries: the number of earlier retries of the set.
            target_url: the URL to post to; the rule's own URL by default.

        Raises:
            APIError: the status code is 200, but the answer reports that nothing was done.

        Source: webhook_storage.retry (callback_postsending_exception_storage.md)
        """
        body: dict[str, Any] = {"date": checks.reference(_RETRY.id, "date", date)}
        if retries is not None:
            body["retry"] = checks.number(_RETRY.id, "retries", retries, least=0)
        if target_url is not None:
            body["targetUrl"] = checks.text(_RETRY.id, "target_url", target_url)
        answer = await self._transport.call(_RETRY, json=body, about=date)
        answer.confirm("data")

    async def replay(
        self,
        receiver: Receiving,
        *,
        target_url: str | None = None,
        since: str | None = None,
    ) -> tuple[ReplayedWebhooks, ...]:
        """Ask the service to post every stored set to a receiver again, the oldest first.

        It waits for the handlers before it asks for the next set, so that a set rarely overflows
        the receiver's queue. The service does not report when it has posted a set: keep the
        receiver running. The receiver recognises recent duplicates.

        Args:
            receiver: the `WebhookReceiver` that receives the posts.
            target_url: the URL of the receiver; the rules' own URLs by default.
            since: the key of the first set, such as ``"202109091440"``; all sets by default.

        Returns:
            The outcome of each set. A set that was posted again 10 times before is left out.

        Raises:
            EasemobError: a call failed for another reason than that the service refused one set.

        Source: webhook_storage.list (callback_postsending_exception_storage.md),
            webhook_storage.retry (callback_postsending_exception_storage.md)
        """
        if since is not None:
            checks.reference("webhook_storage.replay", "since", since)
        replayed = []
        stored = [found async for found in self.list()]
        for found in sorted(stored, key=lambda one: one.date):
            if found.retries >= _MOST_RETRIES or (since is not None and found.date < since):
                continue
            reason = None
            try:
                await self.retry(found.date, retries=found.retries, target_url=target_url)
            except APIError as error:
                if error.status != _OK:
                    raise
                reason = error.description or str(error)
            await receiver.idle()
            replayed.append(ReplayedWebhooks(found.date, found.size, reason))
        return tuple(replayed)
