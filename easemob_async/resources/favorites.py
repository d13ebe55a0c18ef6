"""Favorites: content that users saved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import attrs

from easemob_async import api_limits, checks
from easemob_async.models.favorites import Favorite, NewFavorite
from easemob_async.models.pages import Page, Paginator, Sort
from easemob_async.operation import Operation, QueryValue
from easemob_async.outcomes import BatchOutcome, BatchResult
from easemob_async.resources.batches import in_parts, settled
from easemob_async.transport.transport import Transport

_USER: Final = "/users/{username}/collections"
# Without an id in the request the service makes a new one: a retry would save it twice.
_ADD: Final = Operation("favorites.add", "POST", _USER, "once")
_ADD_MANY: Final = Operation("favorites.add_many", "POST", "/collections", "safe")
_UPDATE: Final = Operation("favorites.update", "PUT", _USER + "/{favorite_id}", "safe")
_REMOVE_MANY: Final = Operation("favorites.remove_many", "DELETE", _USER, "once")
_LIST: Final = Operation("favorites.list", "GET", _USER, "safe")


class Favorites:
    """The favorites of users: content that they saved."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def add(
        self,
        username: str,
        data: str,
        *,
        type: int,  # noqa: A002 - the service's word
        favorite_id: str | None = None,
        ext: str | None = None,
    ) -> Favorite:
        """Add a favorite for a user.

        Args:
            username: the user.
            data: the content, at most 20 480 characters.
            type: the type of the content, a number that the app defines.
            favorite_id: the id of the favorite; the service makes one by default.
            ext: the app's own extension text, at most 1 024 characters.

        Source: favorites.add (user_collection_add_single.md)
        """
        body: dict[str, Any] = {
            "data": checks.text(_ADD.id, "data", data, most=api_limits.FAVORITE_LENGTH),
            "type": checks.number(_ADD.id, "type", type, least=-(2**31), most=2**31 - 1),
        }
        if favorite_id is not None:
            body["id"] = checks.reference(_ADD.id, "favorite_id", favorite_id)
        if ext is not None:
            body["ext"] = checks.text(_ADD.id, "ext", ext, most=api_limits.FAVORITE_EXT_LENGTH)
        answer = await self._transport.call(_ADD, username, json=body)
        return answer.read(Favorite, "collection")

    async def add_many(
        self, username: str, favorites: Iterable[NewFavorite]
    ) -> BatchResult[Favorite]:
        """Add any number of favorites for a user, 20 per call.

        Returns:
            An outcome for each favorite, by its id.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: favorites.add_many (user_collection_add_batch.md)
        """
        name = checks.reference(_ADD_MANY.id, "username", username)
        given = checks.items(_ADD_MANY.id, "favorites", favorites, NewFavorite)
        rows = [_row(favorite) for favorite in given]
        if not rows:
            raise checks.fail(_ADD_MANY.id, "favorites is empty; name at least one")
        checks.no_duplicates(_ADD_MANY.id, "favorite_id", [row["id"] for row in rows])

        async def settle(part: Sequence[dict[str, Any]]) -> Iterable[BatchOutcome[Favorite]]:
            body = {"collections": part, "username": name}
            answer = await self._transport.call(_ADD_MANY, json=body, about=name)
            saved = answer.read(tuple[Favorite, ...], "collections")
            by_id = {favorite.favorite_id: favorite for favorite in saved}
            return settled(answer, [row["id"] for row in part], by_id)

        return await in_parts(checks.chunks(rows, api_limits.FAVORITES_PER_CALL), settle)

    async def update(self, username: str, favorite_id: str, *, ext: str) -> Favorite:
        """Change the extension text of a favorite; an empty text removes it.

        Source: favorites.update (user_collection_ext_modify.md)
        """
        text = checks.text(_UPDATE.id, "ext", ext, most=api_limits.FAVORITE_EXT_LENGTH)
        answer = await self._transport.call(_UPDATE, username, favorite_id, json={"ext": text})
        return answer.read(Favorite, "collection")

    async def remove_many(self, username: str, favorite_ids: Iterable[str]) -> BatchResult[None]:
        """Remove any number of favorites, 20 per call; a call removes all of its favorites or none.

        Raises:
            EasemobError: a whole call failed, for example because a favorite does not exist;
                ``partial`` holds the outcomes settled before it.

        Source: favorites.remove_many (user_collection_delete.md)
        """

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[None]]:
            body = {"collection_ids": part}
            answer = await self._transport.call(_REMOVE_MANY, username, json=body)
            answer.confirm("result")
            return [BatchOutcome(favorite_id) for favorite_id in part]

        ids = checks.references(_REMOVE_MANY.id, "favorite_ids", favorite_ids)
        return await in_parts(checks.chunks(ids, api_limits.FAVORITES_PER_CALL), settle)

    def list(
        self,
        username: str,
        *,
        begin_time: datetime | None = None,
        end_time: datetime | None = None,
        sort: Sort | str | None = None,
        type: int | None = None,  # noqa: A002 - the service's word
        limit: int | None = None,
        favorite_id: str | None = None,
    ) -> Paginator[Favorite]:
        """List the favorites of a user.

        Args:
            username: the user.
            begin_time: only favorites that were saved at this time or later (aware).
            end_time: only favorites that were saved at this time or earlier (aware).
            sort: the order, by the time of saving; the latest first by default.
            type: only favorites of this type.
            limit: favorites per page, 2 to 200; 200 by default.
            favorite_id: the favorite to start from, itself included; the times are then ignored.

        Source: favorites.list (user_collection_get.md)
        """
        size = checks.page_size(_LIST.id, limit, api_limits.FAVORITES_PER_PAGE)
        checks.number(_LIST.id, "limit", size, least=2)  # with 1 the next page is the same again
        order = checks.member(_LIST.id, "direction", Sort, sort)
        begin = checks.milliseconds(_LIST.id, "begin_time", begin_time)
        end = checks.milliseconds(_LIST.id, "end_time", end_time)
        if type is not None:
            checks.number(_LIST.id, "type", type, least=-(2**31), most=2**31 - 1)
        if favorite_id is not None:
            favorite_id = checks.reference(_LIST.id, "favorite_id", favorite_id)

        async def load(anchor: str | None, seen: frozenset[str]) -> Page[Favorite]:
            query: dict[str, QueryValue] = {
                "begin_time": begin,
                "end_time": end,
                "direction": order,
                "type": type,
                "limit": size,
                "collection_id": anchor,
            }
            answer = await self._transport.call(_LIST, username, query=query)
            found: Sequence[Favorite] = answer.read(tuple[Favorite, ...], "collections")
            # The favorite that a further page starts from is part of that page again.
            new = tuple(favorite for favorite in found if favorite.favorite_id not in seen)
            if answer.count("collections") < size or not new:
                return Page(new)
            last = new[-1].favorite_id
            return attrs.evolve(Page(new), fetch_next=lambda: load(last, frozenset((last,))))

        return Paginator(lambda: load(favorite_id, frozenset()))


def _row(favorite: NewFavorite) -> dict[str, Any]:
    operation = _ADD_MANY.id
    return {
        "id": checks.reference(operation, "favorite_id", favorite.favorite_id),
        "type": checks.number(operation, "type", favorite.type, least=-(2**31), most=2**31 - 1),
        "data": checks.text(operation, "data", favorite.data, most=api_limits.FAVORITE_LENGTH),
        "ext": checks.text(operation, "ext", favorite.ext, most=api_limits.FAVORITE_EXT_LENGTH),
        "createdAt": checks.milliseconds(operation, "created", favorite.created),
    }
