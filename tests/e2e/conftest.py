"""The end-to-end tests run with either kind of credentials."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from easemob_async import EasemobClient
from easemob_async.emulator import Emulator
from tests.conftest import FAST, AnyKeys, agora_keys_of, keys_of


@pytest.fixture(params=[keys_of, agora_keys_of], ids=["easemob", "agora"])
def keys(request: pytest.FixtureRequest, emulator: Emulator) -> AnyKeys:
    found: AnyKeys = request.param(emulator)
    return found


@pytest.fixture
async def client(emulator: Emulator, keys: AnyKeys) -> AsyncIterator[EasemobClient]:
    async with EasemobClient(
        emulator.app_key, **keys, base_url=emulator.base_url, retry=FAST
    ) as connected:
        yield connected
