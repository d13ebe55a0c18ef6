"""The account of a client's quotas: which calls wait, which may depart, how much is left."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Final

import attrs

from easemob_async.checks import exact
from easemob_async.operation import Operation, PathValue
from easemob_async.quotas import DAY, Limit, Quotas, Unit
from easemob_async.transport.departure import Latest
from easemob_async.transport.loops import LoopBinding
from easemob_async.transport.permit import Flexible, Permit, slowed_down
from easemob_async.transport.quota_errors import too_heavy, too_long, used_up
from easemob_async.transport.retry import LONGEST_WAIT
from easemob_async.transport.rolling_window import Counter, DayCounter

_KEYED_GATES: Final = 10_000
_IN_USE: Final = (
    "this quota account is in use in another event loop; give each loop's client an account of its "
    "own, with Quotas(share=...)"
)


@attrs.frozen
class Usage:
    """What one limit holds at this moment."""

    name: str
    """The operation, or the name of the limit that operations share."""
    limit: Limit
    """The limit in force: scaled, shared or overridden."""
    used: int
    """Units that are held: in flight, or answered less than one window ago."""
    left: int
    """Units that could depart now, as far as this account knows: see `left_is_exact`."""
    waiting: int
    """Calls in the queue."""

    @property
    def left_is_exact(self) -> bool:
        """Whether nothing else uses this quota, if no other process calls the app's REST API.

        ``False``: calls of the app's own clients (the SDKs on phones and in browsers) count towards
        the same limit, and this account does not see them. ``left`` is then only an upper bound:
        the service may refuse a call within it, and the client then slows down.
        """
        return self.limit.rest_only


class _Waiter:
    __slots__ = ("future", "least", "spare", "units")

    def __init__(self, future: asyncio.Future[int], units: int, least: int, spare: int) -> None:
        self.future = future
        self.units = units
        self.least = least
        self.spare = spare


class Gate:
    """One limit's queue: first come, first served. A waiter that is cancelled loses nothing."""

    __slots__ = ("_timer", "_waiters", "counter", "limit", "loop", "name", "queued")

    def __init__(self, name: str, limit: Limit, loop: asyncio.AbstractEventLoop) -> None:
        self.name = name
        self.loop = loop
        self.limit = limit
        window = limit.per.total_seconds()
        self.counter = (
            DayCounter(limit.units, wall_offset=time.time() - time.monotonic())
            if limit.per == DAY
            else Counter(limit.units, window)
        )
        self.queued = 0
        self._waiters: deque[_Waiter] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many calls are in the queue."""
        return len(self._waiters)

    def weight(self, messages: int) -> int:
        """Return the units of a call of so many messages."""
        return messages if self.limit.unit == "messages" else 1

    def spared(self, part: float) -> int:
        """Return a part of the limit in units; none of a day's, which does not come back."""
        return 0 if self.limit.per == DAY else int(self.limit.units * part)

    def try_enter(self, units: int, now: float, least: int | None = None, spare: int = 0) -> int:
        """Depart immediately if there is room and no other call waits; return the units, or 0."""
        if self._waiters:
            return 0
        entered = self.counter.room(now, units, least, spare)
        self.counter.depart(entered)
        return entered

    async def enter(
        self,
        units: int,
        least: int,
        spare: int,
        loop: asyncio.AbstractEventLoop,
        deadline: float | None,
        operation: str,
    ) -> int:
        """Wait for units, or at least for the fewest that are of use, in order; return how many.

        Raises:
            RateLimitError: they cannot be had before the deadline, or not by waiting at all.
        """
        now = loop.time()
        earliest = self.counter.earliest(least, now, self.queued)
        wait = timedelta(seconds=max(0.0, earliest - now))
        if self.limit.per == DAY:
            raise used_up(operation, self.limit, wait)
        if deadline is not None and earliest > deadline:
            raise too_long(operation, self.limit, wait)
        waiter = _Waiter(loop.create_future(), units, least, spare)
        self._waiters.append(waiter)
        self.queued += least
        self._arm(loop)
        try:
            return await waiter.future
        except BaseException:
            if self.loop is not loop:
                raise  # what a closed loop left behind; it was forgotten by `leave`
            if waiter.future.done() and not waiter.future.cancelled():
                # Let in and cancelled in the same turn of the loop.
                self.counter.give_back(waiter.future.result())
            else:
                self._waiters.remove(waiter)
                self.queued -= least
            self.wake(loop)
            raise

    def settle(self, units: int, now: float) -> None:
        """Hold units for one more window: their call was answered or given up."""
        self.counter.settle(units, now)
        if self._waiters:
            self.wake(self.loop)

    def give_back(self, units: int) -> None:
        """Free units of a call that never left, or that left with fewer."""
        self.counter.give_back(units)
        self.wake(self.loop)

    def check_weight(self, units: int, operation: str) -> None:
        """Refuse what could never be let in."""
        if units > self.limit.units:
            raise too_heavy(operation, self.limit, units)

    def wake(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let in the waiters that have room by now, from the head of the queue."""
        if self._waiters:
            self._let_in(loop)
            self._arm(loop)

    def leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """Forget the waiters of a loop that is closed; keep what is held."""
        self._waiters.clear()
        self.queued = 0
        self._timer = None
        self.loop = loop
        self.counter.abandon(loop.time())

    def _let_in(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        waiters = self._waiters
        while waiters:
            head = waiters[0]
            if not head.future.done():
                entered = self.counter.room(now, head.units, head.least, head.spare)
                if not entered:
                    return
                self.counter.depart(entered)
                head.future.set_result(entered)
            elif head.future.cancelled():
                return  # it is about to take itself out of the queue, and wakes the gate again
            waiters.popleft()
            self.queued -= head.least

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiters:
            change = self.counter.next_change(loop.time())
            if change is not None:
                self._timer = loop.call_at(change, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        self.wake(loop)


class _GatesPermit:
    """A permit of the gates of this process."""

    __slots__ = ("_gates", "_loop", "_open", "_since", "messages", "waited")

    latest: Latest | None = None

    def __init__(
        self,
        gates: Sequence[tuple[Gate, int]],
        messages: int,
        loop: asyncio.AbstractEventLoop,
        since: float,
        waited: float = 0.0,
    ) -> None:
        self._gates = gates
        self._loop = loop
        self._open = True
        self._since = since
        self.messages = messages
        self.waited = waited

    def settle(self) -> None:
        if self._open:
            self._open = False
            now = self._loop.time()
            for gate, units in self._gates:
                # A gate that moved to another loop has settled what the closed one left behind.
                if gate.loop is self._loop:
                    gate.settle(units, now)

    def give_back(self) -> None:
        if self._open:
            self._open = False
            for gate, units in self._gates:
                if gate.loop is self._loop:
                    gate.give_back(units)

    def refused(self, unit: Unit, retry_after: timedelta | None) -> None:
        pause = None if retry_after is None else min(retry_after.total_seconds(), LONGEST_WAIT)
        now = self._loop.time()
        gates = {gate.limit: gate for gate, _ in self._gates}
        for limit in slowed_down(gates, unit):
            gates[limit].counter.refused(now, self._since, pause)


class QuotaAccount:
    """What a client has used of its quotas, and what is left.

    Two clients of one app in one process share it: ``EasemobClient(..., quotas=other.quotas)``.
    """

    is_shared = False
    """Whether other processes use the same account."""

    def __init__(self, quotas: Quotas) -> None:
        self.quotas = quotas
        """The configuration."""
        self._binding = LoopBinding(_IN_USE)
        self._limits: dict[str, tuple[Limit, ...]] = {}
        # An operation's gates, where none of its limits is counted for each value of a key.
        self._plain: dict[str, tuple[Gate, ...]] = {}
        self._gates: dict[tuple[str, Unit, timedelta], Gate] = {}
        self._keyed: OrderedDict[tuple[str, Unit, timedelta, str], Gate] = OrderedDict()

    def limits(self, operation: Operation) -> tuple[Limit, ...]:
        """Return the limits in force for an operation."""
        limits = self._limits.get(operation.id)
        if limits is None:
            limits = self.quotas.effective(operation.id, operation.limits)
            self._limits[operation.id] = limits
        return limits

    def usage(self) -> list[Usage]:
        """Return the current usage of every limit that was used so far."""
        loop = self._binding.loop
        now = time.monotonic() if loop is None else loop.time()
        gates = [*self._gates.values(), *self._keyed.values()]
        result = []
        for gate in gates:
            used = gate.counter.held(now)
            left = max(0, gate.limit.units - used)
            result.append(Usage(gate.name, gate.limit, used, left, gate.waiting))
        return result

    async def refresh(self) -> None:
        """Bring what `usage` returns up to date; only an account in a shared store has to be asked.

        Raises:
            SharedStoreError: the store cannot be reached.
        """

    def take(
        self, operation: Operation, messages: int, values: Sequence[PathValue]
    ) -> Permit | None:
        """Take the units of one attempt; return ``None`` if it has to wait: see `acquire`."""
        loop = self._enter()
        taken: list[tuple[Gate, int]] = []
        now = loop.time()
        for gate in self._gates_of(operation, values):
            units = gate.weight(messages)
            if not gate.try_enter(units, now):
                _GatesPermit(taken, messages, loop, now).give_back()  # what the others let in
                return None
            taken.append((gate, units))
        return _GatesPermit(taken, messages, loop, now)

    async def acquire(
        self,
        operation: Operation,
        *,
        messages: int = 1,
        values: Sequence[PathValue] = (),
        deadline: float | None = None,
        attempt: float | None = None,
        flexible: Flexible | None = None,
    ) -> Permit:
        """Take the units of one attempt from every limit it is under, waiting in order.

        Args:
            operation: what is done.
            messages: how many messages the call counts as.
            values: the path parameters.
            deadline: the time until which it may wait.
            attempt: the longest time that the attempt may take: an account in a shared store holds
                the units of a process that dies until then.
            flexible: the terms on which it may leave with fewer messages: see `Permit.messages`.

        Raises:
            RateLimitError: they cannot be had before the deadline.
        """
        loop = self._enter()
        gates = self._gates_of(operation, values)
        taken: list[tuple[Gate, int]] = []
        started = now = loop.time()
        least, part = messages, 0.0
        if flexible is not None:
            least, part = min(flexible.least, messages), flexible.spare
        try:
            for gate in gates:
                units, fewest, spare = gate.weight(messages), gate.weight(least), gate.spared(part)
                entered = gate.try_enter(units, now, fewest, spare)
                if not entered:
                    for other in gates:
                        other.check_weight(other.weight(least), operation.id)
                    entered = await gate.enter(units, fewest, spare, loop, deadline, operation.id)
                    now = loop.time()
                taken.append((gate, entered))
                if entered < units:
                    messages = entered
        except BaseException:
            _GatesPermit(taken, messages, loop, now).give_back()
            raise
        held = [(gate, gate.weight(messages)) for gate in gates]
        for (gate, entered), (_, units) in zip(taken, held, strict=True):
            if entered > units:  # a later limit had room for fewer
                gate.give_back(entered - units)
        return _GatesPermit(held, messages, loop, now, now - started)

    def _enter(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if loop is not self._binding.loop:
            self._binding.enter(loop, self._leave_closed_loop)
        return loop

    def _leave_closed_loop(self) -> None:
        loop = asyncio.get_running_loop()
        for gate in [*self._gates.values(), *self._keyed.values()]:
            gate.leave(loop)

    def _gates_of(self, operation: Operation, values: Sequence[PathValue]) -> tuple[Gate, ...]:
        found = self._plain.get(operation.id)
        if found is not None:
            return found
        path = dict(zip(operation.fields, values, strict=False))
        limits = self.limits(operation)
        gates = tuple(self._gate(operation, limit, path) for limit in limits)
        if all(limit.key is None for limit in limits):
            self._plain[operation.id] = gates
        return gates

    def _gate(self, operation: Operation, limit: Limit, path: Mapping[str, PathValue]) -> Gate:
        name, loop = limit.name or operation.id, asyncio.get_running_loop()
        if limit.key is None:
            key_of_all = (name, limit.unit, limit.per)
            return self._gates.setdefault(key_of_all, Gate(name, limit, loop))
        of = path.get(limit.key, "")
        key = (name, limit.unit, limit.per, exact(of) if isinstance(of, str) else str(of))
        gate = self._keyed.get(key)
        if gate is None:
            self._drop_idle()
            gate = self._keyed[key] = Gate(name, limit, loop)
        self._keyed.move_to_end(key)
        return gate

    def _drop_idle(self) -> None:
        # Only what holds nothing may go: dropping a gate that does would forget calls. Two are
        # looked at for each that comes, however many there are; those that must stay go to the end.
        if len(self._keyed) < _KEYED_GATES:
            return
        now = asyncio.get_running_loop().time()
        for key in list(islice(self._keyed, 2)):
            gate = self._keyed[key]
            if gate.waiting or gate.counter.held(now):
                self._keyed.move_to_end(key)
            else:
                del self._keyed[key]
