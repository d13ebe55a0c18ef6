"""Messages that are imported from another service."""

from __future__ import annotations

from datetime import UTC, datetime

from easemob_async import Image, Text
from tests.resources.stories import every_operation


async def test_every_operation_end_to_end() -> None:
    async with every_operation("message_imports") as (c, em):
        imported = await c.message_imports.create_user_message(
            "ann", Text("old"), sender="bob", sent_at=datetime(2020, 1, 1, tzinfo=UTC)
        )
        assert em.received("ann")[0]["id"] == imported.message_id
        group = await c.chat_groups.create("g", owner="ann", members=["bob"])
        imported = await c.message_imports.create_group_message(
            group.group_id, Image("https://x/y.png"), sender="ann", need_download=True
        )
        assert em.received("bob")[0]["id"] == imported.message_id
