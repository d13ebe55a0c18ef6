"""The deduplication of webhook events, in a bounded amount of memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from easemob_async.webhooks.events.base import Event
from easemob_async.webhooks.parse import text, text_in


def event_key(event: Event) -> int | None:
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
    # 64 bits, with a secret of the process in them: among 100 000 remembered events one in 10 ** 14
    # new ones would be taken for a duplicate. A longer digest costs five times as much.
    return hash(parts)


class Seen:
    """A bounded set of the latest keys; the oldest are removed first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._keys: dict[int, None] = {}

    def __contains__(self, key: int) -> bool:
        return key in self._keys

    def add(self, key: int) -> None:
        """Add a key, and remove the oldest if there are too many."""
        self._keys[key] = None
        if len(self._keys) > self._most:
            del self._keys[next(iter(self._keys))]
