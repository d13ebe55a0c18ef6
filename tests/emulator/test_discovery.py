"""The emulator says which host serves an app: itself, by the name that it was reached by."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from easemob_async.emulator import Emulator

QUERY = "?app_key=easemob-demo%23testapp"


async def ask(emulator: Emulator, query: str = QUERY, *headers: str) -> tuple[int, Any]:
    """Ask over a bare socket: any ``Host`` may be sent, or none."""
    where, _, port = emulator.base_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(where, int(port))
    lines = [f"GET /easemob/server.json{query} HTTP/1.0", *headers, "", ""]
    writer.write("\r\n".join(lines).encode("latin-1"))
    head, _, content = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), json.loads(content)


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("chat.example:8080", {"domain": "chat.example", "port": 8080}),
        ("chat.example", {"domain": "chat.example", "port": 80}),
        ("192.0.2.4:9", {"ip": "192.0.2.4", "port": 9}),
        ("[2001:db8::1]:9", {"ip": "2001:db8::1", "port": 9}),
    ],
)
async def test_it_names_itself_as_it_was_reached(
    emulator: Emulator, host: str, named: dict[str, Any]
) -> None:
    status, answer = await ask(emulator, QUERY, f"Host: {host}")
    assert status == 200
    assert answer["rest"] == {"hosts": [{"protocol": "http", **named}]}
    assert isinstance(answer["deploy_name"], str)
    assert isinstance(answer["file_version"], str)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Host:",),
        *((f"Host: {odd}",) for odd in ("a:b", "[", "a/b", "u@h", ":", "h:99999", "\xff", "a b")),
    ],
)
async def test_a_host_that_says_nothing_is_not_repeated(
    emulator: Emulator, headers: tuple[str, ...]
) -> None:
    status, answer = await ask(emulator, QUERY, *headers)
    assert status in (200, 400)  # some are refused before they come here
    if status == 200:
        port = int(emulator.base_url.rpartition(":")[2])
        assert answer["rest"]["hosts"] == [{"protocol": "http", "ip": "127.0.0.1", "port": port}]


@pytest.mark.parametrize("query", ["", "?app_key=", "?app_key=acme%23shop", "?app_key=%ff%00"])
async def test_an_app_that_it_has_not_is_refused(emulator: Emulator, query: str) -> None:
    status, answer = await ask(emulator, query, "Host: x")
    assert (status, answer["error"]) == (404, "organization_application_not_found")
    assert {"error_description", "timestamp", "duration"} <= answer.keys()
