"""The account of quotas: who waits, who goes, what a refusal slows, and what is forgotten."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import ConfigurationError, RateLimitError
from easemob_async.operation import Operation
from easemob_async.quotas import DAY, MINUTE, SECOND, Limit, Quotas, Unit
from easemob_async.transport import quota_account
from easemob_async.transport.permit import Permit
from easemob_async.transport.quota_account import QuotaAccount, Usage
from easemob_async.transport.rolling_window import Counter
from tests.clock import VirtualLoop, run_virtual

HOUR = timedelta(hours=1)


def operation(*limits: Limit, id: str = "op") -> Operation:  # noqa: A002
    return Operation(id, "POST", "/op/{username}", "once", limits)


def now() -> float:
    return asyncio.get_running_loop().time()


def with_account(work: Callable[[QuotaAccount], Awaitable[None]]) -> None:
    async def whole() -> None:
        await work(QuotaAccount(Quotas()))

    run_virtual(whole())


async def spend(account: QuotaAccount, op: Operation, times: int) -> None:
    """Make so many calls that are answered at once."""
    for _ in range(times):
        (await account.acquire(op)).settle()


async def tasks_that_wait(
    account: QuotaAccount, op: Operation, *messages: int
) -> list[asyncio.Task[Permit]]:
    tasks = [asyncio.create_task(account.acquire(op, messages=n)) for n in messages]
    await asyncio.sleep(0)
    return tasks


# ---------------------------------------------------------------- exact, whatever the delays


def most_in_a_window(counted: list[tuple[float, int]], window: float) -> int:
    """The most units that any half-open window holds; the worst one starts at a counted call."""
    counted = sorted(counted)
    return max(
        (
            sum(units for at, units in counted if start <= at < start + window - 1e-9)
            for start, _ in counted
        ),
        default=0,
    )


call_plans = st.lists(
    st.tuples(
        st.floats(0, 3),  # when it comes
        st.integers(1, 5),  # its units
        st.floats(0, 2),  # how long its answer takes
        st.floats(0, 1),  # where in between the service counts it
        st.sampled_from(["answered", "answered", "answered", "never left", "given up early"]),
    ),
    max_size=40,
)


@given(plans=call_plans, capacity=st.integers(5, 9), window=st.sampled_from([0.5, 1.0, 3.0]))
def test_no_window_of_the_service_holds_more_whatever_the_delays(
    plans: list[tuple[float, int, float, float, str]], capacity: int, window: float
) -> None:
    counted: list[tuple[float, int]] = []
    op = operation(Limit(capacity, per=timedelta(seconds=window), unit="messages"))

    async def one(account: QuotaAccount, plan: tuple[float, int, float, float, str]) -> None:
        arrival, units, delay, part, fate = plan
        loop = asyncio.get_running_loop()
        await asyncio.sleep(arrival)
        permit = await account.acquire(op, messages=units)
        if fate == "never left":
            await asyncio.sleep(delay)
            permit.give_back()
            return
        departed = loop.time()
        # A call that is given up is counted before it was: the client cannot know more.
        counted.append((departed + delay * part, units))
        await asyncio.sleep(delay)
        permit.settle()

    async def all_of_them() -> None:
        account = QuotaAccount(Quotas())
        await asyncio.gather(*(one(account, plan) for plan in plans))
        await asyncio.sleep(window + 0.001)
        assert all(usage.used == 0 and usage.waiting == 0 for usage in account.usage())

    run_virtual(all_of_them())
    assert most_in_a_window(counted, window) <= capacity


# ---------------------------------------------------------------- who may go


@given(units=st.integers(1, 20), used=st.integers(0, 20))
def test_a_call_departs_at_once_exactly_when_there_is_room(units: int, used: int) -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(20, per=SECOND, unit="messages"))
        if used:
            (await account.acquire(op, messages=used)).settle()
        started = now()
        permit = await account.acquire(op, messages=units)
        fits = used + units <= 20
        assert (now() == started) is fits
        assert permit.waited == now() - started
        assert account.usage()[0].used == units + used * fits

    with_account(work)


def test_a_call_waits_until_one_window_after_the_answer_and_knows_how_long() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(1, per=SECOND))
        first = await account.acquire(op)
        assert first.waited == 0.0
        (second,) = await tasks_that_wait(account, op, 1)
        await asyncio.sleep(2.5)
        assert not second.done()  # no answer yet: nobody knows when it is counted
        first.settle()
        permit = await second
        assert permit.waited == pytest.approx(3.5)

    with_account(work)


def test_units_that_are_given_back_let_the_next_in_at_once() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(1, per=HOUR))
        first = await account.acquire(op)
        (second,) = await tasks_that_wait(account, op, 1)
        first.give_back()
        assert (await second).waited == 0.0

    with_account(work)


def test_who_comes_later_does_not_overtake_though_there_is_room_for_it() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(10, per=SECOND, unit="messages"))
        (await account.acquire(op, messages=5)).settle()
        heavy, light = await tasks_that_wait(account, op, 10, 1)
        await asyncio.sleep(0.5)
        assert not light.done()
        await heavy
        assert account.usage()[0].waiting == 1
        (await heavy).give_back()
        await light

    with_account(work)


def test_a_heavy_call_at_the_head_that_is_cancelled_lets_those_behind_it_go() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(10, per=HOUR, unit="messages"))
        (await account.acquire(op, messages=5)).settle()
        heavy, light = await tasks_that_wait(account, op, 10, 1)
        started = now()
        heavy.cancel()
        assert (await light).waited == 0.0
        assert now() == started
        assert (account.usage()[0].used, account.usage()[0].waiting) == (6, 0)

    with_account(work)


def test_who_comes_after_a_queue_has_emptied_waits_in_a_new_one() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(2, per=SECOND))
        (await account.acquire(op)).settle()
        in_flight = await account.acquire(op)
        (first,) = await tasks_that_wait(account, op, 1)
        in_flight.give_back()  # before the moment for which the queue had set its alarm
        assert (await first).waited == 0.0
        assert (await account.acquire(op)).waited == 1.0

    with_account(work)


@given(
    plan=st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["settle", "give back", "keep"]))),
    waiting=st.booleans(),
)
def test_taking_at_once_is_acquiring_without_a_wait(
    plan: list[tuple[int, str]], waiting: bool
) -> None:
    async def work(account: QuotaAccount) -> None:
        key = Limit(8, per=MINUTE, unit="messages", key="username")
        op = operation(key, Limit(3, per=MINUTE), Limit(10, per=MINUTE, unit="messages"))
        if waiting:
            await account.acquire(op, messages=8, values=["ann"])
            tasks = [asyncio.create_task(account.acquire(op, messages=1, values=["ann"]))]
            await asyncio.sleep(0)
            assert account.take(op, 1, ["ann"]) is None  # somebody was first
            assert account.take(op, 2, ["bob"]) is not None
            tasks[0].cancel()
            return
        messages = calls = 0
        for units, then in plan:
            permit = account.take(op, units, ["ann"])
            assert (permit is not None) is (messages + units <= 8 and calls < 3)
            if permit is not None:
                assert permit.waited == 0.0
                if then == "settle":
                    permit.settle()
                elif then == "give back":
                    permit.give_back()
                messages += units * (then != "give back")
                calls += then != "give back"
            # What was not taken of one limit is held of none.
            assert sorted(usage.used for usage in account.usage()) == sorted(
                [messages, calls, messages] if plan else []
            )

    with_account(work)


def test_several_are_let_in_at_the_same_moment() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(4, per=SECOND, unit="messages"))
        (await account.acquire(op, messages=4)).settle()
        tasks = await tasks_that_wait(account, op, 2, 1, 1, 1)
        await asyncio.sleep(1.5)
        assert [task.done() for task in tasks] == [True, True, True, False]
        for task in tasks:
            task.cancel()

    with_account(work)


# ---------------------------------------------------------------- deadlines and weights


@pytest.mark.parametrize(("late", "refused"), [(0.0, False), (-0.001, True), (None, False)])
def test_a_wait_may_end_at_the_deadline_and_not_after_it(late: float | None, refused: bool) -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(2, per=MINUTE))
        await spend(account, op, 2)
        deadline = None if late is None else now() + 60 + late
        try:
            await account.acquire(op, deadline=deadline)
        except RateLimitError as error:
            assert refused
            assert error.retry_after == MINUTE
            assert error.operation == "op"
            assert error.temporary
            assert error.status is None
            words = str(error)
            assert words.startswith("op: ")
            assert all(part in words for part in ("2 calls in 60 s", "60.0 s", "nothing was sent"))
            assert account.usage()[0].waiting == 0
        else:
            assert not refused

    with_account(work)


def test_those_who_wait_are_counted_into_the_wait_of_the_next() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(10, per=MINUTE, unit="messages"))
        (await account.acquire(op, messages=10)).settle()
        waiting = await tasks_that_wait(account, op, 4, 6)
        for messages, minutes in ((1, 2), (10, 2)):
            with pytest.raises(RateLimitError) as caught:
                await account.acquire(op, messages=messages, deadline=now() + 1)
            assert caught.value.retry_after == minutes * MINUTE
        waiting[0].cancel()  # whoever leaves the queue is not counted any more
        await asyncio.sleep(0)
        with pytest.raises(RateLimitError) as caught:
            await account.acquire(op, messages=4, deadline=now() + 1)
        assert caught.value.retry_after == MINUTE
        (await waiting[1]).settle()
        await asyncio.sleep(20)
        with pytest.raises(RateLimitError) as caught:  # nor is whoever was let in
            await account.acquire(op, messages=5, deadline=now() + 1)
        assert caught.value.retry_after == timedelta(seconds=40)

    with_account(work)


def test_a_wait_of_less_than_a_second_is_told_as_it_is() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(1, per=SECOND))
        await spend(account, op, 1)
        await asyncio.sleep(0.75)
        with pytest.raises(RateLimitError) as caught:
            await account.acquire(op, deadline=now() + 0.125)
        assert caught.value.retry_after == timedelta(seconds=0.25)

    with_account(work)


@pytest.mark.parametrize(("messages", "too_heavy"), [(10, False), (11, True)])
def test_a_call_may_weigh_as_much_as_its_limit_and_not_more(messages: int, too_heavy: bool) -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(10, per=MINUTE, unit="messages"))
        (await account.acquire(op)).settle()
        if not too_heavy:
            assert (await account.acquire(op, messages=messages)).waited == 60.0
            return
        with pytest.raises(RateLimitError) as caught:
            await account.acquire(op, messages=messages)
        assert caught.value.temporary is False
        assert caught.value.operation == "op"
        words = str(caught.value)
        assert words.startswith("op: ")
        assert all(part in words for part in ("11 messages", "10 messages in 60 s"))

    with_account(work)


def test_a_call_of_many_messages_is_one_call() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(5, per=SECOND), Limit(1000, per=SECOND, unit="messages"))
        await spend(account, op, 5)
        assert (await account.acquire(op, messages=50)).waited == 1.0

    with_account(work)


def test_a_call_too_heavy_for_a_later_limit_does_not_wait_for_an_earlier_one() -> None:
    async def work(account: QuotaAccount) -> None:
        narrow = Limit(1, per=HOUR)
        op = operation(narrow, Limit(10, per=SECOND, unit="messages", name="shared"))
        await spend(account, op, 1)
        started = now()
        with pytest.raises(RateLimitError, match="heavier"):
            await account.acquire(op, messages=11)
        assert now() == started

    with_account(work)


def test_a_day_limit_is_said_to_be_used_up_until_midnight() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(2, per=DAY))
        await spend(account, op, 2)
        with pytest.raises(RateLimitError) as caught:
            await account.acquire(op, deadline=now() + 10**9)
        error = caught.value
        assert str(error).startswith("op: ")
        assert "2 calls in 86400 s" in str(error)
        assert (error.temporary, error.operation) == (False, "op")
        assert error.retry_after is not None
        assert timedelta(0) < error.retry_after <= DAY
        assert account.usage()[0].waiting == 0

    with_account(work)


def test_a_day_ends_at_midnight_in_utc_by_the_clock_on_the_wall(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A hundred seconds before midnight; the loop's clock began at another time.
    clocks = SimpleNamespace(time=lambda: 3 * 86_400.0 - 100.0, monotonic=lambda: 1000.0)
    monkeypatch.setattr(quota_account, "time", clocks)

    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(2, per=DAY))
        await spend(account, op, 2)
        with pytest.raises(RateLimitError) as caught:
            await account.acquire(op)
        assert caught.value.retry_after == timedelta(seconds=100)
        await asyncio.sleep(100)
        await spend(account, op, 2)
        with pytest.raises(RateLimitError) as caught:
            await account.acquire(op)
        assert caught.value.retry_after == DAY

    with_account(work)


def test_what_was_taken_of_other_limits_is_given_back_when_one_refuses() -> None:
    async def work(account: QuotaAccount) -> None:
        first, last = Limit(5, per=MINUTE), Limit(1, per=SECOND, name="shared")
        op = operation(first, last)
        holding = await account.acquire(op)
        with pytest.raises(RateLimitError):
            await account.acquire(op, deadline=now() + 0.5)
        waiting = asyncio.create_task(account.acquire(op))
        await asyncio.sleep(0)
        assert [usage.used for usage in account.usage()] == [2, 1]
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert [usage.used for usage in account.usage()] == [1, 1]
        holding.give_back()
        assert [usage.used for usage in account.usage()] == [0, 0]

    with_account(work)


# ---------------------------------------------------------------- permits


def test_a_permit_is_settled_or_given_back_once() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(5, per=SECOND))
        settled = await account.acquire(op)
        settled.settle()
        settled.settle()
        settled.give_back()
        assert account.usage()[0].used == 1
        returned = await account.acquire(op)
        returned.give_back()
        returned.give_back()
        returned.settle()
        assert account.usage()[0].used == 1
        await asyncio.sleep(1)
        assert account.usage()[0].used == 0

    with_account(work)


CALLS = Limit(100, per=SECOND)
MESSAGES = Limit(100, per=SECOND, unit="messages")
A_DAY = Limit(100, per=DAY)


@pytest.mark.parametrize(
    ("limits", "unit", "slowed"),
    [
        ((CALLS, MESSAGES), "calls", {CALLS}),
        ((CALLS, MESSAGES), "messages", {MESSAGES}),
        ((CALLS,), "messages", {CALLS}),
        ((MESSAGES,), "calls", {MESSAGES}),
        ((CALLS, A_DAY), "calls", {CALLS}),
        ((MESSAGES, A_DAY), "calls", {MESSAGES}),
        ((A_DAY,), "calls", set()),
    ],
)
def test_a_refusal_slows_what_it_counts_and_never_a_day(
    limits: tuple[Limit, ...], unit: Unit, slowed: set[Limit]
) -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(*limits)
        permit = await account.acquire(op)
        permit.refused(unit, timedelta(seconds=5))
        for later, paused in ((0.0, slowed), (4.9, slowed), (0.1, set[Limit]())):
            await asyncio.sleep(later)
            gates = account._gates.values()
            assert {g.limit for g in gates if not g.counter.room(now(), 1)} == paused

    with_account(work)


def test_a_refusal_pauses_as_long_as_it_says_and_an_hour_at_the_most() -> None:
    async def work(account: QuotaAccount) -> None:
        for said, paused in ((7, 7.0), (3600, 3600.0), (3601, 3600.0), (10**6, 3600.0)):
            op = operation(Limit(100, per=SECOND), id=f"op{said}")
            permit = await account.acquire(op)
            permit.refused("calls", timedelta(seconds=said))
            permit.give_back()
            assert (await account.acquire(op)).waited == paused
        op = operation(Limit(100, per=SECOND))
        permit = await account.acquire(op)
        permit.refused("calls", None)
        permit.give_back()
        assert (await account.acquire(op)).waited == pytest.approx(0.05)  # a part of the window

    with_account(work)


def test_refusals_of_calls_that_left_together_slow_the_pace_once() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(100, per=MINUTE, unit="messages"))
        permits = [await account.acquire(op) for _ in range(5)]
        await asyncio.sleep(1)
        for permit in permits:
            permit.refused("messages", None)
            permit.give_back()
        (gate,) = account._gates.values()
        assert gate.counter._pace_at(now()) == 0.5
        await asyncio.sleep(3)
        (await account.acquire(op)).refused("messages", None)  # this one is news
        assert gate.counter._pace_at(now()) < 0.3

    with_account(work)


# ---------------------------------------------------------------- which limits are one


def test_an_account_shows_each_limit_that_was_touched() -> None:
    async def work(account: QuotaAccount) -> None:
        assert account.usage() == []
        own, shared = Limit(3, per=MINUTE), Limit(10, per=SECOND, unit="messages", name="all")
        op = operation(own, shared)
        await account.acquire(op, messages=4)
        assert account.usage() == [Usage("op", own, 1, 2, 0), Usage("all", shared, 4, 6, 0)]
        for _ in range(2):
            await account.acquire(op)
        tasks = await tasks_that_wait(account, op, 1, 1)
        assert account.usage()[0] == Usage("op", own, 3, 0, 2)
        for task in tasks:
            task.cancel()

    with_account(work)


def test_an_account_that_no_loop_has_used_is_empty() -> None:
    assert QuotaAccount(Quotas()).usage() == []


def test_limits_of_one_name_are_one_and_others_are_not() -> None:
    async def work(account: QuotaAccount) -> None:
        shared = Limit(5, per=SECOND, name="all")
        await account.acquire(operation(shared, id="a"))
        await account.acquire(operation(shared, id="b"))
        assert [usage.used for usage in account.usage()] == [2]
        others = (
            Limit(5, per=MINUTE, name="all"),
            Limit(5, per=SECOND, unit="messages", name="all"),
            Limit(5, per=SECOND, name="others"),
            Limit(5, per=SECOND),
        )
        for number, other in enumerate(others):
            await account.acquire(operation(other, id=f"c{number}"))
        assert [usage.used for usage in account.usage()] == [2, 1, 1, 1, 1]
        assert [usage.name for usage in account.usage()] == ["all", "all", "all", "others", "c3"]

    with_account(work)


def test_a_limit_with_a_key_counts_for_each_value_beside_one_without() -> None:
    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(1, per=MINUTE, key="username"), Limit(5, per=SECOND))
        for name in ("ann", "bob"):
            assert (await account.acquire(op, values=[name])).waited == 0.0
        assert sorted(usage.used for usage in account.usage()) == [1, 1, 2]
        assert {usage.name for usage in account.usage()} == {"op"}
        with pytest.raises(RateLimitError):
            await account.acquire(op, values=["ann"], deadline=now() + 1)
        # A value that is not there is one as well.
        other = operation(Limit(1, per=MINUTE, key="group_id"), id="other")
        await account.acquire(other, values=["ann"])
        with pytest.raises(RateLimitError):
            await account.acquire(other, values=["bob"], deadline=now() + 1)

    with_account(work)


def test_an_account_keeps_the_limits_in_force_and_none_where_nobody_keeps_the_pace() -> None:
    op = operation(Limit(10, per=SECOND))
    account = QuotaAccount(Quotas(scale=2.0))
    assert account.limits(op) == (Limit(20, per=SECOND),)
    assert account.limits(op) is account.limits(op)
    overridden = QuotaAccount(Quotas(overrides={"op": [Limit(7, per=MINUTE)]}))
    assert overridden.limits(op) == (Limit(7, per=MINUTE),)

    async def work() -> None:
        free = QuotaAccount(Quotas(enabled=False))
        for _ in range(1000):
            assert (await free.acquire(op, messages=10**6)).waited == 0.0
        assert free.usage() == []

    run_virtual(work())


# ---------------------------------------------------------------- what is forgotten


def test_only_keys_that_hold_nothing_are_forgotten_when_there_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quota_account, "_KEYED_GATES", 5)

    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(2, per=MINUTE, key="username"))
        (await account.acquire(op, values=["answered"])).settle()
        held = await account.acquire(op, values=["held"])
        full = [await account.acquire(op, values=["full"]) for _ in range(2)]
        waiter = asyncio.create_task(account.acquire(op, values=["full"]))
        await asyncio.sleep(0)
        for number in range(50):
            (await account.acquire(op, values=[f"u{number}"])).give_back()
            assert len(account.usage()) <= 6
        assert sorted(usage.used for usage in account.usage() if usage.used) == [1, 1, 2]
        assert sum(usage.waiting for usage in account.usage()) == 1
        held.settle()
        full[0].give_back()
        (await waiter).settle()

    with_account(work)


def test_no_key_is_forgotten_while_there_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota_account, "_KEYED_GATES", 4)

    async def work(account: QuotaAccount) -> None:
        op = operation(Limit(2, per=MINUTE, key="username"))
        for number in range(4):
            (await account.acquire(op, values=[f"u{number}"])).give_back()
        assert len(account.usage()) == 4
        gates = list(account._keyed.values())
        (await account.acquire(op, values=["u0"])).give_back()
        assert len(account.usage()) == 4  # it was there
        (await account.acquire(op, values=["new"])).give_back()
        # Two that had not been used for longest were looked at, and forgotten.
        kept = list(account._keyed.values())
        assert [gate in kept for gate in gates] == [True, False, False, True]

    with_account(work)


def test_a_call_that_ends_after_its_loop_was_left_changes_nothing() -> None:
    account = QuotaAccount(Quotas())
    op = operation(Limit(3, per=MINUTE, unit="messages"))
    left_behind: list[Permit] = []

    async def first() -> None:
        for _ in range(2):
            left_behind.append(await account.acquire(op))
        asyncio.ensure_future(account.acquire(op, messages=2))  # noqa: RUF006
        await asyncio.sleep(0)

    async def second() -> None:
        await account.acquire(op)
        assert account.usage()[0].used == 3
        left_behind[0].settle()
        left_behind[1].give_back()
        assert account.usage()[0].used == 3
        # Nobody of the loop that was left is in the queue, and others may wait in it.
        await asyncio.sleep(20)
        with pytest.raises(RateLimitError) as caught:
            await account.acquire(op, messages=2, deadline=now() + 1)
        assert caught.value.retry_after == timedelta(seconds=40)
        assert (await account.acquire(op)).waited == 40.0
        assert account.usage()[0].used == 2  # what is in flight in this loop
        (await account.acquire(op)).give_back()
        assert account.usage()[0].used == 2

    clock = VirtualLoop()
    started = clock.time()
    with asyncio.Runner(loop_factory=lambda: clock) as runner:
        runner.run(first())
    assert started == 1000.0
    run_virtual(second())


# ---------------------------------------------------------------- all of it together


def test_the_whole_quota_is_used_when_answers_are_instant() -> None:
    async def work() -> float:
        account = QuotaAccount(Quotas())
        op = operation(Limit(10, per=SECOND))
        loop = asyncio.get_running_loop()
        started = loop.time()
        for _ in range(100):
            (await account.acquire(op)).settle()
        return loop.time() - started

    assert run_virtual(work()) == pytest.approx(9.0)


@given(
    units=st.lists(st.integers(1, 6), min_size=1, max_size=30),
    cancelled=st.sets(st.integers(0, 29)),
    seed=st.integers(0, 1000),
)
def test_who_comes_first_is_served_first_and_a_cancelled_waiter_loses_nothing(
    units: list[int], cancelled: set[int], seed: int
) -> None:
    chance = random.Random(seed)
    op = operation(Limit(6, per=SECOND, unit="messages"))

    async def work() -> list[int]:
        account = QuotaAccount(Quotas())
        served: list[int] = []

        async def one(number: int) -> None:
            permit = await account.acquire(op, messages=units[number])
            served.append(number)
            await asyncio.sleep(chance.random())
            permit.settle()

        tasks = [asyncio.create_task(one(number)) for number in range(len(units))]
        await asyncio.sleep(chance.random() * 2)
        waiting = set(range(len(units))) - set(served)
        for number in cancelled & waiting:
            tasks[number].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(1.001)
        assert [usage.used for usage in account.usage()] == [0]
        assert set(served) == set(range(len(units))) - (cancelled & waiting)
        return served

    served = run_virtual(work())
    assert served == sorted(served)


def test_a_waiter_that_is_let_in_and_cancelled_at_once_gives_its_units_back() -> None:
    async def work() -> None:
        account = QuotaAccount(Quotas())
        op = operation(Limit(1, per=SECOND))
        first = await account.acquire(op)
        second = asyncio.create_task(account.acquire(op))
        third = asyncio.create_task(account.acquire(op))
        await asyncio.sleep(0)
        first.give_back()  # lets the second in; it is cancelled before it runs
        second.cancel()
        (await third).settle()
        assert account.usage()[0].used == 1

    run_virtual(work())


def test_a_heavy_call_is_not_starved_by_light_ones() -> None:
    async def work() -> None:
        account = QuotaAccount(Quotas())
        op = operation(Limit(10, per=SECOND, unit="messages"))
        order: list[str] = []

        async def one(name: str, units: int) -> None:
            permit = await account.acquire(op, messages=units)
            order.append(name)
            permit.settle()

        await one("first", 5)
        tasks = [asyncio.create_task(one("heavy", 10))]
        tasks += [asyncio.create_task(one(f"light {n}", 1)) for n in range(5)]
        await asyncio.gather(*tasks)
        assert order[:2] == ["first", "heavy"]

    run_virtual(work())


def test_a_call_heavier_than_its_limit_is_refused_at_once() -> None:
    async def work() -> None:
        account = QuotaAccount(Quotas())
        op = operation(Limit(10, per=SECOND, unit="messages"), id="messages.send_to_users")
        with pytest.raises(RateLimitError, match=r"messages\.send_to_users.*11 messages.*heavier"):
            await account.acquire(op, messages=11)

    run_virtual(work())


def test_a_wait_that_cannot_fit_into_the_deadline_is_refused_before_it_begins() -> None:
    async def work() -> None:
        account = QuotaAccount(Quotas())
        op = operation(Limit(2, per=MINUTE))
        loop = asyncio.get_running_loop()
        for _ in range(2):
            (await account.acquire(op)).settle()
        started = loop.time()
        with pytest.raises(RateLimitError, match="nothing was sent") as caught:
            await account.acquire(op, deadline=started + 59)
        assert loop.time() == started
        assert caught.value.status is None
        assert caught.value.retry_after == timedelta(minutes=1)
        waiting = [asyncio.create_task(account.acquire(op)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(RateLimitError) as caught:  # two are ahead: it would be the third minute
            await account.acquire(op, deadline=started + 119)
        assert caught.value.retry_after == timedelta(minutes=2)
        await asyncio.gather(*waiting)

    run_virtual(work())


def test_a_call_under_two_limits_queues_for_the_shared_one_only_with_the_narrow_one_in_hand() -> (
    None
):
    shared = Limit(2, per=SECOND, name="shared")
    narrow = operation(Limit(1, per=MINUTE), shared, id="narrow")
    wide = operation(shared, id="wide")

    async def work() -> None:
        account = QuotaAccount(Quotas())
        (await account.acquire(narrow)).settle()
        blocked = asyncio.create_task(account.acquire(narrow))
        await asyncio.sleep(1.5)
        loop = asyncio.get_running_loop()
        started = loop.time()
        for _ in range(2):  # who waits a minute for its own limit is not in the way of others
            (await account.acquire(wide)).settle()
        assert loop.time() == started
        blocked.cancel()
        await asyncio.gather(blocked, return_exceptions=True)

    run_virtual(work())


def test_a_limit_with_a_key_counts_for_each_value() -> None:
    async def work() -> None:
        account = QuotaAccount(Quotas())
        op = operation(Limit(1, per=MINUTE, key="username"))
        loop = asyncio.get_running_loop()
        started = loop.time()
        for name in ("ann", "bob"):
            (await account.acquire(op, values=[name])).settle()
        assert loop.time() == started
        (await account.acquire(op, values=["ann"])).settle()
        assert loop.time() == started + 60

    run_virtual(work())


def test_an_account_moves_to_another_loop_when_the_first_is_closed_and_keeps_what_is_held() -> None:
    account = QuotaAccount(Quotas())
    op = operation(Limit(2, per=MINUTE))

    async def first() -> None:
        await account.acquire(op)  # never settled: its loop ends
        asyncio.ensure_future(account.acquire(op))  # noqa: RUF006

    async def second() -> None:
        assert account.usage()[0].waiting == 0
        loop = asyncio.get_running_loop()
        with pytest.raises(RateLimitError):
            for _ in range(2):
                await account.acquire(op, deadline=loop.time() + 59)

    asyncio.run(first())
    asyncio.run(second())


def test_an_account_in_use_in_another_loop_is_an_error() -> None:
    account = QuotaAccount(Quotas())

    async def use() -> None:
        await account.acquire(operation(Limit(2, per=SECOND)))

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(use())
        with pytest.raises(ConfigurationError, match="another event loop"):
            asyncio.run(use())
    finally:
        loop.close()


async def test_a_new_key_looks_at_few_others_however_many_are_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beyond ten thousand live keys each call used to look at all of them."""
    limit = Limit(5, per=timedelta(hours=1), key="username", name="keyed")
    operation = Operation("keyed.call", "GET", "/users/{username}", "safe", (limit,))
    account = QuotaAccount(Quotas())
    for number in range(10_000):
        await account.acquire(operation, values=[f"u{number}"])
    looked = 0
    held = Counter.held

    def counting(counter: Counter, now: float) -> int:
        nonlocal looked
        looked += 1
        return held(counter, now)

    monkeypatch.setattr(Counter, "held", counting)
    for number in range(500):
        await account.acquire(operation, values=[f"new{number}"])
    assert looked <= 500 * 4


async def test_keys_that_hold_nothing_any_more_are_forgotten() -> None:
    limit = Limit(5, per=timedelta(hours=1), key="username", name="keyed")
    operation = Operation("keyed.call", "GET", "/users/{username}", "safe", (limit,))
    account = QuotaAccount(Quotas())
    for number in range(30_000):
        (await account.acquire(operation, values=[f"u{number}"])).give_back()
    assert len(account.usage()) <= 10_001


def test_days_are_never_waited_out() -> None:
    async def work() -> None:
        account = QuotaAccount(Quotas())
        op = operation(Limit(1, per=DAY))
        (await account.acquire(op)).settle()
        with pytest.raises(RateLimitError) as caught:
            await account.acquire(op)
        assert not caught.value.temporary
        assert caught.value.retry_after is not None
        assert timedelta(0) <= caught.value.retry_after <= timedelta(days=1)

    run_virtual(work())


def test_usage_says_whether_the_apps_own_clients_use_the_same_quota() -> None:
    limits = [Limit(5, per=SECOND)]
    sends = operation(*limits, id="messages.send_to_users")
    adds = operation(*limits, id="contacts.add")

    async def work(account: QuotaAccount) -> None:
        await account.acquire(sends)
        await account.acquire(adds)
        exact = {usage.name: usage.left_is_exact for usage in account.usage()}
        assert exact == {"messages.send_to_users": True, "contacts.add": False}

    with_account(work)
