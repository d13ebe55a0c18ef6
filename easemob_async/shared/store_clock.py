"""A process's view of the store's clock: does it run with the process's own, or did it step?"""

from __future__ import annotations

import time
from typing import Final

from easemob_async.shared.protocol import SECOND

_TOLERANCE: Final = 5_000
"""Microseconds that are no step."""
_DRIFT: Final = 1e-3
"""The most that the two clocks may run apart: twice what a clock is slewed by."""


def steady() -> float:
    """Return seconds that only go forward, and where possible also while the machine sleeps."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


class StoreClock:
    """Compares the store's clock with the process's own, which only goes forward.

    The store read its clock between the departure of a request and the arrival of the reply. So
    each exchange says between which bounds the difference of the two clocks lies; bounds that
    do not overlap with those before mean that one of them stepped.
    """

    def __init__(self) -> None:
        self._bounds: tuple[float, float] | None = None
        self._at = 0.0

    def forget(self) -> None:
        """Begin anew."""
        self._bounds = None

    def stepped(self, now: int, asked: float, answered: float) -> bool:
        """Take in a reading of the store's clock; return whether it stepped since the last.

        Args:
            now: the store's clock, in microseconds.
            asked: when the request departed, in seconds of the process's clock.
            answered: when the reply arrived.
        """
        least, most = now - answered * SECOND, now - asked * SECOND
        if self._bounds is not None:
            slack = (answered - self._at) * SECOND * _DRIFT
            low, high = self._bounds[0] - slack, self._bounds[1] + slack
            if least > high + _TOLERANCE or most < low - _TOLERANCE:
                return True
            overlap = max(least, low), min(most, high)
            if overlap[0] <= overlap[1]:
                least, most = overlap
        self._bounds, self._at = (least, most), answered
        return False
