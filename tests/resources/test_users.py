"""Users: accounts, online status and devices."""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from easemob_async import (
    APIError,
    AuthenticationError,
    BadRequestError,
    EasemobClient,
    InvalidArgumentError,
    NewUser,
    NotFoundError,
    OnlineStatus,
    PoolOptions,
    RateLimitError,
    ResponseError,
    User,
)
from easemob_async.emulator import Emulator
from tests.conftest import Against
from tests.resources import names
from tests.resources.rest_2014 import enveloped, of_2014
from tests.resources.stories import every_operation
from tests.servers import Received, Reply


async def test_every_operation_end_to_end() -> None:
    async with every_operation("users") as (c, em):
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
        await c.users.delete("lee")
        assert len((await c.users.delete_batch(limit=1)).users) == 1


async def test_a_life(client: EasemobClient, emulator: Emulator) -> None:
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


async def test_open_registration(emulator: Emulator, client: EasemobClient) -> None:
    with pytest.raises(AuthenticationError, match="Open registration"):
        await client.users.create_open("ann", password="x")
    emulator.state.open_registration = True
    user = await client.users.create_open("ann", password="x", nickname="Ann")
    assert user.username == "ann"


async def test_many_with_an_outcome_for_each(client: EasemobClient) -> None:
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
    client: EasemobClient, emulator: Emulator
) -> None:
    users = [NewUser(f"u{n}", "x") for n in range(100)] + [NewUser("u3", "y")]
    with pytest.raises(InvalidArgumentError, match="username 'u3' is given twice"):
        await client.users.create_many(users)
    assert not emulator.requests


async def test_a_failure_of_a_whole_call_carries_what_was_done(
    client: EasemobClient, emulator: Emulator
) -> None:
    emulator.state.user_limit = 60
    with pytest.raises(RateLimitError) as caught:
        await client.users.create_many([NewUser(f"u{n}", "x") for n in range(100)])
    assert not caught.value.temporary
    assert caught.value.partial is not None
    assert len(caught.value.partial) == 60


async def test_statuses_of_any_number(client: EasemobClient, emulator: Emulator) -> None:
    emulator.add_user("u5")
    emulator.log_in("u5")
    usernames = [f"u{n}" for n in range(250)]
    statuses = await client.users.get_statuses([*usernames, "u5"])
    assert list(statuses) == usernames
    assert [name for name, s in statuses.items() if s == "online"] == ["u5"]
    calls = [path for _, path in emulator.requests if path.endswith("batch/status")]
    assert len(calls) == 3


async def test_deleting_the_oldest(client: EasemobClient, emulator: Emulator) -> None:
    for number in range(5):
        emulator.add_user(f"u{number}")
    deleted = await client.users.delete_batch(limit=2)
    assert [user.username for user in deleted.users] == ["u0", "u1"]
    assert deleted.cursor
    rest = await client.users.delete_batch(limit=100, cursor=deleted.cursor)
    assert [user.username for user in rest.users] == ["u2", "u3", "u4"]
    assert rest.cursor is None


async def test_is_a_user_online() -> None:
    answers = {("GET", "/users/stliu/status"): enveloped("get", {"stliu": "online"})}
    async with of_2014(answers) as (client, server):
        assert await client.users.get_status("stliu") is OnlineStatus.ONLINE
        assert server.calls[0].headers["authorization"].startswith("Bearer ")


async def test_the_documented_maximum_is_sent_when_no_size_is_given(against: Against) -> None:
    async with against(lambda _: Reply(body={"entities": []})) as (client, server):
        await client.users.list()
        assert server.calls[0].query == "limit=100"


@pytest.mark.parametrize(
    "data",
    [[{"a": "online"}, {"b": None}, None], [{"a": "online", "b": None}]],
)
async def test_a_null_costs_itself_alone(against: Against, data: object) -> None:
    async with against(lambda _: Reply(body={"data": data}), token="t") as (client, _):
        assert await client.users.get_statuses(["a", "b"]) == {"a": "online"}


@pytest.mark.parametrize("prefix", ["", "acme#shop_"])
async def test_a_result_is_found_under_the_name_that_was_asked_for(
    against: Against, prefix: str
) -> None:
    body = {"data": [{f"{prefix}ann": "online"}, {f"{prefix}bob": "offline"}]}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        found = await client.users.get_statuses(["Ann", "BOB"])
    assert found == {"Ann": "online", "BOB": "offline"}


Deed = Callable[[EasemobClient], Awaitable[User]]
DEEDS: list[Deed] = [
    lambda c: c.users.ban("ann"),
    lambda c: c.users.delete("ann"),
    lambda c: c.users.create("ann", password="secret1"),
]


@pytest.mark.parametrize("body", [{}, {"entities": []}, {"entities": None}, {"entities": [{}]}])
@pytest.mark.parametrize("deed", DEEDS, ids=["ban", "delete", "create"])
async def test_what_was_done_is_returned_as_far_as_it_is_known(
    against: Against, deed: Deed, body: object
) -> None:
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert (await deed(client)).username == "ann"


async def test_half_an_emoji_does_not_cost_a_page(against: Against) -> None:
    raw = (
        b'\xef\xbb\xbf{"entities": [{"username": "ann", "nickname": "cut \\ud83d"},'
        b'{"username": "bob", "nickname": "tab\there \xff", "activated": NaN}]}'
    )
    async with against(lambda _: Reply(body=raw), token="t") as (client, _):
        users = [user async for user in client.users.list()]
    assert [u.nickname for u in users] == ["cut \ufffd", "tab\there \ufffd"]


@pytest.mark.parametrize("name", names.TAKEN)
async def test_names_that_people_have_are_taken(against: Against, name: str) -> None:
    body = {"entities": [{"username": name}]}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert (await client.users.get(name)).username == name


@pytest.mark.parametrize(("name", "says"), names.REFUSED)
async def test_control_characters_and_half_pairs_are_refused(
    unconnected: EasemobClient, name: str, says: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=says):
        await unconnected.users.get(name)


WEIRD = [
    'pa"ss-word',
    "pa\\ss-word",
    "pa\tss-word",
    "pä\u4e16ss-word",
    "pa/ss'<&>word",
    "a b+c-word",
]


@pytest.mark.parametrize("password", WEIRD)
async def test_a_secret_is_hidden_however_it_is_spelt(against: Against, password: str) -> None:
    def respond(request: Received) -> Reply:
        echoed = request.body.decode()
        return Reply(
            status=400,
            body={
                "error": "x",
                "error_description": f"cannot parse {echoed}; {json.dumps(echoed)}; {password}",
            },
        )

    tail = password[-6:]
    async with against(respond, token="t") as (client, _):
        calls: list[Awaitable[Any]] = [
            client.users.create("ann", password=password),
            client.users.update_password("ann", password=password),
            client.users.create_many([NewUser("ann", password), NewUser("bob", "other-one")]),
        ]
        for call in calls:
            with pytest.raises(APIError) as caught:
                await call
            assert tail not in str(caught.value)
            assert tail not in caught.value.description


@pytest.mark.parametrize("packed", [True, False])
async def test_an_answer_that_is_too_large_ends_before_it_fills_the_memory(packed: bool) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        zeros = b'{"data": "' + b"0" * 200_000_000
        content = gzip.compress(zeros, 1) if packed else zeros
        head = "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n"
        head += "Content-Encoding: gzip\r\n\r\n" if packed else "\r\n"
        writer.write(head.encode())
        try:
            for start in range(0, len(content), 65536):
                writer.write(content[start : start + 65536])
                await writer.drain()
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(endless, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    pool = PoolOptions(max_answer_bytes=1_000_000)
    async with EasemobClient("a#b", token="t", base_url=url, pool=pool) as client:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(ResponseError, match="larger than 1000000 bytes, unpacked"):
            await client.users.get("ann")
        if packed:  # otherwise the server here holds as much itself
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 450_000
    listener.close()
    await listener.wait_closed()
