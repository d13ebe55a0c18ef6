"""Conversations of users."""

from __future__ import annotations

from easemob_async import Text
from tests.resources.stories import every_operation


async def test_every_operation_end_to_end() -> None:
    async with every_operation("conversations") as (c, em):
        for sender in ("eve", "bob"):
            await c.messages.send_to_users(["ann"], Text("x"), sender=sender)
        await c.conversations.delete("ann", "eve", chat_type="chat", delete_roaming=True)
        assert [message["from"] for message in em.received("ann")] == ["bob"]
