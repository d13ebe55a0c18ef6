"""Presence of users, and subscriptions to it."""

from __future__ import annotations

import pytest

from easemob_async import PresenceSubscriptionsPage
from tests.conftest import Against
from tests.resources.stories import HOUR, every_operation
from tests.servers import Reply


async def test_every_operation_end_to_end() -> None:
    async with every_operation("presence") as (c, em):
        await c.presence.set("bob", "android_1", status=7, ext="busy")
        (seen,) = await c.presence.subscribe("ann", ["bob"], duration=HOUR)
        assert (seen.status, seen.ext) == ({"android_1": "7"}, "busy")
        assert seen.expires_at is not None
        await c.presence.subscribe("ann", ["eve"], duration=HOUR)
        page = await c.presence.list_subscriptions("ann", limit=1)
        assert isinstance(page, PresenceSubscriptionsPage)
        assert page.total == 2
        assert [s.username async for s in c.presence.list_subscriptions("ann", limit=1)]
        bob = (await c.presence.get_many("ann", ["bob", "eve"]))["bob"].value
        assert bob is not None
        assert bob.ext == "busy"
        await c.presence.unsubscribe("ann", ["bob"])
        group = await c.chat_groups.create("g", owner="ann", members=["bob"])
        em.log_in("bob")
        assert await c.presence.get_group_online_count(group.group_id) == 1


@pytest.mark.parametrize(("given", "status"), [([], {}), ({"ios_1": "1"}, {"ios_1": "1"})])
async def test_an_empty_list_is_the_status_of_a_user_without_any(
    against: Against, given: object, status: object
) -> None:
    row = {"uid": "ann", "last_time": "0", "ext": "", "status": given}
    async with against(lambda _: Reply(body={"result": [row]}), token="t") as (client, _):
        found = (await client.presence.get_many("x", ["ann"]))["ann"].value
    assert found is not None
    assert found.status == status


async def test_a_result_is_found_under_the_name_that_was_asked_for(against: Against) -> None:
    row = {"uid": "ann", "last_time": "1", "expiry": "1", "ext": "", "status": {}}
    async with against(lambda _: Reply(body={"result": [row, row]}), token="t") as (client, _):
        found = await client.presence.get_many("x", ["Ann", "BOB"])
    assert [outcome.item for outcome in found] == ["Ann", "BOB"]
    assert found["Ann"].ok
