"""The queues of the calls of a process that wait for the store, and what its replies mean to them.

Calls under the same limits queue behind each other, and only the first of them has a ticket in the
store. It asks again when the store told it to; the others then ask in the same request, in case
there is room for more than one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

import attrs

from easemob_async.errors import EasemobError
from easemob_async.shared.asking import Asking, Granted, Group, Wish
from easemob_async.shared.protocol import DAY, SECOND, SLOT, Answer, LimitKey, TakeReply
from easemob_async.transport.quota_errors import too_heavy, too_long, used_up

_AT_ONCE: Final = 16
"""Calls of a group that are asked for in one request, at most."""


class Queues:
    """The queues of one process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, permits: Iterator[str]) -> None:
        """Make no queue yet.

        Args:
            loop: the event loop of the calls.
            permits: ids of permits.
        """
        self._loop = loop
        self._permits = permits
        self._groups: dict[str, Group] = {}

    def add(self, wish: Wish) -> Asking:
        """Let a call queue for what it wants."""
        key = wish.group
        group = self._groups.setdefault(key, Group(key, _AT_ONCE))
        loop = self._loop
        asking = Asking(next(self._permits), wish, group, loop.create_future(), loop.time())
        group.queue.append(asking)
        return asking

    def remove(self, asking: Asking) -> bool:
        """Take a call out of its queue; return whether it was in it."""
        group = asking.group
        if asking not in group.queue:
            return False
        if asking is group.queue[0]:
            group.due = 0.0
        group.queue.remove(asking)
        return True

    def waiting(self) -> list[Asking]:
        """Return all calls that wait."""
        return [asking for group in self._groups.values() for asking in group.queue]

    def due_at(self) -> float:
        """Return when one of them is to ask."""
        dues = (group.due for group in self._groups.values() if group.queue)
        return min(dues, default=float("inf"))

    def hurry(self) -> None:
        """Let the first of each queue ask now: there may be room."""
        for group in self._groups.values():
            group.due = 0.0

    def due(self, now: float, give_up: Callable[[Asking], None]) -> Iterator[Asking]:
        """Return the calls that ask now.

        Args:
            now: the time.
            give_up: gives up what the store may have given a call under its old permit.
        """
        for group in list(self._groups.values()):
            if not group.queue:
                del self._groups[group.key]
            elif group.due <= now:
                for place, asking in enumerate(group.queue):
                    if place == group.at_once:
                        break
                    if asking.is_worn(now):
                        give_up(asking)
                        self.renew(asking)
                    yield asking

    def renew(self, asking: Asking) -> None:
        """Replace the permit of a call: the one that it had is given up."""
        asking.permit, asking.first_asked = next(self._permits), None

    def grant(self, asking: Asking, messages: int, ends: float, since: int) -> Granted:
        """Let a call go with the units that it was given."""
        self.remove(asking)
        asking.group.at_once = min(_AT_ONCE, asking.group.at_once + 1)
        units = asking.wish.units(messages)
        granted = Granted(asking.permit, messages, units, ends, since)
        asking.future.set_result(granted)
        return granted

    def refuse(self, asking: Asking, error: EasemobError) -> None:
        """End the wait of a call with an error."""
        self.remove(asking)
        if not asking.future.done():
            asking.future.set_exception(error)

    def keep_waiting(
        self, asking: Asking, take: TakeReply, key: LimitKey, capacity: int, now: float
    ) -> None:
        """Let a call ask again later, unless waiting does not help it: then it is refused.

        Args:
            asking: the call.
            take: the store's reply.
            key: the limit that lacks room.
            capacity: the units that this limit has in the store.
            now: the time.
        """
        # Where calls get their units one by one, it costs more to ask for many than it brings.
        asking.group.at_once = max(2, asking.group.at_once // 2)
        wish = asking.wish
        wait = timedelta(microseconds=take.wait)
        if key.window == SLOT:
            asking.group.due = now + take.poll / SECOND
        elif take.answer is Answer.HEAVY:
            limit = attrs.evolve(wish.limits[key], units=capacity)
            self.refuse(asking, too_heavy(wish.operation, limit, wish.amounts[key].least))
        elif key.window == DAY:
            self.refuse(asking, used_up(wish.operation, wish.limits[key], wait))
        elif wish.deadline is not None and now + take.wait / SECOND > wish.deadline:
            self.refuse(asking, too_long(wish.operation, wish.limits[key], wait))
        else:
            asking.group.due = now + take.poll / SECOND
