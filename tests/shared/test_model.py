"""The account keeps the limit, whatever processes do: shown on the model, in random histories."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from easemob_async.shared.protocol import (
    SECOND,
    Answer,
    LimitKey,
    Request,
    Returned,
    Settled,
    Take,
    Wanted,
)
from tests.shared.model import Model

CAPACITY, WINDOW, HOLD = 10, SECOND, 3 * SECOND
START = 1_000_000 * SECOND


@dataclass
class Planned:
    """A call as it will go: all that may happen to it is drawn beforehand."""

    units: int
    least: int
    """The fewest that are of use, if it has so many."""
    departs: int
    """After the take, if it departs at all."""
    counted: int
    """After the departure: the moment at which the service counts it."""
    answered: int
    """After it was counted."""
    told: int | None
    """After the answer: when the store hears of it; ``None`` for never: the process died."""
    fate: str
    """``"sent"``, or ``"returned"``: it never departed."""


planned = st.builds(
    Planned,
    units=st.integers(1, CAPACITY),
    least=st.integers(1, CAPACITY),
    departs=st.integers(0, 400_000),
    counted=st.integers(0, 800_000),
    answered=st.integers(0, 800_000),
    told=st.one_of(st.none(), st.integers(0, 900_000)),
    fate=st.sampled_from(("sent", "sent", "sent", "returned")),
)


class History:
    """Plays calls against the account of the model, as fast as it lets them."""

    def __init__(self) -> None:
        self.model = Model()
        self.now = START
        self.counted: list[tuple[int, int]] = []
        """When the service counts calls, and their units."""
        self.told: list[tuple[int, Settled | Returned, int]] = []
        self.taken: list[str] = []
        self.polls: dict[str, int] = {}

    def ask(self, asking: list[tuple[str, Planned]]) -> None:
        """Ask for everything that is due now, and say what is due to be said."""
        due = [item for item in self.told if item[0] <= self.now]
        self.told = [item for item in self.told if item[0] > self.now]
        reply = self.model.exchange(
            self.now,
            Request(
                known="",
                fresh="g",
                limits=[LimitKey("limit", CAPACITY, WINDOW)],
                settled=[
                    Settled(message.permit, self.now - answered, message.units)
                    for _, message, answered in due
                    if isinstance(message, Settled)
                ],
                returned=[message for _, message, _ in due if isinstance(message, Returned)],
                takes=[
                    Take(
                        permit,
                        permit,
                        HOLD,
                        again=False,
                        messages=call.units,
                        wanted=[Wanted(0, call.units, min(call.least, call.units))],
                    )
                    for permit, call in asking
                ],
            ),
        )
        assert reply.limits[0].held <= CAPACITY
        for (permit, call), take in zip(asking, reply.takes, strict=True):
            if take.answer is Answer.TAKEN:
                self.polls.pop(permit, None)
                self.taken.append(permit)
                self.departs(permit, call, take.messages)
            else:
                assert take.answer is Answer.WAIT
                self.polls[permit] = self.now + take.poll

    def departs(self, permit: str, call: Planned, messages: int) -> None:
        departs = self.now + call.departs
        if call.fate == "returned":
            message = Returned(permit, [0])
            self.told.append((departs, message, departs))
            return
        counted = departs + call.counted
        answered = counted + call.answered
        assert answered <= self.now + HOLD
        self.counted.append((counted, messages))
        if call.told is not None:
            settled = Settled(permit, 0, [(0, messages)])
            self.told.append((answered + call.told, settled, answered))

    def next_event(self) -> int:
        return min([at for at, _, _ in self.told] + list(self.polls.values()))


@settings(max_examples=150)
@given(st.lists(planned, min_size=2, max_size=40), st.integers(1, 6))
def test_no_window_ever_holds_more_than_the_limit(calls: list[Planned], processes: int) -> None:
    history = History()
    left = [(f"p{n}", call) for n, call in enumerate(calls)]
    waiting: dict[str, Planned] = {}
    while left or waiting:
        while left and len(waiting) < processes:  # one waiter a process
            permit, call = left.pop(0)
            waiting[permit] = call
            history.polls[permit] = history.now
        due = [(p, waiting[p]) for p, at in history.polls.items() if at <= history.now]
        history.ask(due)
        waiting = {p: call for p, call in waiting.items() if p in history.polls}
        if left and len(waiting) < processes:
            continue
        if waiting:
            history.now = max(history.now, history.next_event())
            assert history.now < START + 10_000 * SECOND, "somebody waits for ever"
    # Any window: it is enough to look at those that begin with a call.
    for start, _ in history.counted:
        inside = [units for at, units in history.counted if start <= at < start + WINDOW]
        assert sum(inside) <= CAPACITY
    # First come, first served: nobody was taken before one that asked earlier.
    assert history.taken == sorted(history.taken, key=lambda permit: int(permit[1:]))


@settings(max_examples=60)
@given(st.lists(planned, min_size=1, max_size=15))
def test_nothing_is_held_for_ever(calls: list[Planned]) -> None:
    history = History()
    for n, call in enumerate(calls):
        history.ask([(f"p{n}", call)])
    history.now += HOLD + WINDOW  # and nobody says anything more
    history.told.clear()
    history.ask([])
    (state,) = history.model.limits.values()
    assert (state.held, state.queue) == (0, [])
