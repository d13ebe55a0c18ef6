"""The decision about a post: accepted, dropped or refused; no I/O, the receiver does that."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, Protocol

import attrs

from easemob_async.errors import ConfigurationError, WebhookError
from easemob_async.webhooks.compression import unpack
from easemob_async.webhooks.duplicates import Seen, event_key
from easemob_async.webhooks.events.base import Event
from easemob_async.webhooks.events.pre_delivery import PreDelivery
from easemob_async.webhooks.parse import decode, may_ask, spelt_call_id, to_event
from easemob_async.webhooks.reports import DropReason
from easemob_async.webhooks.signature import Signature, check_signature

READ_WITHIN: Final = 10.0
"""Seconds for a body to arrive: the time that the service waits for an answer."""
_LOGGER: Final = logging.getLogger("easemob_async")


@attrs.frozen
class WebhookAnswer:
    """An answer to a post: a status code and a JSON body."""

    status: int
    """The HTTP status code."""
    body: bytes = b"{}"
    """The JSON body."""


class Answering(Protocol):
    """The interface of the receiver that the adapters use."""

    max_body: int

    async def answer(
        self, body: bytes, *, content_encoding: str | None = None
    ) -> WebhookAnswer: ...
    def refuse(self, error: WebhookError) -> WebhookAnswer: ...
    async def start(self) -> None: ...
    async def close(self) -> None: ...


@attrs.define
class Decision:
    """A decision about a post."""

    status: int = 200
    """The status code of the answer."""
    dropped: DropReason | None = None
    """The reason why no handler gets the post; ``None`` if it is accepted."""
    event: Event | None = None
    """The event, if it could be read."""
    error: WebhookError | None = None
    """The error, if the event could not be read."""
    asks: bool = False
    """Whether the answer must be a verdict: the post is a pre-send callback, or may be one.

    The service ignores the body of the answer to any other post.
    """
    size: int = 0
    """The size of the post in bytes after decompression."""
    key: int | None = None
    """The key for deduplication, if the event has one."""


class Intake:
    """The decisions about posts, with a memory of the accepted events."""

    def __init__(
        self,
        secret: str | Iterable[str],
        *,
        allow_unsigned: bool,
        max_body: int,
        max_age: float,
        remember: int,
        now: Callable[[], float],
    ) -> None:
        """Set the rules.

        Raises:
            ConfigurationError: the secret is missing.
        """
        self._secrets = _secrets(secret)
        self._allow_unsigned = allow_unsigned
        self._max_body = max_body
        self._max_age = max_age
        self._seen = Seen(remember)
        self._now = now

    def decide(self, body: bytes, encoding: str | None, *, running: bool) -> Decision:
        """Decide about a post.

        Args:
            body: the body of the post, unchanged.
            encoding: the ``Content-Encoding`` header of the post.
            running: whether the receiver runs and accepts events.
        """
        if len(body) > self._max_body:
            return Decision(413, DropReason.TOO_LARGE)
        try:
            body = unpack(body, encoding, self._max_body)
            if len(body) > self._max_body:
                return Decision(413, DropReason.TOO_LARGE)
            payload, cut = decode(body)
        except WebhookError as error:
            return Decision(400, DropReason.DAMAGED, error=error)
        signature = check_signature(payload, self._secrets, partial(spelt_call_id, body))
        if signature is Signature.FORGED:
            # The service did not sign it, so the service does not count this answer as a failure.
            return Decision(403, DropReason.FORGED)
        if not running:
            # Not 200, so that the service posts it again or stores it.
            return Decision(503, DropReason.NOT_RUNNING)
        asks = may_ask(payload)
        try:
            event = to_event(payload, cut=cut)
        except WebhookError as error:
            return Decision(dropped=DropReason.DAMAGED, error=error, asks=asks)
        except Exception as error:  # a good signature gets 200, whatever else is wrong
            _LOGGER.exception("a signed webhook post could not be read")
            unread = WebhookError(f"the post could not be read: {error!r:.80}")
            return Decision(dropped=DropReason.DAMAGED, error=unread, asks=asks)
        if signature is Signature.MISSING and not self._allow_unsigned:
            return Decision(dropped=DropReason.UNSIGNED, event=event, asks=asks)
        if isinstance(event, PreDelivery):
            return Decision(event=event, asks=True)
        key = event_key(event)
        if key is not None and key in self._seen:
            return Decision(dropped=DropReason.DUPLICATE, event=event, asks=asks)
        return Decision(event=event, asks=asks, size=len(body), key=key)

    def is_stale(self, question: PreDelivery) -> bool:
        """Check whether a pre-send callback is too old, or from the future."""
        return abs(self._now() - question.timestamp.timestamp()) > self._max_age

    def remember(self, decision: Decision) -> None:
        """Remember an accepted event, so that a second post of it is a duplicate."""
        if decision.key is not None:
            self._seen.add(decision.key)


def _secrets(secret: str | Iterable[str]) -> tuple[str, ...]:
    found = (secret,) if isinstance(secret, str) else tuple(secret)
    if not found or not all(isinstance(one, str) and one for one in found):
        raise ConfigurationError(
            "secret must be the secret of a webhook rule, or several secrets, and not empty"
        )
    return found
