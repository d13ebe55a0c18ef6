"""The account of several processes, in virtual time, on the reference model of a store."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from easemob_async.errors import RateLimitError, SharedStoreError
from easemob_async.operation import Operation
from easemob_async.quotas import DAY, Limit, Quotas
from easemob_async.shared.protocol import SECOND
from easemob_async.transport.permit import Flexible, Permit, Slot
from tests.clock import run_virtual
from tests.shared.memory import Process, Server
from tests.transport.test_quota_account import most_in_a_window

CAPACITY = 8
NARROW = Operation(
    "narrow", "POST", "/narrow", "once", (Limit(CAPACITY, per=timedelta(seconds=1)),)
)
MESSAGES = Operation(
    "wide", "POST", "/wide", "once", (Limit(CAPACITY, per=timedelta(seconds=1), unit="messages"),)
)


def now() -> float:
    return asyncio.get_running_loop().time()


def in_virtual_time(work: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    def test() -> None:
        async def whole() -> None:
            await work()

        run_virtual(whole())

    test.__name__, test.__doc__ = work.__name__, work.__doc__
    return test


async def take(
    process: Process,
    operation: Operation = MESSAGES,
    messages: int = 1,
    *,
    within: float = 60.0,
    flexible: Flexible | None = None,
) -> Permit:
    return await process.account.acquire(
        operation, messages=messages, deadline=now() + within, flexible=flexible
    )


# ---------------------------------------------------------------- exact, whatever happens

Plan = tuple[int, float, int, bool, float, float, float]

call_plans = st.lists(
    st.tuples(
        st.integers(0, 3),  # its process
        st.floats(0, 3),  # when it comes
        st.integers(1, 5),  # its messages
        st.booleans(),  # whether it may leave with fewer
        st.floats(0, 6),  # how long it hesitates before it departs
        st.floats(0, 2),  # how long its answer takes
        st.floats(0, 1),  # where in between the service counts it
    ),
    min_size=5,
    max_size=40,
)
events = st.lists(
    st.tuples(
        st.floats(0.5, 6),
        st.sampled_from(["dies", "forgets", "steps ahead", "steps back"]),
        st.integers(0, 3),
    ),
    max_size=3,
)


def plan(process: int = 0, arrival: float = 0.0, messages: int = 1, hesitates: float = 0.0) -> Plan:
    """Return the plan of a call that the service counts and answers when it departs."""
    return (process, arrival, messages, False, hesitates, 0.0, 0.0)


# Answered while the account is lost: its units have to be entered into the new one.
@example(
    plans=[*[plan()] * 7, plan(messages=5, hesitates=1.0), plan(messages=4)],
    events=[(2.0, "forgets", 0)],
    seed=0,
    trouble=0,
)
# The second step is seen by no process: between the last word of an account and the first of the
# next.
@example(
    plans=[*[plan()] * 7, plan(arrival=1.0), plan(1), plan(1, arrival=0.5)],
    events=[(0.5, "steps ahead", 0), (1.0, "steps ahead", 0)],
    seed=0,
    trouble=0,
)
@settings(max_examples=150)
@given(plans=call_plans, events=events, seed=st.integers(0, 9), trouble=st.sampled_from([0, 0.2]))
def test_no_window_of_the_service_holds_more_whatever_happens(
    plans: list[Plan],
    events: list[tuple[float, str, int]],
    seed: int,
    trouble: float,
) -> None:
    counted: list[tuple[Process, float, float, int]] = []
    dice = random.Random(seed)

    async def one(process: Process, plan: Plan) -> None:
        _, arrival, messages, flexible, hesitates, delay, part = plan
        await asyncio.sleep(arrival)
        terms = Flexible(1, 0.1) if flexible else None
        permit = await process.account.acquire(
            MESSAGES, messages=messages, attempt=5.0, flexible=terms
        )
        await asyncio.sleep(hesitates)
        assert permit.latest is not None
        if process.is_dead:
            return
        if permit.latest.has_passed():
            permit.give_back()
            return
        answered = min(now() + delay, permit.latest.at)
        at = now() + (answered - now()) * part
        counted.append((process, 1000 + arrival, at, permit.messages))
        await asyncio.sleep(answered - now())
        if not process.is_dead:
            permit.settle()

    async def whole() -> None:
        server = Server()
        processes = [Process(server) for _ in range(4)]
        for process in processes:
            (await take(process)).give_back()  # it knows the account from now on
            process.store.way = lambda: dice.random() * 0.05
            process.store.fate = lambda: (
                dice.choice(["lost", "unanswered"]) if dice.random() < trouble else "fine"
            )
        calls = [asyncio.create_task(one(processes[plan[0]], plan)) for plan in plans]
        for at, event, number in sorted(events):
            await asyncio.sleep(max(0.0, 1000 + at - now()))
            if event == "dies":
                processes[number].die()
            elif event == "forgets":
                server.forget()
            else:
                server.step += 7 * SECOND if event == "steps ahead" else -7 * SECOND
        living = [
            call for call, plan in zip(calls, plans, strict=True) if not processes[plan[0]].is_dead
        ]
        async with asyncio.timeout(300):
            await asyncio.gather(*living)
        for process in processes:
            await process.account.close()
        for call in calls:
            call.cancel()

    run_virtual(whole())
    losses = [1000 + at for at, event, _ in events if event != "dies"]
    # What a process has on its way when it dies and the account is lost, nobody can enter again.
    known = [
        (at, messages)
        for process, since, at, messages in counted
        if not (process.is_dead and any(since <= loss <= at for loss in losses))
    ]
    assert most_in_a_window(known, 1.0 - 1e-3) <= CAPACITY


# ---------------------------------------------------------------- between processes


@in_virtual_time
async def test_processes_share_one_quota_and_see_it() -> None:
    server = Server()
    one, other = Process(server), Process(server)
    await take(one, messages=3)
    await take(other, messages=4)
    (usage,) = other.account.usage()
    assert (usage.name, usage.limit.units, usage.used, usage.left) == ("wide", 8, 7, 1)
    (usage,) = one.account.usage()
    assert usage.used == 3, "as it was told last"
    await one.account.refresh()
    (usage,) = one.account.usage()
    assert usage.used == 7
    (await take(one)).settle()
    began = now()
    await take(other)
    assert now() - began == pytest.approx(1.0, abs=0.05)


@in_virtual_time
async def test_what_never_left_is_free_at_once_for_another_process() -> None:
    server = Server()
    one, other = Process(server), Process(server)
    permit = await take(one, messages=CAPACITY)
    waits = asyncio.create_task(take(other, messages=CAPACITY))
    await asyncio.sleep(0.1)
    permit.give_back()
    began = now()
    await waits
    assert now() - began <= 0.5


@in_virtual_time
async def test_a_process_that_dies_holds_until_its_deadline_and_a_window() -> None:
    server = Server()
    one, other = Process(server), Process(server)
    began = now()
    await take(one, messages=CAPACITY, within=5.0)
    one.die()
    await take(other)
    assert now() - began == pytest.approx(6.0, abs=0.5)


@in_virtual_time
async def test_one_call_of_an_operation_and_process_has_a_ticket() -> None:
    server = Server()
    processes = [Process(server) for _ in range(3)]
    await take(processes[0], messages=CAPACITY, within=2.0)
    calls = [asyncio.create_task(take(process)) for process in processes for _ in range(50)]
    await asyncio.sleep(1.0)
    (limit,) = server.model.limits.values()
    assert len(limit.queue) == 3
    for call in calls:
        call.cancel()
    await asyncio.sleep(0.1)
    assert limit.queue == [], "those that no longer wait have left the queue"


@in_virtual_time
async def test_first_come_first_served_and_a_heavy_call_is_not_starved_by_light_ones() -> None:
    server = Server()
    heavy, *light = [Process(server) for _ in range(4)]
    order: list[str] = []

    async def run(process: Process, name: str, messages: int) -> None:
        (await take(process, messages=messages)).settle()
        order.append(name)

    await run(light[0], "first", 3)
    calls = [asyncio.create_task(run(heavy, "heavy", CAPACITY))]
    await asyncio.sleep(0.01)
    calls += [asyncio.create_task(run(process, "light", 1)) for process in light for _ in range(20)]
    await asyncio.gather(*calls)
    assert order[:2] == ["first", "heavy"]


@in_virtual_time
async def test_the_pace_of_even_jobs_is_the_apps_and_not_each_processs() -> None:
    server = Server()
    terms = Flexible(1, slot=Slot(call=0.2, message=0.1))
    taken: list[float] = []

    async def job(process: Process) -> None:
        for _ in range(5):
            (await take(process, messages=4, flexible=terms)).settle()
            taken.append(now())

    await asyncio.gather(*(job(Process(server)) for _ in range(3)))
    apart = [later - earlier for earlier, later in pairwise(taken)]
    assert min(apart) > 0.39, "a slot of four messages"
    assert sum(apart) / len(apart) < 0.6


@in_virtual_time
async def test_a_call_of_a_job_leaves_with_what_the_quota_has_room_for() -> None:
    server = Server()
    one, other = Process(server), Process(server)
    await take(other, messages=CAPACITY - 3)
    permit = await take(one, messages=CAPACITY, flexible=Flexible(2))
    assert permit.messages == 3
    permit.give_back()
    await one.account.refresh()
    (usage,) = one.account.usage()
    assert usage.used == CAPACITY - 3


@in_virtual_time
async def test_a_refusal_slows_every_process_down() -> None:
    server = Server()
    one, other = Process(server), Process(server)
    permit = await take(one)
    permit.refused("messages", timedelta(seconds=3))
    permit.settle()
    began = now()
    await asyncio.sleep(0.1)
    await take(other)
    assert now() - began == pytest.approx(3.0, abs=0.1)
    # After the pause less than the whole is let through.
    calls = [asyncio.create_task(take(other)) for _ in range(CAPACITY)]
    await asyncio.sleep(0.1)
    assert sum(call.done() for call in calls) < CAPACITY - 1


@in_virtual_time
async def test_different_limits_mean_the_lower_and_one_warning() -> None:
    server = Server()
    lower = Quotas(overrides={"wide": [Limit(5, per=timedelta(seconds=1), unit="messages")]})
    one, other = Process(server), Process(server, lower)
    warnings = Warnings()
    with warnings:
        await take(other)
        for _ in range(3):
            (await take(one)).give_back()
        with pytest.raises(RateLimitError, match="heavier than its quota of 5 messages"):
            await take(one, messages=6)
        other.die()
        await asyncio.sleep(31)
        await take(one, messages=6)
    assert warnings.texts == [
        "wide|messages|1: another process is configured with 5 units, this one with 8; the lower "
        "counts while both are alive"
    ]


class Warnings(logging.Handler):
    """What the library warned of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())

    def __enter__(self) -> None:
        logging.getLogger("easemob_async").addHandler(self)

    def __exit__(self, *_: object) -> None:
        logging.getLogger("easemob_async").removeHandler(self)


@in_virtual_time
async def test_a_closed_account_tells_what_is_left_and_says_no_more() -> None:
    server = Server()
    process = Process(server)
    permit, late = await take(process), await take(process)
    closing = asyncio.create_task(process.account.close())
    await asyncio.sleep(0)
    permit.settle()
    await asyncio.sleep(0.5)
    late.settle()
    await closing
    said = len(process.store.requests)
    assert sum(len(request.settled) for request in process.store.requests) == 2
    await asyncio.sleep(100)
    assert len(process.store.requests) == said
    assert len(asyncio.all_tasks()) == 1
    await take(process)  # another client may still use it
    assert len(process.store.requests) > said


@in_virtual_time
async def test_an_account_whose_store_is_away_closes_all_the_same() -> None:
    process = Process(Server())
    (await take(process)).settle()
    process.die()
    began = now()
    await process.account.close()
    assert now() - began <= 1.0
    assert len(asyncio.all_tasks()) == 1


# ---------------------------------------------------------------- without a store


@in_virtual_time
async def test_a_first_start_does_not_wait() -> None:
    began = now()
    await take(Process(Server()), messages=CAPACITY)
    assert now() == began


@in_virtual_time
async def test_a_lost_account_closes_each_limit_for_its_window_but_not_those_of_a_day() -> None:
    server = Server()
    process = Process(server)
    daily = Operation("daily", "POST", "/daily", "once", (Limit(5, per=DAY),))
    (await take(process)).settle()
    (await take(process, daily)).settle()
    await asyncio.sleep(5)
    server.forget()
    await asyncio.sleep(1.5)  # it is seen to be gone, without a call
    began = now()
    await take(process, daily)
    assert now() == began
    (await take(process, NARROW)).settle()
    server.forget()
    began = now()
    await take(process, NARROW)
    assert now() - began == pytest.approx(1.0, abs=0.5)


@in_virtual_time
async def test_what_is_in_flight_is_entered_into_the_new_account() -> None:
    server = Server()
    process = Process(server)
    permit = await take(process, messages=6, within=30.0)
    server.forget()
    await asyncio.sleep(5)
    (limit,) = server.model.limits.values()
    assert limit.held == 6
    permit.settle()
    await asyncio.sleep(1.5)
    await process.account.refresh()
    assert limit.held == 0


@in_virtual_time
async def test_a_store_that_cannot_be_reached_is_waited_for() -> None:
    process = Process(Server())
    process.store.fate = lambda: "lost"
    call = asyncio.create_task(take(process, within=10.0))
    await asyncio.sleep(8.0)
    process.store.fate = lambda: "fine"
    assert (await call).waited == pytest.approx(8.0, abs=1.1)


@in_virtual_time
async def test_without_a_store_nothing_departs_and_the_error_says_so() -> None:
    process = Process(Server())
    process.store.fate = lambda: "lost"
    began = now()
    with pytest.raises(
        SharedStoreError, match="could not be reached in time .the store is away.*nothing was sent"
    ):
        await take(process, within=10.0)
    assert 9.5 <= now() - began < 10.0
    with pytest.raises(SharedStoreError):
        await process.account.acquire(MESSAGES, attempt=10.0)
    assert now() - began < 22.0


@in_virtual_time
async def test_a_store_that_does_not_answer_is_one_that_cannot_be_reached() -> None:
    process = Process(Server())
    process.store.way = lambda: 100.0
    with pytest.raises(SharedStoreError, match="it did not answer"):
        await take(process, within=10.0)


@in_virtual_time
async def test_units_whose_reply_was_lost_are_taken_once() -> None:
    server = Server()
    process = Process(server)
    fates = iter(["fine", "unanswered", "lost", "unanswered"])
    process.store.fate = lambda: next(fates, "fine")
    (await take(process)).give_back()
    await take(process, messages=5)
    await process.account.refresh()
    (usage,) = process.account.usage()
    assert usage.used == 5
    taken = [one for request in process.store.requests for one in request.takes]
    assert [one.again for one in taken[1:]] == [False, True, True]


@in_virtual_time
async def test_a_wait_that_does_not_fit_is_refused_before_it_begins() -> None:
    process = Process(Server())
    hourly = Operation("hourly", "POST", "/hourly", "once", (Limit(1, per=timedelta(hours=1)),))
    (await take(process, hourly)).settle()
    await asyncio.sleep(0.1)
    began = now()
    with pytest.raises(RateLimitError, match="would take at least 3599.9 s, longer than"):
        await take(process, hourly)
    assert now() == began
    daily = Operation("daily", "POST", "/daily", "once", (Limit(1, per=DAY),))
    (await take(process, daily)).settle()
    with pytest.raises(RateLimitError, match="the day's quota of 1 calls in 86400 s is used up"):
        await take(process, daily)


@in_virtual_time
async def test_a_call_without_limits_asks_nobody() -> None:
    process = Process(Server())
    free = Operation("free", "GET", "/free", "safe", ())
    permit = process.account.take(free, 1, ())
    assert permit is not None
    permit.settle()
    assert process.store.requests == []


@in_virtual_time
async def test_a_busy_process_says_many_things_in_one_request() -> None:
    process = Process(Server())
    process.store.way = lambda: 0.01
    many = Operation("many", "POST", "/many", "once", (Limit(1000, per=timedelta(seconds=1)),))

    async def call() -> None:
        (await take(process, many)).settle()

    await asyncio.gather(*(call() for _ in range(160)))
    assert len(process.store.requests) <= 15
    assert max(len(request.takes) for request in process.store.requests) == 16
