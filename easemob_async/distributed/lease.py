"""How long a worker may rely on having a chunk, by its own clocks."""

from __future__ import annotations

import time
from datetime import timedelta

import attrs


@attrs.frozen
class Moment:
    """A time by both clocks: one stands still while a machine sleeps, the other may be set."""

    monotonic: float
    """The time since some start."""
    wall: float
    """The time of day."""

    @classmethod
    def now(cls) -> Moment:
        """Return the present time."""
        return cls(time.monotonic(), time.time())


class Lease:
    """The lease of a chunk: nothing departs after it."""

    def __init__(self, length: timedelta, since: Moment) -> None:
        self._length = length.total_seconds()
        self._since = since

    def extend(self, since: Moment) -> None:
        """Begin it anew at the time at which the database was asked: it counts from later on."""
        self._since = since

    def has_ended(self, now: Moment) -> bool:
        """Return whether either clock says that it is over."""
        return (
            now.monotonic - self._since.monotonic >= self._length
            or now.wall - self._since.wall >= self._length
        )
