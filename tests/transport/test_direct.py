"""Calls that go around aiohttp's session: the same on the wire, and a switch for other versions."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

import aiohttp
import pytest
from aioresponses import aioresponses

from easemob_async import EasemobClient, EasemobError, PoolOptions, Text
from easemob_async.transport import direct
from tests.conftest import Against
from tests.servers import Received, Reply
from tests.transport.test_transport import Response


def test_a_version_that_was_not_tested_goes_through_the_session(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(direct.SWITCH, raising=False)
    with caplog.at_level(logging.INFO, "easemob_async"):
        assert direct.is_usable("3.14.5")
        assert caplog.text == ""
        for version in ("3.13.9", "3.15.0", "4.0.0a1", "3.14.0rc1", "3.14"):
            assert not direct.is_usable(version)
            assert version in caplog.text
    monkeypatch.setenv(direct.SWITCH, "0")
    assert not direct.is_usable("3.14.5")


def test_the_version_at_hand_was_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    """When this fails: run all tests with the version, and add it to `direct.TESTED`."""
    monkeypatch.delenv(direct.SWITCH, raising=False)
    assert direct.is_usable(aiohttp.__version__)


async def calls(against: Against, way: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what a server sees of some calls."""
    monkeypatch.setenv(direct.SWITCH, way)
    async with against(lambda _: Reply(body={"data": {"ann": "online"}}), token="t") as (c, server):
        await c.users.get_status("ann")
        await c.users.get_status("ä /?#%")
        await c.messages.send_to_users(["ann"], Text("hello 你好"))
        with contextlib.suppress(EasemobError):  # the answers are those of another call
            await c.chat_groups.ban("1")
        with contextlib.suppress(EasemobError):
            await c.users.disconnect("ann")
        await c.files.download("f").read()

        def seen(request: Received) -> tuple[Any, ...]:
            headers = dict(sorted(request.headers.items()))
            headers.pop("host")
            return request.method, request.path, request.query, headers, request.body

        return [seen(request) for request in server.calls]


async def test_both_ways_are_the_same_on_the_wire(
    against: Against, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_session = await calls(against, "0", monkeypatch)
    directly = await calls(against, "1", monkeypatch)
    assert directly == by_session
    assert len(directly) == 6


async def test_a_replaced_session_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Users' tests replace aiohttp's requests: nothing may leave beside them."""
    monkeypatch.delenv(direct.SWITCH, raising=False)
    with aioresponses() as answers:
        url = "http://127.0.0.1:9/a/b/users/ann/status"
        answers.get(url, payload={"data": {"ann": "online"}}, response_class=Response)
        async with EasemobClient("a#b", token="t", base_url="http://127.0.0.1:9") as client:
            assert await client.users.get_status("ann") == "online"


async def test_a_proxy_is_the_sessions_matter(
    against: Against, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(direct.SWITCH, raising=False)
    body = {"data": {"ann": "online"}}
    async with against(lambda _: Reply(body=body), token="t") as (_, server):
        pool = PoolOptions(proxy=server.url)
        client = EasemobClient("a#b", token="t", base_url="http://127.0.0.1:9", pool=pool)
        async with client:
            assert await client.users.get_status("ann") == "online"
        assert server.calls[-1].path.startswith("http://127.0.0.1:9/a/b/")
