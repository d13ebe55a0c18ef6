"""Pytest fixtures for tests of code that uses Easemob; a fixture loads the library on first use.

``easemob_emulator``: a new emulator for each test, running in a thread.
``easemob_client``: a client of that emulator; it needs pytest-asyncio or anyio.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from easemob_async.client import EasemobClient
    from easemob_async.emulator import Emulator


@pytest.fixture
def easemob_emulator() -> Iterator[Emulator]:
    """Run an emulator of the service in a thread."""
    from easemob_async.emulator import Emulator
    from easemob_async.emulator.in_thread import running

    with running(Emulator()) as emulator:
        yield emulator


async def _client(easemob_emulator: Emulator) -> AsyncIterator[EasemobClient]:
    """Open a client of the emulator."""
    from easemob_async.client import EasemobClient

    async with EasemobClient(**easemob_emulator.credentials) as client:
        yield client


def pytest_configure(config: pytest.Config) -> None:
    """Register the async fixture for the async test plugin that is installed."""
    manager = config.pluginmanager
    if manager.hasplugin("asyncio"):
        import pytest_asyncio

        fixture = pytest_asyncio.fixture(_client, name="easemob_client")
    elif manager.hasplugin("anyio"):
        fixture = pytest.fixture(_client, name="easemob_client")
    else:
        return
    holder = ModuleType("easemob_async_client_fixture")
    holder.easemob_client = fixture  # type: ignore[attr-defined]
    manager.register(holder, holder.__name__)
