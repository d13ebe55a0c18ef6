"""Conversations of users."""

from __future__ import annotations

from easemob_async import Text
from tests.resources.stories import every_operation


async def test_every_operation_end_to_end() -> None:
    async with every_operation("conversations") as (c, em):
        for sender in ("eve", "bob"):
            await c.messages.send_to_users(["ann"], Text("x"), sender=sender)
        group = await c.chat_groups.create("g", owner="eve", members=["ann"])
        await c.messages.send_to_groups([group.group_id], Text("x"), sender="eve")
        found = [one async for one in c.conversations.list("ann")]
        names = [f"{group.group_id}@conference.easemob.com", "bob@easemob.com", "eve@easemob.com"]
        assert [one.channel_id for one in found] == names
        assert [(one.unread, one.pinned, one.pinned_at) for one in found] == [(1, False, None)] * 3
        last = found[1].last_message
        assert last is not None
        assert last.message_id == em.received("ann")[1]["id"]
        await c.conversations.delete("ann", "eve", chat_type="chat", delete_roaming=True)
        assert [message["from"] for message in em.received("ann")] == ["bob", "eve"]
        left = [one.channel_id async for one in c.conversations.list("ann")]
        assert left == names[:2]
