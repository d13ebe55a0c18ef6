"""Fixtures of the emulator's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from easemob_async.emulator import Emulator
from tests.emulator.caller import Caller
from tests.emulator.webhook_server import Server, serving


@pytest.fixture
async def call(emulator: Emulator) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        caller = Caller(emulator, session)
        await caller.log_in()
        yield caller


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    async with serving(found.handle) as found.url:
        yield found


@pytest.fixture
async def two(emulator: Emulator) -> Emulator:
    for name in ("ann", "bob"):
        emulator.add_user(name)
    return emulator
