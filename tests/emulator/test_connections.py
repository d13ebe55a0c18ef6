"""Connections as clients of all kinds use them: HTTP/1.0, HEAD, closed at once, pipelined."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import pytest

from easemob_async.emulator import Emulator
from tests.waiting import WITHIN

PATH = b"/easemob-demo/testapp/users/ann"


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator() as emulator:
        emulator.add_user("ann")
        yield emulator


async def everything(emulator: Emulator, raw: bytes) -> bytes:
    """Send requests, and return all that comes until the emulator closes the connection."""
    host, _, port = emulator.base_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(WITHIN):
            writer.write(raw)
            return await reader.read()
    finally:
        writer.close()


def request(emulator: Emulator, line: bytes, *headers: bytes) -> bytes:
    token = emulator.state.issue_token(None, 0).encode()
    return b"\r\n".join([line, b"Host: x", b"Authorization: Bearer " + token, *headers, b"", b""])


@pytest.mark.parametrize("headers", [[], [b"Connection: keep-alive"]])
async def test_http_1_0_is_answered(emulator: Emulator, headers: list[bytes]) -> None:
    first = request(emulator, b"GET " + PATH + b" HTTP/1.0", *headers)
    last = request(emulator, b"GET " + PATH + b" HTTP/1.0") if headers else b""
    found = await everything(emulator, first + last)
    assert found.count(b"HTTP/1.0 200 OK\r\n") == (2 if headers else 1)
    assert json.loads(found.rpartition(b"\r\n\r\n")[2])["entities"][0]["username"] == "ann"


async def test_a_connection_that_the_client_wants_closed_is_closed(emulator: Emulator) -> None:
    found = await everything(
        emulator, request(emulator, b"GET " + PATH + b" HTTP/1.1", b"Connection: close")
    )
    assert found.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_pipelined_requests_have_their_answers_in_order(emulator: Emulator) -> None:
    many = [b"GET " + PATH + b"?number=%d HTTP/1.1" % number for number in range(20)]
    raw = b"".join(request(emulator, line) for line in many)
    last = request(emulator, b"GET " + PATH + b" HTTP/1.1", b"Connection: close")
    found = await everything(emulator, raw + last)
    assert found.count(b"HTTP/1.1 200 OK\r\n") == 21
    shown = [part for part in found.split(b"HTTP/1.1 200 OK\r\n") if part]
    heads = [part.partition(b"\r\n\r\n") for part in shown]
    for head, _, body in heads:
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n"))
        assert int(fields[b"Content-Length"]) == len(body)
        assert parsedate_to_datetime(fields[b"Date"].decode()).tzinfo is not None
        assert json.loads(body)["entities"][0]["username"] == "ann"


async def test_an_answer_to_head_has_no_body(emulator: Emulator) -> None:
    found = await everything(
        emulator, request(emulator, b"HEAD " + PATH + b" HTTP/1.1", b"Connection: close")
    )
    assert found.partition(b"\r\n\r\n")[2] == b""


async def test_a_client_that_reads_slowly_gets_all(emulator: Emulator) -> None:
    for number in range(300):
        emulator.add_user(f"user{number:04}" + "x" * 50)
    raw = request(emulator, b"GET /easemob-demo/testapp/users?limit=100 HTTP/1.1") * 200
    last = request(emulator, b"GET " + PATH + b" HTTP/1.1", b"Connection: close")
    found = await everything(emulator, raw + last)
    # Some exceed the quota; each has an answer.
    assert found.count(b"HTTP/1.1 ") == 201
