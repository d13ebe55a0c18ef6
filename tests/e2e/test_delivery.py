"""Messages reach the users, the groups and the rooms that they are sent to."""

from __future__ import annotations

from easemob_async import EasemobClient, Image, Text
from easemob_async.emulator import Emulator


async def test_who_receives_what(client: EasemobClient, emulator: Emulator) -> None:
    for name in ("ann", "bob", "eve"):
        emulator.add_user(name)
    group = (await client.chat_groups.create("g", owner="ann", members=["bob"])).group_id
    sent = await client.messages.send_to_users(["bob", "nobody"], Text("1"), sender="ann")
    assert set(sent.message_ids) == {"bob", "nobody"}
    await client.messages.send_to_groups([group], Image("http://f"), sender="ann")
    await client.messages.send_to_group_members(group, ["bob"], Text("3"))
    await client.messages.send_to_rooms(["77"], Text("4"), level="low")
    await client.messages.send_to_room_members("77", ["eve"], Text("5"))
    await client.messages.send_legacy(["eve"], Text("6"))
    ids = await client.messages.send_legacy(["eve"], Text("7"), return_message_ids=True)
    assert ids["eve"].isdigit()
    assert [m["body"] for m in emulator.received("bob")] == [
        {"msg": "1"},
        {"url": "http://f"},
        {"msg": "3"},
    ]
    assert [m["body"]["msg"] for m in emulator.received("eve")] == ["5", "6", "7"]
    assert not emulator.received("ann")  # the sender does not get her own message
    assert len(emulator.received("77")) == 2
    assert emulator.received("bob")[0]["id"] == sent.message_ids["bob"]
