"""Handlers of favorites.*."""

from __future__ import annotations

import uuid
from typing import Any

from easemob_async import api_limits
from easemob_async.emulator.refusal import JSON, Refusal, illegal_argument
from easemob_async.emulator.routes import Call, as_number, routes
from easemob_async.emulator.state import User

# ---------------------------------------------------------------- favorites


def _keeper(call: Call, name: JSON = None) -> User:
    name = name or call.params.get("username")
    user = call.state.users.get(name) if isinstance(name, str) else None
    if user is None:
        raise illegal_argument(f"username {name} is not legal")
    return user


def _save(call: Call, user: User, row: JSON) -> dict[str, JSON]:
    if not isinstance(row, dict):
        raise illegal_argument("collection is not legal")  # open: the text, here and below
    data, ext, now = row.get("data"), row.get("ext"), call.state.milliseconds()
    if not isinstance(data, str) or len(data) > api_limits.FAVORITE_LENGTH:
        raise illegal_argument("data is not legal")
    if ext is not None and len(str(ext)) > api_limits.FAVORITE_EXT_LENGTH:
        raise illegal_argument("ext is not legal")
    if row.get("type") is not None and as_number(row["type"]) is None:
        raise illegal_argument("type is not legal")
    created = as_number(row.get("createdAt", now))
    if created is None:
        raise illegal_argument("createdAt is not legal")
    favorite: dict[str, JSON] = {
        "id": str(row.get("id") or uuid.uuid4()),
        "type": row.get("type"),
        "data": data,
        "ext": ext,
        "createdAt": created,
        "updatedAt": now,
    }
    user.favorites[favorite["id"]] = favorite
    return favorite


@routes.add("POST", "/users/{username}/collections", envelope=False)
def add_favorite(call: Call) -> dict[str, JSON]:
    """Handle favorites.add."""
    return {"collection": _save(call, _keeper(call), call.object())}


@routes.add("POST", "/collections", envelope=False)
def add_favorites(call: Call) -> dict[str, JSON]:
    """Handle favorites.add_many; the user is in the body."""
    body = call.object()
    user, rows = _keeper(call, body.get("username") or "?"), body.get("collections")
    if not isinstance(rows, list) or not 1 <= len(rows) <= api_limits.FAVORITES_PER_CALL:
        raise illegal_argument("collections is not legal")  # open: the text
    return {"collections": [_save(call, user, row) for row in rows]}


@routes.add("PUT", "/users/{username}/collections/{favorite_id}", envelope=False)
def update_favorite(call: Call) -> dict[str, JSON]:
    """Handle favorites.update: only the extension."""
    favorite = _keeper(call).favorites.get(call.params["favorite_id"])
    if favorite is None:
        raise Refusal(400, None, "user collection not found")
    favorite["ext"] = call.object().get("ext") or None
    favorite["updatedAt"] = call.state.milliseconds()
    return {"collection": favorite}


@routes.add("DELETE", "/users/{username}/collections", envelope=False)
def remove_favorites(call: Call) -> dict[str, JSON]:
    """Handle favorites.remove_many."""
    user = _keeper(call)
    too_many = illegal_argument("collection_ids is not legal")  # open: the text
    ids = call.names("collection_ids", most=api_limits.FAVORITES_PER_CALL, too_many=too_many)
    if any(favorite_id not in user.favorites for favorite_id in ids):
        raise Refusal(400, None, "user collection not found")
    for favorite_id in ids:
        del user.favorites[favorite_id]
    return {"result": True}


@routes.add("GET", "/users/{username}/collections", envelope=False)
def list_favorites(call: Call) -> dict[str, JSON]:
    """Handle favorites.list, from a time on, or from a favorite on, which is included."""
    user, query = _keeper(call), call.query
    direction = query.get("direction", "desc")
    if direction not in ("desc", "asc"):
        raise illegal_argument("direction should be desc or asc")
    most = api_limits.FAVORITES_PER_PAGE
    call.refuse_above("limit", most, illegal_argument("limit should be less than 200"))
    size = call.whole_number("limit", 100, most)
    rows: list[dict[str, Any]] = sorted(user.favorites.values(), key=lambda f: f["createdAt"])
    if direction == "desc":
        rows = rows[::-1]
    anchor = query.get("collection_id")
    if anchor:
        if anchor not in user.favorites:
            raise Refusal(400, None, "user collection not found")
        rows = rows[[row["id"] for row in rows].index(anchor) :]
    else:
        begin = call.whole_number("begin_time", 0, 10**19, least=0)
        end = call.whole_number("end_time", 10**19, 10**19, least=0)
        rows = [row for row in rows if begin <= row["createdAt"] <= end]
    if "type" in query:
        rows = [row for row in rows if str(row["type"]) == query["type"]]
    return {"collections": rows[:size]}
