"""The events of REST calls: every event whose trigger names REST is posted, no other is."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

import attrs
import pytest

from easemob_async import FOREVER, EasemobClient, Recall, Text
from easemob_async.emulator import Emulator
from easemob_async.webhooks import (
    ContactEvent,
    ContactRequested,
    Event,
    GroupInfoUpdated,
    GroupMemberJoined,
    GroupMemberJoinedByInvite,
    MessageEvent,
    ThreadMessageUpdated,
)
from tests import facts_reader
from tests.emulator.caller import Caller
from tests.emulator.webhook_server import bot, settled

EVENTS: list[dict[str, Any]] = facts_reader.read("webhooks")["events"]
USERS = ("ann", "bob", "cid", "dan", "eve", "fay", "bot")
WORDS: Final = {"PASS": "maybe", "REJECT": "casino", "EXCHANGE": "darn"}
"""Disposition to the word of its word list."""


@attrs.frozen
class Scene:
    """What the calls are about: all of it exists before the webhook rule does."""

    group_id: str
    room_id: str
    message_id: str
    group_message_id: str
    thread_id: str
    thread_message_id: str
    file_id: str


async def prepare(emulator: Emulator, client: EasemobClient) -> Scene:
    """ann owns; bob is an admin, cid muted and allowed, dan a member, eve blocked, fay outside."""
    for name in USERS:
        emulator.add_user(name)
    emulator.log_in("bob", "ios_1")
    await client.contacts.add("ann", "bob")
    await client.contacts.blocklist.add_many("ann", ["cid"])
    names = ["bob", "cid", "dan", "eve"]
    group = await client.chat_groups.create("g", owner="ann", members=names, public=True)
    room = await client.chat_rooms.create("r", description="d", owner="ann", members=names)
    for places, place_id in (
        (client.chat_groups, group.group_id),
        (client.chat_rooms, room.room_id),
    ):
        owned: Any = places
        await owned.admins.add(place_id, "bob")
        await owned.mutes.add_many(place_id, ["cid"], duration=FOREVER)
        await owned.allowlist.add(place_id, "cid")
        await owned.blocklist.add(place_id, "eve")
    await client.chat_rooms.super_admins.add("bob")
    await client.chat_rooms.tags.set(room.room_id, "dan", ["t"])
    sent = await client.messages.send_to_users(["ann"], Text("hi"), sender="bob")
    in_group = await client.messages.send_to_groups([group.group_id], Text("hi"), sender="ann")
    root = in_group.message_ids[group.group_id]
    thread = await client.threads.create("t", group_id=group.group_id, message_id=root, owner="ann")
    thread_id = thread.thread_id
    for text in ("first", "second"):
        in_it = await client.messages.send_to_groups([thread_id], Text(text), sender="ann")
    await client.reactions.add("ann", root, ":)")
    uploaded = await client.chat_groups.files.upload(group.group_id, b"x", filename="a.txt")
    for disposition, word in WORDS.items():
        await client.moderation.word_lists.create(
            disposition, [word], scope="ALL", disposition=disposition
        )
    return Scene(
        group.group_id,
        room.room_id,
        sent.message_ids["ann"],
        root,
        thread_id,
        in_it.message_ids[thread_id],
        uploaded.file_id,
    )


Do = Callable[[EasemobClient, Scene], Awaitable[object]]
Calls = Mapping[str, Do]


def _recall(message_id: str, target: str, chat_type: str) -> Mapping[str, Any]:
    return {"message_id": message_id, "target": target, "chat_type": chat_type}


def of_places(place: str, resource: str) -> dict[str, Calls]:
    """The events that groups and rooms share, with the calls of one of the two."""

    def of(client: EasemobClient) -> Any:
        return getattr(client, resource)

    def at(scene: Scene) -> str:
        return scene.group_id if resource == "chat_groups" else scene.room_id

    options = {"public": True} if resource == "chat_groups" else {"description": "d"}
    create: Do = lambda c, s: of(c).create("new", owner="ann", members=["bob"], **options)  # noqa: E731
    delete: Do = lambda c, s: of(c).delete(at(s))  # noqa: E731

    async def unmute_all(c: EasemobClient, s: Scene) -> None:
        await of(c).mutes.mute_all(at(s))
        await of(c).mutes.unmute_all(at(s))

    calls: dict[str, Calls] = {
        "created": {"create": create},
        "deleted": {"delete": delete},
        "info_updated": {"update": lambda c, s: of(c).update(at(s), name="new")},
        "owner_changed": {"transfer_owner": lambda c, s: of(c).transfer_owner(at(s), "dan")},
        "announcement_updated": {
            "announcement.update": lambda c, s: of(c).announcement.update(at(s), "news")
        },
        "mute_all_changed": {
            "mutes.mute_all": lambda c, s: of(c).mutes.mute_all(at(s)),
            "mutes.unmute_all": unmute_all,
        },
        "member_joined": {"create": create},
        "member_kicked": {
            "members.remove": lambda c, s: of(c).members.remove(at(s), "dan"),
            "members.remove_many": lambda c, s: of(c).members.remove_many(at(s), ["dan"]),
        },
        "member_left_blocked": {
            "blocklist.add": lambda c, s: of(c).blocklist.add(at(s), "dan"),
            "blocklist.add_many": lambda c, s: of(c).blocklist.add_many(at(s), ["dan"]),
        },
        "member_left_deleted": {"delete": delete},
        "admin_added": {"admins.add": lambda c, s: of(c).admins.add(at(s), "dan")},
        "admin_removed": {"admins.remove": lambda c, s: of(c).admins.remove(at(s), "bob")},
        "member_muted": {
            "mutes.add_many": lambda c, s: of(c).mutes.add_many(at(s), ["dan"], duration=FOREVER)
        },
        "member_unmuted": {
            "mutes.remove_many": lambda c, s: of(c).mutes.remove_many(at(s), ["cid"])
        },
        "allowlist_added": {
            "allowlist.add": lambda c, s: of(c).allowlist.add(at(s), "dan"),
            "allowlist.add_many": lambda c, s: of(c).allowlist.add_many(at(s), ["dan"]),
        },
        "allowlist_removed": {
            "allowlist.remove_many": lambda c, s: of(c).allowlist.remove_many(at(s), ["cid"])
        },
        "blocklist_added": {
            "blocklist.add": lambda c, s: of(c).blocklist.add(at(s), "dan"),
            "blocklist.add_many": lambda c, s: of(c).blocklist.add_many(at(s), ["dan"]),
        },
        "blocklist_removed": {
            "blocklist.remove": lambda c, s: of(c).blocklist.remove(at(s), "eve"),
            "blocklist.remove_many": lambda c, s: of(c).blocklist.remove_many(at(s), ["eve"]),
        },
    }
    return {
        f"{place}.{what}": {f"{resource}.{name}": do for name, do in found.items()}
        for what, found in calls.items()
    }


def _with(word: str) -> Calls:
    """All operations that send a text message, with a text that contains a word."""
    text = Text(f"a {word} here")
    return {
        "messages.send_to_users": lambda c, s: c.messages.send_to_users(["bob"], text),
        "messages.send_legacy": lambda c, s: c.messages.send_legacy(["bob"], text),
        "messages.send_to_groups": lambda c, s: c.messages.send_to_groups([s.group_id], text),
        "messages.send_to_group_members": lambda c, s: c.messages.send_to_group_members(
            s.group_id, ["bob"], text
        ),
        "messages.send_to_rooms": lambda c, s: c.messages.send_to_rooms([s.room_id], text),
        "messages.send_to_room_members": lambda c, s: c.messages.send_to_room_members(
            s.room_id, ["bob"], text
        ),
    }


async def _ban_and_unban(client: EasemobClient, scene: Scene) -> None:
    await client.chat_groups.ban(scene.group_id)
    await client.chat_groups.unban(scene.group_id)


GROUPS, ROOMS = of_places("group", "chat_groups"), of_places("chatroom", "chat_rooms")
TRIGGERS: Final[Mapping[str, Calls]] = {
    **GROUPS,
    **ROOMS,
    # The page of the event names none of these two; the pages of the calls name a join event.
    "chatroom.member_joined": {
        **ROOMS["chatroom.member_joined"],
        "chat_rooms.members.add": lambda c, s: c.chat_rooms.members.add(s.room_id, "fay"),
        "chat_rooms.members.add_many": lambda c, s: c.chat_rooms.members.add_many(
            s.room_id, ["fay"]
        ),
    },
    "group.member_joined_by_invite": {
        "chat_groups.members.add": lambda c, s: c.chat_groups.members.add(s.group_id, "fay"),
        "chat_groups.members.add_many": lambda c, s: c.chat_groups.members.add_many(
            s.group_id, ["fay"]
        ),
    },
    "chatroom.member_muted": {
        **ROOMS["chatroom.member_muted"],
        "chat_rooms.tags.mute": lambda c, s: c.chat_rooms.tags.mute(
            s.room_id, "t", duration=FOREVER
        ),
    },
    "group.ban_changed": {
        "chat_groups.ban": lambda c, s: c.chat_groups.ban(s.group_id),
        "chat_groups.unban": _ban_and_unban,
    },
    "group.shared_file_uploaded": {
        "chat_groups.files.upload": lambda c, s: c.chat_groups.files.upload(
            s.group_id, b"x", filename="b.txt"
        )
    },
    "group.shared_file_deleted": {
        "chat_groups.files.delete": lambda c, s: c.chat_groups.files.delete(s.group_id, s.file_id)
    },
    "chatroom.superadmin_added": {
        "chat_rooms.super_admins.add": lambda c, s: c.chat_rooms.super_admins.add("ann")
    },
    "chatroom.superadmin_removed": {
        "chat_rooms.super_admins.remove": lambda c, s: c.chat_rooms.super_admins.remove("bob")
    },
    "chat.message": {
        "messages.send_to_users": lambda c, s: c.messages.send_to_users(["bob"], Text("x")),
        "messages.send_legacy": lambda c, s: c.messages.send_legacy(["bob"], Text("x")),
    },
    "chat.message_offline": {
        "messages.send_to_users": lambda c, s: c.messages.send_to_users(["cid"], Text("x"))
    },
    "group.message": {
        "messages.send_to_groups": lambda c, s: c.messages.send_to_groups([s.group_id], Text("x")),
        "messages.send_to_group_members": lambda c, s: c.messages.send_to_group_members(
            s.group_id, ["bob"], Text("x")
        ),
    },
    "group.message_offline": {
        "messages.send_to_groups": lambda c, s: c.messages.send_to_groups([s.group_id], Text("x"))
    },
    "chatroom.message": {
        "messages.send_to_rooms": lambda c, s: c.messages.send_to_rooms([s.room_id], Text("x")),
        "messages.send_to_room_members": lambda c, s: c.messages.send_to_room_members(
            s.room_id, ["bob"], Text("x")
        ),
    },
    "message.edited": {
        "messages.update": lambda c, s: c.messages.update(s.message_id, Text("new")),
    },
    "message.recalled": {
        "messages.recall": lambda c, s: c.messages.recall(**_recall(s.message_id, "ann", "chat")),
        "messages.recall_many": lambda c, s: c.messages.recall_many(
            [Recall(**_recall(s.message_id, "ann", "chat"))]
        ),
    },
    "message.reaction_changed": {
        "reactions.add": lambda c, s: c.reactions.add("bob", s.group_message_id, ":)"),
        "reactions.remove": lambda c, s: c.reactions.remove("ann", s.group_message_id, ":)"),
    },
    "thread.message_updated": {
        "messages.send_to_groups": lambda c, s: c.messages.send_to_groups([s.thread_id], Text("x")),
        "messages.update": lambda c, s: c.messages.update(s.thread_message_id, Text("new")),
        "messages.recall": lambda c, s: c.messages.recall(
            **_recall(s.thread_message_id, s.thread_id, "groupchat")
        ),
        "messages.recall_many": lambda c, s: c.messages.recall_many(
            [Recall(**_recall(s.thread_message_id, s.thread_id, "groupchat"))]
        ),
    },
    "user.replaced": {
        "users.disconnect": lambda c, s: c.users.disconnect("bob"),
        "users.disconnect_device": lambda c, s: c.users.disconnect_device("bob", "ios_1"),
    },
    "contact.requested": {"contacts.add": lambda c, s: c.contacts.add("ann", "dan")},
    "contact.removed": {"contacts.remove": lambda c, s: c.contacts.remove("ann", "bob")},
    "contact.blocked": {
        "contacts.blocklist.add_many": lambda c, s: c.contacts.blocklist.add_many("ann", ["dan"])
    },
    "contact.unblocked": {
        "contacts.blocklist.remove": lambda c, s: c.contacts.blocklist.remove("ann", "cid")
    },
    "moderation.message_reviewed": {
        "moderation.check_text": lambda c, s: c.moderation.check_text("hello")
    },
    "moderation.keyword_passed": _with(WORDS["PASS"]),
    "moderation.keyword_refused": _with(WORDS["REJECT"]),
    "moderation.keyword_replaced": _with(WORDS["EXCHANGE"]),
}
"""Event id to operation id to the call that triggers the event."""

_CLIENT: Final = "only clients trigger it"
_PUSHES: Final = "the answer of a push service triggers it, and the emulator pushes no messages"
NOT_BY_REST: Final[Mapping[str, str]] = {
    "message.pre_delivery": "it is asked about messages of clients, never about those of REST",
    **dict.fromkeys(
        (
            *("chat.message_read_ack", "group.message_read_ack", "chat.conversation_read_ack"),
            *("user.login", "user.logout", "contact.remote_accepted", "contact.accepted"),
            *("contact.remote_declined", "contact.declined", "group.shielded", "group.unshielded"),
            *("group.member_joined_by_application", "chatroom.member_joined_by_application"),
            *("group.member_left", "chatroom.member_left"),
        ),
        _CLIENT,
    ),
    "chatroom.member_left_offline": "the service triggers it, after 2 minutes offline",
    **dict.fromkeys(("push.succeeded", "push.failed", "push.error"), _PUSHES),
}
"""Event id to the reason why no REST call triggers it here."""

SILENT: Final[Calls] = {
    "contacts.import_many": lambda c, s: c.contacts.import_many("ann", ["dan"]),
    "contacts.remove_all": lambda c, s: c.contacts.remove_all("ann"),
    "contacts.set_remark": lambda c, s: c.contacts.set_remark("ann", "bob", "friend"),
    "messages.stream_to_user": lambda c, s: c.messages.stream_to_user(
        "bob", "x", seq=1, finish=True
    ),
    "message_imports.create_user_message": lambda c, s: c.message_imports.create_user_message(
        "bob", Text("x"), sender="ann"
    ),
}
"""Operation id to a call for which no page names an event."""


def triggers() -> Iterator[tuple[str, str]]:
    """Every documented event, and the text of its trigger."""
    for entry in EVENTS:
        for key in ("id", "id_when_chatroom"):
            if key in entry:
                yield entry[key], entry.get("trigger", "")


def test_every_event_has_its_calls_or_a_reason() -> None:
    assert sorted([*TRIGGERS, *NOT_BY_REST]) == sorted(kind for kind, _ in triggers())


def test_every_trigger_that_names_rest_has_its_calls() -> None:
    named = {kind for kind, text in triggers() if re.search(r"(?<!Not )\bREST\b", text)}
    without = {kind: reason for kind, reason in NOT_BY_REST.items() if kind in named}
    # Not the call triggers this one, but a service that the emulator does not have.
    assert without == {"push.succeeded": _PUSHES}


def test_the_calls_are_operations_and_those_that_a_trigger_names_are_among_them() -> None:
    known = facts_reader.operations()
    for calls in (*TRIGGERS.values(), SILENT):
        assert set(calls) <= set(known)
    for kind, text in triggers():
        named = {name for name in re.findall(r"[a-z_]+(?:\.[a-z_]+)+", text) if name in known}
        assert named <= set(TRIGGERS.get(kind, ())), kind


async def posted_by(
    emulator: Emulator, client: EasemobClient, operation: str, do: Do
) -> tuple[list[Event], Scene]:
    """The events that a call makes the emulator post; they are all known, and none is dropped."""
    scene = await prepare(emulator, client)
    async with bot(emulator) as (receiver, events):
        before = len(emulator.requests)
        await do(client, scene)
        await settled(emulator, receiver)
    made = emulator.requests[before:]
    entry = facts_reader.operations()[operation]
    path = re.sub(r"\{[^}]*\}", "[^/?]+", entry["path"].partition("?")[0])
    pattern = re.compile(rf"/[^/]+/[^/]+{path}(\?.*)?")
    assert any(m == entry["method"] and pattern.fullmatch(p) for m, p in made), made
    assert receiver.counts.dropped == {}
    return events, scene


@pytest.mark.parametrize(
    ("kind", "operation"), [(kind, name) for kind, calls in TRIGGERS.items() for name in calls]
)
async def test_a_call_triggers_its_event_and_none_that_rest_does_not(
    emulator: Emulator, client: EasemobClient, kind: str, operation: str
) -> None:
    events, _ = await posted_by(emulator, client, operation, TRIGGERS[kind][operation])
    kinds = {event.kind for event in events}
    assert kind in kinds
    others = {other for other, calls in TRIGGERS.items() if operation in calls}
    assert kinds <= others


@pytest.mark.parametrize("operation", SILENT)
async def test_a_call_for_which_no_page_names_an_event_triggers_none(
    emulator: Emulator, client: EasemobClient, operation: str
) -> None:
    events, _ = await posted_by(emulator, client, operation, SILENT[operation])
    assert events == []


async def test_a_contact_added_by_rest_is_a_request_that_nobody_accepts(
    emulator: Emulator, client: EasemobClient
) -> None:
    do = TRIGGERS["contact.requested"]["contacts.add"]
    events, _ = await posted_by(emulator, client, "contacts.add", do)
    (event,) = events
    assert isinstance(event, ContactRequested)
    assert (event.sender, event.target, event.operation, event.reason) == ("ann", "dan", "add", "")
    assert event.conversation == "chat:ann dan"


async def test_a_contact_that_is_there_already_is_not_requested_again(
    emulator: Emulator, client: EasemobClient
) -> None:
    do: Do = lambda c, s: c.contacts.add("bob", "ann")  # noqa: E731
    events, _ = await posted_by(emulator, client, "contacts.add", do)
    assert events == []


@pytest.mark.parametrize("operation", ["contacts.add", "contacts.remove"])
async def test_usernames_are_not_case_sensitive(
    emulator: Emulator, call: Caller, operation: str
) -> None:
    """The client sends names in lower case, other clients need not."""
    for name in USERS:
        emulator.add_user(name)
    emulator.state.users["ann"].contacts["bob"] = emulator.state.users["bob"].contacts["ann"] = None
    method, friend = ("POST", "Dan") if operation == "contacts.add" else ("DELETE", "BOB")
    async with bot(emulator) as (receiver, events):
        assert (await call(method, f"/users/ANN/contacts/users/{friend}"))[0] == 200
        await settled(emulator, receiver)
    (event,) = events
    assert isinstance(event, ContactEvent)
    assert (event.sender, event.target) == ("ann", friend.lower())


SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "chat_groups": {
        "name": "x",
        "description": "x",
        "max_users": 99,
        "members_only": True,
        "allow_invites": True,
        "invite_need_confirm": False,
        "custom": "x",
        "public": False,
    },
    "chat_rooms": {"name": "x", "description": "x", "max_users": 99},
}
"""Resource to the details that the trigger of the event lists, with new values."""


@pytest.mark.parametrize(
    ("resource", "name"), [(resource, name) for resource, new in SETTINGS.items() for name in new]
)
async def test_each_detail_that_changes_has_an_event(
    emulator: Emulator, client: EasemobClient, resource: str, name: str
) -> None:
    async def update(c: EasemobClient, s: Scene) -> None:
        place_id = s.group_id if resource == "chat_groups" else s.room_id
        await getattr(c, resource).update(place_id, **{name: SETTINGS[resource][name]})

    events, _ = await posted_by(emulator, client, f"{resource}.update", update)
    (event,) = events
    assert isinstance(event, GroupInfoUpdated)
    assert event.is_room is (resource == "chat_rooms")


async def test_members_added_to_a_group_are_invited_and_those_of_a_room_join(
    emulator: Emulator, client: EasemobClient
) -> None:
    async def add(c: EasemobClient, s: Scene) -> None:
        await c.chat_groups.members.add_many(s.group_id, ["fay", "bot", "dan"])
        await c.chat_rooms.members.add_many(s.room_id, ["fay", "bot", "dan"])

    events, scene = await posted_by(emulator, client, "chat_groups.members.add_many", add)
    found = [
        (type(event), event.group_id, set(event.usernames), event.member_count, event.operator)
        for event in events
        if isinstance(event, GroupMemberJoined | GroupMemberJoinedByInvite)
    ]
    new = {"fay", "bot"}  # dan is there
    assert found == [
        (GroupMemberJoinedByInvite, scene.group_id, new, 6, "@ppAdmin"),
        (GroupMemberJoined, scene.room_id, new, 6, "@ppAdmin"),
    ]


@pytest.mark.parametrize(
    ("operation", "text", "count"),
    [
        ("messages.send_to_groups", "x", 3),
        ("messages.update", "new", 2),
        ("messages.recall", "first", 1),  # the latest message that is left
    ],
)
async def test_the_event_of_a_thread_has_its_latest_message(
    emulator: Emulator, client: EasemobClient, operation: str, text: str, count: int
) -> None:
    do = TRIGGERS["thread.message_updated"][operation]
    events, scene = await posted_by(emulator, client, operation, do)
    (event,) = (event for event in events if isinstance(event, ThreadMessageUpdated))
    assert (event.thread_id, event.group_id) == (scene.thread_id, scene.group_id)
    assert event.message_count == count
    assert event.last_message is not None
    assert event.last_message.bodies == (Text(text),)
    assert event.conversation == f"thread:{scene.thread_id}"


async def test_the_last_message_of_a_thread_may_be_recalled(
    emulator: Emulator, client: EasemobClient
) -> None:
    async def recall_all(c: EasemobClient, s: Scene) -> None:
        found = [m for m in emulator.received(s.thread_id) if m["to"] == s.thread_id]
        for message in found:
            await c.messages.recall(**_recall(message["id"], s.thread_id, "groupchat"))

    events, _ = await posted_by(emulator, client, "messages.recall", recall_all)
    *_, last = (event for event in events if isinstance(event, ThreadMessageUpdated))
    assert (last.message_count, last.last_message) == (0, None)


async def test_a_post_says_whether_a_message_was_sent_in_a_room(
    emulator: Emulator, client: EasemobClient
) -> None:
    async def send(c: EasemobClient, s: Scene) -> None:
        await c.messages.send_to_groups([s.group_id], Text("x"))
        await c.messages.send_to_rooms([s.room_id], Text("x"))

    events, scene = await posted_by(emulator, client, "messages.send_to_rooms", send)
    found = {(e.conversation, e.is_room) for e in events if isinstance(e, MessageEvent)}
    assert found == {(f"group:{scene.group_id}", False), (f"group:{scene.room_id}", True)}
