"""What follows a failed attempt: never twice what must happen once, and never for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import (
    APIError,
    AppNotFoundError,
    AuthenticationError,
    BadRequestError,
    ClientClosedError,
    ConfigurationError,
    ConflictError,
    ConnectError,
    EasemobError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RequestTimeoutError,
    ResponseError,
    RetryPolicy,
    ServerError,
    TransportError,
)
from easemob_async.operation import Operation
from easemob_async.transport.retry import (
    LONGEST_WAIT,
    NOT_TAKEN,
    Decision,
    FailedAttempt,
    Next,
    backoff,
    decide,
    is_for_pace,
    is_gone,
    may_repeat,
)

SAFE = Operation("users.get", "GET", "/users/{username}", "safe")
ONCE = Operation("messages.send_to_users", "POST", "/messages/users", "once")
DELETE = Operation("users.delete", "DELETE", "/users/{username}", "safe")
DELETE_SOME = Operation("users.delete_batch", "DELETE", "/users", "once", gone_is_done=False)
OPERATIONS = (SAFE, ONCE, DELETE, DELETE_SOME)

POLICY = RetryPolicy(attempts=4, base=0.25, cap=8.0)
GIVE_UP = Decision(Next.GIVE_UP)
SECOND = timedelta(seconds=1)


def longest(low: float, high: float) -> float:
    """The whole of the jitter."""
    assert low == 0.0
    return high


def shortest(low: float, high: float) -> float:
    """None of it."""
    return low


def rate_limit(retry_after: timedelta | None = None) -> RateLimitError:
    return RateLimitError("429", status=429, retry_after=retry_after)


def unavailable(retry_after: timedelta | None = SECOND) -> ServerError:
    """503 with Retry-After: refused before it was processed."""
    error = ServerError("503", status=503, maybe_processed=False)
    error.retry_after = retry_after
    return error


def failed(error: EasemobError, operation: Operation = SAFE, **known: Any) -> FailedAttempt:
    return FailedAttempt(operation=operation, error=error, **known)


# Each says that the service may have acted.
PERHAPS_DONE: list[EasemobError] = [
    TransportError("cut", maybe_processed=True),
    RequestTimeoutError("late", maybe_processed=True),
    ServerError("500", status=500, maybe_processed=True),
    ServerError("502", status=502, maybe_processed=True),
    ServerError("503", status=503, maybe_processed=True),
    ResponseError("not JSON", status=200),
    ClientClosedError("closed", maybe_processed=True),
]
# Each says that it surely did not, and that another try may do better.
NOT_DONE: list[EasemobError] = [
    ConnectError("no connection"),
    RequestTimeoutError("it never left"),
    TransportError("it never left", maybe_processed=False),
    rate_limit(),
    RateLimitError("403", status=403),
    unavailable(),
    *(APIError(str(status), status=status) for status in sorted(NOT_TAKEN)),
]
# Each would come again.
FOR_GOOD: list[EasemobError] = [
    BadRequestError("400", status=400),
    AuthenticationError("401", status=401),
    PermissionDeniedError("403", status=403),
    NotFoundError("404", status=404),
    AppNotFoundError("404", status=404),
    ConflictError("400 already exists", status=400),
    APIError("405", status=405),
    ServerError("501", status=501),
    *(
        ServerError("500", status=500, error=name, maybe_processed=False)
        for name in (
            "no_full_text_index",
            "unsupported_service_operation",
            "web_application",
        )
    ),
    RateLimitError("the plan's", status=429, temporary=False),
    RateLimitError("no quota before the deadline"),
    ResponseError("not JSON", status=200),
    ConfigurationError("a token with a newline"),
    ClientClosedError("closed"),
]
EVERY_ERROR = [*PERHAPS_DONE, *NOT_DONE, *FOR_GOOD, ConflictError("409", status=409)]

attempts = st.builds(
    FailedAttempt,
    operation=st.sampled_from(OPERATIONS),
    error=st.sampled_from(EVERY_ERROR),
    number=st.integers(1, 50),
    counted=st.integers(0, 6),
    time_left=st.none() | st.floats(0, 100),
    maybe_processed_before=st.booleans(),
    may_renew_token=st.booleans(),
    stale=st.booleans(),
    cannot_repeat=st.booleans(),
    waits_out=st.booleans(),
)


# ---------------------------------------------------------------- what may be repeated


@given(
    error=st.sampled_from(PERHAPS_DONE),
    operation=st.sampled_from([ONCE, DELETE_SOME]),
    before=st.booleans(),
    waits_out=st.booleans(),
)
def test_a_once_operation_that_may_have_been_processed_is_never_repeated(
    error: EasemobError, operation: Operation, before: bool, waits_out: bool
) -> None:
    assert not may_repeat(operation, error)
    attempt = failed(error, operation, maybe_processed_before=before, waits_out=waits_out)
    assert decide(attempt, POLICY) == GIVE_UP


@pytest.mark.parametrize("error", NOT_DONE, ids=repr)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_what_surely_was_not_processed_is_repeated_whatever_it_does(
    operation: Operation, error: EasemobError
) -> None:
    assert may_repeat(operation, error)
    assert decide(failed(error, operation), POLICY).next is Next.REPEAT


@pytest.mark.parametrize("error", PERHAPS_DONE, ids=repr)
def test_a_safe_operation_is_repeated_when_no_answer_came_or_the_service_failed(
    error: EasemobError,
) -> None:
    # What cannot be read, and a closed client, would be the same again.
    would_help = isinstance(error, TransportError | ServerError)
    assert may_repeat(SAFE, error) is would_help
    expected = Next.REPEAT if would_help else Next.GIVE_UP
    assert decide(failed(error), POLICY).next is expected


@pytest.mark.parametrize("error", FOR_GOOD, ids=repr)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_what_would_come_again_is_not_asked_again(
    operation: Operation, error: EasemobError
) -> None:
    assert not may_repeat(operation, error)
    assert decide(failed(error, operation), POLICY) == GIVE_UP


def test_of_two_requests_in_each_others_way_only_a_safe_one_is_repeated() -> None:
    error = ConflictError("409", status=409)
    assert may_repeat(SAFE, error)
    assert not may_repeat(ONCE, error)


def test_requests_that_were_not_taken_are_those_of_three_statuses() -> None:
    assert {s for s in range(400, 500) if may_repeat(ONCE, APIError("x", status=s))} == {
        408,
        421,
        425,
    }


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (rate_limit(), True),
        (RateLimitError("403", status=403), True),
        (RateLimitError("the plan's", status=429, temporary=False), False),
        (RateLimitError("ours, before anything was sent"), False),
        (unavailable(), True),
        (ServerError("503", status=503, maybe_processed=True), False),
        (ServerError("500", status=500, maybe_processed=False), False),
        (APIError("408", status=408), False),
        (ConnectError("no connection"), False),
    ],
    ids=repr,
)
def test_a_refusal_is_about_the_pace_and_comes_before_processing(
    error: EasemobError, expected: bool
) -> None:
    assert is_for_pace(error) is expected


# ---------------------------------------------------------------- how often


@pytest.mark.parametrize(("counted", "next_"), [(0, Next.REPEAT), (2, Next.REPEAT)])
def test_an_attempt_that_the_policy_allows_is_made(counted: int, next_: Next) -> None:
    decision = decide(failed(ConnectError("x"), counted=counted), POLICY)
    assert (decision.next, decision.counts) == (next_, True)


@pytest.mark.parametrize("counted", [3, 4, 100])
def test_an_attempt_more_than_the_policy_allows_is_not_made(counted: int) -> None:
    assert decide(failed(ConnectError("x"), counted=counted), POLICY) == GIVE_UP


def test_a_policy_of_one_attempt_never_repeats() -> None:
    assert decide(failed(ConnectError("x")), RetryPolicy(attempts=1)) == GIVE_UP


@given(
    operation=st.sampled_from(OPERATIONS),
    errors=st.lists(st.sampled_from(EVERY_ERROR), min_size=1, max_size=5),
    allowed=st.integers(1, 6),
    waits_out=st.booleans(),
)
def test_no_call_is_tried_for_ever_unless_its_refusals_are_waited_out(
    operation: Operation, errors: list[EasemobError], allowed: int, waits_out: bool
) -> None:
    counted = tried = 0
    policy = RetryPolicy(attempts=allowed)
    for number in range(1, 200):
        error = errors[number % len(errors)]
        attempt = failed(error, operation, number=number, counted=counted, waits_out=waits_out)
        decision = decide(attempt, policy)
        tried += not (waits_out and is_for_pace(error))
        if decision.next is not Next.REPEAT:
            break
        counted += decision.counts
    else:
        assert waits_out
        assert all(map(is_for_pace, errors))
    assert tried <= allowed


@pytest.mark.parametrize("error", [rate_limit(), unavailable()], ids=repr)
def test_refusals_that_are_waited_out_do_not_count(error: EasemobError) -> None:
    attempt = failed(error, ONCE, counted=3, waits_out=True, number=1000)
    decision = decide(attempt, POLICY, shortest)
    assert (decision.next, decision.counts) == (Next.REPEAT, False)
    assert decide(failed(error, ONCE, counted=3), POLICY) == GIVE_UP


def test_other_failures_count_where_refusals_are_waited_out() -> None:
    attempt = failed(ConnectError("x"), ONCE, counted=2, waits_out=True)
    assert decide(attempt, POLICY).counts
    attempt = failed(ConnectError("x"), ONCE, counted=3, waits_out=True)
    assert decide(attempt, POLICY) == GIVE_UP


# ---------------------------------------------------------------- how long it waits


@given(
    attempt=st.integers(1, 2000),
    base=st.floats(0.001, 10),
    cap=st.floats(0.001, 100),
)
def test_a_wait_is_a_random_part_of_a_doubling_bound_that_is_capped(
    attempt: int, base: float, cap: float
) -> None:
    policy = RetryPolicy(base=base, cap=cap)
    bound = backoff(policy, attempt, longest)
    assert bound <= cap
    assert 0.0 <= backoff(policy, attempt) <= bound
    if attempt > 1:
        before = backoff(policy, attempt - 1, longest)
        assert bound == pytest.approx(min(cap, 2 * before))
    else:
        assert bound == min(cap, base)


def test_the_waits_of_the_default_policy() -> None:
    bounds = [backoff(RetryPolicy(), attempt, longest) for attempt in range(1, 9)]
    assert bounds == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_the_wait_grows_with_the_number_of_the_attempt_and_has_jitter() -> None:
    attempt = failed(ConnectError("x"), number=3, counted=2)
    assert decide(attempt, POLICY, longest).wait == 1.0
    assert decide(attempt, POLICY, shortest).wait == 0.0
    assert len({decide(attempt, POLICY).wait for _ in range(20)}) > 1


@pytest.mark.parametrize("make", [rate_limit, unavailable])
def test_retry_after_comes_on_top_of_the_jitter(make: Any) -> None:
    wait = timedelta(seconds=7)
    assert decide(failed(make(wait), ONCE), POLICY, longest).wait == 7.25
    assert decide(failed(make(wait), ONCE), POLICY, shortest).wait == 7.0
    assert decide(failed(make(None), ONCE), POLICY, longest).wait == 0.25


def test_a_wait_that_reaches_the_deadline_is_not_begun() -> None:
    error = rate_limit(timedelta(seconds=7))
    assert decide(failed(error, time_left=7.0), POLICY, shortest) == GIVE_UP
    assert decide(failed(error, time_left=0.0), POLICY, shortest) == GIVE_UP
    kept = decide(failed(error, time_left=7.001), POLICY, shortest)
    assert kept == Decision(Next.REPEAT, 7.0, counts=True)
    assert decide(failed(error, time_left=None), POLICY, shortest) == kept


def test_a_service_that_says_to_come_back_after_more_than_an_hour_is_not_waited_for() -> None:
    hour = timedelta(hours=1)
    assert decide(failed(rate_limit(hour)), POLICY, shortest).wait == LONGEST_WAIT == 3600.0
    for waits_out in (False, True):
        attempt = failed(rate_limit(hour + timedelta(milliseconds=1)), waits_out=waits_out)
        assert decide(attempt, POLICY, shortest) == GIVE_UP


@given(attempt=attempts, jitter=st.floats(0, 1))
def test_no_wait_is_longer_than_the_deadline_or_an_hour(
    attempt: FailedAttempt, jitter: float
) -> None:
    decision = decide(attempt, POLICY, lambda low, high: low + (high - low) * jitter)
    assert 0.0 <= decision.wait <= LONGEST_WAIT
    if decision.next is not Next.REPEAT:
        assert (decision.wait, decision.counts) == (0.0, False)
    elif attempt.time_left is not None and not (attempt.stale or attempt.elsewhere):
        assert decision.wait < attempt.time_left


# ---------------------------------------------------------------- token, connection, stream


@given(attempt=attempts)
def test_another_token_comes_first(attempt: FailedAttempt) -> None:
    decision = decide(attempt, POLICY)
    expected = attempt.may_renew_token and not attempt.cannot_repeat
    assert (decision.next is Next.RENEW_TOKEN) is expected
    if expected:
        assert decision == Decision(Next.RENEW_TOKEN)


@given(attempt=attempts)
def test_what_cannot_be_taken_back_is_not_made_again(attempt: FailedAttempt) -> None:
    if attempt.cannot_repeat and not attempt.stale:
        next_ = decide(attempt, POLICY).next
        assert next_ in (Next.GIVE_UP, Next.ALREADY_DONE)


def test_a_connection_that_was_used_up_costs_no_try_and_no_wait() -> None:
    attempt = failed(ConnectError("it was closed"), ONCE, counted=100, number=50, stale=True)
    assert decide(attempt, POLICY, longest) == Decision(Next.REPEAT, 0.0, counts=False)


def test_a_host_that_cannot_be_connected_to_costs_no_try_and_no_wait() -> None:
    error = ConnectError("no connection")
    attempt = failed(error, ONCE, counted=100, number=50, elsewhere=True)
    assert decide(attempt, POLICY, longest) == Decision(Next.REPEAT, 0.0, counts=False)
    attempt = failed(error, ONCE, counted=100, number=50)
    assert decide(attempt, POLICY, longest).next is Next.GIVE_UP


# ---------------------------------------------------------------- gone is done


def test_a_404_on_the_repeat_of_a_delete_that_may_have_been_processed_is_done() -> None:
    attempt = failed(NotFoundError("404", status=404), DELETE, maybe_processed_before=True)
    assert decide(attempt, POLICY) == Decision(Next.ALREADY_DONE)


@pytest.mark.parametrize(
    "attempt",
    [
        failed(NotFoundError("404", status=404), DELETE),
        failed(NotFoundError("404", status=404), SAFE, maybe_processed_before=True),
        failed(NotFoundError("404", status=404), DELETE_SOME, maybe_processed_before=True),
        failed(AppNotFoundError("404", status=404), DELETE, maybe_processed_before=True),
        failed(BadRequestError("400", status=400), DELETE, maybe_processed_before=True),
    ],
    ids=["first try", "not a DELETE", "deletes others", "the app", "another refusal"],
)
def test_any_other_refusal_of_a_repeat_is_the_calls(attempt: FailedAttempt) -> None:
    assert decide(attempt, POLICY) == GIVE_UP


def test_gone_is_what_was_named_and_not_the_app() -> None:
    assert is_gone(NotFoundError("404", status=404))
    assert not is_gone(AppNotFoundError("404", status=404))
    assert not is_gone(APIError("404", status=404))
