"""The reference model of the shared account: what a store has to answer, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from easemob_async.shared.protocol import (
    DAY,
    SECOND,
    SLOT,
    Answer,
    LimitKey,
    LimitState,
    Reply,
    Request,
    Take,
    TakeReply,
    Wanted,
)

SHORTEST_POLL = 3_000
LONGEST_POLL = 500_000
GRACE = 500_000
CONFIGURED = 30 * SECOND
STEP = SECOND
"""A clock that goes back by less stands still."""
SLOWEST = 1 / 16
LOOKED_AT = 128


@dataclass
class Ticket:
    permit: str
    units: int
    lease: int


@dataclass
class LimitOfModel:
    generation: str
    last: int = 0
    holds: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By permit: units, and when they come back."""
    queue: list[Ticket] = field(default_factory=list)
    configured: dict[int, int] = field(default_factory=dict)
    """By capacity: until when a process is alive that has it."""
    pace: float = 1.0
    pace_at: int = 0
    paused: int = 0
    next_slot: int = 0
    slot_of: str = ""

    @property
    def held(self) -> int:
        return sum(units for units, _ in self.holds.values())

    @property
    def capacity(self) -> int:
        return min(self.configured)


def release(window: int, at: int) -> int:
    """When the units of a call come back that was answered then."""
    return at - at % DAY + DAY if window == DAY else at + window


class Model:
    """The account of one app."""

    def __init__(self) -> None:
        self.generation = ""
        self.born = 0
        self.closed = 0
        self.limits: dict[str, LimitOfModel] = {}

    def exchange(self, clock: int, request: Request) -> Reply:
        known = request.known
        if not self.generation:
            self._renew(request.fresh, clock, closed=bool(known))
        elif known and known != self.generation:
            self.closed = max(self.closed, self.born)
        elif known and request.stepped:
            self._renew(request.fresh, clock, closed=True)
        last = max(
            (
                self.limits[key.name].last
                for key in request.limits
                if key.name in self.limits and self.limits[key.name].generation == self.generation
            ),
            default=0,
        )
        if last > clock + STEP:
            self._renew(request.fresh, clock, closed=True)
            last = 0
        now = max(clock, last)
        keys, states = request.limits, [self._load(key, now) for key in request.limits]
        for kept in request.kept:
            for number, units in kept.units:
                if keys[number].window != SLOT and kept.permit not in states[number].holds:
                    until = release(keys[number].window, now + kept.hold)
                    states[number].holds[kept.permit] = units, until
        for settled in request.settled:
            for number, units in settled.units:
                if keys[number].window != SLOT:
                    until = release(keys[number].window, now - settled.age)
                    held = states[number].holds.get(settled.permit)
                    if held is not None:
                        states[number].holds[settled.permit] = held[0], min(held[1], until)
                    elif until > now:
                        states[number].holds[settled.permit] = units, until
        for returned in request.returned:
            for number in returned.limits:
                states[number].holds.pop(returned.permit, None)
                self._leave(states[number], returned.permit)
                self._free_slot(states[number], returned.permit, now)
        for refused in request.refused:
            for number in refused.limits:
                if keys[number].window == SLOT:
                    self._free_slot(states[number], refused.permit, now)
                else:
                    self._slow_down(
                        states[number], keys[number].window, now, refused.pause, refused.since
                    )
        replies, waiting = [], set()
        for state in states:
            self._expire(state, now)
        for take in request.takes:
            if take.group in waiting:
                replies.append(TakeReply(Answer.BEHIND))
                continue
            reply = self._take(take, keys, states, now)
            if reply.answer is Answer.WAIT:
                waiting.add(take.group)
            replies.append(reply)
        return Reply(
            clock,
            self.generation,
            replies,
            [LimitState(state.capacity, state.held, len(state.queue)) for state in states],
        )

    def _renew(self, generation: str, now: int, *, closed: bool) -> None:
        self.generation, self.born = generation, now
        self.closed = now if closed else 0

    def _load(self, key: LimitKey, now: int) -> LimitOfModel:
        state = self.limits.get(key.name)
        if state is None or state.generation != self.generation:
            state = self.limits[key.name] = LimitOfModel(self.generation)
        state.last = now
        self._expire(state, now)
        state.queue = [ticket for ticket in state.queue if ticket.lease > now]
        state.configured = {c: until for c, until in state.configured.items() if until > now}
        state.configured[key.capacity] = now + CONFIGURED
        return state

    def _expire(self, state: LimitOfModel, now: int) -> None:
        state.holds = {p: (units, at) for p, (units, at) in state.holds.items() if at > now}

    def _leave(self, state: LimitOfModel, permit: str) -> None:
        state.queue = [ticket for ticket in state.queue if ticket.permit != permit]

    def _free_slot(self, state: LimitOfModel, permit: str, now: int) -> None:
        if state.slot_of == permit:
            state.next_slot, state.slot_of = now, ""

    def _slow_down(
        self, state: LimitOfModel, window: int, now: int, pause: int | None, since: int
    ) -> None:
        state.paused = max(state.paused, now + (window // 20 if pause is None else pause))
        if state.pace == 1.0 or since >= state.pace_at:
            state.pace = max(SLOWEST, self._pace(state, window, now) / 2)
            state.pace_at = now

    def _pace(self, state: LimitOfModel, window: int, now: int) -> float:
        recovery = min(10 * window, 120 * SECOND)
        return min(1.0, state.pace + (now - state.pace_at) / recovery)

    def _take(
        self, take: Take, keys: Sequence[LimitKey], states: list[LimitOfModel], now: int
    ) -> TakeReply:
        messages = take.messages
        if take.again:
            holds = [(one, states[one.limit].holds.get(take.permit)) for one in take.wanted]
            if any(hold for _, hold in holds):
                parts = [hold[0] for one, hold in holds if hold and one.least < one.units]
                return TakeReply(Answer.TAKEN, messages=min([messages, *parts]))
        for place, one in enumerate(take.wanted):
            key, state = keys[one.limit], states[one.limit]
            if key.window != SLOT and one.least > state.capacity:
                return TakeReply(Answer.HEAVY, limit=one.limit)
            ahead = 0
            before = 0
            mine = None
            for ticket in state.queue:
                if ticket.permit == take.permit:
                    mine = ticket
                    break
                ahead += ticket.units
                before += 1
            room, at = self._room(key, state, one, ahead, now)
            if room and not before:
                if key.window != SLOT and one.least < one.units:
                    messages = min(messages, room)
                continue
            wait = max(0, at - now)
            if key.window == DAY:
                return TakeReply(Answer.WAIT, wait, wait, one.limit)
            poll = min(max(wait, SHORTEST_POLL * (before + 1)), LONGEST_POLL)
            if mine is None:
                units = one.units if key.window == SLOT else one.least
                mine = Ticket(take.permit, units, 0)
                state.queue.append(mine)
            mine.lease = now + poll + GRACE
            for other in take.wanted[:place]:
                for ticket in states[other.limit].queue:
                    if ticket.permit == take.permit:
                        ticket.lease = now + poll + GRACE
            for other in take.wanted[place + 1 :]:
                self._leave(states[other.limit], take.permit)
            return TakeReply(Answer.WAIT, wait, poll, one.limit)
        for one in take.wanted:
            key, state = keys[one.limit], states[one.limit]
            units = max(one.least, -(-one.units * messages // take.messages))
            self._leave(state, take.permit)
            if key.window == SLOT:
                state.next_slot, state.slot_of = now + units, take.permit
            else:
                state.holds[take.permit] = units, release(key.window, now + take.hold)
        return TakeReply(Answer.TAKEN, messages=messages)

    def _room(
        self, key: LimitKey, state: LimitOfModel, wanted: Wanted, ahead: int, now: int
    ) -> tuple[int, int]:
        """The units that there is room for, if enough are of use; and a time before which not."""
        if key.window == SLOT:
            free = state.next_slot <= now
            return int(free), now if free else state.next_slot + ahead
        start = max(now, state.paused)
        if key.window != DAY:
            start = max(start, self.closed + key.window)
        capacity, least = state.capacity, wanted.least
        pace = self._pace(state, key.window, now)
        allowed = max(least, int(capacity * pace) - wanted.spare)
        room = min(wanted.units, allowed - state.held)
        if start <= now and room >= least:
            return room, now
        lacking = state.held + ahead + least - max(least, capacity - wanted.spare)
        if lacking <= 0:
            return 0, start
        windows, rest = divmod(lacking - 1, capacity)
        first = release(key.window, now)
        passed = 0
        by_time = sorted((at, permit, units) for permit, (units, at) in state.holds.items())
        for at, _, freed in by_time[:LOOKED_AT]:
            passed += freed
            first = min(at, release(key.window, now))
            if passed > rest:
                break
        else:
            if len(by_time) <= LOOKED_AT:
                first = release(key.window, now)
        return 0, max(start, first + windows * key.window)
