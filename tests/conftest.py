"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, TypedDict, Unpack

import pytest
from hypothesis import settings

from easemob_async import EasemobClient, RetryPolicy
from easemob_async.client import ClientOptions
from easemob_async.emulator import Emulator
from tests.servers import Responder, ScriptedServer, scripted

pytest.register_assert_rewrite("tests.resources.places", "tests.resources.stories")
settings.register_profile("default", deadline=None, max_examples=60)
settings.load_profile("default")

FAST = RetryPolicy(attempts=4, base=0.001, cap=0.002)


class Keys(TypedDict):
    """The credentials of an app, as arguments of a client."""

    client_id: str
    client_secret: str


class AnyKeys(TypedDict, total=False):
    """The credentials of an app of Easemob or of Agora, as arguments of a client."""

    client_id: str
    client_secret: str
    app_id: str
    app_certificate: str


def keys_of(emulator: Emulator) -> AnyKeys:
    """Return the client id and secret of an emulator."""
    return {
        "client_id": emulator.state.client_id,
        "client_secret": emulator.state.client_secret,
    }


def agora_keys_of(emulator: Emulator) -> AnyKeys:
    """Return the App ID and the App Certificate of an emulator."""
    return {
        "app_id": emulator.state.app_id,
        "app_certificate": emulator.state.app_certificate,
    }


KEYS: Keys = {"client_id": "id", "client_secret": "secret"}


@pytest.fixture(scope="session", autouse=True)
def options_of_this_run() -> None:
    """Keep the options of this run from those that tests start."""
    os.environ.pop("PYTEST_ADDOPTS", None)


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator() as running:
        yield running


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[EasemobClient]:
    async with EasemobClient(**emulator.credentials, retry=FAST) as connected:
        yield connected


class Against(Protocol):
    """Starts a scripted server and a client of it."""

    def __call__(
        self, respond: Responder, **options: Unpack[ClientOptions]
    ) -> AbstractAsyncContextManager[tuple[EasemobClient, ScriptedServer]]: ...


@pytest.fixture
def against() -> Against:
    """Return what starts a scripted server and a client of it."""

    @asynccontextmanager
    async def run(
        respond: Responder, **options: Unpack[ClientOptions]
    ) -> AsyncIterator[tuple[EasemobClient, ScriptedServer]]:
        if "token" not in options:
            options = {
                "client_id": "the-id",
                "client_secret": "the-secret-of-the-app",
                **options,
            }
        async with scripted(respond) as server:
            given: ClientOptions = {"base_url": server.url, "retry": FAST, **options}
            async with EasemobClient("acme#shop", **given) as connected:
                yield connected, server

    return run
