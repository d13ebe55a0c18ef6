"""Messages over several resources: sent, reacted to, updated, deleted and imported."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from easemob_async import ConflictError, EasemobClient, Image, Recall, Text
from easemob_async.emulator import Emulator


@pytest.fixture
async def group_id(client: EasemobClient, emulator: Emulator) -> str:
    """Return a group of ann and bob."""
    for name in ("ann", "bob", "eve", "joe"):
        emulator.add_user(name)
    return (await client.chat_groups.create("g", owner="ann", members=["bob"])).group_id


async def test_messages_between_two_users(
    client: EasemobClient, emulator: Emulator, group_id: str
) -> None:
    c, em = client, emulator
    ids = (await c.messages.send_to_users(["ann", "bob"], Text("x"), sender="eve")).message_ids
    await c.messages.update(ids["ann"], Text("y"), ext={"k": 1}, merge_ext=False)
    assert em.received("ann")[0]["body"] == {"msg": "y"}
    assert (await c.messages.recall(ids["ann"], target="ann", chat_type="chat")).message_id == ids[
        "ann"
    ]
    assert em.received("ann") == []
    again = Recall(message_id=ids["ann"], target="ann", chat_type="chat")
    other = Recall(message_id=ids["bob"], target="bob", chat_type="chat")
    assert (await c.messages.recall_many([again, other])).failed == {ids["ann"]: "not_found msg"}
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
    await c.roaming.delete_chat_messages("ann", "eve", [kept[0]])
    assert [m["id"] for m in em.received("ann")] == kept[1:]
    await c.roaming.delete_chat_messages_before("ann", "eve", before=datetime.now(UTC))
    assert em.received("ann") == []
    await c.roaming.delete_all("ann")
    await c.conversations.delete("ann", "eve", chat_type="chat", delete_roaming=True)
    imported = await c.message_imports.create_user_message(
        "ann", Text("old"), sender="bob", sent_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    assert em.received("ann")[0]["id"] == imported.message_id


async def test_messages_of_a_group(
    client: EasemobClient, emulator: Emulator, group_id: str
) -> None:
    c, em = client, emulator
    for text in "ab":
        await c.messages.send_to_groups([group_id], Text(text), sender="eve")
    ids_of_bob = [m["id"] for m in em.received("bob")]
    await c.roaming.delete_group_messages("bob", group_id, ids_of_bob[:1])
    await c.roaming.delete_group_messages_before("bob", group_id, before=datetime.now(UTC))
    assert em.received("bob") == []
    await c.message_imports.create_group_message(
        group_id, Image("https://x/y.png"), sender="ann", need_download=True
    )
    assert len(em.received("bob")) == 1
