"""Failed webhook posts that the service has stored."""

from __future__ import annotations

import attrs

from easemob_async.wire.fields import wire


@attrs.frozen
class StoredWebhooks:
    """A set of failed webhook posts from ten minutes, stored by the service."""

    date: str
    """The key of the set, e.g. ``"202109091440"``; pass it back unchanged."""
    size: int
    """The number of posts."""
    retries: int = wire("retry", default=0)
    """The number of times that the set was posted again."""


@attrs.frozen
class ReplayedWebhooks:
    """The result of a request to post a stored set again."""

    date: str
    """The key of the set."""
    size: int
    """The number of posts."""
    error: str | None = None
    """The reason of a refusal; ``None`` if the service accepted the request."""
