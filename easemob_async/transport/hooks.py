"""Telling hooks and the log of each attempt; neither ever sees a payload."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from easemob_async.config import AttemptEnded, AttemptStarted, Hooks

Event = TypeVar("Event", AttemptStarted, AttemptEnded)

LOG: Final = logging.getLogger("easemob_async")


def tell_started(hooks: Hooks, operation: str, attempt: int, waited: float) -> None:
    """Report that an attempt begins.

    Args:
        hooks: the caller's functions.
        operation: the id of the operation.
        attempt: its number, from 1.
        waited: seconds that it waited for quota.
    """
    if hooks.attempt_started is not None:
        _run(hooks.attempt_started, AttemptStarted(operation, attempt, waited))


def tell_ended(
    hooks: Hooks,
    operation: str,
    attempt: int,
    waited: float,
    *,
    took: float,
    status: int | None,
    error: str | None,
) -> None:
    """Report how an attempt ended, in the log as well.

    Args:
        hooks: the caller's functions.
        operation: the id of the operation.
        attempt: its number, from 1.
        waited: seconds that it waited for quota.
        took: seconds from its start to its end.
        status: the HTTP status; ``None`` without an answer.
        error: why there is no answer; ``None`` when there is one.
    """
    debug = LOG.isEnabledFor(logging.DEBUG)
    if hooks.attempt_ended is None and not debug:
        return
    if debug:
        LOG.debug(
            "%s attempt %d: %s, %.3f s (quota %.3f s)",
            operation,
            attempt,
            error or status,
            took,
            waited,
        )
    if hooks.attempt_ended is not None:
        event = AttemptEnded(operation, attempt, status, waited, took, error)
        _run(hooks.attempt_ended, event)


def _run(hook: Callable[[Event], None], event: Event) -> None:
    try:
        hook(event)
    except Exception:
        LOG.exception("a hook failed on %s", type(event).__name__)
