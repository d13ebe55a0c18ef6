"""Reactions to messages."""

from __future__ import annotations

import pytest

from easemob_async import ConflictError, EasemobClient, InvalidArgumentError, Text
from tests.resources.stories import every_operation


async def test_every_operation_end_to_end() -> None:
    async with every_operation("reactions") as (c, em):
        for text in "abc":
            await c.messages.send_to_users(["ann"], Text(text), sender="eve")
        kept = [message["id"] for message in em.received("ann")]
        await c.reactions.add("ann", kept[0], "smile")
        with pytest.raises(ConflictError, match="already operation"):
            await c.reactions.add("ann", kept[0], "smile")
        page = await c.reactions.get("ann", kept[0], "smile")
        assert (list(page.items), page.has_more) == (["ann"], False)
        (found,) = [r async for r in c.reactions.list("ann", kept, chat_type="chat")]
        assert found.reactions[0].reacted
        await c.reactions.remove("ann", kept[0], "smile")
        assert [r async for r in c.reactions.list("ann", kept, chat_type="chat")] == []


async def test_an_id_with_a_comma_is_refused(unconnected: EasemobClient) -> None:
    with pytest.raises(InvalidArgumentError, match="comma"):
        await unconnected.reactions.list("ann", ["1,2"], chat_type="chat")
