"""Every resource against the emulator, over real sockets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from easemob_async import (
    FOREVER,
    APIError,
    AppNotFoundError,
    AuthenticationError,
    BadRequestError,
    EasemobClient,
    EasemobError,
    GroupRole,
    Image,
    NewUser,
    NotFoundError,
    OnlineStatus,
    PermissionDeniedError,
    Quotas,
    RateLimitError,
    ResponseError,
    Text,
)
from easemob_async.emulator import Emulator
from tests.conftest import FAST, Against
from tests.servers import Reply


class TestTokens:
    async def test_app_and_user_tokens(self, client: EasemobClient, emulator: Emulator) -> None:
        app = await client.tokens.create_app_token(ttl=timedelta(hours=1))
        assert app.expires_in == timedelta(hours=1)
        assert app.access_token not in repr(app)
        with pytest.raises(NotFoundError):
            await client.tokens.create_user_token("ann")
        user = await client.tokens.create_user_token("ann", auto_create=True, ttl=FOREVER)
        assert user.user is not None
        assert user.user.username == "ann"
        assert emulator.state.tokens[user.access_token].expires_at is None
        await client.users.ban("ann")
        with pytest.raises(BadRequestError, match="user not activated"):
            await client.tokens.create_user_token("ann")

    async def test_a_users_token_is_no_app_token(
        self, client: EasemobClient, emulator: Emulator
    ) -> None:
        token = await client.tokens.create_user_token("ann", auto_create=True)
        async with EasemobClient(
            emulator.credentials["app_key"], token=token.access_token, base_url=emulator.base_url
        ) as other:
            with pytest.raises(AuthenticationError):
                await other.users.get("ann")

    async def test_a_wrong_app_key_is_not_a_missing_user(self, emulator: Emulator) -> None:
        options = {**emulator.credentials, "app_key": "acme#other"}
        async with EasemobClient(**options) as client:  # type: ignore[arg-type]
            with pytest.raises(AppNotFoundError, match="acme/other"):
                await client.users.get("ann")


class TestUsers:
    async def test_a_life(self, client: EasemobClient, emulator: Emulator) -> None:
        made = await client.users.create("ann", password="s3cret", nickname="Ann")
        assert made.created is not None
        assert made.created.utcoffset() == timedelta(0)
        assert made.activated
        got = await client.users.get("ann")
        assert (got.username, got.nickname, got.uuid) == ("ann", "Ann", made.uuid)
        assert await client.users.get_status("ann") is OnlineStatus.OFFLINE
        emulator.log_in("ann", "android_1", "phone")
        assert await client.users.get_status("ann") is OnlineStatus.ONLINE
        (device,) = (await client.users.list_devices("ann")).items
        assert (device.device_id, device.device_name) == ("android_1", "phone")
        await client.users.disconnect_device("ann", "android_1")
        with pytest.raises(APIError, match="refused") as caught:
            await client.users.disconnect_device("ann", "android_1")
        assert caught.value.status == 200
        emulator.log_in("ann")
        await client.users.disconnect("ann")
        assert await client.users.get_status("ann") is OnlineStatus.OFFLINE
        assert not (await client.users.ban("ann")).activated
        await client.users.unban("ann")
        await client.users.update_password("ann", password="longer1")
        assert (await client.users.delete("ann")).username == "ann"
        for call in (client.users.get("ann"), client.users.delete("ann")):
            with pytest.raises(NotFoundError):
                await call

    async def test_open_registration(self, emulator: Emulator, client: EasemobClient) -> None:
        with pytest.raises(AuthenticationError, match="Open registration"):
            await client.users.create_open("ann", password="x")
        emulator.state.open_registration = True
        user = await client.users.create_open("ann", password="x", nickname="Ann")
        assert user.username == "ann"

    async def test_many_with_an_outcome_for_each(self, client: EasemobClient) -> None:
        await client.users.create("u7", password="x")
        result = await client.users.create_many([NewUser(f"u{n}", "x") for n in range(130)])
        assert len(result) == 130
        assert not result.ok
        assert result.failed == {"u7": "the u7 already exists"}
        assert result["u8"].value is not None
        assert result["u8"].value.username == "u8"
        assert [outcome.item for outcome in result] == [f"u{n}" for n in range(130)]
        assert len(result.succeeded) == 129
        alone = await client.users.create_many([NewUser("u7", "x")])
        assert list(alone.failed) == ["u7"]

    async def test_a_name_given_twice_is_refused_before_any_call(
        self, client: EasemobClient, emulator: Emulator
    ) -> None:
        users = [NewUser(f"u{n}", "x") for n in range(100)] + [NewUser("u3", "y")]
        with pytest.raises(EasemobError, match="username 'u3' is given twice"):
            await client.users.create_many(users)
        assert not emulator.requests

    async def test_a_failure_of_a_whole_call_carries_what_was_done(
        self, client: EasemobClient, emulator: Emulator
    ) -> None:
        emulator.state.user_limit = 60
        with pytest.raises(RateLimitError) as caught:
            await client.users.create_many([NewUser(f"u{n}", "x") for n in range(100)])
        assert not caught.value.temporary
        assert caught.value.partial is not None
        assert len(caught.value.partial) == 60

    async def test_statuses_of_any_number(self, client: EasemobClient, emulator: Emulator) -> None:
        emulator.add_user("u5")
        emulator.log_in("u5")
        names = [f"u{n}" for n in range(250)]
        statuses = await client.users.get_statuses([*names, "u5"])
        assert list(statuses) == names
        assert [name for name, s in statuses.items() if s == "online"] == ["u5"]
        calls = [path for _, path in emulator.requests if path.endswith("batch/status")]
        assert len(calls) == 3

    async def test_deleting_the_oldest(self, client: EasemobClient, emulator: Emulator) -> None:
        for number in range(5):
            emulator.add_user(f"u{number}")
        deleted = await client.users.delete_batch(limit=2)
        assert [user.username for user in deleted.users] == ["u0", "u1"]
        assert deleted.cursor
        rest = await client.users.delete_batch(limit=100, cursor=deleted.cursor)
        assert [user.username for user in rest.users] == ["u2", "u3", "u4"]
        assert rest.cursor is None


class TestGroups:
    @pytest.fixture
    async def group_id(self, client: EasemobClient, emulator: Emulator) -> str:
        for number in range(130):
            emulator.add_user(f"u{number}")
        group = await client.chat_groups.create(
            "friends",
            owner="u0",
            members=["u1"],
            description="d",
            public=False,
            max_users=300,
            allow_invites=True,
            avatar="http://a",
            custom="c",
        )
        return group.group_id

    async def test_a_life(self, client: EasemobClient, group_id: str) -> None:
        groups = client.chat_groups
        got = await groups.get(group_id)
        assert (got.name, got.owner, got.description, got.custom) == ("friends", "u0", "d", "c")
        assert (got.max_users, got.member_count, got.allow_invites) == (300, 2, True)
        assert {(m.username, m.role) for m in got.members} == {("u0", "owner"), ("u1", "member")}
        await groups.update(group_id, name="new", max_users=10, public=True)
        got = await groups.get(group_id)
        assert (got.name, got.max_users, got.public) == ("new", 10, True)
        await groups.transfer_owner(group_id, "u1")
        with pytest.raises(PermissionDeniedError, match="the same"):
            await groups.transfer_owner(group_id, "u1")
        with pytest.raises(PermissionDeniedError, match="doesn't exist in group"):
            await groups.transfer_owner(group_id, "u99")
        await groups.ban(group_id)
        assert (await groups.get(group_id)).banned
        with pytest.raises(PermissionDeniedError):
            await groups.update(group_id, name="x")
        await groups.unban(group_id)
        assert await groups.announcement.get(group_id) == ""
        await groups.announcement.update(group_id, "群组公告")
        assert await groups.announcement.get(group_id) == "群组公告"
        await groups.delete(group_id)
        for call in (groups.get(group_id), groups.delete(group_id), groups.ban(group_id)):
            with pytest.raises(NotFoundError, match="does not exist"):
                await call

    async def test_lists(self, client: EasemobClient, group_id: str) -> None:
        ids = [group_id]
        for number in range(24):
            made = await client.chat_groups.create(f"g{number}", owner="u0")
            ids.append(made.group_id)
        listed = [group async for group in client.chat_groups.list(limit=7)]
        assert [group.group_id for group in listed] == ids[::-1]
        assert {group.owner for group in listed} == {"u0"}  # without the app's prefix
        joined = client.chat_groups.list_joined("u0", limit=10)
        assert [group.group_id async for group in joined] == ids
        assert (await joined).total == 25  # type: ignore[attr-defined]
        assert [g.group_id async for g in client.chat_groups.list_joined("u1")] == [group_id]

    async def test_members(self, client: EasemobClient, group_id: str) -> None:
        members = client.chat_groups.members
        await members.add(group_id, "u2")
        with pytest.raises(PermissionDeniedError, match="already in group"):
            await members.add(group_id, "u2")
        with pytest.raises(NotFoundError, match="username nobody"):
            await members.add(group_id, "nobody")
        assert await members.is_joined(group_id, "u2")
        assert not await members.is_joined(group_id, "u3")
        added = await members.add_many(group_id, [f"u{n}" for n in range(130)], need_notify=False)
        assert set(added.failed) == {"u0", "u1", "u2"}
        assert len(added) == 130
        listed = [member async for member in members.list(group_id, limit=50, joined_time=True)]
        assert len(listed) == 130
        assert listed[0].role is GroupRole.OWNER
        assert all(member.joined_at is not None for member in listed)
        await members.remove(group_id, "u5")
        removed = await members.remove_many(group_id, [*(f"u{n}" for n in range(5, 100)), "x"])
        assert removed.failed == {
            "u5": "user u5 doesn't exist.",
            "x": "user x doesn't exist.",
        }
        with pytest.raises(PermissionDeniedError, match="group owner"):
            await members.remove(group_id, "u0")
        with pytest.raises(PermissionDeniedError, match="owner") as caught:
            await members.remove_many(group_id, [*(f"u{n}" for n in range(100, 130)), "u0"])
        assert caught.value.partial is not None
        assert len(caught.value.partial) == 0

    async def test_many_ids_in_a_path_stay_within_the_urls_4_kb(self, against: Against) -> None:
        names = [f"{'n' * 60}{number:03}" for number in range(60)]

        def respond(request: object) -> Reply:
            path = request.path  # type: ignore[attr-defined]
            users = path.rpartition("/")[2].split(",")
            rows = [{"user": user, "result": True} for user in users]
            return Reply(body={"data": rows})

        async with against(respond) as (client, server):
            result = await client.chat_groups.members.remove_many("1", names)
            assert result.ok
            assert len(result) == 60
            assert 1 < len(server.calls) <= 3
            assert all(len(server.url) + len(r.target) <= 4096 for r in server.calls)

    async def test_admins(self, client: EasemobClient, group_id: str) -> None:
        admins = client.chat_groups.admins
        with pytest.raises(NotFoundError):
            await admins.add(group_id, "u9")
        await admins.add(group_id, "u1")
        assert list((await admins.list(group_id)).items) == ["u1"]
        await admins.remove(group_id, "u1")
        with pytest.raises(PermissionDeniedError, match="not admin"):
            await admins.remove(group_id, "u1")

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            ({"data": {"success": False}}, "refused"),
            ({"data": {"success": "failure", "reason": "busy"}}, "refused: busy"),
        ],
    )
    async def test_a_refusal_inside_a_success_is_never_lost(
        self, against: Against, body: object, says: str
    ) -> None:
        async with against(lambda _: Reply(body=body)) as (client, _):
            with pytest.raises(APIError, match=says):
                await client.chat_groups.delete("1")

    async def test_an_answer_without_its_flag_is_a_response_error(self, against: Against) -> None:
        async with against(lambda _: Reply(body={"data": {}})) as (client, _):
            with pytest.raises(ResponseError, match=r'delete\("1"\).*data\.success is missing'):
                await client.chat_groups.delete("1")
            with pytest.raises(ResponseError, match=r"groupid is missing"):
                await client.chat_groups.create("x", owner="ann")

    async def test_a_setting_that_was_not_changed_is_named(self, against: Against) -> None:
        body = {"data": {"groupname": True, "maxusers": False}}
        async with against(lambda _: Reply(body=body)) as (client, _):
            with pytest.raises(APIError, match="not changed: maxusers, public"):
                await client.chat_groups.update("1", name="x", max_users=5, public=True)


class TestMessages:
    async def test_who_receives_what(self, client: EasemobClient, emulator: Emulator) -> None:
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
        assert not emulator.received("ann")  # the sender does not get a message of her own
        assert len(emulator.received("77")) == 2
        assert emulator.received("bob")[0]["id"] == sent.message_ids["bob"]


async def test_a_storm_of_calls_stays_inside_a_strict_quota(emulator: Emulator) -> None:
    import asyncio

    emulator.add_user("ann")
    async with EasemobClient(**emulator.credentials, retry=FAST, quotas=Quotas()) as client:
        await asyncio.gather(*(client.users.get_status("ann") for _ in range(250)))
    assert emulator.quotas.refusals == 0
