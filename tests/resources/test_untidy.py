"""Answers as the world gives them: nulls, other letter cases, things left out after the deed."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from easemob_async import (
    APIError,
    BatchResult,
    ConflictError,
    EasemobClient,
    EasemobError,
    InvalidArgumentError,
    Location,
    NewUser,
    PoolOptions,
    ResponseError,
    Text,
)
from easemob_async.resources import operations
from tests.conftest import Against
from tests.contract.calls import CALLS
from tests.contract.examples import any_example
from tests.servers import Received, Reply

REPEATED_DELETES = sorted(
    id_
    for id_, operation in operations().items()
    if operation.method == "DELETE" and operation.repeat == "safe"
)


@pytest.mark.parametrize("id_", REPEATED_DELETES)
async def test_a_repeated_delete_that_finds_nothing_is_done(against: Against, id_: str) -> None:
    """The first try may have been carried out: then the second finds nothing any more."""
    answers = iter([Reply(status=500, body={"error": "x"})])
    gone = Reply(status=404, body={"error": "service_resource_not_found"})
    async with against(lambda _: next(answers, gone), token="t") as (client, server):
        result = await CALLS[id_](client, any_example(id_))
        assert len(server.calls) == 2
        if isinstance(result, BatchResult):
            assert result.ok
        server.calls.clear()
    async with against(lambda _: gone, token="t") as (client, server):
        with pytest.raises(EasemobError):  # without a first try it is what it says
            await CALLS[id_](client, any_example(id_))


# What is read of each of these may be null, beside others that are not.
NULLS: list[tuple[str, Any, Any]] = [
    (
        "messages.send_to_users(['a', 'b'], Text('x'), sender='s')",
        {"a": "1", "b": None},
        {"a": "1"},
    ),
    ("user_attributes.get('ann')", {"k": "v", "n": None}, {"k": "v"}),
    ("chat_groups.member_attributes.get('1', 'ann')", {"k": "v", "n": None}, {"k": "v"}),
    ("chat_rooms.attributes.get('1')", {"k": "v", "n": None}, {"k": "v"}),
    ("users.get_statuses(['a', 'b'])", [{"a": "online"}, {"b": None}, None], {"a": "online"}),
    ("users.get_statuses(['a', 'b'])", [{"a": "online", "b": None}], {"a": "online"}),
    ("offline_messages.get_count('ann')", {"ann": 3, "other": None}, 3),
    ("chat_groups.update('1', name='x')", {"groupname": True, "description": None}, None),
    ("chat_rooms.update('1', name='x')", {"groupname": True, "description": None}, None),
    ("chat_groups.admins.list('1').page()", ["a", None, "b"], ("a", "b")),
    ("chat_groups.blocklist.list('1').page()", [None, "b"], ("b",)),
    ("messages.send_legacy(['a', 'b'], Text('x'))", {"a": "success", "b": None}, {"a": "success"}),
]


@pytest.mark.parametrize(("call", "data", "expected"), NULLS, ids=[n[0] for n in NULLS])
async def test_a_null_costs_itself_alone(
    against: Against, call: str, data: Any, expected: Any
) -> None:
    async with against(lambda _: Reply(body={"data": data}), token="t") as (client, _):
        result = await eval(f"client.{call}", {"client": client, "Text": Text})
        found = getattr(result, "message_ids", getattr(result, "items", result))
        if callable(found):
            found = result
        assert found == expected


async def test_a_null_does_not_end_a_list_early(against: Against) -> None:
    """A page that is full but for a null is full: there is another behind it."""

    def respond(request: Received) -> Reply:
        first = "pagenum=1&" in request.query or request.query.endswith("pagenum=1")
        rows: list[Any] = [{"member": f"u{n}"} for n in range(1000)]
        rows[7] = None
        return Reply(body={"data": rows if first else [{"owner": "last"}]})

    async with against(respond, token="t") as (client, _):
        members = [m.username async for m in client.chat_groups.members.list("1")]
    assert len(members) == 1000
    assert members[-1] == "last"


@pytest.mark.parametrize("odd", [None, False, True, [], ["1"], {}, {"id": 1}, 1.5])
async def test_an_odd_message_id_is_unknown_alone(against: Against, odd: Any) -> None:
    body = {"data": {"a": "1", "b": odd, "c": 3}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        sent = await client.messages.send_to_users(["a", "b", "c"], Text("x"), sender="s")
        assert sent.message_ids == {"a": "1", "c": "3"}
        outcomes = {
            o.target: (o.status.value, o.message_id)
            async for o in client.fanout.to_users(["a", "b", "c"], Text("x"))
        }
        assert outcomes == {"a": ("sent", "1"), "b": ("unknown", None), "c": ("sent", "3")}


ROWS = [{"user": "ann", "result": True}, {"user": "bob", "result": False, "reason": "no"}]
LOWERED: list[tuple[str, Any]] = [
    ("chat_groups.members.add_many('1', ['Ann', 'BOB'])", {"data": {"newmembers": ["ann", "bob"]}}),
    ("chat_groups.members.remove_many('1', ['Ann', 'BOB'])", {"data": ROWS}),
    ("chat_groups.blocklist.add_many('1', ['Ann', 'BOB'])", {"data": ROWS}),
    ("chat_rooms.mutes.remove_many('1', ['Ann', 'BOB'])", {"data": ROWS}),
    ("contacts.blocklist.add_many('x', ['Ann', 'BOB'])", {"data": ["ann", "bob"]}),
    ("contacts.import_many('x', ['Ann', 'BOB'])", {"data": {"success": ["ann", "bob"]}}),
    (
        "user_attributes.get_many(['Ann', 'BOB'], keys=['k'])",
        {"data": {"ann": {"k": "1"}, "bob": {"k": "2"}}},
    ),
    (
        "chat_groups.member_attributes.get_many('1', ['Ann', 'BOB'])",
        {"data": {"ann": {"k": "1"}, "bob": {"k": "2"}}},
    ),
    (
        "presence.get_many('x', ['Ann', 'BOB'])",
        {"result": [{"uid": "ann", "last_time": "1", "expiry": "1", "ext": "", "status": {}}] * 2},
    ),
    ("users.get_statuses(['Ann', 'BOB'])", {"data": [{"ann": "online"}, {"bob": "offline"}]}),
    (
        "messages.send_to_users(['Ann', 'BOB'], Text('x'), sender='s')",
        {"data": {"ann": "1", "bob": "2"}},
    ),
    ("messages.send_legacy(['Ann', 'BOB'], Text('x'))", {"data": {"ann": "success", "bob": "x"}}),
    (
        "contacts.check('x', ['Ann', 'BOB'])",
        {"entities": [{"username": "ann", "relation": "friend"}]},
    ),
    (
        "push.set_nicknames({'Ann': 'a', 'BOB': 'b'})",
        {"entities": [{"username": "ann", "push_nickname": "a"}]},
    ),
]


@pytest.mark.parametrize(("call", "body"), LOWERED, ids=[n[0] for n in LOWERED])
@pytest.mark.parametrize("prefix", ["", "acme#shop_"])
async def test_a_result_is_found_under_the_name_that_was_asked_for(
    against: Against, call: str, body: Any, prefix: str
) -> None:
    text = json.dumps(body)
    if prefix:
        if "newmembers" not in text and "message" not in call and "statuses" not in call:
            pytest.skip("no prefix is seen there")
        text = text.replace('"ann"', f'"{prefix}ann"').replace('"bob"', f'"{prefix}bob"')
    async with against(lambda _: Reply(body=text), token="t") as (client, _):
        result = await eval(f"client.{call}", {"client": client, "Text": Text})
        if isinstance(result, BatchResult):
            assert [o.item for o in result] == ["Ann", "BOB"]
            assert result["Ann"].ok
        else:
            found = getattr(result, "message_ids", result)
            assert "Ann" in found
            assert "ann" not in found
            assert f"{prefix}ann" not in found


@pytest.mark.parametrize("row", [{"user": "ann"}, {"user": "ann", "result": None}, {}, None])
async def test_a_row_that_says_nothing_is_no_refusal(against: Against, row: Any) -> None:
    body = {"data": [row, {"user": "bob", "result": True}]}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        for call in (
            client.chat_groups.members.remove_many("1", ["ann", "bob"]),
            client.chat_groups.mutes.remove_many("1", ["ann", "bob"]),
            client.chat_rooms.allowlist.add_many("1", ["ann", "bob"]),
        ):
            result = await call
            assert not result.ok
            assert result["bob"].ok
            assert result["ann"].reason is None
            assert isinstance(result["ann"].error, ResponseError)
            assert result["ann"].error.maybe_processed
            assert "does not say what became of 'ann'" in result.failed["ann"]


DEEDS = [
    "users.ban('ann')",
    "users.delete('ann')",
    "users.create('ann', password='secret1')",
    "contacts.add('x', 'ann')",
    "contacts.remove('x', 'ann')",
    "contacts.blocklist.remove('x', 'ann')",
    "push.set_nickname('ann', 'n')",
    "push.set_display_style('ann', '1')",
]


@pytest.mark.parametrize("body", [{}, {"entities": []}, {"entities": None}, {"entities": [{}]}])
@pytest.mark.parametrize("call", DEEDS)
async def test_what_was_done_is_returned_as_far_as_it_is_known(
    against: Against, call: str, body: Any
) -> None:
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert (await eval(f"client.{call}", {"client": client})).username == "ann"


async def test_a_transfer_may_name_the_new_owner(against: Against) -> None:
    for said in (True, "true", "ann", "Ann", "acme#shop_ann"):
        async with against(lambda _, s=said: Reply(body={"data": {"newowner": s}}), token="t") as (
            client,
            _,
        ):
            await client.chat_groups.transfer_owner("1", "ann")
            await client.chat_rooms.transfer_owner("1", "Ann")
    for said in (False, "bob", None):
        async with against(lambda _, s=said: Reply(body={"data": {"newowner": s}}), token="t") as (
            client,
            _,
        ):
            with pytest.raises(EasemobError):
                await client.chat_groups.transfer_owner("1", "ann")


async def test_a_batch_of_which_nothing_was_done_lacks_its_list(against: Against) -> None:
    body = {"data": {"status": "error", "errorKeys": {"k": "not yours"}}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        result = await client.chat_rooms.attributes.set("1", "ann", {"k": "v"})
        assert result.failed == {"k": "not yours"}
    body = {"data": {"NotExistFailed": ["bob"]}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert (await client.contacts.import_many("x", ["bob"])).failed == {"bob": "no such user"}


async def test_a_role_of_tomorrow_is_a_plain_string(against: Against) -> None:
    rows = [{"owner": "ann"}, {"moderator": "bob"}, {"member": "eve", "joined_time": 1}]
    async with against(lambda _: Reply(body={"data": rows}), token="t") as (client, _):
        members = [(m.username, m.role) async for m in client.chat_groups.members.list("1")]
    assert members == [("ann", "owner"), ("bob", "moderator"), ("eve", "member")]
    group = {"id": "1", "affiliations": rows}
    async with against(lambda _: Reply(body={"data": [group]}), token="t") as (client, _):
        assert len((await client.chat_groups.get("1")).members) == 3


async def test_half_an_emoji_does_not_cost_a_page(against: Against) -> None:
    raw = (
        b'\xef\xbb\xbf{"entities": [{"username": "ann", "nickname": "cut \\ud83d"},'
        b'{"username": "bob", "nickname": "tab\there \xff", "activated": NaN}]}'
    )
    async with against(lambda _: Reply(body=raw), token="t") as (client, _):
        users = [user async for user in client.users.list()]
    assert [u.nickname for u in users] == ["cut \ufffd", "tab\there \ufffd"]


@pytest.mark.parametrize("packed", [True, False])
async def test_an_answer_that_is_too_large_ends_before_it_fills_the_memory(
    against: Against, packed: bool
) -> None:
    import resource

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


TAKEN = [
    (400, "duplicate_unique_property_exists", "value of ann exists"),
    (400, "illegal_argument", "group ID 7 already exists!"),
    (400, "Bad Request", "the user is already operation this message"),
    (400, "Bad request", "The textList already exists"),
    (400, "Bad Request", "The textList already contains the text"),
    (409, "concurrent_operation_error", "concurrency create app user failed"),
]


@pytest.mark.parametrize(("status", "error", "description"), TAKEN)
async def test_what_is_there_already_is_a_conflict(
    against: Against, status: int, error: str, description: str
) -> None:
    refusal = Reply(status=status, body={"error": error, "error_description": description})
    async with against(lambda _: refusal, token="t") as (client, server):
        for call in (
            lambda: client.users.create("ann", password="secret1"),
            lambda: client.chat_groups.create("x", owner="ann"),
            lambda: client.reactions.add("ann", "1", "x"),
        ):
            server.calls.clear()
            server.received.clear()
            with pytest.raises(ConflictError):
                await call()
            if status == 400:
                assert len(server.calls) == 1  # never repeated by itself


@pytest.mark.parametrize(
    "name",
    [
        "Screenshot 2026-11-20 at 3.15.00\u202fPM.png",
        "\u3000全角.txt",
        "a\u00a0b.pdf",
        "\U0001f469\u200d\U0001f4bb.jpg",
        "soft\u00adhyphen",
        "\ufeffmark",
        "\u202ertl",
        'quo"te\\back',
    ],
)
async def test_names_that_people_have_are_taken(
    against: Against, name: str, tmp_path: Path
) -> None:
    def respond(request: Received) -> Reply:
        if "chatfiles" in request.path:
            return Reply(body={"entities": [{"uuid": "1"}]})
        return Reply(body={"data": {name: "1", "u": "2"}, "entities": [{"username": name}]})

    async with against(respond, token="t") as (client, server):
        if "\\" not in name:
            path = tmp_path / name
            path.write_bytes(b"x")
            await client.files.upload(path)
        await client.files.upload(b"x", filename=name)
        assert f"filename*=utf-8''{quote(name, safe='')}".encode() in server.calls[-1].body or (
            name.isascii()
        )
        await client.users.get(name)
        assert (await client.fanout.to_users([name, "u"], Text("x"))).sent == 2
        sent = await client.messages.send_to_users([name], Text("x"), sender=name)
        assert name in sent.message_ids


@pytest.mark.parametrize(
    "name", ["a\nb", "a\tb", "\x00", "a\x7f", "a\x85", "half \ud83d", "\x1b[0m"]
)
async def test_control_characters_and_half_pairs_are_refused(against: Against, name: str) -> None:
    async with against(lambda _: Reply(body={}), token="t") as (client, server):
        says = "half a surrogate pair" if "\ud83d" in name else "control characters"
        for call in (
            lambda: client.files.upload(b"x", filename=name),
            lambda: client.users.get(name),
            lambda: client.messages.send_to_users([name], Text("x"), sender="s"),
            lambda: client.chat_groups.members.add("1", name),
        ):
            with pytest.raises(InvalidArgumentError, match=says):
                await call()
        report = await client.fanout.to_users([name], Text("x"))
        assert report.failed == 1
        assert not server.calls


async def test_the_2014_call_sends_a_place_as_numbers(against: Against) -> None:
    async with against(lambda _: Reply(body={"data": {"u": "success"}}), token="t") as (c, server):
        await c.messages.send_legacy(["u"], Location(39.9, "116.3", "Beijing"))
        sent = server.calls[-1].json["msg"]
        assert (sent["lat"], sent["lng"]) == (39.9, 116.3)
        await c.messages.send_to_users(["u"], Location(39.9, 116.3, "Beijing"), sender="s")
        assert server.calls[-1].json["body"]["lat"] == "39.9"


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
        for call in (
            client.users.create("ann", password=password),
            client.users.update_password("ann", password=password),
            client.users.create_many([NewUser("ann", password), NewUser("bob", "other-one")]),
        ):
            with pytest.raises(APIError) as caught:
                await call
            assert tail not in str(caught.value)
            assert tail not in caught.value.description


@pytest.mark.parametrize("own", [True, False])
async def test_what_has_no_body_does_not_call_it_a_stream_of_octets(
    against: Against, own: bool
) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session:
        given: dict[str, Any] = {} if own else {"session": session}
        body = {"data": {"result": True, "disabled": True, "mute": True}, "entities": []}
        async with against(lambda _: Reply(body=body), token="t", **given) as (client, server):
            await client.users.ban("ann")
            await client.chat_groups.members.add("1", "ann")
            await client.chat_groups.ban("1")
            await client.chat_groups.mutes.mute_all("1")
            await client.users.list()
            types = [(r.method, r.headers.get("content-type")) for r in server.calls]
    assert types == [*[(r[0], "application/json") for r in types[:4]], ("GET", None)]
