"""What follows a failed attempt: decided without I/O, of values alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from easemob_async.config import RetryPolicy
from easemob_async.errors import (
    APIError,
    AppNotFoundError,
    ConflictError,
    EasemobError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
)
from easemob_async.operation import Operation

# 5xx that a retry does not change (tests/facts/errors.yaml: the kinds in the 500 row, and 501).
_FINAL_SERVER_ERRORS: Final = frozenset(
    {"no_full_text_index", "unsupported_service_operation", "web_application"}
)
_NOT_IMPLEMENTED: Final = 501
LONGEST_WAIT: Final = 3600.0
"""Seconds: a service that says to come back later than that is not waited for."""
NOT_TAKEN: Final = frozenset({408, 421, 425})
"""Statuses that say that the server did not take the request: request timeout, misdirected, too
early. Repeated on another connection, whatever the operation does."""


class Next(Enum):
    """What follows a failed attempt."""

    GIVE_UP = "give up"
    """The error is the call's."""
    REPEAT = "repeat"
    """Another attempt, after a wait."""
    RENEW_TOKEN = "renew"  # noqa: S105 - no secret
    """Another attempt with another token, if there is one."""
    ALREADY_DONE = "already done"
    """No attempt is needed: an earlier one has deleted what the service cannot find."""


class Decision(NamedTuple):
    """What follows a failed attempt, and when."""

    next: Next
    wait: float = 0.0
    """Seconds before the next attempt."""
    counts: bool = False
    """Whether the attempt counts as one of those that `RetryPolicy` allows."""


class FailedAttempt(NamedTuple):
    """What is known when an attempt has failed."""

    operation: Operation
    error: EasemobError
    number: int = 1
    """Which attempt of the call it was, from 1."""
    counted: int = 0
    """Attempts before it that count."""
    time_left: float | None = None
    """Seconds until the call's deadline; ``None`` for no deadline."""
    maybe_processed_before: bool = False
    """An earlier attempt left, and the service may have acted on it."""
    may_renew_token: bool = False
    """The service refused the token, and another may help."""
    stale: bool = False
    """It did not leave, since its kept-alive connection was used up; the next may be fresh."""
    elsewhere: bool = False
    """It did not leave, since its host cannot be connected to; the next takes another host."""
    cannot_repeat: bool = False
    """A part of the call cannot be taken back, so that it cannot be made again."""
    waits_out: bool = False
    """Refusals for the rate are waited out without an end."""


def decide(
    failed: FailedAttempt,
    retry: RetryPolicy,
    uniform: Callable[[float, float], float] = random.uniform,
) -> Decision:
    """Decide what follows a failed attempt."""
    error, operation = failed.error, failed.operation
    if failed.may_renew_token and not failed.cannot_repeat:
        return Decision(Next.RENEW_TOKEN)
    if failed.maybe_processed_before and operation.gone_is_done and is_gone(error):
        return Decision(Next.ALREADY_DONE)
    if failed.stale or (failed.elsewhere and not failed.cannot_repeat):
        return Decision(Next.REPEAT)
    counts = not (failed.waits_out and is_for_pace(error))
    spent = failed.counted + counts >= retry.attempts
    if failed.cannot_repeat or spent or not may_repeat(operation, error):
        return Decision(Next.GIVE_UP)
    wait = backoff(retry, failed.number, uniform)
    if isinstance(error, RateLimitError | ServerError) and error.retry_after is not None:
        wait += error.retry_after.total_seconds()
    too_late = failed.time_left is not None and wait >= failed.time_left
    if wait > LONGEST_WAIT or too_late:
        return Decision(Next.GIVE_UP)
    return Decision(Next.REPEAT, wait, counts)


def may_repeat(operation: Operation, error: EasemobError) -> bool:
    """Return whether repeating cannot do the thing twice, and could help.

    What surely was not processed may always be repeated: it never left, the server did not take
    it, or it was refused for its rate or with a 503 that says when to come back. The rest only
    where the operation is ``safe``.
    """
    if is_for_pace(error):
        return True
    if isinstance(error, RateLimitError):
        return False
    if isinstance(error, TransportError):
        return not error.maybe_processed or operation.repeat == "safe"
    if isinstance(error, ServerError):
        if error.status == _NOT_IMPLEMENTED or error.error in _FINAL_SERVER_ERRORS:
            return False
        return not error.maybe_processed or operation.repeat == "safe"
    if isinstance(error, ConflictError):  # of two requests at the same time
        return error.status == 409 and operation.repeat == "safe"
    return isinstance(error, APIError) and error.status in NOT_TAKEN


def is_for_pace(error: EasemobError) -> bool:
    """Return whether the service refused a request for its pace, before it was processed."""
    if isinstance(error, RateLimitError):
        return error.temporary and error.status is not None
    return isinstance(error, ServerError) and error.status == 503 and not error.maybe_processed


def is_gone(error: EasemobError) -> bool:
    """Return whether an error says that what was named is not there."""
    return isinstance(error, NotFoundError) and not isinstance(error, AppNotFoundError)


def backoff(
    policy: RetryPolicy, attempt: int, uniform: Callable[[float, float], float] = random.uniform
) -> float:
    """Return the wait in seconds after an attempt: exponential, with full jitter, capped."""
    return uniform(0.0, min(policy.cap, policy.base * 2 ** min(attempt - 1, 32)))
