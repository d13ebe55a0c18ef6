"""Attributes of users."""

from __future__ import annotations

import pytest

from easemob_async import PermissionDeniedError
from tests.conftest import Against
from tests.resources.stories import every_operation
from tests.servers import Reply


async def test_every_operation_end_to_end() -> None:
    async with every_operation("user_attributes") as (c, _):
        assert await c.user_attributes.set("ann", {"nickname": "Änn & co", "k": "1"}) == {
            "nickname": "Änn & co",
            "k": "1",
        }
        assert (await c.user_attributes.get("ann"))["nickname"] == "Änn & co"
        many = await c.user_attributes.get_many(["ann", "nobody"], keys=["k"])
        assert many.succeeded == {"ann": {"k": "1"}, "nobody": {}}
        assert await c.user_attributes.get_capacity() > 10
        with pytest.raises(PermissionDeniedError, match="exceeds the user defined limit"):
            await c.user_attributes.set("ann", {"k": "x" * 3000})
        await c.user_attributes.delete("ann")
        assert await c.user_attributes.get("ann") == {}


async def test_a_null_costs_itself_alone(against: Against) -> None:
    async with against(lambda _: Reply(body={"data": {"k": "v", "n": None}}), token="t") as (
        client,
        _,
    ):
        assert await client.user_attributes.get("ann") == {"k": "v"}


async def test_a_result_is_found_under_the_name_that_was_asked_for(against: Against) -> None:
    body = {"data": {"ann": {"k": "1"}, "bob": {"k": "2"}}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        found = await client.user_attributes.get_many(["Ann", "BOB"], keys=["k"])
    assert found.succeeded == {"Ann": {"k": "1"}, "BOB": {"k": "2"}}
