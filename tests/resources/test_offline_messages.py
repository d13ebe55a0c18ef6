"""Messages for users who are offline."""

from __future__ import annotations

from easemob_async import Text
from tests.conftest import Against
from tests.resources.stories import every_operation
from tests.servers import Reply


async def test_every_operation_end_to_end() -> None:
    async with every_operation("offline_messages") as (c, _):
        sent = await c.messages.send_to_users(["eve"], Text("x"))
        assert await c.offline_messages.get_count("eve") == 1
        assert await c.offline_messages.get_status("eve", sent.message_ids["eve"]) == "undelivered"


async def test_a_null_costs_itself_alone(against: Against) -> None:
    async with against(lambda _: Reply(body={"data": {"ann": 3, "other": None}}), token="t") as (
        client,
        _,
    ):
        assert await client.offline_messages.get_count("ann") == 3
