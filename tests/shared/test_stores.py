"""Every store answers as the reference model does, whatever happens in whatever order."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easemob_async.shared import PostgresStore, RedisStore
from easemob_async.shared.protocol import (
    DAY,
    SECOND,
    SLOT,
    Answer,
    Kept,
    LimitKey,
    Refused,
    Reply,
    Request,
    Returned,
    Settled,
    Take,
    Wanted,
)
from tests.shared.model import Model

NAMES = ("a narrow", "b wide", "c day", "d slot")
WINDOWS = (SECOND, 60 * SECOND, DAY, SLOT)
CALLS, MESSAGES, SLOTS = "calls", "messages", "slots"
# How many messages the calls of a group send, and which limits they are under.
GROUPS: dict[str, tuple[Sequence[int], Sequence[tuple[int, str]]]] = {
    "single": ((1, 2, 7), ((0, CALLS), (1, MESSAGES))),
    "even": ((1, 6, 10), ((3, SLOTS), (0, CALLS), (1, MESSAGES))),
    "wide": ((1, 3, 10), ((1, MESSAGES),)),
    "daily": ((1,), ((0, CALLS), (2, CALLS))),
}

Store = RedisStore | PostgresStore


@dataclass
class Both:
    """A store and the model, side by side."""

    store: Store
    loop: asyncio.Runner
    app: str = field(default_factory=lambda: f"acme#{uuid.uuid4().hex[:12]}")
    model: Model = field(default_factory=Model)
    generation: str = ""
    number: int = 0

    def step(self, capacities: Sequence[int], **messages: Any) -> Reply:
        self.number += 1
        request = Request(
            known=messages.pop("known", self.generation),
            fresh=f"g{self.number}",
            limits=[
                LimitKey(name, capacity, window)
                for name, capacity, window in zip(NAMES, capacities, WINDOWS, strict=True)
            ],
            **messages,
        )
        reply = self.loop.run(self.store.exchange(self.app, request))
        assert reply == self.model.exchange(reply.now, request), request
        self.generation = reply.generation
        return reply


@pytest.fixture(scope="module", params=["redis", "postgres"])
def lab(request: pytest.FixtureRequest) -> Iterator[tuple[Store, asyncio.Runner]]:
    url = request.getfixturevalue(f"{request.param}_url")
    store: Store = RedisStore(url) if request.param == "redis" else PostgresStore(url)
    with asyncio.Runner() as runner:
        yield store, runner
        runner.run(store.close())


@st.composite
def takes(draw: st.DrawFn) -> tuple[str, Take]:
    group = draw(st.sampled_from(sorted(GROUPS)))
    sizes, limits = GROUPS[group]
    messages = draw(st.sampled_from(sizes))
    least, spare = messages, 0
    if draw(st.booleans()):
        least, spare = draw(st.integers(1, messages)), draw(st.integers(0, 2))
    per_message = draw(st.sampled_from((50_000, 2 * SECOND)))
    wanted = {
        CALLS: (1, 1, spare),
        MESSAGES: (messages, least, spare),
        SLOTS: (messages * per_message, 100_000, 0),
    }
    return "take", Take(
        permit="",
        group=group,
        hold=draw(st.sampled_from((SECOND, 5 * SECOND))),
        again=False,
        messages=messages,
        wanted=[Wanted(number, *wanted[kind]) for number, kind in limits],
    )


moves = st.one_of(
    takes(),
    takes(),
    st.tuples(st.just("again"), st.integers(0, 30)),
    st.tuples(st.just("again"), st.integers(0, 30)),
    st.tuples(st.just("settle"), st.integers(0, 30), st.sampled_from((0, 1000, 2 * SECOND))),
    st.tuples(st.just("settle"), st.integers(0, 30), st.just(0)),
    st.tuples(st.just("return"), st.integers(0, 30)),
    st.tuples(st.just("refuse"), st.integers(0, 30), st.sampled_from((None, 0, 3 * SECOND))),
    st.tuples(st.just("keep"), st.integers(0, 30)),
    st.tuples(st.just("pass"), st.sampled_from((5_000, 600_000, SECOND, 7 * SECOND, 70 * SECOND))),
    st.tuples(st.just("back"), st.sampled_from((500_000, 90 * SECOND))),
    st.tuples(st.just("stepped")),
    st.tuples(st.just("stranger"), st.sampled_from(("", "gone"))),
    st.tuples(st.just("configure"), st.sampled_from(((3, 10, 2, 1), (2, 12, 3, 1)))),
)


@settings(max_examples=120)
@given(st.lists(moves, min_size=5, max_size=40))
def test_a_store_answers_as_the_model_does(
    lab: tuple[Store, asyncio.Runner], played: list[tuple[Any, ...]]
) -> None:
    store, runner = lab
    store.skew = 0
    both = Both(store, runner)
    capacities: Sequence[int] = (3, 10, 2, 1)
    asked: list[Take] = []
    granted: dict[str, int] = {}

    def ask(*those: Take) -> None:
        for take, reply in zip(those, both.step(capacities, takes=those).takes, strict=True):
            if reply.answer is Answer.TAKEN:
                granted[take.permit] = reply.messages

    for move in played:
        kind = move[0]
        if kind == "take":
            asked.append(attrs.evolve(move[1], permit=f"p{len(asked)}"))
            ask(asked[-1])
        elif kind == "pass":
            store.skew += move[1]
        elif kind == "back":
            store.skew -= move[1]
        elif kind == "stepped":
            both.step(capacities, stepped=True)
        elif kind == "stranger":
            both.step(capacities, known=move[1])
        elif kind == "configure":
            capacities = move[1]
            both.step(capacities)
        elif asked:
            one = asked[move[1] % len(asked)]
            numbers = [wanted.limit for wanted in one.wanted]
            part = granted.get(one.permit, one.messages)
            units = [(w.limit, max(w.least, w.units * part // one.messages)) for w in one.wanted]
            if kind == "again":
                ask(*(attrs.evolve(take, again=True) for take in (one, asked[-1])))
            elif kind == "settle":
                both.step(capacities, settled=[Settled(one.permit, move[2], units)])
            elif kind == "return":
                both.step(capacities, returned=[Returned(one.permit, numbers)])
            elif kind == "keep":
                both.step(capacities, kept=[Kept(one.permit, one.hold, units)])
            else:
                waited_out = [number for number in numbers if number != 2]
                since = both.step(capacities).now
                both.step(capacities, refused=[Refused(one.permit, move[2], since, waited_out)])
    both.step(capacities)


def simple(permit: str, group: str, number: int, units: int) -> Take:
    """A take of so many units of one limit."""
    wanted = [Wanted(number, units, units)]
    return Take(permit, group, 5 * SECOND, again=False, messages=units, wanted=wanted)


def test_takes_of_one_do_not_starve_a_take_of_all(lab: tuple[Store, asyncio.Runner]) -> None:
    store, runner = lab
    store.skew = 0
    both = Both(store, runner)
    capacities = (3, 600, 1, 1)
    one = [simple(f"one{n}", "single", 1, 1) for n in range(9)]
    whole = simple("all", "whole", 1, 600)
    assert [t.answer for t in both.step(capacities, takes=[one[0]]).takes] == [Answer.TAKEN]
    assert [t.answer for t in both.step(capacities, takes=[whole]).takes] == [Answer.WAIT]
    # There is room for one, and it may not go first.
    assert [t.answer for t in both.step(capacities, takes=[one[1]]).takes] == [Answer.WAIT]
    both.step(capacities, settled=[Settled("one0", 0, [(1, 1)])])
    for _ in range(200):  # both come back as they are told to, until the window has passed
        store.skew += 400_000
        answers = [t.answer for t in both.step(capacities, takes=[one[1], whole]).takes]
        if answers[1] is Answer.TAKEN:
            break
        assert answers == [Answer.WAIT, Answer.WAIT]
    assert answers == [Answer.WAIT, Answer.TAKEN]


def test_a_waiter_that_does_not_come_back_loses_its_place(
    lab: tuple[Store, asyncio.Runner],
) -> None:
    store, runner = lab
    store.skew = 0
    both = Both(store, runner)
    capacities = (3, 10, 1, 1)
    wide = [simple(f"p{n}", f"g{n}", 1, 10) for n in range(3)]
    both.step(capacities, takes=[wide[0]])
    reply = both.step(capacities, takes=wide[1:])
    assert [t.answer for t in reply.takes] == [Answer.WAIT, Answer.WAIT]
    both.step(capacities, returned=[Returned("p0", [1])])
    assert both.step(capacities, takes=[wide[2]]).takes[0].answer is Answer.WAIT
    store.skew += reply.takes[0].poll + SECOND // 2
    assert both.step(capacities, takes=[wide[2]]).takes[0].answer is Answer.TAKEN


def test_a_process_that_dies_holds_until_its_deadline_and_a_window(
    lab: tuple[Store, asyncio.Runner],
) -> None:
    store, runner = lab
    store.skew = 0
    both = Both(store, runner)
    capacities = (3, 10, 1, 1)
    wide = [simple(f"p{n}", "g", 1, 10) for n in range(2)]
    taken = both.step(capacities, takes=[wide[0]]).now
    for _ in range(200):
        store.skew += 400_000
        reply = both.step(capacities, takes=[wide[1]])
        if reply.takes[0].answer is Answer.TAKEN:
            break
    assert 65 * SECOND <= reply.now - taken < 66 * SECOND


def test_the_lower_of_two_configurations_counts_while_both_live(
    lab: tuple[Store, asyncio.Runner],
) -> None:
    store, runner = lab
    store.skew = 0
    both = Both(store, runner)
    assert both.step((3, 10, 1, 1)).limits[1].capacity == 10
    assert both.step((3, 4, 1, 1)).limits[1].capacity == 4
    reply = both.step((3, 10, 1, 1), takes=[simple("p", "g", 1, 5)])
    assert (reply.limits[1].capacity, reply.takes[0].answer) == (4, Answer.HEAVY)
    store.skew += 31 * SECOND
    assert both.step((3, 10, 1, 1)).limits[1].capacity == 10


def test_another_generation_closes_each_limit_for_its_window_but_days(
    lab: tuple[Store, asyncio.Runner],
) -> None:
    store, runner = lab
    store.skew = 0
    both = Both(store, runner)

    def answers(number: int) -> list[Answer]:
        takes = [
            simple(f"{name}{number}", name, place, 1)
            for place, name in enumerate(("narrow", "wide", "day"))
        ]
        return [t.answer for t in both.step((3, 10, 9, 1), takes=takes).takes]

    assert answers(0) == [Answer.TAKEN] * 3, "a first start does not wait"
    both.step((3, 10, 9, 1), stepped=True)
    assert answers(1) == [Answer.WAIT, Answer.WAIT, Answer.TAKEN]
    store.skew += 2 * SECOND
    assert answers(2) == [Answer.TAKEN, Answer.WAIT, Answer.TAKEN]
    store.skew += 60 * SECOND
    assert answers(3) == [Answer.TAKEN] * 3


def test_a_call_of_a_job_takes_the_part_that_there_is_room_for(
    lab: tuple[Store, asyncio.Runner],
) -> None:
    store, runner = lab
    store.skew = 0
    both = Both(store, runner)
    capacities = (3, 100, 1, 1)

    def part(permit: str) -> Take:
        wanted = [
            Wanted(3, 6 * SECOND, SECOND),
            Wanted(0, 1, 1),
            Wanted(1, units=60, least=6, spare=2),
        ]
        return Take(permit, "job", 5 * SECOND, again=False, messages=60, wanted=wanted)

    def ask(permit: str, *, again: bool = False) -> tuple[Answer, int]:
        take = attrs.evolve(part(permit), again=again)
        (reply,) = both.step(capacities, takes=[take]).takes
        return reply.answer, reply.messages

    assert ask("first") == (Answer.TAKEN, 60)
    assert ask("second") == (Answer.WAIT, 0), "the slot of the first lasts for six seconds"
    store.skew += 6 * SECOND
    assert ask("second") == (Answer.TAKEN, 38), "two units are left to others"
    assert ask("second", again=True) == (Answer.TAKEN, 38), "as the lost reply said"
    store.skew += 4 * SECOND  # 3.8 s are the slot of a call of 38
    assert ask("third") == (Answer.WAIT, 0), "two units are fewer than are of use"
    (single,) = both.step(capacities, takes=[simple("single", "single", 1, 2)]).takes
    assert single.answer is Answer.WAIT, "first come, first served"
    both.step(capacities, returned=[Returned("third", [3, 0, 1])])
    (single,) = both.step(capacities, takes=[simple("single", "single", 1, 2)]).takes
    assert single.answer is Answer.TAKEN
