"""The calls of a process that want units, in groups: one of each group asks the store at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from easemob_async.quotas import Limit
from easemob_async.shared.protocol import LimitKey


class Amount(NamedTuple):
    """What a call wants of a limit."""

    units: int
    """The units."""
    least: int
    """The fewest that are of use."""
    spare: int = 0
    """Units of the limit that it leaves to others."""


class Wish(NamedTuple):
    """What a call wants of its limits."""

    operation: str
    """Its operation, to name it in errors."""
    messages: int
    """Its messages."""
    amounts: Mapping[LimitKey, Amount]
    """What it wants, in the order in which limits are waited for."""
    limits: Mapping[LimitKey, Limit]
    """The limits as the process is configured with them, to name them in errors."""
    deadline: float | None
    """When the call is over; ``None`` for a call that waits without an end."""
    attempt: float
    """The longest time that its attempt may take, if it waits without an end."""

    @property
    def group(self) -> str:
        """The name of the calls that wait for the same."""
        return "|".join(limit.name for limit in self.amounts)

    def units(self, messages: int) -> Mapping[LimitKey, int]:
        """Return the units of a part of the call."""
        return {
            limit: max(amount.least, -(-amount.units * messages // self.messages))
            for limit, amount in self.amounts.items()
        }


class Asking:
    """A call that waits for what it wants."""

    __slots__ = ("first_asked", "future", "group", "permit", "replied", "since", "wish")

    def __init__(
        self, permit: str, wish: Wish, group: Group, future: asyncio.Future[Granted], since: float
    ) -> None:
        self.permit = permit
        """The id of its permit and ticket."""
        self.wish = wish
        """What it wants."""
        self.group = group
        """The calls that it queues with."""
        self.future = future
        """Done when it has the units."""
        self.since = since
        """When it came."""
        self.first_asked: float | None = None
        """When the store was asked first since its last reply: it may have given the units then."""
        self.replied = False
        """Whether the store ever replied to it."""

    def ends(self, now: float) -> float:
        """Return the end of the attempt, if it is asked for now."""
        if self.wish.deadline is not None:
            return self.wish.deadline
        return (now if self.first_asked is None else self.first_asked) + self.wish.attempt

    def is_worn(self, now: float) -> bool:
        """Return whether too little is left of the time of a permit that the store may have given.

        Then another permit is asked for.
        """
        fixed = self.wish.deadline is not None or self.first_asked is None
        return not fixed and self.ends(now) - now < self.wish.attempt / 2


class Granted(NamedTuple):
    """The units of an attempt, as the store gave them."""

    permit: str
    """The id of the permit."""
    messages: int
    """The messages with which it may leave."""
    units: Mapping[LimitKey, int]
    """What is held."""
    ends: float
    """The end of the attempt, by the process's clock."""
    since: int
    """When they were taken, by the store's clock."""


class Group:
    """The calls under the same limits, first come first served."""

    __slots__ = ("at_once", "due", "key", "queue")

    def __init__(self, key: str, at_once: int) -> None:
        self.key = key
        """Its name."""
        self.at_once = at_once
        """How many of them ask in one request."""
        self.queue: deque[Asking] = deque()
        """The calls that wait."""
        self.due = 0.0
        """When to ask for the first of them."""
