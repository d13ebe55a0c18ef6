"""The calls of the operations on robots."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contract.example import Call

CALLS: Mapping[str, Call] = {"robots.list": lambda c, e: c.robots.list(limit=e.limit).page()}
