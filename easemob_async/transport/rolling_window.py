"""Exact counting of what a rolling window of the service can hold. No I/O, no clock of its own.

The service counts a call at some instant between its departure and its answer; which one, nobody
can tell. So its units are held *from the departure until one window after the answer*. Take any
window of the service, [t, t + W), and the calls counted in it. Each was answered after t, hence
still held at all times up to t + W; each departed before t + W. At the moment the last of them
departed all the others were held, so together they fit into the limit: no window, wherever it
starts and however the network delays a request, holds more.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

_COMPACT_AFTER: Final = 1024


class Counter:
    """The units of one limit: free, in flight, or held for a window after their answer.

    A refusal by the service (somebody else uses the same quota) halves the pace, which then
    recovers automatically, in equal steps over `RECOVERY_WINDOWS` windows.
    """

    RECOVERY_WINDOWS: Final = 10.0
    LONGEST_RECOVERY: Final = 120.0
    SLOWEST_PACE: Final = 1 / 16

    __slots__ = (
        "_cumulative",
        "_expiries",
        "_head",
        "_pace",
        "_pace_set_at",
        "_paused_until",
        "_released",
        "_settled",
        "capacity",
        "in_flight",
        "window",
    )

    def __init__(self, capacity: int, window: float) -> None:
        self.capacity = capacity
        self.window = window
        self.in_flight = 0
        # Units held after their answer: when they come back, and the running total up to there.
        # Both are ascending, so that a wait can be computed by bisection.
        self._expiries: list[float] = []
        self._cumulative: list[int] = []
        self._head = 0
        # All units that were ever settled, and those of them that came back.
        self._settled = self._released = 0
        self._pace = 1.0
        self._pace_set_at = 0.0
        self._paused_until = float("-inf")

    def release_time(self, now: float) -> float:
        """When the units of a call answered now come back."""
        return now + self.window

    def held(self, now: float) -> int:
        """Count the units that are not free."""
        expiries, head = self._expiries, self._head
        if head < len(expiries) and expiries[head] <= now:
            self._expire(now)
        return self.in_flight + self._settled - self._released

    def room(self, now: float, units: int, least: int | None = None, spare: int = 0) -> int:
        """Return how many of so many units may depart now: all, or at least `least`, or none.

        Args:
            now: the time.
            units: how many are wanted.
            least: the fewest that are of use; ``None`` for all of them.
            spare: how many are to stay free for others.
        """
        if self._paused_until > now:
            return 0
        allowed = self.capacity
        if least is None:
            least = units
        if spare or self._pace < 1.0:
            # A call heavier than the slowed pace, or than what is not spared, still goes, alone.
            allowed = max(min(least, allowed), int(allowed * self._pace_at(now)) - spare)
        free = allowed - self.held(now)
        if free >= units:
            return units
        return free if free >= least else 0

    def depart(self, units: int) -> None:
        """Hold units without an end: their call is on its way."""
        self.in_flight += units

    def settle(self, units: int, now: float) -> None:
        """Hold units for one more window: their call was answered or given up."""
        self.in_flight -= units
        self._settled += units
        self._expiries.append(self.release_time(now))
        self._cumulative.append(self._settled)

    def give_back(self, units: int) -> None:
        """Free units immediately: their call never left."""
        self.in_flight -= units

    def abandon(self, now: float) -> None:
        """Settle all units in flight: their answers will not be seen."""
        if self.in_flight:
            self.settle(self.in_flight, now)

    def refused(self, now: float, departed: float, retry_after: float | None) -> None:
        """Slow down: the service refused a call that departed at `departed`."""
        pause = retry_after if retry_after is not None else self.window / 20
        self._paused_until = max(self._paused_until, now + pause)
        # Calls that were on their way together are one piece of news.
        if self._pace == 1.0 or departed >= self._pace_set_at:
            self._pace = max(self.SLOWEST_PACE, self._pace_at(now) / 2)
            self._pace_set_at = now

    def earliest(self, units: int, now: float, ahead: int = 0) -> float:
        """Return a time before which so many units cannot be free, with so many queued ahead.

        Only units that are given back unused can be free sooner; units in flight may take longer.
        """
        start = max(now, self._paused_until)
        lacking = self.held(now) + ahead + units - self.capacity
        if lacking <= 0:
            return start
        # Every full capacity of units that has to pass first takes a window of its own.
        windows, rest = divmod(lacking - 1, self.capacity)
        position = bisect_left(self._cumulative, self._released + rest + 1, self._head)
        if position < len(self._expiries):
            first = self._expiries[position]
        else:
            first = self.release_time(now)
        return max(start, first + windows * self.window)

    def next_change(self, now: float) -> float | None:
        """Return the next time at which units become free; ``None`` while all are in flight."""
        self._expire(now)
        if self._paused_until > now:
            return self._paused_until
        times = []
        if self._head < len(self._expiries):
            times.append(self._expiries[self._head])
        if self._pace < 1.0:
            times.append(now + self._recovery() / 50)
        return min(times, default=None)

    def _recovery(self) -> float:
        return min(self.RECOVERY_WINDOWS * self.window, self.LONGEST_RECOVERY)

    def _pace_at(self, now: float) -> float:
        if self._pace < 1.0:
            grown = self._pace + (now - self._pace_set_at) / self._recovery()
            if grown < 1.0:
                return grown
            self._pace = 1.0
        return self._pace

    def _expire(self, now: float) -> None:
        expiries, head = self._expiries, self._head
        end = len(expiries)
        if head == end or expiries[head] > now:
            return
        while head < end and expiries[head] <= now:
            head += 1
        self._released = self._cumulative[head - 1]
        if head == end:
            expiries.clear()
            self._cumulative.clear()
            head = 0
        elif head > _COMPACT_AFTER:
            del expiries[:head]
            del self._cumulative[:head]
            head = 0
        self._head = head


class DayCounter(Counter):
    """The units of one calendar day in UTC; they come back at midnight after the answer."""

    __slots__ = ("_wall_offset",)

    def __init__(self, capacity: int, *, wall_offset: float) -> None:
        super().__init__(capacity, 86_400.0)
        self._wall_offset = wall_offset

    def release_time(self, now: float) -> float:
        """The midnight (UTC) that follows."""
        wall = now + self._wall_offset
        return now + self.window - wall % self.window
