"""Planning: every target in exactly one call or settled; calls as full as the quota allows."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async.fanout.packing import Packer, PlannedCall, call_sizes
from easemob_async.outcomes import Outcome, OutcomeStatus
from easemob_async.quotas import MINUTE, SECOND, Limit

MESSAGES_A_MINUTE = Limit(6000, per=MINUTE, unit="messages")


def messages(units: int) -> Limit:
    return Limit(units, per=SECOND, unit="messages")


@pytest.mark.parametrize(
    ("most", "limits", "expected"),
    [
        (600, (Limit(100, per=SECOND), MESSAGES_A_MINUTE), (600, 60)),
        (3, (Limit(20, per=SECOND), messages(20)), (3, 1)),
        # A unit of a hundred may wait for another: calls of one target do not pay.
        (10, (messages(100),), (10, 2)),
        (10, (messages(99),), (10, 1)),
        # As large as the limits allow.
        (600, (messages(100),), (100, 10)),
        (600, (messages(5),), (5, 1)),
        (600, (messages(1500),), (600, 60)),
        (1, (messages(500),), (1, 1)),
        # What full calls leave must not be too little for a part.
        (600, (messages(659),), (330, 33)),
        (600, (messages(1259),), (420, 42)),
        (600, (messages(660),), (600, 60)),
        # Of two limits, the slower is used up.
        (600, (messages(50), Limit(110, per=MINUTE, unit="messages")), (50, 5)),
        (600, (Limit(110, per=MINUTE, unit="messages"), messages(50)), (50, 5)),
        # Without a limit of messages there is nothing to use up with smaller calls.
        (600, (Limit(100, per=SECOND),), (600, 600)),
        (600, (), (600, 600)),
    ],
)
def test_the_size_of_a_full_call_and_of_the_smallest_part(
    most: int, limits: tuple[Limit, ...], expected: tuple[int, int]
) -> None:
    assert call_sizes(most, limits) == expected


@given(most=st.integers(1, 700), capacity=st.integers(1, 7000))
def test_full_calls_and_a_part_use_a_window_up(most: int, capacity: int) -> None:
    full, least = call_sizes(most, [messages(capacity)])
    assert 1 <= least <= full <= min(most, capacity)
    assert least == full or full <= least * 10
    # As many calls as with the largest, and what they leave is nothing, a part or hardly missed.
    assert math.ceil(capacity / full) == math.ceil(capacity / min(most, capacity))
    left = capacity % full
    assert left == 0 or left >= least or left <= capacity / 100


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
    packer = Packer("op", most, look_ahead=look_ahead, dedupe=dedupe)
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
    packer = Packer("op", 5, look_ahead=10, dedupe=None)
    call = packer.whole(names, b"x")
    assert (call is not None) == (len(set(names)) == 5)
    if call is not None:
        assert list(call.targets) == names
    for damaged in ([*names[:4], ""], [*names[:4], "a\n"], [*names[:4], 5], names[:4]):
        assert packer.whole(damaged, b"x") is None  # type: ignore[arg-type]


def test_what_is_held_back_is_bounded_and_the_oldest_goes_first() -> None:
    packer = Packer("op", 100, look_ahead=3, dedupe=None)
    assert packer.add("a", b"1") is None
    assert packer.add("b", b"2") is None
    call = packer.add("c", b"1")
    assert isinstance(call, PlannedCall)
    assert (list(call.targets), call.content) == (["a", "c"], b"1")
    assert packer.held() == ["b"]
    assert packer.flush() is None


def put_back(packer: Packer, targets: list[str], content: bytes) -> list[Outcome]:
    return packer.put_back(PlannedCall(targets, content))


def test_targets_that_are_put_back_go_first_and_in_order() -> None:
    packer = Packer("op", 3, look_ahead=100, dedupe=None)
    for target, content in (("a", b"1"), ("x", b"2"), ("y", b"2")):
        assert packer.add(target, content) is None
    assert put_back(packer, ["p", "q"], b"2") == []
    assert packer.holds_some
    call = packer.flush()
    assert call is not None
    assert (list(call.targets), call.content) == (["p", "q", "x"], b"2")
    assert packer.held() == ["a", "y"]
    assert not packer.holds_some


def test_the_next_call_is_filled_up() -> None:
    packer = Packer("op", 4, look_ahead=100, dedupe=None)
    put_back(packer, ["p", "q", "r"], b"1")
    assert packer.wanted == 1
    assert packer.whole(["a", "b", "c", "d"], b"1") is None
    call = packer.add("a", b"1")
    assert isinstance(call, PlannedCall)
    assert list(call.targets) == ["p", "q", "r", "a"]


def test_more_may_be_put_back_than_a_call_takes() -> None:
    packer = Packer("op", 3, look_ahead=100, dedupe=None)
    put_back(packer, ["c", "d"], b"1")
    put_back(packer, ["a", "b"], b"1")
    assert packer.wanted == 1
    call = packer.add("e", b"1")
    assert isinstance(call, PlannedCall)
    assert list(call.targets) == ["a", "b", "c"]
    assert packer.held() == ["d", "e"]


def test_who_waits_again_when_put_back_is_a_duplicate() -> None:
    packer = Packer("op", 5, look_ahead=100, dedupe=None)
    packer.add("a", b"1")
    packer.add("b", b"1")
    assert put_back(packer, ["p", "b"], b"1") == [Outcome("b", OutcomeStatus.SKIPPED)]
    assert packer.held() == ["p", "b", "a"]


def test_who_is_put_back_is_not_taken_for_its_own_duplicate() -> None:
    packer = Packer("op", 2, look_ahead=100, dedupe=10)
    packer.add("a", b"1")
    call = packer.add("b", b"1")
    assert isinstance(call, PlannedCall)
    assert put_back(packer, ["b"], b"1") == []
    assert packer.held() == ["b"]
