"""The latest time of a departure: both clocks of the process have to agree that it is not over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast

import pytest

from easemob_async.transport.departure import Departure, Latest


@dataclass
class Clocks:
    steady: float = 100.0
    wall: float = 1_000_000.0

    def sleep(self, seconds: float) -> None:
        self.steady += seconds
        self.wall += seconds


def test_it_passes_with_time() -> None:
    clocks = Clocks()
    latest = Latest(105.0, lambda: clocks.steady, lambda: clocks.wall)
    assert latest.at == 105.0
    clocks.sleep(4.9)
    assert not latest.has_passed()
    clocks.sleep(0.1)
    assert latest.has_passed()


def test_it_passes_while_the_machine_sleeps_and_one_clock_stands_still() -> None:
    clocks = Clocks()
    latest = Latest(105.0, lambda: clocks.steady, lambda: clocks.wall)
    clocks.wall += 5.0
    assert latest.has_passed()


def test_setting_the_wall_clock_back_gains_no_time() -> None:
    clocks = Clocks()
    latest = Latest(105.0, lambda: clocks.steady, lambda: clocks.wall)
    clocks.wall -= 3600
    clocks.sleep(5.0)
    assert latest.has_passed()


class Line(asyncio.Protocol):
    """A clean connection, as far as a departure looks at it."""

    writing_paused = False
    transport = None


async def test_nothing_departs_after_it() -> None:
    clocks = Clocks()
    latest = Latest(105.0, lambda: clocks.steady, lambda: clocks.wall)

    async def waits_for_the_journal() -> None:
        clocks.sleep(6.0)

    departure = Departure(lambda: False, waits_for_the_journal, latest)
    line = cast("asyncio.BaseProtocol", Line())
    with pytest.raises((TimeoutError, ConnectionError)):
        await departure.take(line)  # type: ignore[arg-type]
    assert not departure.left
