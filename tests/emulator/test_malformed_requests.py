"""Whatever comes over a connection, the answer is in JSON, and nobody else is disturbed."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import attrs
import pytest
from aiohttp import web

from easemob_async.emulator import Emulator
from easemob_async.emulator.routes import Call, routes
from tests.emulator.caller import APP, Caller
from tests.waiting import WITHIN

HOST = b"\r\nHost: x\r\n"


@pytest.fixture(autouse=True)
def no_error_is_logged(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    yield
    if "defect" not in request.node.name:
        assert not [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


async def talk(emulator: Emulator, raw: bytes, *, more: bytes = b"") -> list[tuple[int, Any]]:
    """Send bytes over a connection, close this side, and return all answers."""
    host, _, port = emulator.base_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(WITHIN):
            writer.write(raw)
            answers = [await answer(reader)]
            if more:
                writer.write(more)
                answers.append(await answer(reader))
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return answers


async def answer(reader: asyncio.StreamReader) -> tuple[int, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = head.lower().split("\r\n")
    status = int(lines[0].split()[1])
    if status == 100:
        return await answer(reader)
    assert "content-type: application/json" in "\n".join(lines), head
    (length,) = [line.partition(": ")[2] for line in lines if line.startswith("content-length")]
    return status, json.loads(await reader.readexactly(int(length)))


def envelope(found: tuple[int, Any]) -> int:
    """Return the status of an answer that is the documented envelope of a refusal."""
    status, body = found
    assert {"error", "error_description", "timestamp", "duration"} <= body.keys()
    return status


@pytest.mark.parametrize(
    "raw",
    [
        b"GET \xff\xfe HTTP/1.1" + HOST,
        b"GET /a b HTTP/1.1" + HOST,
        b"no http at all",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS to a port without
        b"GET / HTTP/9.9" + HOST,
        b"GET / HTTP/1.1\r\nHost x\r\n",
        b"GET / HTTP/1.1\r\nA: \x00\r\n",
        b"GET / HTTP/1.1" + HOST + b"Content-Length: -1\r\n",
        b"GET / HTTP/1.1" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1" + HOST,
        b"GET / HTTP/1.1" + HOST + b"A: " + b"a" * 9000 + b"\r\n",
        b"GET / HTTP/1.1" + HOST + b"A: a\r\n" * 200,
        b"G(T / HTTP/1.1" + HOST,
        b"GET /easemob-demo/testapp/users HTTP/1.1" + HOST + b"Expect: a miracle\r\n",
        b"BREW /easemob-demo/testapp/users HTTP/1.1" + HOST,
        b"CONNECT x:1 HTTP/1.1" + HOST,
        b"OPTIONS * HTTP/1.1" + HOST,
        b"GET http://[ HTTP/1.1" + HOST,
        b"GET //[ HTTP/1.1" + HOST,
        b"GET /easemob-demo/testapp/users/{} HTTP/1.1" + HOST,
        b"GET /easemob-demo/testapp/{} HTTP/1.1" + HOST,
        b"GET /easemob-demo/testapp/{methods} HTTP/1.1" + HOST,
        b"PUT /easemob-demo/testapp/users/{}/{}/{} HTTP/1.1" + HOST,
        b"GET /easemob-demo/testapp/users/\xe4\xbd\xa0\xff HTTP/1.1" + HOST,
        b"GET /easemob-demo/testapp/users?limit=\xff HTTP/1.1" + HOST,
    ],
)
async def test_what_is_no_proper_request_is_refused_in_json(emulator: Emulator, raw: bytes) -> None:
    (found,) = await talk(emulator, raw + b"\r\n")
    assert 400 <= envelope(found) < 500
    assert (await talk(emulator, b"GET / HTTP/1.1" + HOST + b"\r\n"))[0][0] == 404


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
async def test_a_client_that_expects_to_be_asked_for_the_body_is_asked(
    emulator: Emulator, version: bytes
) -> None:
    body = json.dumps({"grant_type": "x"}).encode()
    head = b"POST /easemob-demo/testapp/token HTTP/" + version + HOST
    head += b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
    (found,) = await talk(emulator, head + body)
    assert found[1]["error_description"] == "grant_type is not legal"


def packed(data: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(data) + packer.flush()


BODY = b'[{"username": "ann", "password": "p"}]'
# Without a time: a parameter of a test has one name in all processes that run tests.
PACKED = gzip.compress(BODY, mtime=0)


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        ("gzip", PACKED),
        ("x-gzip", PACKED),
        ("deflate", zlib.compress(BODY)),
        ("deflate", packed(BODY, -15)),
        ("gzip, deflate", zlib.compress(PACKED)),
        ("identity", BODY),
        ("", BODY),
    ],
)
async def test_a_packed_body_is_read(call: Caller, coding: str, content: bytes) -> None:
    url = f"{call.emulator.base_url}{APP}/users"
    headers = {"Authorization": f"Bearer {call.token}", "Content-Encoding": coding}
    async with call.session.post(url, data=content, headers=headers) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        *(("gzip", b"no gzip"), ("gzip", PACKED[:-9])),
        *(("deflate", b"\x78\x9c?"), ("br", b"x"), ("?", b"x")),
    ],
)
async def test_a_broken_packing_is_refused_and_the_connection_goes_on(
    emulator: Emulator, coding: str, content: bytes
) -> None:
    head = f"POST /easemob-demo/testapp/users HTTP/1.1\r\nHost: x\r\nContent-Encoding: {coding}\r\n"
    raw = f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content
    first, second = await talk(emulator, raw, more=raw)
    assert [envelope(first), envelope(second)] == [400, 400]


async def test_a_body_that_unpacks_to_too_much_is_refused(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("easemob_async.emulator.server._LARGEST_BODY", 10_000)
    content = gzip.compress(b" " * 100_000)
    head = b"POST /easemob-demo/testapp/token HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n"
    (found,) = await talk(emulator, head + b"Content-Length: %d\r\n\r\n" % len(content) + content)
    assert envelope(found) == 413


async def test_a_broken_chunk_is_refused(emulator: Emulator) -> None:
    head = b"POST /easemob-demo/testapp/token HTTP/1.1" + HOST + b"Transfer-Encoding: chunked\r\n"
    (found,) = await talk(emulator, head + b"\r\nzz\r\n")
    assert envelope(found) == 400


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"[" * 100_000,
            b'{"a":' * 5000,
            b"[" * 5000 + b"]" * 5000,
            b"\xff\xfe",
            b'"\xed\xa0\x80"',
        ),
        *(b'{"a": "\xff"}', b"\xef\xbb\xbf{}", b"1" * 10_000, b"[1e999]", b"[NaN]", b"\x00"),
    ],
)
async def test_a_body_that_is_no_json_is_refused(call: Caller, content: bytes) -> None:
    assert 400 <= envelope(await call("POST", "/users", raw=content)) < 500


async def test_half_a_character_in_a_nickname_does_not_hide_the_users(call: Caller) -> None:
    raw = b'[{"username": "ann", "password": "p", "nickname": "\\udc00"}]'
    assert (await call("POST", "/users", raw=raw))[0] == 200
    status, answer = await call("GET", "/users")
    assert (status, answer["entities"][0]["nickname"]) == (200, "\ufffd")


async def test_clients_that_go_away_are_not_noticed(call: Caller) -> None:
    host, _, port = call.emulator.base_url.removeprefix("http://").partition(":")
    head = b"POST /easemob-demo/testapp/users HTTP/1.1" + HOST
    for raw in (
        *(b"POST", head, head + b"Content-Length: 9\r\n\r\nabc"),
        *(head + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", head + b"Content-Length: 0\r\n\r\n"),
    ):
        for abort in (True, False):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(raw)
            await writer.drain()
            if abort:
                writer.transport.abort()
            else:
                writer.close()
                await writer.wait_closed()
    assert (await call("GET", "/users"))[0] == 200


async def test_a_request_in_flight_when_the_emulator_stops_is_answered() -> None:
    emulator = Emulator(delay=(0.1, 0.1))
    await emulator.start()
    raw = b"GET /easemob-demo/testapp/users HTTP/1.1" + HOST + b"\r\n"
    waiting = asyncio.create_task(talk(emulator, raw))
    assert emulator._runner is not None
    server = emulator._runner.server
    assert isinstance(server, web.Server)
    while not server.requests_count:
        await asyncio.sleep(0)
    await emulator.stop()
    (found,) = await waiting
    assert envelope(found) == 401


class TestTheLastCatch:
    @pytest.fixture(autouse=True)
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def handle(call: Call) -> dict[str, Any]:
            raise KeyError("a secret of the code")

        broken = attrs.evolve(routes.find("GET", "/users")[0], handler=handle)
        monkeypatch.setattr(routes, "find", lambda *_: (broken, {}))

    async def test_a_defect_of_the_emulator_is_a_refusal_in_json_and_is_logged(
        self, emulator: Emulator, caplog: pytest.LogCaptureFixture
    ) -> None:
        token = emulator.state.issue_token(None, 0)
        head = b"GET /easemob-demo/testapp/users HTTP/1.1\r\nHost: x\r\n"
        raw = head + f"Authorization: Bearer {token}\r\n\r\n".encode()
        first, second = await talk(emulator, raw, more=raw)
        assert [envelope(first), envelope(second)] == [400, 400]
        assert "secret" not in json.dumps(first[1])
        (record, _) = caplog.records
        assert (record.name, record.levelname) == ("easemob_async.emulator", "ERROR")
        assert "KeyError" in caplog.text
