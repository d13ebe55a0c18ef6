"""The deduplication of webhook events, in a bounded amount of memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from easemob_async.webhooks.events.base import Event
from easemob_async.webhooks.parse import text, text_in

_DIGEST: Final = 16


def event_key(event: Event) -> bytes | None:
    """Return a key that identifies an event; ``None`` if the event has no ``callId``.

    A ``callId`` alone is not unique: accept and remote_accept share one, and a ``callId`` made of a
    message id is used again for each member who is offline.
    """
    if not event.call_id:
        return None
    post: Mapping[str, Any] = event.payload
    parts = (
        event.call_id,
        event.kind,
        text(post, "eventType"),
        text(post, "chat_type") or text(post, "event"),
        text_in(post, "payload", "operation"),
        text(post, "to"),
    )
    # repr quotes each part, so that no two lists of parts are the same text; and it is fast.
    return hashlib.blake2b(repr(parts).encode(), digest_size=_DIGEST).digest()


class Seen:
    """A bounded set of the latest keys; the oldest are removed first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._keys: dict[bytes, None] = {}

    def __contains__(self, key: bytes) -> bool:
        return key in self._keys

    def add(self, key: bytes) -> None:
        """Add a key, and remove the oldest if there are too many."""
        self._keys[key] = None
        if len(self._keys) > self._most:
            del self._keys[next(iter(self._keys))]
