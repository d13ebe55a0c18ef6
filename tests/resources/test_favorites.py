"""Favorites of users."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from easemob_async import EasemobClient, InvalidArgumentError, NewFavorite
from tests.resources.stories import HOUR, every_operation


async def test_every_operation_end_to_end() -> None:
    async with every_operation("favorites") as (c, _):
        one = await c.favorites.add("ann", "text", type=1)
        now = datetime.now(UTC)
        new = [
            NewFavorite(favorite_id=f"f{n}", data="d", type=2, ext="", created=now + n * HOUR)
            for n in range(25)
        ]
        assert (await c.favorites.add_many("ann", new)).ok
        assert len([f async for f in c.favorites.list("ann", limit=4, type=2)]) == 25
        assert (await c.favorites.update("ann", one.favorite_id, ext="e")).ext == "e"
        assert (await c.favorites.remove_many("ann", [one.favorite_id, "f1"])).ok


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.favorites.add_many("ann", ["x"]),
        lambda c: c.favorites.add("ann", "x", type="x"),
    ],
)
async def test_bad_input_is_a_clear_error_before_any_io(
    unconnected: EasemobClient, call: Callable[[EasemobClient], Awaitable[object]]
) -> None:
    with pytest.raises(InvalidArgumentError):
        await call(unconnected)
