"""The pace of a job: spaced, one at a time in the queue, and quicker where a slot was not used."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async.fanout.pacing import Burst, Even, Pacer, make_pacer, shortest
from easemob_async.quotas import DAY, MINUTE, SECOND, Limit
from tests.clock import run_virtual

CALLS = Limit(10, per=SECOND)
MESSAGES = Limit(6000, per=MINUTE, unit="messages")


def now() -> float:
    return asyncio.get_running_loop().time()


async def admit(pacer: Pacer, messages: int = 1, *, quota: float = 0.0) -> float:
    """Admit an attempt that waits so long for its quota; return when it was let in."""
    async with pacer.admission(messages):
        admitted = now()
        if quota:
            await asyncio.sleep(quota)
    return admitted


def admissions(pacer: Pacer, *messages: int, quota: float = 0.0) -> list[float]:
    """Return when attempts are let in that all come at the start."""

    async def work() -> list[float]:
        started = now()
        tasks = [asyncio.create_task(admit(pacer, n, quota=quota)) for n in messages]
        return [admitted - started for admitted in await asyncio.gather(*tasks)]

    return run_virtual(work())


@pytest.mark.parametrize(
    ("limits", "messages", "spacing"),
    [
        ([CALLS], 1, 0.1),
        ([CALLS], 600, 0.1),
        ([MESSAGES], 1, 0.01),
        ([MESSAGES], 600, 6.0),
        ([CALLS, MESSAGES], 5, 0.1),
        ([CALLS, MESSAGES], 20, 0.2),
        # The narrowest of each unit.
        ([CALLS, Limit(60, per=MINUTE)], 1, 1.0),
        ([Limit(60, per=MINUTE), CALLS], 1, 1.0),
        ([MESSAGES, Limit(20, per=SECOND, unit="messages")], 3, 0.15),
        # A day is not spread over its calls.
        ([Limit(1, per=DAY), CALLS], 1, 0.1),
        ([Limit(1, per=DAY)], 1, 0.0),
    ],
)
def test_calls_are_spaced_a_little_closer_than_the_quota_allows(
    limits: Sequence[Limit], messages: int, spacing: float
) -> None:
    times = admissions(Even(limits), messages, messages, messages)
    assert times == pytest.approx([0.0, spacing * 0.95, spacing * 1.9])


def test_the_space_after_a_call_is_that_of_its_own_messages() -> None:
    assert admissions(Even([MESSAGES]), 600, 1, 300, 1) == pytest.approx([0.0, 5.7, 5.7095, 8.5595])


def test_a_slot_begins_when_the_quota_was_had() -> None:
    # One attempt at a time waits for quota, and the next slot is counted from its end.
    assert admissions(Even([CALLS]), 1, 1, 1, quota=3.0) == pytest.approx([0.0, 3.095, 6.19])


def test_a_slot_that_has_passed_is_not_waited_for() -> None:
    async def work() -> None:
        pacer = Even([CALLS])
        await admit(pacer)
        await asyncio.sleep(1)
        started = now()
        assert await admit(pacer) == started

    run_virtual(work())


def test_the_slot_of_an_attempt_that_was_not_sent_is_free_at_once() -> None:
    async def work() -> None:
        pacer = Even([Limit(1, per=MINUTE)])
        started = await admit(pacer)
        pacer.unused()
        assert await admit(pacer) == started  # the next need not wait
        waiting = asyncio.create_task(admit(pacer))
        await asyncio.sleep(10)
        assert not waiting.done()
        pacer.unused()  # and who waits already need not either
        assert await waiting == started + 10
        # That was one slot: the next is kept.
        assert await admit(pacer) == pytest.approx(started + 10 + 57)

    run_virtual(work())


def test_an_attempt_whose_quota_is_refused_leaves_its_slot_to_the_next() -> None:
    async def work() -> None:
        pacer = Even([Limit(1, per=MINUTE)])
        started = now()
        with pytest.raises(LookupError):
            async with pacer.admission(1):
                raise LookupError
        assert await admit(pacer) == started

    run_virtual(work())


def test_a_waiter_that_is_cancelled_lets_the_next_come_in_its_turn() -> None:
    async def work() -> None:
        pacer = Even([CALLS])
        started = await admit(pacer)
        first, second = (asyncio.create_task(admit(pacer)) for _ in range(2))
        await asyncio.sleep(0.05)
        first.cancel()
        assert await second == pytest.approx(started + 0.095)

    run_virtual(work())


@given(
    messages=st.lists(st.integers(1, 600), min_size=1, max_size=12),
    waits=st.lists(st.floats(0, 3), min_size=12, max_size=12),
)
def test_at_most_one_attempt_of_a_job_is_in_the_queue_for_quota(
    messages: list[int], waits: list[float]
) -> None:
    async def work() -> None:
        pacer = Even([CALLS, MESSAGES])
        inside = 0
        order: list[int] = []

        async def one(number: int) -> None:
            nonlocal inside
            async with pacer.admission(messages[number]):
                inside += 1
                assert inside == 1
                order.append(number)
                await asyncio.sleep(waits[number])
                inside -= 1

        await asyncio.gather(*(one(number) for number in range(len(messages))))
        assert order == sorted(order)  # who comes first is let in first

    run_virtual(work())


def test_a_burst_lets_everybody_in_at_once() -> None:
    pacer = Burst()
    pacer.unused()
    assert admissions(pacer, 600, 600, 600, quota=3.0) == [0.0, 0.0, 0.0]


def test_a_pace_is_even_where_there_is_a_quota_to_spread() -> None:
    assert isinstance(make_pacer("even", [CALLS]), Even)
    assert isinstance(make_pacer("even", []), Burst)
    assert isinstance(make_pacer("burst", [CALLS]), Burst)


@pytest.mark.parametrize(
    ("limits", "calls", "messages", "seconds"),
    [
        ([], 10, 10, 0.0),
        ([CALLS], 25, 10_000, 2.5),
        ([MESSAGES], 1, 12_000, 120.0),
        ([CALLS, MESSAGES], 25, 100, 2.5),
        ([CALLS, MESSAGES], 25, 600, 6.0),
        ([Limit(1, per=DAY), CALLS], 25, 1, 2.5),
        ([Limit(1, per=DAY)], 25, 1, 0.0),
    ],
)
def test_the_time_that_a_quota_needs_is_that_of_its_narrowest_limit(
    limits: Sequence[Limit], calls: int, messages: int, seconds: float
) -> None:
    assert shortest(limits, calls=calls, messages=messages) == pytest.approx(seconds)
