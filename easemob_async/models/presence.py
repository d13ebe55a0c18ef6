"""Presence of users, and subscriptions to it."""

from __future__ import annotations

import attrs

from easemob_async.models.pages import Page
from easemob_async.wire.decoding import structure
from easemob_async.wire.fields import Id, Seconds, wire


def _status(value: object) -> dict[str, str]:
    """Return the status of each device; the service prints an empty list for a user without any."""
    found: dict[str, str] = {} if value == [] else structure(value, dict[str, str])
    return found


@attrs.frozen
class Presence:
    """A user's presence."""

    username: Id = wire("uid")
    """The username."""
    last_time: Seconds | None = None
    """The time when the user was last online."""
    ext: str | None = None
    """The extension data that the user's app published with the presence."""
    status: dict[str, str] = wire("status", default=attrs.Factory(dict), read=_status)
    """The status of each device: ``"0"`` offline, ``"1"`` online; other values are custom."""
    expires_at: Seconds | None = wire("expiry", default=None)
    """The end of the subscription; only in the answer to `presence.subscribe`."""


@attrs.frozen
class PresenceSubscription:
    """A subscription to a user's presence."""

    username: Id = wire("uid")
    """The user whose presence is subscribed to."""
    expires_at: Seconds | None = wire("expiry", default=None)
    """The end of the subscription."""


@attrs.frozen
class PresenceSubscriptionsPage(Page[PresenceSubscription]):
    """A page of subscriptions."""

    total: int | None = None
    """The number of all subscriptions."""
