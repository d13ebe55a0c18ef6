"""Files with the messages of past hours."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from easemob_async import (
    EasemobClient,
    Image,
    InvalidArgumentError,
    ResponseError,
    Timeouts,
    TransportError,
)
from easemob_async.resources.history import _records, read_record
from tests.conftest import Against
from tests.resources.stories import every_operation
from tests.servers import HANG, Answer, Received, Reply


async def test_every_operation_end_to_end() -> None:
    async with every_operation("history") as (c, _):
        uploaded = await c.files.upload(b"png", restrict_access=True)
        picture = Image(uploaded.url, secret=uploaded.secret)
        sent = await c.messages.send_to_users(["ann"], picture, sender="bob", ext={"k": 1})
        now = datetime.now(UTC)
        assert (await c.history.get(now))[0].url
        (message,) = [m async for m in c.history.messages(now)]
        assert message.message_id == sent.message_ids["ann"]
        assert message.bodies == (picture,)
        assert (message.sender, message.target, message.ext) == ("bob", "ann", {"k": 1})


async def test_bad_input_is_a_clear_error_before_any_io(unconnected: EasemobClient) -> None:
    with pytest.raises(InvalidArgumentError):
        await unconnected.history.get(datetime.max.replace(tzinfo=UTC))


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
    assert caplog.text.count("skipped a record that is not a message") == 2


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
