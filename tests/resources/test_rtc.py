"""RTC usage."""

from __future__ import annotations

from datetime import timedelta

from easemob_async import EasemobClient
from easemob_async.emulator import Emulator
from tests.resources.stories import every_operation


async def test_every_operation_end_to_end() -> None:
    async with every_operation("rtc") as (c, emulator):
        emulator.state.rtc_minutes = 90
        usage = await c.rtc.get_usage()
        assert (usage.used, usage.left) == (timedelta(minutes=90), timedelta(0))
        assert usage.app_key == emulator.credentials["app_key"]
        assert usage.plan_id == 1


async def test_an_app_without_rtc_has_no_plan() -> None:
    async with Emulator(switched_off=["rtc"]) as emulator:
        async with EasemobClient(**emulator.credentials) as client:
            usage = await client.rtc.get_usage()
    assert (usage.plan_id, usage.billing_item_id, usage.free) == (None, None, None)
