"""Every operation, end to end: the client against the emulator, with state that others see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from easemob_async import (
    FOREVER,
    APIError,
    AttemptStarted,
    BadRequestError,
    ConflictError,
    EasemobClient,
    Hooks,
    Image,
    InvalidArgumentError,
    NewFavorite,
    NewUser,
    NotFoundError,
    PermissionDeniedError,
    Quotas,
    RateLimitError,
    Recall,
    Text,
)
from easemob_async.emulator import Emulator
from tests import facts_reader as facts
from tests.conftest import FAST

NAMES = ["ann", "bob", "eve", "joe"]
Scenario = Callable[[EasemobClient, Emulator], Awaitable[None]]
HOUR = timedelta(hours=1)


@asynccontextmanager
async def connected(called: set[str]) -> AsyncIterator[tuple[EasemobClient, Emulator]]:
    def started(event: AttemptStarted) -> None:
        called.add(event.operation)

    async with Emulator(quotas=None, open_registration=True) as emulator:
        for name in NAMES:
            emulator.add_user(name)
        async with EasemobClient(
            **emulator.credentials,
            quotas=Quotas(enabled=False),
            retry=FAST,
            hooks=Hooks(attempt_started=started),
        ) as client:
            yield client, emulator


async def users(c: EasemobClient, em: Emulator) -> None:
    await c.users.create("kim", password="secret")
    await c.users.create_open("lee", password="secret")
    assert (await c.users.create_many([NewUser("mia", "pw"), NewUser("ann", "pw")])).failed
    await c.users.update_password("kim", password="another")
    assert (await c.users.get("kim")).username == "kim"
    assert len([user async for user in c.users.list(limit=2)]) == 7
    em.log_in("ann")
    assert (await c.users.list_devices("ann")).items
    await c.users.disconnect_device("ann", "web_1")
    await c.users.disconnect("ann")
    assert await c.users.get_status("ann") == "offline"
    assert await c.users.get_statuses(["ann", "kim"]) == {"ann": "offline", "kim": "offline"}
    await c.users.ban("kim")
    with pytest.raises(BadRequestError, match="not activated"):
        await c.tokens.create_user_token("kim")
    await c.users.unban("kim")
    assert (await c.tokens.create_user_token("kim")).access_token
    await c.tokens.create_app_token()
    await c.users.delete("lee")
    assert len((await c.users.delete_batch(limit=1)).users) == 1


async def groups(c: EasemobClient, em: Emulator) -> None:
    made = await c.chat_groups.create("friends", owner="ann", members=["bob"], public=True)
    id_ = made.group_id
    await c.chat_groups.update(id_, description="ours")
    assert (await c.chat_groups.get(id_)).description == "ours"
    assert [g.group_id async for g in c.chat_groups.list()] == [id_]
    assert [g.group_id async for g in c.chat_groups.list_joined("bob")] == [id_]
    members, admins = c.chat_groups.members, c.chat_groups.admins
    await members.add(id_, "eve")
    assert (await members.add_many(id_, ["joe", "eve"])).failed == {
        "eve": "not among the new members"
    }
    assert [m.username async for m in members.list(id_)] == ["ann", "bob", "eve", "joe"]
    await admins.add(id_, "bob")
    assert [name async for name in admins.list(id_)] == ["bob"]
    await admins.remove(id_, "bob")
    await c.chat_groups.announcement.update(id_, "hello")
    assert await c.chat_groups.announcement.get(id_) == "hello"
    await c.chat_groups.ban(id_)
    with pytest.raises(PermissionDeniedError, match="disabled"):
        await members.remove(id_, "joe")
    await c.chat_groups.unban(id_)
    await members.remove(id_, "joe")
    assert (await members.remove_many(id_, ["eve", "joe"])).failed
    assert not await members.is_joined(id_, "eve")
    await c.chat_groups.transfer_owner(id_, "bob")
    assert (await c.chat_groups.get(id_)).owner == "bob"
    await c.chat_groups.delete(id_)
    with pytest.raises(NotFoundError):
        await c.chat_groups.get(id_)


async def moderated(place: object, id_: str, owner: str) -> None:
    """What groups and rooms share: the owner and three members."""
    mutes, allowlist = place.mutes, place.allowlist  # type: ignore[attr-defined]
    blocklist, members = place.blocklist, place.members  # type: ignore[attr-defined]
    muted = await mutes.add_many(id_, ["bob", "eve"], duration=HOUR)
    assert muted.ok
    assert muted["bob"].value.expires_at > datetime.now(UTC)
    await mutes.add_many(id_, ["eve"], duration=FOREVER)
    listed = {m.username: m.expires_at async for m in mutes.list(id_)}
    assert listed["eve"] is None
    with pytest.raises(APIError, match="are not members"):
        await mutes.add_many(id_, ["nobody"], duration=HOUR)
    with pytest.raises(InvalidArgumentError, match="remove_many"):
        await mutes.add_many(id_, ["bob"], duration=timedelta(0))
    assert (await mutes.remove_many(id_, ["bob", "joe"])).failed == {"joe": "refused"}
    await mutes.mute_all(id_)
    assert [m.username async for m in mutes.list(id_)] == ["eve"]  # mute_all puts nobody on it
    await mutes.unmute_all(id_)
    await allowlist.add(id_, "bob")
    assert (await allowlist.add_many(id_, ["eve", "nobody"])).failed
    assert [name async for name in allowlist.list(id_)] == ["bob", "eve"]
    assert (await allowlist.remove_many(id_, ["bob", "joe"])).failed
    await blocklist.add(id_, "bob")
    assert "bob" not in [m.username async for m in members.list(id_)]
    with pytest.raises(PermissionDeniedError, match="blocked"):
        await members.add(id_, "bob")
    with pytest.raises(PermissionDeniedError, match="group owner"):
        await blocklist.add(id_, owner)
    assert (await blocklist.add_many(id_, ["eve", "nobody"])).failed
    assert [name async for name in blocklist.list(id_)] == ["bob", "eve"]
    await blocklist.remove(id_, "bob")
    assert (await blocklist.remove_many(id_, ["eve", "joe"])).failed
    await members.add(id_, "eve")
    assert [m.username async for m in mutes.list(id_)] == ["eve"]  # it outlives leaving


async def group_moderation(c: EasemobClient, em: Emulator) -> None:
    made = await c.chat_groups.create("g", owner="ann", members=["bob", "eve", "joe"])
    with pytest.raises(PermissionDeniedError, match="group owner"):
        await c.chat_groups.mutes.add_many(made.group_id, ["ann"], duration=HOUR)
    await moderated(c.chat_groups, made.group_id, "ann")


async def rooms(c: EasemobClient, em: Emulator) -> None:
    made = await c.chat_rooms.create("r", owner="ann", description="d", members=["bob", "eve"])
    id_ = made.room_id
    await c.chat_rooms.members.add(id_, "bob")  # already in: fine
    assert (await c.chat_rooms.members.add_many(id_, ["joe", "bob"])).ok
    await moderated(c.chat_rooms, id_, "ann")
    await c.chat_rooms.update(id_, name="new", max_users=20)
    room = await c.chat_rooms.get(id_)
    assert (room.name, room.max_users, room.owner) == ("new", 20, "ann")
    assert [r.room_id async for r in c.chat_rooms.list(limit=1)] == [id_]
    assert [r.room_id async for r in c.chat_rooms.list_joined("joe")] == [id_]
    await c.chat_rooms.admins.add(id_, "joe")
    assert [name async for name in c.chat_rooms.admins.list(id_)] == ["joe"]
    await c.chat_rooms.admins.remove(id_, "joe")
    await c.chat_rooms.announcement.update(id_, "hi")
    assert await c.chat_rooms.announcement.get(id_) == "hi"
    await c.chat_rooms.super_admins.add("bob")
    assert [name async for name in c.chat_rooms.super_admins.list()] == ["bob"]
    await c.chat_rooms.super_admins.remove("bob")
    attributes = c.chat_rooms.attributes
    assert (await attributes.set(id_, "joe", {"k": "1"}, auto_delete="NO_DELETE")).ok
    with pytest.raises(BadRequestError, match="others are not allowed"):
        await attributes.set(id_, "eve", {"k": "2"})
    assert (await attributes.set_forced(id_, "eve", {"k": "2", "own": "x"})).ok
    assert await attributes.get(id_) == {"k": "2", "own": "x"}
    assert (await attributes.delete(id_, "joe", ["k"])).failed
    assert (await attributes.delete_forced(id_, "joe", ["k"])).ok
    with pytest.raises(PermissionDeniedError, match="not in chatroom"):
        await attributes.set(id_, "bob", {"k": "3"})
    tags = c.chat_rooms.tags
    await tags.set(id_, "joe", ["t1", "t2"])
    await tags.mute(id_, "t1", duration=FOREVER)
    assert (await tags.get(id_, "joe"))["t1"] is None
    assert "joe" in [m.username async for m in c.chat_rooms.mutes.list(id_)]
    with pytest.raises(NotFoundError, match="tag not found"):
        await tags.mute(id_, "none", duration=HOUR)
    await c.chat_rooms.members.remove(id_, "eve")
    assert await attributes.get(id_) == {}  # went with the member who set it
    assert (await c.chat_rooms.members.remove_many(id_, ["eve", "joe"])).failed
    await c.chat_rooms.members.add(id_, "joe")
    await c.chat_rooms.transfer_owner(id_, "joe")
    await c.chat_rooms.delete(id_)
    with pytest.raises(NotFoundError):
        await c.chat_rooms.get(id_)


async def threads(c: EasemobClient, em: Emulator) -> None:
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
    await c.chat_groups.members.remove(group.group_id, "bob")  # leaves its threads, too
    assert [n async for n in c.threads.members.list(made.thread_id)] == []
    await c.threads.delete(made.thread_id)
    em.state.switched_off = frozenset({"threads"})
    with pytest.raises(PermissionDeniedError, match="thread not open"):
        await c.threads.list()


async def attributes(c: EasemobClient, em: Emulator) -> None:
    assert await c.user_attributes.set("ann", {"nickname": "Änn & co", "k": "1"}) == {
        "nickname": "Änn & co",
        "k": "1",
    }
    assert (await c.user_attributes.get("ann"))["nickname"] == "Änn & co"
    many = await c.user_attributes.get_many(["ann", "nobody"], keys=["k"])
    assert many.succeeded == {"ann": {"k": "1"}, "nobody": {}}
    assert await c.user_attributes.get_capacity() > 10
    with pytest.raises(PermissionDeniedError, match="exceeds the user defined limit"):
        await c.user_attributes.set("ann", {"k": "x" * 3000})
    await c.user_attributes.delete("ann")
    assert await c.user_attributes.get("ann") == {}
    group = await c.chat_groups.create("g", owner="ann", members=["bob"])
    own = c.chat_groups.member_attributes
    await own.set(group.group_id, "bob", {"k": "1", "gone": "x"})
    assert (await own.set_many(group.group_id, {"bob": {"gone": ""}, "ann": {"a": "b"}})).ok
    assert await own.get(group.group_id, "bob") == {"k": "1"}
    assert (await own.get_many(group.group_id, ["bob", "ann"])).succeeded["ann"] == {"a": "b"}
    with pytest.raises(NotFoundError, match="not in group"):
        await own.get(group.group_id, "joe")


async def relations(c: EasemobClient, em: Emulator) -> None:
    await c.contacts.add("ann", "bob")
    await c.contacts.set_remark("ann", "bob", "Bobby")
    assert (await c.contacts.import_many("ann", ["eve", "nobody"])).failed == {
        "nobody": "no such user"
    }
    assert [
        (x.username, x.remark) async for x in c.contacts.list("ann", limit=1, remarks=True)
    ] == [
        ("eve", None),
        ("bob", "Bobby"),
    ]
    assert [name async for name in c.contacts.list_all("bob")] == ["ann"]
    assert await c.contacts.check("ann", ["bob", "joe"]) == {"bob": "friend", "joe": "not_friend"}
    await c.contacts.remove("ann", "bob")
    await c.contacts.remove_all("ann")
    assert [name async for name in c.contacts.list_all("eve")] == []
    assert (await c.contacts.blocklist.add_many("ann", ["bob", "eve"])).ok
    assert [n async for n in c.contacts.blocklist.list("ann", limit=1)] == ["eve", "bob"]
    await c.contacts.blocklist.remove("ann", "eve")
    assert await c.contacts.blocklist.check("ann", ["bob", "eve"]) == {
        "bob": "blacklist",
        "eve": "not_blacklist",
    }
    await c.mutes.set("ann", chat=HOUR, group_chat=FOREVER)
    status = await c.mutes.get("ann")
    assert (status.chat, status.group_chat, status.chat_room) == (HOUR, FOREVER, timedelta(0))
    await c.mutes.lift("ann", group_chat=False, chat_room=False)
    assert [(m.username, m.chat) async for m in c.mutes.list() if m.chat is not None] == [
        ("ann", timedelta(0))
    ]
    one = await c.favorites.add("ann", "text", type=1)
    now = datetime.now(UTC)
    new = [
        NewFavorite(favorite_id=f"f{n}", data="d", type=2, ext="", created=now + n * HOUR)
        for n in range(25)
    ]
    assert (await c.favorites.add_many("ann", new)).ok
    assert len([f async for f in c.favorites.list("ann", limit=4, type=2)]) == 25
    assert (await c.favorites.update("ann", one.favorite_id, ext="e")).ext == "e"
    assert (await c.favorites.remove_many("ann", [one.favorite_id, "f1"])).ok


async def presence(c: EasemobClient, em: Emulator) -> None:
    await c.presence.set("bob", "android_1", status=7, ext="busy")
    (seen,) = await c.presence.subscribe("ann", ["bob"], duration=HOUR)
    assert (seen.status, seen.ext) == ({"android_1": "7"}, "busy")
    assert seen.expires_at is not None
    await c.presence.subscribe("ann", ["eve"], duration=HOUR)
    page = await c.presence.list_subscriptions("ann", limit=1)
    assert page.total == 2  # type: ignore[attr-defined]
    assert [s.username async for s in c.presence.list_subscriptions("ann", limit=1)]
    assert (await c.presence.get_many("ann", ["bob", "eve"]))["bob"].value.ext == "busy"  # type: ignore[union-attr]
    await c.presence.unsubscribe("ann", ["bob"])
    group = await c.chat_groups.create("g", owner="ann", members=["bob"])
    em.log_in("bob")
    assert await c.presence.get_group_online_count(group.group_id) == 1
    sent = await c.messages.send_to_users(["eve"], Text("x"))
    assert await c.offline_messages.get_count("eve") == 1
    assert await c.offline_messages.get_status("eve", sent.message_ids["eve"]) == "undelivered"


async def push(c: EasemobClient, em: Emulator) -> None:
    device = {"device_id": "d1", "notifier_name": "apns"}
    assert (await c.push.set_binding("ann", **device, device_token="tok"))[0].device_id == "d1"
    assert len((await c.push.list_bindings("ann")).items) == 1
    assert await c.push.set_binding("ann", **device, device_token="") == ()
    assert (await c.push.set_nickname("ann", "Ann")).nickname == "Ann"
    assert await c.push.set_nicknames({"bob": "Bob", "eve": "Eve"}) == {"bob": "Bob", "eve": "Eve"}
    assert (await c.push.set_display_style("ann", "1")).notification_display_style == 1
    settings = await c.push.set_settings("ann", mode="NONE", ignore_duration=HOUR)
    assert settings.ignored_until is not None
    assert (await c.push.get_settings("ann")).mode == "NONE"
    assert (await c.push.get_settings("ann", "bob")).mode == "DEFAULT"
    assert await c.push.set_language("ann", "en") == await c.push.get_language("ann") == "en"
    pattern = {"title_pattern": "Hi {0}", "content_pattern": "{$msg}"}
    await c.push.templates.create("t1", **pattern)
    await c.push.templates.update("t1", title_pattern="Ho", content_pattern="x")
    assert (await c.push.templates.get("t1")).title_pattern == "Ho"
    assert await c.push.templates.set_for_user("ann", "t1") == "t1"
    assert await c.push.templates.get_for_user("ann") == "t1"
    await c.push.templates.delete("t1")
    with pytest.raises(NotFoundError, match="not exist"):
        await c.push.templates.get("t1")
    assert await c.push.get_statistics(date(2026, 1, 1), date(2026, 1, 2)) == {}


async def sending(c: EasemobClient, em: Emulator) -> None:
    room = await c.chat_rooms.create("r", owner="ann", description="", members=["bob"])
    group = await c.chat_groups.create("g", owner="ann", members=["bob"])
    await c.messages.send_to_rooms([room.room_id], Text("x"))
    await c.messages.send_to_group_members(group.group_id, ["bob"], Text("x"))
    await c.messages.send_to_room_members(room.room_id, ["bob"], Text("x"))
    await c.messages.send_legacy(["ann"], Text("x"))
    assert (await c.broadcasts.send_to_all_users(Text("all"))).broadcast_id
    em.log_in("bob")
    await c.broadcasts.send_to_online_users(Text("online"))
    await c.broadcasts.send_to_rooms(Text("rooms"))
    assert em.received("ann")[-1]["body"] == {"msg": "all"}
    assert em.received("bob")[-1]["body"] == {"msg": "online"}
    assert em.received(room.room_id)[-1]["body"] == {"msg": "rooms"}


async def changes(c: EasemobClient, em: Emulator) -> None:
    ids = (await c.messages.send_to_users(["ann", "bob"], Text("x"), sender="eve")).message_ids
    await c.messages.update(ids["ann"], Text("y"), ext={"k": 1}, merge_ext=False)
    assert em.received("ann")[0]["body"] == {"msg": "y"}
    recall = {"target": "ann", "chat_type": "chat"}
    assert (await c.messages.recall(ids["ann"], **recall)).message_id == ids["ann"]
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
    group = await c.chat_groups.create("g", owner="ann", members=["bob"])
    for text in "ab":
        await c.messages.send_to_groups([group.group_id], Text(text), sender="eve")
    ids_of_bob = [m["id"] for m in em.received("bob")]
    await c.roaming.delete_group_messages("bob", group.group_id, ids_of_bob[:1])
    await c.roaming.delete_group_messages_before("bob", group.group_id, before=datetime.now(UTC))
    assert em.received("bob") == []
    await c.roaming.delete_all("ann")
    await c.conversations.delete("ann", "eve", chat_type="chat", delete_roaming=True)
    imported = await c.message_imports.create_user_message(
        "ann", Text("old"), sender="bob", sent_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    assert em.received("ann")[0]["id"] == imported.message_id
    await c.message_imports.create_group_message(
        group.group_id, Image("https://x/y.png"), sender="ann", need_download=True
    )


async def files(c: EasemobClient, em: Emulator) -> None:
    uploaded = await c.files.upload(b"x" * 100_000, filename="a.bin", restrict_access=True)
    with pytest.raises(PermissionDeniedError):
        await c.files.download(uploaded.file_id)
    assert await c.files.download(uploaded.file_id, share_secret=uploaded.secret) == b"x" * 100_000
    picture = await c.files.upload(b"png", thumbnail_width=10)
    assert await c.files.download_thumbnail(picture.file_id) == b"png"
    kept = await c.files.set_lifetime("ann", [picture.file_id, "none"], lifetime="forever")
    assert kept.failed == {"none": "failed"}
    with pytest.raises(NotFoundError, match="may not exists"):
        await c.files.download("none")
    group = await c.chat_groups.create("g", owner="ann")
    shared = await c.chat_groups.files.upload(group.group_id, b"doc", filename="Ünï.TXT")
    assert [f.name async for f in c.chat_groups.files.list(group.group_id)] == ["ünï.txt"]
    assert await c.chat_groups.files.download(group.group_id, shared.file_id) == b"doc"
    await c.chat_groups.files.delete(group.group_id, shared.file_id)
    sent = await c.messages.send_to_users(
        ["ann"], Image(uploaded.url, secret=uploaded.secret), sender="bob", ext={"k": 1}
    )
    now = datetime.now(UTC)
    assert (await c.history.get(now))[0].url
    (message,) = [m async for m in c.history.messages(now)]
    assert message.message_id == sent.message_ids["ann"]
    assert message.bodies == (Image(uploaded.url, secret=uploaded.secret),)
    assert (message.sender, message.target, message.ext) == ("bob", "ann", {"k": 1})


async def streams(c: EasemobClient, em: Emulator) -> None:
    first = await c.messages.stream_to_user("ann", "Hel", seq=0, sender="bot")
    assert first.message_id is not None
    more = {"sender": "bot", "message_id": first.message_id}
    await c.messages.stream_to_user("ann", "lo", seq=1, finish=True, **more)
    assert em.received("ann")[0]["body"] == {"msg": "Hello"}
    with pytest.raises(APIError, match="already finished"):
        await c.messages.stream_to_user("ann", "!", seq=2, **more)
    group = await c.chat_groups.create("g", owner="ann", members=["bob"])
    id_ = group.group_id
    async with c.messages.stream(id_, to="group", sender="ann", join=0.0) as out:
        for piece in ("one ", "two ", "three"):
            await out.write(piece)
            await asyncio.sleep(0.01)
    assert em.received("bob")[0]["body"] == {"msg": "one two three"}
    await c.messages.stream_to_group(id_, "all at once", seq=0, finish=True)


async def webhooks(c: EasemobClient, em: Emulator) -> None:
    em.state.stored_webhooks["202609091440"] = {"size": 3, "retry": 0}
    (stored,) = [s async for s in c.webhook_storage.list()]
    await c.webhook_storage.retry(stored.date, retries=stored.retries)
    assert (await c.webhook_storage.list()).items[0].retries == 1
    with pytest.raises(APIError, match="refused"):
        await c.webhook_storage.retry("200001010000")


SCENARIOS: list[Scenario] = [
    *(users, groups, group_moderation, rooms, threads, attributes, relations, presence, push),
    *(sending, changes, files, streams, webhooks),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_end_to_end(scenario: Scenario) -> None:
    async with connected(set()) as (client, emulator):
        await scenario(client, emulator)


async def test_every_operation_was_called() -> None:
    called: set[str] = set()
    for scenario in SCENARIOS:
        async with connected(called) as (client, emulator):
            await scenario(client, emulator)
    assert sorted(set(facts.operations()) - called) == []


async def test_a_broadcast_that_would_wait_half_an_hour_is_refused_at_once() -> None:
    async with Emulator() as emulator, EasemobClient(**emulator.credentials) as client:
        await client.broadcasts.send_to_all_users(Text("x"))
        with pytest.raises(RateLimitError) as caught:
            await client.broadcasts.send_to_all_users(Text("x"))
        assert caught.value.retry_after is not None
        assert caught.value.retry_after > timedelta(minutes=29)
        assert len([r for r in emulator.requests if "broadcast" in r[1]]) == 1


async def test_ten_megabytes_move_either_way_by_path_and_by_pieces(tmp_path: Path) -> None:
    content = bytes(range(256)) * (10 * 1024 * 4)
    source = tmp_path / "source.bin"
    source.write_bytes(content)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    async with connected(set()) as (client, _):
        for form in (source, str(source), pieces(), content):
            uploaded = await client.files.upload(form)
            saved = tmp_path / "saved.bin"
            await client.files.download(uploaded.file_id).save(saved)
            assert saved.read_bytes() == content
            got = [piece async for piece in client.files.download(uploaded.file_id)]
            assert b"".join(got) == content
            assert max(map(len, got)) <= 64 * 1024
        with pytest.raises(InvalidArgumentError, match="no such file"):
            await client.files.upload(tmp_path / "missing")
        with pytest.raises(APIError, match="exceeds the maximum limit"):
            await client.files.upload(content + b"!")
        with pytest.raises(NotFoundError):
            await client.files.download("none").save(tmp_path / "none")
    assert {path.name for path in tmp_path.iterdir()} == {"source.bin", "saved.bin"}


async def test_a_failed_stream_is_marked_as_such() -> None:
    async with connected(set()) as (client, emulator):
        with pytest.raises(ZeroDivisionError):
            async with client.messages.stream("ann", sender="bot", join=0.0) as out:
                await out.write("half an ans")
                while out.message_id is None:
                    await asyncio.sleep(0)
                raise ZeroDivisionError
        (message,) = emulator.received("ann")
        assert message["body"] == {"msg": "half an ans"}
        assert message["finishReason"] == 1
        with pytest.raises(InvalidArgumentError, match="at most 131072 are allowed"):
            async with client.messages.stream("ann", sender="bot") as out:
                await out.write("x" * 131_073)
