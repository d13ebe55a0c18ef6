"""AI robots."""

from __future__ import annotations

import pytest

from easemob_async import EasemobClient, InvalidArgumentError, RobotProvider
from tests.resources.stories import every_operation


async def test_every_operation_end_to_end() -> None:
    async with every_operation("robots") as (c, emulator):
        assert (await c.robots.list()).items == ()
        for number in range(25):
            emulator.add_robot(f"robot {number}", username="bob")
        page = await c.robots.list()
        assert (len(page.items), page.has_more, page.total) == (20, True, 25)  # type: ignore[attr-defined]
        robots = [robot async for robot in c.robots.list(limit=10)]
        assert [robot.name for robot in robots] == [f"robot {number}" for number in range(25)]
        assert (robots[0].usernames, robots[0].provider) == (("bob",), RobotProvider.MINIMAX)
        assert robots[0].created is not None


async def test_a_page_has_at_most_20_robots(unconnected: EasemobClient) -> None:
    with pytest.raises(InvalidArgumentError):
        unconnected.robots.list(limit=21)
