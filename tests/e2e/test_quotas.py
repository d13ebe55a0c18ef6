"""The client's quotas against the emulator's, which refuse every call above the limit."""

from __future__ import annotations

import asyncio

from easemob_async import EasemobClient, Quotas
from easemob_async.emulator import Emulator
from tests.conftest import FAST, AnyKeys


async def test_a_storm_of_calls_stays_inside_a_strict_quota(
    emulator: Emulator, keys: AnyKeys
) -> None:
    emulator.add_user("ann")
    async with EasemobClient(
        emulator.app_key, **keys, base_url=emulator.base_url, retry=FAST, quotas=Quotas()
    ) as client:
        await asyncio.gather(*(client.users.get_status("ann") for _ in range(250)))
    assert emulator.quotas.refusals == 0
