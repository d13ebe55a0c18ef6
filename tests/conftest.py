"""Fixtures shared by all tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import settings

from easemob_async import EasemobClient, RetryPolicy
from easemob_async.emulator import Emulator
from tests.servers import Responder, ScriptedServer, scripted

settings.register_profile("default", deadline=None, max_examples=60)
settings.load_profile("default")

FAST = RetryPolicy(attempts=4, base=0.001, cap=0.002)


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator() as running:
        yield running


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[EasemobClient]:
    async with EasemobClient(**emulator.credentials, retry=FAST) as connected:
        yield connected


Against = Callable[..., Any]


@pytest.fixture
def against() -> Against:
    """Gives a context manager: a scripted server and a client of it."""

    @asynccontextmanager
    async def run(
        respond: Responder, **options: Any
    ) -> AsyncIterator[tuple[EasemobClient, ScriptedServer]]:
        settings: dict[str, Any] = {
            "client_id": "the-id",
            "client_secret": "the-secret-of-the-app",
            "retry": FAST,
            **options,
        }
        if "token" in settings:
            del settings["client_id"], settings["client_secret"]
        async with (
            scripted(respond) as server,
            EasemobClient("acme#shop", base_url=server.url, **settings) as connected,
        ):
            yield connected, server

    return run
