"""The limiter: exact whatever the delays, fair, and nothing is lost."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async.errors import ConfigurationError, RateLimitError
from easemob_async.operation import Operation
from easemob_async.quotas import DAY, MINUTE, SECOND, Limit, Quotas
from easemob_async.transport.quota_account import QuotaAccount
from easemob_async.transport.rolling_window import Counter, DayCounter
from tests.clock import run_virtual


def operation(*limits: Limit, id: str = "op") -> Operation:  # noqa: A002
    return Operation(id, "POST", "/op/{username}", "once", limits)


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


def test_days_are_calendar_days_and_never_waited_out() -> None:
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
    counter = DayCounter(5, wall_offset=86_400 * 3 - 100.0)  # now=100 is midnight
    assert counter.release_time(100.0) == 100.0 + 86_400
    assert counter.release_time(86_400.0) == 100.0 + 86_400


@given(refusals=st.lists(st.floats(0, 5), max_size=10))
def test_a_refusal_slows_the_pace_which_recovers_by_itself(refusals: list[float]) -> None:
    counter = Counter(100, 1.0)
    now = 0.0
    for wait in refusals:
        now += wait
        before = counter.pace(now)
        counter.refused(now, departed=now, retry_after=None)
        assert counter.pace(now) < max(before, 2 * Counter.SLOWEST_PACE)
        assert not counter.room(now, 1)
        assert counter.pace(now) >= Counter.SLOWEST_PACE
        assert counter.room(now + 1.0, 100 // 16)
    assert counter.pace(now + Counter.RECOVERY_WINDOWS) == 1.0
    assert counter.room(now + Counter.RECOVERY_WINDOWS, 100)


def test_calls_refused_together_slow_the_pace_once() -> None:
    counter = Counter(100, 1.0)
    for _ in range(20):
        counter.refused(10.0, departed=9.5, retry_after=None)
    assert counter.pace(10.0) == 0.5


def test_retry_after_holds_the_pace() -> None:
    counter = Counter(100, 1.0)
    counter.refused(0.0, departed=0.0, retry_after=7.0)
    assert counter.next_change(1.0) == 7.0
    assert not counter.room(6.9, 1)
    assert counter.room(7.0, 1)


@given(
    held=st.lists(st.tuples(st.floats(0, 10), st.integers(1, 10)), max_size=60),
    units=st.integers(1, 20),
    ahead=st.integers(0, 100),
)
def test_the_estimated_wait_is_never_too_long(
    held: list[tuple[float, int]], units: int, ahead: int
) -> None:
    counter = Counter(20, 10.0)
    now = 0.0
    for wait, amount in held:
        now += wait
        if counter.room(now, amount):
            counter.depart(amount)
            counter.settle(amount, now)
    estimate = counter.earliest(units, now, ahead)
    # Serve whoever is ahead one by one, then the call itself: when does it really go?
    at = now
    for amount in [1] * ahead + [units]:
        while not counter.room(at, amount):
            change = counter.next_change(at)
            assert change is not None
            at = max(change, at)
        counter.depart(amount)
        counter.settle(amount, at)
    assert estimate <= at + 1e-9


def test_long_use_keeps_no_history() -> None:
    counter = Counter(10, 1.0)
    for number in range(20_000):
        now = number * 0.125
        assert counter.room(now, 1)
        counter.depart(1)
        counter.settle(1, now)
    assert len(counter._expiries) < 2000


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


def test_scale_share_and_overrides() -> None:
    documented = [
        Limit(100, per=SECOND),
        Limit(30, per=SECOND, fixed=True, unit="messages"),
        Limit(100, per=SECOND, name="shared"),
    ]
    quotas = Quotas(scale=2.0, share=1 / 4, overrides={"shared": [Limit(400, per=SECOND)]})
    effective = {
        (limit.name, limit.unit): limit.units for limit in quotas.effective("op", documented)
    }
    assert effective == {(None, "calls"): 50, (None, "messages"): 7, ("shared", "calls"): 100}
    assert Quotas(enabled=False).effective("op", documented) == ()
    assert Quotas(share=1e-9).effective("op", documented)[0].units == 1
    whole = Quotas(overrides={"op": [Limit(7, per=MINUTE)]}).effective("op", documented)
    assert [limit.units for limit in whole] == [7]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Quotas(scale=0),
        lambda: Quotas(share=0),
        lambda: Quotas(share=1.5),
        lambda: Quotas(overrides={"x": []}),
        lambda: Limit(0, per=SECOND),
        lambda: Limit(True, per=SECOND),
        lambda: Limit(1, per=timedelta(0)),
    ],
)
def test_figures_that_make_no_sense_are_refused(make: object) -> None:
    with pytest.raises(ConfigurationError):
        make()  # type: ignore[operator]


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
