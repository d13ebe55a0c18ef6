"""The permit of an attempt to use a part of the quotas, and the terms on which it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from easemob_async.quotas import DAY, Limit, Unit
from easemob_async.transport.departure import Latest


class Slot(NamedTuple):
    """The time that a job which is paced evenly leaves between a call and the next, in seconds."""

    call: float = 0.0
    """The least, whatever the call sends."""
    message: float = 0.0
    """For each message of the call."""

    def seconds(self, messages: int) -> float:
        """Return the time after a call of so many messages."""
        return max(self.call, self.message * messages)


class Flexible(NamedTuple):
    """The terms of a call that leaves with fewer messages where there is no room for all."""

    least: int
    """The fewest messages with which it leaves, if it has so many."""
    spare: float = 0.0
    """The part of each limit that it leaves to other calls."""
    slot: Slot = Slot()
    """Its slot, where the account keeps the pace: that of the jobs of all processes together."""


class Permit(Protocol):
    """The units of one attempt: settled when it is answered, given back when it never left."""

    messages: int
    """The messages with which it may leave."""
    waited: float
    """The seconds that it waited."""

    @property
    def latest(self) -> Latest | None:
        """When it has to have departed; ``None`` if it may be at any time."""
        ...

    def settle(self) -> None:
        """The answer came, or the call was given up: held for one more window."""
        ...

    def give_back(self) -> None:
        """The request never left: the units are free immediately."""
        ...

    def refused(self, unit: Unit, retry_after: timedelta | None) -> None:
        """The service refused the call for its rate: slow down what it counts."""
        ...


def slowed_down(limits: Iterable[Limit], unit: Unit) -> Sequence[Limit]:
    """Return the limits that a refusal of a call is about: those of its unit, if there are any."""
    waited_out = [limit for limit in limits if limit.per != DAY]
    return [limit for limit in waited_out if limit.unit == unit] or waited_out
