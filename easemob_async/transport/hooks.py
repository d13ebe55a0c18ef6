"""Telling hooks and the log of each attempt; neither ever sees a payload."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from easemob_async.config import AttemptEnded, AttemptStarted, Hooks

Event = TypeVar("Event", AttemptStarted, AttemptEnded)

LOG: Final = logging.getLogger("easemob_async")


def wants_end(hooks: Hooks) -> bool:
    """Tell whether anybody wants to know how an attempt ends."""
    return hooks.attempt_ended is not None or LOG.isEnabledFor(logging.DEBUG)


def tell_started(hooks: Hooks, event: AttemptStarted) -> None:
    """Tell that an attempt begins."""
    if hooks.attempt_started is not None:
        _run(hooks.attempt_started, event)


def tell_ended(hooks: Hooks, event: AttemptEnded) -> None:
    """Tell how an attempt ended."""
    LOG.debug(
        "%s attempt %d: %s, %.3f s (quota %.3f s)",
        event.operation,
        event.attempt,
        event.error or event.status,
        event.duration,
        event.quota_wait,
    )
    if hooks.attempt_ended is not None:
        _run(hooks.attempt_ended, event)


def _run(hook: Callable[[Event], None], event: Event) -> None:
    try:
        hook(event)
    except Exception:
        LOG.exception("a hook failed on %s", type(event).__name__)
