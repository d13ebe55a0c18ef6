"""The log: a line a request and a webhook, if the program wants it, and no tracebacks."""

from __future__ import annotations

import asyncio
import logging
import re

import aiohttp
import pytest

from easemob_async.emulator import Emulator
from easemob_async.emulator.log import NAME
from tests.emulator.caller import APP, Caller
from tests.emulator.webhook_server import SECRET, Server
from tests.waiting import turns


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, NAME)
    return caplog


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines of the log, with N for each duration."""
    rows = [row for row in caplog.records if row.name == NAME]
    assert all(row.levelno == logging.INFO for row in rows)
    return [re.sub(r"[0-9]+\.[0-9] ms", "N ms", row.getMessage()) for row in rows]


async def test_a_request_is_a_line(call: Caller, lines: pytest.LogCaptureFixture) -> None:
    await call("GET", "/users/zoe?access_token=abc&a=b")
    await call("GET", "/nothing")
    await call("GET", "//other/app/users")
    assert logged(lines)[-3:] == [
        "GET /easemob-demo/testapp/users/zoe?access_token=***&a=b users.get 404 N ms",
        "GET /easemob-demo/testapp/nothing - 404 N ms",
        "GET /other/app/users - 404 N ms",
    ]


async def test_a_request_without_an_answer_says_so(
    call: Caller, lines: pytest.LogCaptureFixture
) -> None:
    call.emulator.fail("POST", "/users")
    with pytest.raises(aiohttp.ClientConnectionError):
        await call("POST", "/users", {})
    assert logged(lines)[-1] == "POST /easemob-demo/testapp/users - no answer N ms"


async def test_a_webhook_is_a_line(
    two: Emulator, server: Server, lines: pytest.LogCaptureFixture
) -> None:
    two.add_webhook(server.url, secret=SECRET)
    two.log_in("ann")
    await two.webhooks.idle()
    server.status = 500
    two.log_out("ann")
    await two.webhooks.idle()
    two.webhooks.suspended_until = two.state.now() + 60
    two.log_in("ann")
    await two.webhooks.idle()
    assert logged(lines) == [
        f"WEBHOOK {server.url} login 200 N ms",
        f"WEBHOOK {server.url} logout 500, 500 N ms",
        f"WEBHOOK {server.url} login suspended N ms",
    ]


async def test_the_control_is_not_logged(two: Emulator, lines: pytest.LogCaptureFixture) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{two.base_url}/_emulator/state") as response:
            assert response.status == 200
    assert logged(lines) == []


async def test_a_program_that_does_not_ask_for_it_gets_no_line(
    call: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    await call("GET", "/users/zoe")
    assert logged(caplog) == []


BODY = f"POST {APP}/users HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n".encode()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        BODY,
        BODY + b"{",
        BODY.replace(b"Content-Length: 100", b"Transfer-Encoding: chunked") + b"5\r\nab",
        BODY.replace(b"Content-Length: 100", b"Expect: 100-continue\r\nContent-Length: 9"),
        f"GET {APP}/users HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        b"GET /_emulator/events HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /_emulator/say HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    ],
)
async def test_a_client_that_goes_away_leaves_no_traceback(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with Emulator() as emulator:
        port = int(emulator.base_url.rpartition(":")[2])
        for _ in range(3):
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            await writer.drain()
            await turns(10)
            writer.transport.abort()
            await turns(10)
        while emulator.traffic.feed.subscribers:  # found to be gone when it is written to
            emulator.changed("users")
            await turns()
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{emulator.base_url}/_emulator/health") as response:
                assert response.status == 200
    assert caplog.records == []
