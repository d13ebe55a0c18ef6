"""Favorites of users."""

from __future__ import annotations

from datetime import datetime

import attrs

from easemob_async.wire.fields import wire


@attrs.frozen(kw_only=True)
class NewFavorite:
    """A favorite to save."""

    favorite_id: str
    """The id of the favorite."""
    data: str
    """The content, at most 20 480 characters."""
    type: int
    """The type, a number that the app defines."""
    ext: str
    """The extension data, at most 1 024 characters."""
    created: datetime
    """The time of saving; an aware ``datetime``."""


@attrs.frozen
class Favorite:
    """A favorite of a user."""

    favorite_id: str = wire("id")
    """The id of the favorite."""
    type: int | None = None
    """The type, a number that the app defines."""
    data: str | None = None
    """The content."""
    ext: str | None = None
    """The extension data."""
    created: datetime | None = wire("createdAt", default=None)
    """The time of saving. Its unit is not documented; it is read as milliseconds."""
    updated: datetime | None = wire("updatedAt", default=None)
    """The time of the last change."""
