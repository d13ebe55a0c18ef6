"""The events that operations cause: every one of a known kind."""

from __future__ import annotations

from typing import Any

from easemob_async import FOREVER, EasemobClient, Text
from easemob_async.emulator import Emulator
from easemob_async.webhooks import GroupMemberJoined
from tests.emulator.webhook_server import bot, settled


async def test_what_operations_cause_is_posted_and_every_post_is_a_known_event(
    emulator: Emulator, client: EasemobClient
) -> None:
    for name in ("ann", "bob", "cid", "bot"):
        emulator.add_user(name)
    async with bot(emulator) as (receiver, events):
        emulator.log_in("ann")
        emulator.log_out("ann")
        emulator.log_in("bob", "ios_1")
        await client.users.disconnect("bob")
        sent = await client.messages.send_to_users(["ann"], Text("hi"), sender="bob")
        message_id = sent.message_ids["ann"]
        await client.messages.update(message_id, Text("ho"))
        await client.reactions.add("ann", message_id, ":)")
        await client.reactions.remove("ann", message_id, ":)")
        await client.messages.recall(message_id, target="ann", chat_type="chat")
        await client.contacts.add("ann", "bob")
        await client.contacts.remove("ann", "bob")
        await client.contacts.blocklist.add_many("ann", ["bob"])
        await client.contacts.blocklist.remove("ann", "bob")
        group = await client.chat_groups.create("g", owner="ann", members=["bob"], public=True)
        in_group = await client.messages.send_to_groups([group.group_id], Text("hi"), sender="ann")
        thread = await client.threads.create(
            "t",
            group_id=group.group_id,
            message_id=in_group.message_ids[group.group_id],
            owner="ann",
        )
        await client.messages.send_to_groups([thread.thread_id], Text("in it"), sender="ann")
        room = await client.chat_rooms.create("r", description="d", owner="ann", members=["bob"])
        await client.messages.send_to_rooms([room.room_id], Text("hi"), sender="ann")
        await client.chat_rooms.super_admins.add("ann")
        await client.chat_rooms.super_admins.remove("ann")
        uploaded = await client.chat_groups.files.upload(group.group_id, b"x", filename="a.txt")
        await client.chat_groups.files.delete(group.group_id, uploaded.file_id)
        await client.chat_groups.ban(group.group_id)
        await client.chat_groups.unban(group.group_id)
        for places, place in (
            (client.chat_groups, group.group_id),
            (client.chat_rooms, room.room_id),
        ):
            owned: Any = places
            await owned.members.add_many(place, ["cid", "bot"])
            await owned.admins.add(place, "cid")
            await owned.admins.remove(place, "cid")
            await owned.mutes.mute_all(place)
            await owned.mutes.unmute_all(place)
            await owned.mutes.add_many(place, ["cid"], duration=FOREVER)
            await owned.mutes.remove_many(place, ["cid"])
            await owned.allowlist.add(place, "cid")
            await owned.allowlist.remove_many(place, ["cid"])
            await owned.announcement.update(place, "news")
            await owned.update(place, name="new")
            await owned.members.remove(place, "bot")
            await owned.blocklist.add(place, "cid")
            await owned.blocklist.remove_many(place, ["cid"])
            await owned.transfer_owner(place, "bob")
            await owned.delete(place)
        await settled(emulator, receiver)
    kinds = {event.kind for event in events}
    assert "unknown" not in kinds
    assert receiver.counts.dropped == {}
    assert kinds == {
        *("user.login", "user.logout", "user.replaced"),
        *("chat.message", "chat.message_offline", "group.message", "group.message_offline"),
        *("chatroom.message", "message.edited", "message.recalled", "message.reaction_changed"),
        *("thread.message_updated", "contact.requested", "contact.removed", "contact.blocked"),
        *("contact.unblocked", "group.member_joined_by_invite"),
        *("chatroom.superadmin_added", "chatroom.superadmin_removed", "group.ban_changed"),
        *("group.shared_file_uploaded", "group.shared_file_deleted"),
        *(
            f"{place}.{what}"
            for place in ("group", "chatroom")
            for what in (
                *("created", "deleted", "info_updated", "owner_changed", "announcement_updated"),
                *("mute_all_changed", "member_joined", "member_kicked", "member_left_blocked"),
                *("member_left_deleted", "admin_added", "admin_removed", "member_muted"),
                *("member_unmuted", "allowlist_added", "allowlist_removed", "blocklist_added"),
                "blocklist_removed",
            )
        ),
    }


async def test_a_group_with_members_reports_who_joined(
    emulator: Emulator, client: EasemobClient
) -> None:
    for name in ("ann", "bob"):
        emulator.add_user(name)
    async with bot(emulator) as (receiver, events):
        group = await client.chat_groups.create("g", owner="ann", members=["bob"], public=True)
        await settled(emulator, receiver)
    joined = [event for event in events if isinstance(event, GroupMemberJoined)]
    assert [(event.group_id, event.usernames, event.member_count) for event in joined] == [
        (group.group_id, ("bob",), 2)
    ]
