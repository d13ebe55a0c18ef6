"""What a rolling window holds: to the unit and to the moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async.transport import rolling_window
from easemob_async.transport.rolling_window import Counter, DayCounter


def answered(counter: Counter, units: int, now: float) -> None:
    counter.depart(units)
    counter.settle(units, now)


@given(
    calls=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5)), max_size=60),
    compact_after=st.integers(0, 5),
)
def test_what_is_held_is_what_was_answered_less_than_a_window_ago(
    calls: list[tuple[int, int]], compact_after: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rolling_window, "_COMPACT_AFTER", compact_after)
        counter = Counter(1000, 5.0)
        history: list[tuple[int, int]] = []
        now = 0
        for passed, units in calls:
            now += passed
            answered(counter, units, now)
            history.append((now, units))
            ends = [at + 5 for at, _ in history if at + 5 > now]
            assert counter.held(now) == sum(u for at, u in history if at + 5 > now)
            assert counter.next_change(now) == min(ends)


def test_what_is_in_flight_is_held_without_an_end() -> None:
    counter = Counter(10, 1.0)
    counter.depart(3)
    counter.depart(1)
    assert counter.held(10**6) == 4
    assert counter.next_change(0.0) is None
    assert counter.room(0.0, 6)
    assert not counter.room(0.0, 7)
    counter.give_back(1)
    assert counter.held(0.0) == 3
    counter.abandon(5.0)
    assert (counter.held(5.9), counter.held(6.0)) == (3, 0)
    counter.abandon(7.0)
    assert counter.next_change(7.0) is None  # there was nothing in flight


def held_of_ten() -> Counter:
    """Ten units in a window of 10 s: 4 are free again at 10, 3 at 12, 3 at 15."""
    counter = Counter(10, 10.0)
    for units, at in ((4, 0.0), (3, 2.0), (3, 5.0)):
        answered(counter, units, at)
    return counter


@pytest.mark.parametrize(
    ("units", "now", "ahead", "expected"),
    [
        (1, 5.0, 0, 10.0),
        (4, 5.0, 0, 10.0),
        (5, 5.0, 0, 12.0),
        (7, 5.0, 0, 12.0),
        (8, 5.0, 0, 15.0),
        (10, 5.0, 0, 15.0),
        # Who is queued goes first: a whole capacity of it takes a window.
        (1, 5.0, 3, 10.0),
        (1, 5.0, 4, 12.0),
        (1, 5.0, 10, 20.0),
        (2, 5.0, 13, 22.0),
        (1, 5.0, 29, 35.0),
        # What came back meanwhile is not counted again.
        (4, 10.0, 0, 10.0),
        (5, 10.0, 0, 12.0),
        (8, 10.0, 0, 15.0),
        (1, 13.0, 7, 15.0),
        (1, 13.0, 10, 23.0),
        (10, 20.0, 0, 20.0),
    ],
)
def test_the_earliest_moment_for_a_call(
    units: int, now: float, ahead: int, expected: float
) -> None:
    assert held_of_ten().earliest(units, now, ahead) == expected


def test_the_earliest_moment_while_calls_are_on_their_way_is_a_window_from_now() -> None:
    counter = Counter(10, 10.0)
    counter.depart(10)
    assert counter.earliest(1, 3.0) == 13.0
    counter.refused(3.0, departed=3.0, retry_after=100.0)
    assert counter.earliest(1, 3.0) == 103.0


def test_a_call_that_fits_can_go_now() -> None:
    assert Counter(10, 10.0).earliest(10, 3.0) == 3.0
    assert Counter(10, 10.0).earliest(9, 3.0, 1) == 3.0


def test_a_pause_ends_at_its_moment_and_not_before() -> None:
    counter = Counter(100, 1.0)
    assert counter.next_change(0.0) is None
    counter.refused(2.0, departed=2.0, retry_after=None)
    assert counter.next_change(2.0) == 2.05
    assert not counter.room(2.04, 1)
    assert counter.room(2.05, 1)
    counter.refused(2.05, departed=2.05, retry_after=7.0)
    counter.refused(2.06, departed=2.05, retry_after=1.0)  # does not shorten it
    assert counter.earliest(1, 2.1) == 9.05
    assert counter.room(9.05, 1)
    assert counter.next_change(9.05) == pytest.approx(9.05 + 10 / 50)  # the pace grows


@pytest.mark.parametrize(("window", "recovery"), [(1.0, 10.0), (3.0, 30.0), (60.0, 120.0)])
def test_a_pace_recovers_in_equal_steps(window: float, recovery: float) -> None:
    counter = Counter(100, window)
    counter.refused(0.0, departed=0.0, retry_after=0.0)
    assert counter._pace_at(0.0) == 0.5
    assert counter._pace_at(recovery / 4) == pytest.approx(0.75)
    assert counter.next_change(0.0) == pytest.approx(recovery / 50)
    assert counter._pace_at(recovery / 4) == pytest.approx(0.75)  # asking changes nothing
    assert counter._pace_at(recovery * 0.499) < 1.0
    assert counter._pace_at(recovery / 2) == 1.0
    assert counter.next_change(recovery / 2) is None


def test_half_the_pace_is_half_the_units() -> None:
    counter = Counter(100, 1.0)
    counter.refused(0.0, departed=0.0, retry_after=0.0)
    counter.depart(1)
    assert counter.room(0.0, 49)
    assert not counter.room(0.0, 50)


def test_a_call_heavier_than_the_slowed_pace_goes_alone() -> None:
    counter = Counter(100, 1.0)
    counter.refused(0.0, departed=0.0, retry_after=0.0)
    assert counter.room(0.0, 100)
    assert not counter.room(0.0, 101)
    counter.depart(1)
    assert not counter.room(0.0, 99)


def test_a_late_refusal_after_the_recovery_slows_the_pace_again() -> None:
    counter = Counter(100, 1.0)
    counter.refused(6.0, departed=6.0, retry_after=None)
    counter.refused(6.5, departed=5.0, retry_after=None)  # left before: no news
    assert counter._pace_at(6.5) == pytest.approx(0.55)
    assert counter._pace_at(20.0) == 1.0
    counter.refused(20.0, departed=5.0, retry_after=None)
    assert counter._pace_at(20.0) == 0.5


@given(refusals=st.lists(st.floats(0, 5), max_size=10))
def test_a_refusal_slows_the_pace_which_recovers_by_itself(refusals: list[float]) -> None:
    counter = Counter(100, 1.0)
    now = 0.0
    for wait in refusals:
        now += wait
        before = counter._pace_at(now)
        counter.refused(now, departed=now, retry_after=None)
        assert counter._pace_at(now) < max(before, 2 * Counter.SLOWEST_PACE)
        assert not counter.room(now, 1)
        assert counter._pace_at(now) >= Counter.SLOWEST_PACE
        assert counter.room(now + 1.0, 100 // 16)
    assert counter._pace_at(now + Counter.RECOVERY_WINDOWS) == 1.0
    assert counter.room(now + Counter.RECOVERY_WINDOWS, 100)


def test_calls_refused_together_slow_the_pace_once() -> None:
    counter = Counter(100, 1.0)
    for _ in range(20):
        counter.refused(10.0, departed=9.5, retry_after=None)
    assert counter._pace_at(10.0) == 0.5


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


def test_days_are_calendar_days() -> None:
    day = DayCounter(5, wall_offset=0.0)
    assert day.room(0.0, 5)
    assert not day.room(0.0, 6)
    counter = DayCounter(5, wall_offset=86_400 * 3 - 100.0)  # now=100 is midnight
    assert counter.release_time(100.0) == 100.0 + 86_400
    assert counter.release_time(86_400.0) == 100.0 + 86_400
