"""Whether a failed attempt is repeated, and after what wait. Decided without I/O."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

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

# 5xx that come again however often one asks (errors: the kinds named in the 500 row, and 501).
_FINAL_SERVER_ERRORS: Final = frozenset(
    {"no_full_text_index", "unsupported_service_operation", "web_application"}
)
_NOT_IMPLEMENTED: Final = 501
LONGEST_WAIT: Final = 3600.0
"""Seconds: a service that says to come back later than that is not waited for."""
NOT_TAKEN: Final = frozenset({408, 421, 425})
"""Statuses that say that the server did not take the request: request timeout, misdirected, too
early. Repeated on another connection, whatever the operation does."""


def may_repeat(operation: Operation, error: EasemobError) -> bool:
    """Tell whether repeating cannot do the thing twice, and could help.

    What surely was not processed may always be repeated: it never left, the server did not take
    it, or it was refused for its rate or with a 503 that says when to come back. The rest only
    where the operation is ``safe``.
    """
    if is_refusal(error):
        return True
    if isinstance(error, RateLimitError):
        return False
    if isinstance(error, TransportError):
        return not error.maybe_processed or operation.repeat == "safe"
    if isinstance(error, ServerError):
        if error.status == _NOT_IMPLEMENTED or error.error in _FINAL_SERVER_ERRORS:
            return False
        return not error.maybe_processed or operation.repeat == "safe"
    if isinstance(error, ConflictError):  # of two at once; what is there already stays there
        return error.status == 409 and operation.repeat == "safe"
    return isinstance(error, APIError) and error.status in NOT_TAKEN


def is_refusal(error: EasemobError) -> bool:
    """Tell whether the service refused a request for its pace, before it was processed."""
    if isinstance(error, RateLimitError):
        return error.temporary and error.status is not None
    return isinstance(error, ServerError) and error.status == 503 and not error.maybe_processed


def is_gone(error: EasemobError) -> bool:
    """Tell whether an error says that what was named is not there."""
    return isinstance(error, NotFoundError) and not isinstance(error, AppNotFoundError)


def backoff(
    policy: RetryPolicy, attempt: int, uniform: Callable[[float, float], float] = random.uniform
) -> float:
    """Give the wait in seconds after an attempt: exponential, with full jitter, capped."""
    return uniform(0.0, min(policy.cap, policy.base * 2 ** min(attempt - 1, 32)))
