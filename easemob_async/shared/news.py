"""What a process has to tell the store: ends of calls, and refusals of the service."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

import attrs

from easemob_async.shared.asking import Granted
from easemob_async.shared.protocol import LimitKey

_AT_ONCE: Final = 500
"""Calls whose end is told in one request."""


class SettledCall(NamedTuple):
    """A call that was answered or given up."""

    granted: Granted
    """Its units."""
    at: float
    """When that was."""


class ReturnedCall(NamedTuple):
    """A call that never departed, or that no longer waits."""

    permit: str
    """The id of its permit."""
    limits: Collection[LimitKey]
    """Its limits."""


class RefusedCall(NamedTuple):
    """A call that the service refused for its rate."""

    granted: Granted
    """Its units."""
    pause: int | None
    """The microseconds that the service wants calls to wait, if it says so."""
    limits: Collection[LimitKey]
    """The limits that slow down."""


@attrs.define
class News:
    """What is to be told."""

    settled: list[SettledCall] = attrs.Factory(list)
    """Calls that were answered or given up."""
    returned: list[ReturnedCall] = attrs.Factory(list)
    """Calls that never departed."""
    refused: list[RefusedCall] = attrs.Factory(list)
    """Calls that were refused."""

    def __bool__(self) -> bool:
        return bool(self.settled or self.returned or self.refused)

    def take(self) -> News:
        """Take out what one request tells."""
        taken = News(self.settled[:_AT_ONCE], self.returned[:_AT_ONCE], self.refused[:_AT_ONCE])
        for those in (self.settled, self.returned, self.refused):
            del those[:_AT_ONCE]
        return taken

    def put_back(self, taken: News) -> None:
        """Put back what was told in a request that may not have arrived."""
        self.settled[:0] = taken.settled
        self.returned[:0] = taken.returned
        self.refused[:0] = taken.refused

    def limits(self) -> Collection[LimitKey]:
        """Return the limits that it is about."""
        found: dict[LimitKey, None] = {}
        for settled in self.settled:
            found.update(dict.fromkeys(settled.granted.units))
        for returned in self.returned:
            found.update(dict.fromkeys(returned.limits))
        for refused in self.refused:
            found.update(dict.fromkeys(refused.granted.units))
        return found
