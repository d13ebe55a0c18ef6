"""Presence of users."""

from __future__ import annotations

import attrs

from easemob_async.models.pages import Page
from easemob_async.wire.fields import Id, Seconds, wire


@attrs.frozen
class Presence:
    """What a user shows of being there, on each device."""

    username: Id = wire("uid")
    """The user."""
    last_time: Seconds | None = None
    """When the user was last online."""
    ext: str | None = None
    """What the user's app says beside it."""
    status: dict[str, str] = attrs.field(factory=dict)
    """The state of each device: ``"0"`` offline, ``"1"`` online, others are the app's own."""
    expires_at: Seconds | None = wire("expiry", default=None)
    """When the subscription ends, where one was made."""


@attrs.frozen
class PresenceSubscription:
    """Whose presence a user is told of."""

    username: Id = wire("uid")
    """The user who is watched."""
    expires_at: Seconds | None = wire("expiry", default=None)
    """When the subscription ends."""


@attrs.frozen
class PresenceSubscriptionsPage(Page[PresenceSubscription]):
    """A page of subscriptions."""

    total: int | None = None
    """How many there are in all."""
