"""The errors of calls that get no units of a limit, whoever keeps its account."""

from __future__ import annotations

from datetime import timedelta

from easemob_async.errors import RateLimitError
from easemob_async.quotas import Limit


def used_up(operation: str, limit: Limit, wait: timedelta) -> RateLimitError:
    """Make the error for a limit of a day, which is not waited for."""
    return RateLimitError(
        f"{operation}: the day's quota of {_words(limit)} is used up",
        operation=operation,
        retry_after=wait,
        temporary=False,
    )


def too_long(operation: str, limit: Limit, wait: timedelta) -> RateLimitError:
    """Make the error for a wait that a call's deadline does not allow."""
    return RateLimitError(
        f"{operation}: waiting for quota ({_words(limit)}) would take at least "
        f"{wait.total_seconds():.1f} s, longer than the call's deadline allows; "
        "nothing was sent",
        operation=operation,
        retry_after=wait,
    )


def too_heavy(operation: str, limit: Limit, units: int) -> RateLimitError:
    """Make the error for a call that could never be let in."""
    return RateLimitError(
        f"{operation}: a call of {units} {limit.unit} is heavier than its quota of "
        f"{_words(limit)} and would wait for ever; send fewer targets a call",
        operation=operation,
        temporary=False,
    )


def _words(limit: Limit) -> str:
    return f"{limit.units} {limit.unit} in {limit.per.total_seconds():g} s"
