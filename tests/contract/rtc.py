"""The calls of the operations on RTC."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contract.example import Call

CALLS: Mapping[str, Call] = {"rtc.get_usage": lambda c, e: c.rtc.get_usage()}
