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
            for number, _ in settled.units:
                held = states[number].holds.get(settled.permit)
                if held is not None:
                    until = min(held[1], release(keys[number].window, now - settled.age))
                    states[number].holds[settled.permit] = held[0], until
        for returned in request.returned:
            for number, _ in returned.units:
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
        if take.again and any(take.permit in states[number].holds for number, _ in take.units):
            return TakeReply(Answer.TAKEN)
        for place, (number, units) in enumerate(take.units):
            key, state = keys[number], states[number]
            if key.window != SLOT and units > state.capacity:
                return TakeReply(Answer.HEAVY, limit=number)
            ahead = 0
            first = True
            mine = None
            for ticket in state.queue:
                if ticket.permit == take.permit:
                    mine = ticket
                    break
                ahead += ticket.units
                first = False
            at = self._earliest(key, state, units, ahead, now)
            if first and at is None:
                continue
            wait = max(0, (now if at is None else at) - now)
            if key.window == DAY:
                return TakeReply(Answer.WAIT, wait, wait, number)
            poll = min(max(wait, SHORTEST_POLL), LONGEST_POLL)
            if mine is None:
                mine = Ticket(take.permit, units, 0)
                state.queue.append(mine)
            mine.lease = now + poll + GRACE
            for other, _ in take.units[:place]:
                for ticket in states[other].queue:
                    if ticket.permit == take.permit:
                        ticket.lease = now + poll + GRACE
            for other, _ in take.units[place + 1 :]:
                self._leave(states[other], take.permit)
            return TakeReply(Answer.WAIT, wait, poll, number)
        for number, units in take.units:
            key, state = keys[number], states[number]
            self._leave(state, take.permit)
            if key.window == SLOT:
                state.next_slot, state.slot_of = now + units, take.permit
            else:
                state.holds[take.permit] = units, release(key.window, now + take.hold)
        return TakeReply(Answer.TAKEN)

    def _earliest(
        self, key: LimitKey, state: LimitOfModel, units: int, ahead: int, now: int
    ) -> int | None:
        """``None`` when there is room; else a time before which there is none."""
        if key.window == SLOT:
            return None if state.next_slot <= now else state.next_slot + ahead
        start = max(now, state.paused)
        if key.window != DAY:
            start = max(start, self.closed + key.window)
        capacity = state.capacity
        allowed = capacity
        pace = self._pace(state, key.window, now)
        if pace < 1.0:
            allowed = max(units, int(capacity * pace))
        if start <= now and state.held + units <= allowed:
            return None
        lacking = state.held + ahead + units - capacity
        if lacking <= 0:
            return start
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
        return max(start, first + windows * key.window)
