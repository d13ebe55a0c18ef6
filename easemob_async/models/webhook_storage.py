"""Webhook posts that failed and that the service has stored."""

from __future__ import annotations

import attrs

from easemob_async.wire.fields import wire


@attrs.frozen
class StoredWebhooks:
    """Webhooks of ten minutes that failed and were stored."""

    date: str
    """The key of the set, ``"202109091440"``: pass it back as it is."""
    size: int
    """How many there are."""
    retries: int = wire("retry", default=0)
    """How often they were delivered again so far."""


@attrs.frozen
class ReplayedWebhooks:
    """What became of asking for a stored set again."""

    date: str
    """The key of the set."""
    size: int
    """How many there are."""
    error: str | None = None
    """The service's no; ``None`` when it took the request."""
