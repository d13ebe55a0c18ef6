"""The calls of the operations on favorites."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from easemob_async import NewFavorite
from tests.contract.example import Call


def favorite(row: Mapping[str, Any]) -> NewFavorite:
    """Return a row of a request as a favorite."""
    return NewFavorite(
        favorite_id=row["id"],
        data=row["data"],
        type=row["type"],
        ext=row["ext"],
        created=datetime.fromtimestamp(row["createdAt"] / 1000, UTC),
    )


CALLS: Mapping[str, Call] = {
    "favorites.add": lambda c, e: c.favorites.add(
        e.username, e.body["data"], type=e.body["type"], favorite_id=e.body["id"], ext=e.body["ext"]
    ),
    "favorites.add_many": lambda c, e: c.favorites.add_many(
        e.body["username"], [favorite(row) for row in e.body["collections"]]
    ),
    "favorites.update": lambda c, e: c.favorites.update(
        e.username, e.path["collectionId"], ext=e.body["ext"]
    ),
    "favorites.remove_many": lambda c, e: c.favorites.remove_many(
        e.username, e.body["collection_ids"]
    ),
    "favorites.list": lambda c, e: c.favorites.list(
        e.username, sort=e.query.get("direction")
    ).page(),
}
