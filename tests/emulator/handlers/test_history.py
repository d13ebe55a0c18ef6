"""The file of the message history is made beside the other requests."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from datetime import datetime
from typing import Any

import pytest

from easemob_async.emulator.handlers import history
from easemob_async.emulator.state import BEIJING
from tests.emulator.caller import Caller

MESSAGE = {"from": "ann", "to": ["bob"], "type": "txt", "body": {"msg": "hello"}}


def hour(call: Caller) -> str:
    return datetime.fromtimestamp(call.emulator.state.now(), BEIJING).strftime("%Y%m%d%H")


async def test_the_file_has_the_messages_of_its_hour(call: Caller) -> None:
    await call("POST", "/messages/users", MESSAGE)
    _, answer = await call("POST", "/messages/users", MESSAGE)
    old = next(iter(call.emulator.state.messages.values()))
    old["timestamp"] -= 3_600_000
    status, found = await call("GET", f"/chatmessages/{hour(call)}")
    assert status == 200
    async with call.session.get(found["data"][0]["url"]) as response:
        lines = gzip.decompress(await response.read()).decode().splitlines()
    (record,) = map(json.loads, lines)
    assert record["msg_id"] == answer["data"]["bob"]
    assert record["payload"]["bodies"] == [{"msg": "hello", "type": "txt"}]


async def test_other_requests_are_answered_while_the_file_is_made(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, record = threading.Event(), history._record
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(message: dict[str, Any]) -> dict[str, Any]:
        loop.call_soon_threadsafe(began.set)
        assert held.wait(60)
        return record(message)

    monkeypatch.setattr(history, "_record", slow)
    for _ in range(2):
        await call("POST", "/messages/users", MESSAGE)
    _, found = await call("GET", f"/chatmessages/{hour(call)}")

    async def download() -> bytes:
        async with call.session.get(found["data"][0]["url"]) as response:
            return await response.read()

    task = asyncio.create_task(download())
    await began.wait()
    # A message that arrives meanwhile, and one that is recalled, disturb nothing.
    assert (await call("POST", "/messages/users", MESSAGE))[0] == 200
    call.emulator.state.forget(next(iter(call.emulator.state.messages)))
    assert not task.done()
    held.set()
    assert gzip.decompress(await task).count(b"\n") == 2
