"""Planning: every target in exactly one call or settled; calls as full as the quota allows."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from easemob_async.fanout.packing import Packer, PlannedCall, call_sizes
from easemob_async.outcomes import Outcome, OutcomeStatus
from easemob_async.quotas import MINUTE, SECOND, Limit


def sizes(most: int, *limits: Limit, take: int = 14) -> list[int]:
    return list(islice(call_sizes(most, limits), take))


def test_six_calls_of_three_and_one_of_two_for_twenty_a_second() -> None:
    limits = (Limit(20, per=SECOND), Limit(20, per=SECOND, unit="messages"))
    assert sizes(3, *limits) == [3, 3, 3, 3, 3, 3, 2] * 2


def test_calls_are_as_large_as_the_service_and_the_limits_allow() -> None:
    assert sizes(600, Limit(6000, per=MINUTE, unit="messages"), take=3) == [600] * 3
    assert sizes(10, Limit(100, per=SECOND, unit="messages"), take=3) == [10] * 3
    assert sizes(600, Limit(100, per=MINUTE, unit="messages"), take=3) == [100] * 3
    assert sizes(600, Limit(1500, per=MINUTE, unit="messages"), take=6) == [600, 600, 300] * 2
    assert sizes(600, Limit(100, per=SECOND), take=2) == [600] * 2
    assert sizes(600, take=2) == [600] * 2


@given(most=st.integers(1, 50), capacity=st.integers(1, 500))
def test_a_cycle_of_calls_uses_a_window_up_exactly(most: int, capacity: int) -> None:
    limit = Limit(capacity, per=SECOND, unit="messages")
    total = 0
    for size in call_sizes(most, [limit]):
        assert 1 <= size <= min(most, capacity)
        total += size
        if total >= capacity:
            break
    assert total == capacity or capacity % most == 0


targets = st.lists(
    st.one_of(st.sampled_from(["", "a\n", 5, None]), st.integers(0, 30).map(lambda n: f"u{n}")),
    max_size=80,
)


@given(
    given_targets=targets,
    contents=st.integers(1, 4),
    most=st.integers(1, 7),
    look_ahead=st.integers(1, 20),
    dedupe=st.sampled_from([None, 3, 1000]),
)
def test_every_target_is_in_one_call_or_settled_and_none_twice_in_a_call(
    given_targets: list[object], contents: int, most: int, look_ahead: int, dedupe: int | None
) -> None:
    limit = Limit(max(1, most * 2 + 1), per=SECOND, unit="messages")
    packer = Packer("op", call_sizes(most, [limit]), look_ahead=look_ahead, dedupe=dedupe)
    calls: list[PlannedCall] = []
    outcomes: list[Outcome] = []
    for number, target in enumerate(given_targets):
        packed: PlannedCall | Outcome | None = packer.check(target)
        if packed is None:
            assert isinstance(target, str)
            packed = packer.add(target, b"%d" % (number % contents))
        if isinstance(packed, PlannedCall):
            calls.append(packed)
        elif packed is not None:
            outcomes.append(packed)
        assert sum(1 for _ in packer._waiting) <= look_ahead
    while (call := packer.flush()) is not None:
        calls.append(call)
    planned = [target for call in calls for target in call.targets]
    settled = [outcome.target for outcome in outcomes]
    wanted = Counter(t if isinstance(t, str) else repr(t) for t in given_targets)
    assert Counter(planned + settled) == wanted
    for call in calls:
        assert 1 <= len(call.targets) <= most
        assert len(set(call.targets)) == len(call.targets)
    if dedupe == 1000:
        assert len(set(planned)) == len(planned)
    failed = [o for o in outcomes if o.status is OutcomeStatus.FAILED]
    assert len(failed) == sum(t in ("", "a\n", 5, None) for t in given_targets)
    assert all("op: target" in str(outcome.error) for outcome in failed)


@given(st.lists(st.integers(0, 30).map(lambda n: f"u{n}"), min_size=5, max_size=5))
def test_planning_in_one_go_is_the_same_as_one_by_one(names: list[str]) -> None:
    packer = Packer("op", call_sizes(5, []), look_ahead=10, dedupe=None)
    call = packer.whole(names, b"x")
    assert (call is not None) == (len(set(names)) == 5)
    if call is not None:
        assert list(call.targets) == names
    for damaged in ([*names[:4], ""], [*names[:4], "a\n"], [*names[:4], 5], names[:4]):
        assert packer.whole(damaged, b"x") is None  # type: ignore[arg-type]


def test_what_is_held_back_is_bounded_and_the_oldest_goes_first() -> None:
    packer = Packer("op", call_sizes(100, []), look_ahead=3, dedupe=None)
    assert packer.add("a", b"1") is None
    assert packer.add("b", b"2") is None
    call = packer.add("c", b"1")
    assert isinstance(call, PlannedCall)
    assert (list(call.targets), call.content) == (["a", "c"], b"1")
    assert packer.held() == ["b"]
    assert packer.flush() is None
