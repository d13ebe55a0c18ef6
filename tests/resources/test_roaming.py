"""Deletion of roaming messages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from easemob_async import EasemobClient, InvalidArgumentError, Text
from tests.resources.stories import every_operation


async def test_every_operation_end_to_end() -> None:
    async with every_operation("roaming") as (c, em):
        for text in "abc":
            await c.messages.send_to_users(["ann"], Text(text), sender="eve")
        kept = [message["id"] for message in em.received("ann")]
        await c.roaming.delete_chat_messages("ann", "eve", [kept[0]])
        assert [m["id"] for m in em.received("ann")] == kept[1:]
        await c.roaming.delete_chat_messages_before("ann", "eve", before=datetime.now(UTC))
        assert em.received("ann") == []
        group = await c.chat_groups.create("g", owner="ann", members=["bob"])
        for text in "ab":
            await c.messages.send_to_groups([group.group_id], Text(text), sender="eve")
        ids_of_bob = [m["id"] for m in em.received("bob")]
        await c.roaming.delete_group_messages("bob", group.group_id, ids_of_bob[:1])
        assert [m["id"] for m in em.received("bob")] == ids_of_bob[1:]
        await c.roaming.delete_group_messages_before(
            "bob", group.group_id, before=datetime.now(UTC)
        )
        assert em.received("bob") == []
        await c.roaming.delete_all("ann")
        assert em.received("ann") == []


async def test_an_id_with_a_comma_is_refused(unconnected: EasemobClient) -> None:
    with pytest.raises(InvalidArgumentError, match="comma"):
        await unconnected.roaming.delete_chat_messages("ann", "bob", ["1,2"])
