"""The deduplication of webhook events, in a bounded amount of memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from easemob_async.webhooks.events.base import Event
from easemob_async.webhooks.parse import text

_DIGEST: Final = 16


def event_key(event: Event) -> bytes | None:
    """Return a key that identifies an event; ``None`` if the event has no ``callId``.

    A ``callId`` alone is not unique: accept and remote_accept share one, and a ``callId`` made of a
    message id is used again for each member who is offline.
    """
    post: Mapping[str, Any] = event.payload
    if not event.call_id:
        return None
    parts = (
        event.call_id,
        event.kind,
        text(post, "eventType"),
        text(post, "chat_type") or text(post, "event"),
        text(post, "payload", "operation"),
        text(post, "to"),
    )
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=_DIGEST).digest()


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
