"""What goes wrong around files, streams, history and odd answers: told clearly, nothing lost."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from easemob_async import (
    EasemobClient,
    InvalidArgumentError,
    PermissionDeniedError,
    Recall,
    ResponseError,
    Text,
    Timeouts,
    TransportError,
    UserTokens,
)
from easemob_async.emulator import Emulator
from easemob_async.resources.history import _records, read_record
from easemob_async.transport.downloads import ToFile
from tests.conftest import Against
from tests.servers import HANG, Answer, Received, Reply

BIG = bytes(2_000_000)


# ---------------------------------------------------------------- files


async def test_leaving_a_download_early_ends_its_call(against: Against) -> None:
    async with against(lambda _: Reply(body=BIG), token="t") as (client, server):
        server.respond = lambda _: Reply(body=BIG)
        before = len(asyncio.all_tasks())
        async with contextlib.aclosing(aiter(client.files.download("f"))) as pieces:  # type: ignore[type-var]
            async for _ in pieces:
                await asyncio.sleep(0.05)  # the queue is full by now
                break
        assert len(asyncio.all_tasks()) <= before + 1  # the server's own

        async def cancelled() -> None:
            async for _ in client.files.download("f"):
                await asyncio.sleep(60)

        task = asyncio.create_task(cancelled())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task], timeout=5)
        assert task.cancelled()


async def test_a_full_disk_is_the_disks_error_at_once(
    against: Against, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(self: ToFile, piece: bytes) -> None:
        def write(data: bytes) -> None:
            raise OSError(28, "No space left on device")

        await self._do(write, piece)

    monkeypatch.setattr(ToFile, "take", full)
    async with against(lambda _: Reply(body=b"x"), token="t") as (client, server):
        server.respond = lambda _: Reply(body=b"x")
        with pytest.raises(OSError, match="No space left") as caught:
            await client.files.download("f").save(tmp_path / "f")
        assert not isinstance(caught.value, TransportError)
        assert len(server.received) == 1
    assert list(tmp_path.iterdir()) == []


async def test_two_downloads_to_one_path_are_in_nobodys_way(
    against: Against, tmp_path: Path
) -> None:
    async with against(lambda _: Reply(body=BIG), token="t") as (client, server):
        server.respond = lambda _: Reply(body=BIG)
        (tmp_path / "f.part").write_text("mine")
        saves = (client.files.download("f").save(tmp_path / "f") for _ in range(4))
        await asyncio.gather(*saves)
    assert (tmp_path / "f").read_bytes() == BIG
    assert {path.name for path in tmp_path.iterdir()} == {"f", "f.part"}


async def test_an_error_of_the_callers_iterator_is_raised_as_it_is() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"one"
        raise KeyError("mine")

    async def text() -> AsyncIterator[Any]:
        yield "no bytes"

    async with Emulator() as emulator, EasemobClient(**emulator.credentials) as client:
        with pytest.raises(KeyError, match="mine"):
            await client.files.upload(broken())
        with pytest.raises(TypeError, match="must be bytes"):
            await client.files.upload(text())
        assert emulator.state.files == {}


async def test_a_share_secret_is_in_no_error(against: Against) -> None:
    no = Reply(status=403, body={"error": "x", "error_description": "share-secret TOPSECRETZ no"})
    async with against(lambda _: no, token="t") as (client, server):
        server.respond = lambda _: no
        with pytest.raises(PermissionDeniedError) as caught:
            await client.files.download("f", share_secret="TOPSECRETZ")
    assert "TOPSECRETZ" not in f"{caught.value!r} {caught.value.description}"


# ---------------------------------------------------------------- one is not several


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.chat_groups.members.remove("g", "bob,eve"),
        lambda c: c.chat_groups.members.remove_many("g", ["ann", "bob,eve"]),
        lambda c: c.chat_rooms.blocklist.remove("r", "bob,eve"),
        lambda c: c.chat_groups.get("1,2"),
        lambda c: c.roaming.delete_chat_messages("ann", "bob", ["1,2"]),
        lambda c: c.reactions.list("ann", ["1,2"], chat_type="chat").page(),
    ],
)
async def test_an_id_with_a_comma_is_refused(call: Any) -> None:
    client = EasemobClient("a#b", token="t", base_url="http://127.0.0.1:1")
    with pytest.raises(InvalidArgumentError, match="comma"):
        await call(client)


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.chat_groups.member_attributes.set_many("g", ["ann"]),
        lambda c: c.chat_rooms.attributes.set("r", "ann", ["k"]),
        lambda c: c.push.set_nicknames(["ann"]),
        lambda c: c.push.set_settings("ann", ignore_interval=5),
        lambda c: c.push.set_settings("ann", ignore_duration=5),
        lambda c: c.messages.recall_many([{}]),
        lambda c: c.messages.recall_many(None),
        lambda c: c.messages.recall("1", target="a", chat_type="chat", operator=5),
        lambda c: c.messages.update("1", "txt"),
        lambda c: c.messages.update("1", "img", ext={"a": float("nan")}),
        lambda c: c.messages.update("1", "img", ext={"a": "x" * 6000}),
        lambda c: c.messages.update("1", "img", ext=[1]),
        lambda c: c.favorites.add_many("ann", ["x"]),
        lambda c: c.favorites.add("ann", "x", type="x"),
        lambda c: c.files.upload(b"", filename=5),
        lambda c: c.messages.stream_to_user("ann", "x", seq=0, message_id=5),
        lambda c: c.messages.stream_to_user("ann", "x", seq=0, finish_reason="x"),
        lambda c: c.history.get(datetime.max.replace(tzinfo=UTC)),
        lambda c: c.messages.recall_many([Recall(message_id="", target="a", chat_type="chat")]),
    ],
)
async def test_bad_input_is_a_clear_error_before_any_io(call: Any) -> None:
    client = EasemobClient("a#b", token="t", base_url="http://127.0.0.1:1")
    with pytest.raises(InvalidArgumentError):
        await call(client)
    for join in (-1, "x", 30):
        with pytest.raises(InvalidArgumentError, match="join"):
            client.messages.stream("ann", join=join)


# ---------------------------------------------------------------- streams


def told(request: Received) -> Any:
    return request.json["body"]


async def test_a_stream_whose_exit_is_cancelled_says_nothing_more(
    against: Against, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("easemob_async.resources.streams._KEEP_ALIVE", 0.02)
    gate = asyncio.Event()

    async def respond(_: Received) -> Answer:
        await gate.wait()
        return Reply(body={"data": {"msgId": "1"}})

    async with against(respond, token="t") as (client, server):
        server.respond = respond
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                async with client.messages.stream("ann", join=0) as out:
                    await out.write("x")
                    await asyncio.sleep(0.05)
        gate.set()
        await asyncio.sleep(0.2)
        assert len(server.received) <= 2


async def test_a_first_answer_without_an_id_breaks_the_stream(against: Against) -> None:
    async with against(lambda _: Reply(body={"data": {}}), token="t") as (client, server):
        server.respond = lambda _: Reply(body={"data": {}})
        with pytest.raises(ResponseError, match=r"data\.msgId is missing"):
            async with client.messages.stream("ann", join=0) as out:
                await out.write("x")
        assert len(server.received) == 1


async def test_a_stream_that_could_not_go_on_is_marked_as_failed(against: Against) -> None:
    def respond(request: Received) -> Answer:
        if told(request)["seq"] == 1:
            return Reply(status=502)
        return Reply(body={"data": {"msgId": "1"}})

    async with against(respond, token="t") as (client, server):
        server.respond = respond
        with pytest.raises(Exception, match="502"):
            async with client.messages.stream("ann", join=0) as out:
                await out.write("one")
                while out.message_id is None:
                    await asyncio.sleep(0)
                await out.write("two")
                await asyncio.sleep(0.1)
        last = told(server.received[-1])
    assert (last["finish"], last["finishReason"], last["seq"]) == (True, 1, 2)


async def test_a_stream_without_a_word_sends_nothing(against: Against) -> None:
    async with against(lambda _: Reply(), token="t") as (client, server):
        server.respond = lambda _: Reply()
        async with client.messages.stream("ann"):
            pass
        assert server.received == []


# ---------------------------------------------------------------- history


def record(n: int) -> str:
    return json.dumps(
        {
            "msg_id": str(n),
            "timestamp": 1403099033211,
            "chat_type": "chat",
            "payload": {"bodies": [{"type": "txt", "msg": "é"}], "from": "a", "to": "b"},
        },
        ensure_ascii=False,
        indent=n % 3 or None,  # also over several lines
    )


async def read(data: bytes, size: int) -> list[str]:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    return [found["msg_id"] async for found in _records(pieces())]


@pytest.mark.parametrize("size", [1, 7, 1000, 10**6])
@pytest.mark.parametrize("between", ["\n", "", ",", ",\n"])
async def test_every_record_is_read_however_it_comes(size: int, between: str) -> None:
    text = between.join(record(n) for n in range(20)).encode()
    wanted = [str(n) for n in range(20)]
    assert await read(text, size) == wanted
    assert await read(gzip.compress(text), size) == wanted
    halves = text[:500], text[500:]
    assert await read(b"".join(map(gzip.compress, halves)), size) == wanted
    assert await read(b"[" + text.replace(b"}\n{", b"},{") + b"]", size) == wanted


async def test_a_file_that_is_cut_is_never_taken_for_whole() -> None:
    lines = "".join(record(n * 3) + "\n" for n in range(100)).encode()
    packed = gzip.compress(lines)
    for cut in range(1, len(packed), 13):
        with pytest.raises(ResponseError, match="damaged"):
            await read(packed[:cut], 50)
    for damaged in (lines[:-20], b"nonsense", b"1 2 3", b'{"a": nonsense}'):
        with pytest.raises(ResponseError, match="damaged"):
            await read(damaged, 50)


@pytest.mark.parametrize("size", [1, 50, 10**6])
@pytest.mark.parametrize(
    "padding", [b"\0", b"\0" * 600, b"\n", b"\r\n", b" \n\0"], ids=lambda p: repr(p[:6])
)
async def test_what_pads_a_member_loses_nothing(padding: bytes, size: int) -> None:
    parts = [gzip.compress(f"{record(n * 3)}\n".encode()) for n in range(3)]
    assert await read(padding.join(parts) + padding, size) == ["0", "3", "6"]


async def test_rubbish_behind_the_last_member_is_told_after_the_records() -> None:
    data = gzip.compress(record(0).encode()) + b"rubbish"

    async def pieces() -> AsyncIterator[bytes]:
        yield data

    found = []
    with pytest.raises(ResponseError, match="damaged"):
        async for one in _records(pieces()):
            found.append(one)
    assert len(found) == 1


@pytest.mark.parametrize("size", [1, 7, 10**6])
async def test_records_that_are_nearly_json_are_read(size: int) -> None:
    odd = [
        '{"msg_id": "cut \\ud83d"}',
        '{"msg_id": "tab\there"}',
        '{"msg_id": "n", "x": NaN}',
        '{"msg_id": "deep", "x": ' + "[" * 900 + "]" * 900 + "}",
    ]
    text = "\ufeff" + "\n".join(odd) + "\n" + record(1)
    data = text.encode() + b'{"msg_id": "\xff"}'
    wanted = ["cut \ufffd", "tab\there", "n", "deep", "1", "\ufffd"]
    assert await read(data, size) == wanted
    assert await read(gzip.compress(data), size) == wanted


async def test_what_is_nested_beyond_reading_costs_its_line_alone() -> None:
    deep = '{"x": ' + "[" * 5000 + "]" * 5000 + "}"
    data = f"{record(0)}\n{deep}\n{record(3)}\n".encode()

    async def pieces() -> AsyncIterator[bytes]:
        yield data

    found = [read_record(one) async for one in _records(pieces())]
    assert [one.message_id for one in found if one] == ["0", "3"]


async def test_what_stands_behind_a_line_that_is_none_is_read() -> None:
    whole, other = record(0), record(3)
    for between in ("null", "17", '"x"', "garbage", "[1]"):
        assert await read(f"{whole}\n{between}\n{other}".encode(), 7) == ["0", "3"], between
    assert await read(f'{{"msg_id": "n", "x": {"9" * 5000}}}'.encode(), 100) == ["n"]


@pytest.mark.parametrize("number", [1, 2, 10, 200])
async def test_what_stands_before_a_wrong_checksum_is_read(number: int) -> None:
    packed = bytearray(gzip.compress("".join(f"{record(n)}\n" for n in range(number)).encode()))
    packed[-6] ^= 1

    async def pieces() -> AsyncIterator[bytes]:
        yield bytes(packed)

    found = []
    with pytest.raises(ResponseError, match="damaged"):
        async for one in _records(pieces()):
            found.append(one["msg_id"])
    assert found == [str(n) for n in range(number)]


@pytest.mark.parametrize(
    ("change", "reads"),
    [
        ({"msg_id": None}, {"message_id": None}),
        ({"chat_type": None}, {"chat_type": None}),
        ({"timestamp": "1403099033211"}, {}),
        ({"timestamp": None}, {"sent_at": None}),
        ({"timestamp": "soon"}, {"sent_at": None}),
        ({"timestamp": 10**30}, {"sent_at": None}),
        ({"msg_id": 7}, {"message_id": "7"}),
        ({"payload": {"from": None, "to": "b", "bodies": []}}, {"sender": None, "bodies": ()}),
        ({"payload": {"from": "a", "to": None}}, {"target": None, "bodies": ()}),
        ({"payload": {"from": "a", "to": "b", "bodies": None}}, {"bodies": ()}),
        ({"payload": {"from": "a", "to": "b", "bodies": [None, 5]}}, {"bodies": (5,)}),
        ({"payload": {"from": "a", "to": "b", "bodies": {"x": 1}}}, {"bodies": ({"x": 1},)}),
        ({"payload": {"from": {"x": 1}, "to": "b", "ext": "text"}}, {"sender": None, "ext": {}}),
    ],
)
def test_a_record_that_lacks_something_is_read_all_the_same(
    change: dict[str, Any], reads: dict[str, Any]
) -> None:
    whole = json.loads(record(0))
    found = read_record({**whole, **change})
    assert found is not None
    sent_at = datetime(2014, 6, 18, 13, 43, 53, 211000, tzinfo=UTC)
    expected = {"message_id": "0", "sent_at": sent_at, "chat_type": "chat", **reads}
    assert {name: getattr(found, name) for name in expected} == expected


async def test_a_record_that_is_no_message_is_left_out_and_told(
    against: Against, caplog: pytest.LogCaptureFixture
) -> None:
    lines = f'{record(0)}\n{{"payload": null}}\n{{}}\n{record(3)}'

    def respond(request: Received) -> Answer:
        if request.path.endswith("/file"):
            return Reply(body=lines)
        return Reply(body={"data": [{"url": f"{server.url}/file"}]})

    async with against(respond, token="t") as (client, server):
        server.respond = respond
        found = [m.message_id async for m in client.history.messages(datetime.now(UTC))]
    assert found == ["0", "3"]
    assert caplog.text.count("a record that is no message is left out") == 2


async def test_a_store_that_stalls_is_not_waited_for_for_ever(against: Against) -> None:
    def respond(request: Received) -> Answer:
        if request.path.endswith("/file"):
            return HANG
        return Reply(body={"data": [{"url": f"{server.url}/file?Signature=s3cr3t"}]})

    async with against(respond, token="t", timeout=Timeouts(total=0.3)) as (client, server):
        server.respond = respond
        with pytest.raises(TransportError) as caught:
            async for _ in client.history.messages(datetime.now(UTC)):
                pass
    assert "s3cr3t" not in str(caught.value)


# ---------------------------------------------------------------- odd answers


async def test_whatever_stands_for_never_is_never(against: Against) -> None:
    ends = [-1, "-1", 0, 9223372036854775807, "9223372036854775807"]
    rows = [{"user": f"u{n}", "expire": end} for n, end in enumerate(ends)]
    rows.append({"user": "last", "expire": 1489158589481})
    async with against(lambda _: Reply(body={"data": rows}), token="t") as (client, server):
        server.respond = lambda _: Reply(body={"data": rows})
        found = [muted.expires_at async for muted in client.chat_groups.mutes.list("g")]
    assert found[:-1] == [None] * len(ends)
    assert found[-1] is not None


@pytest.mark.parametrize(
    "data",
    [
        {"updateMetadataSucceeded": [{"metadata": {}}]},
        {"updateMetadataSucceeded": ["ann"]},
        {"updateMetadataSucceeded": 5},
    ],
)
async def test_a_row_that_names_nobody_is_a_clear_error(against: Against, data: Any) -> None:
    async with against(lambda _: Reply(body={"data": data}), token="t") as (client, server):
        server.respond = lambda _: Reply(body={"data": data})
        with pytest.raises(ResponseError):
            await client.chat_groups.member_attributes.set_many("g", {"ann": {"k": "v"}})


async def test_ids_may_be_numbers(against: Against) -> None:
    rows = [{"user": 5, "result": True}, {"user": "a#b_6", "result": True}]
    async with against(lambda _: Reply(body={"data": rows}), token="t") as (client, server):
        server.respond = lambda _: Reply(body={"data": rows})
        assert (await client.chat_groups.allowlist.add_many("g", ["5"])).ok


async def test_one_token_is_made_for_a_user_however_many_wait() -> None:
    async with Emulator() as emulator:
        emulator.add_user("ann")
        keys = emulator.credentials
        tokens = UserTokens(keys["client_id"], keys["client_secret"], ttl=timedelta(hours=1))
        async with EasemobClient(keys["app_key"], token=tokens, base_url=keys["base_url"]) as c:
            given = await asyncio.gather(*(tokens.get(username="ann") for _ in range(50)))
            assert len({token.value for token in given}) == 1
            for _ in range(3):  # refused again and again: renewed once a minute at most
                tokens.invalidate(await tokens.get(username="ann"))
            await tokens.get(username="ann")
            assert len([r for r in emulator.state.tokens.values() if r.username == "ann"]) == 2
            await c.messages.send_to_users(["ann"], Text("x"))
