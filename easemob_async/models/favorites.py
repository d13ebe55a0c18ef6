"""Favorites of users."""

from __future__ import annotations

from datetime import datetime

import attrs

from easemob_async.wire.fields import wire


@attrs.frozen(kw_only=True)
class NewFavorite:
    """A favorite to save."""

    favorite_id: str
    """Its id."""
    data: str
    """Its content, at most 20 480 characters."""
    type: int
    """Its type, of the app's own numbering."""
    ext: str
    """An extension, at most 1 024 characters."""
    created: datetime
    """When it was saved (aware)."""


@attrs.frozen
class Favorite:
    """Something that a user saved."""

    favorite_id: str = wire("id")
    """Its id."""
    type: int | None = None
    """Its type, of the app's own numbering."""
    data: str | None = None
    """Its content."""
    ext: str | None = None
    """Its extension."""
    created: datetime | None = wire("createdAt", default=None)
    """When it was saved; the unit is not documented: read as milliseconds."""
    updated: datetime | None = wire("updatedAt", default=None)
    """When it was last changed."""
