"""Mutes of a user everywhere."""

from __future__ import annotations

from datetime import timedelta

from easemob_async import FOREVER
from tests.resources.stories import HOUR, every_operation


async def test_every_operation_end_to_end() -> None:
    async with every_operation("mutes") as (c, _):
        await c.mutes.set("ann", chat=HOUR, group_chat=FOREVER)
        status = await c.mutes.get("ann")
        assert (status.chat, status.group_chat, status.chat_room) == (HOUR, FOREVER, timedelta(0))
        await c.mutes.lift("ann", group_chat=False, chat_room=False)
        assert [(m.username, m.chat) async for m in c.mutes.list() if m.chat is not None] == [
            ("ann", timedelta(0))
        ]
