"""Threads of groups."""

from __future__ import annotations

import pytest

from easemob_async import PermissionDeniedError, Text
from tests.resources.stories import every_operation


async def test_every_operation_end_to_end() -> None:
    async with every_operation("threads") as (c, em):
        group = await c.chat_groups.create("g", owner="ann", members=["bob", "eve"])
        sent = await c.messages.send_to_groups([group.group_id], Text("x"), sender="ann")
        where = {"group_id": group.group_id, "message_id": sent.message_ids[group.group_id]}
        made = await c.threads.create("talk", **where, owner="bob")
        with pytest.raises(PermissionDeniedError, match="already create thread"):
            await c.threads.create("again", **where, owner="bob")
        await c.threads.update(made.thread_id, "chat")
        assert (await c.threads.members.add_many(made.thread_id, ["eve"])).ok
        assert [n async for n in c.threads.members.list(made.thread_id, limit=1)] == ["bob", "eve"]
        (thread,) = [t async for t in c.threads.list_joined("eve")]
        assert (thread.name, thread.owner) == ("chat", "bob")
        assert [t.thread_id async for t in c.threads.list_joined_in_group(group.group_id, "bob")]
        assert [t.thread_id async for t in c.threads.list(sort="asc")] == [made.thread_id]
        assert (await c.threads.members.remove_many(made.thread_id, ["eve", "joe"])).failed
        await c.chat_groups.members.remove(group.group_id, "bob")  # leaves its threads as well
        assert [n async for n in c.threads.members.list(made.thread_id)] == []
        await c.threads.delete(made.thread_id)
        em.state.switched_off = frozenset({"threads"})
        with pytest.raises(PermissionDeniedError, match="thread not open"):
            await c.threads.list()
