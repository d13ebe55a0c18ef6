"""What a receiver tells of its work: counts, and what goes to its hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

import attrs

from easemob_async.errors import WebhookError
from easemob_async.webhooks.events.base import Event


class DropReason(StrEnum):
    """Why no handler saw a post."""

    DUPLICATE = "duplicate"
    """It had come before."""
    OVERFLOW = "overflow"
    """Too many others were waiting for the handlers."""
    UNSIGNED = "unsigned"
    """It has no signature, and that is not allowed."""
    FORGED = "forged"
    """Its signature was made with another secret."""
    STALE = "stale"
    """It asks about a message of long ago: a replay, or one of the two clocks is wrong."""
    DAMAGED = "damaged"
    """It is not JSON, or lacks what its event must have."""
    TOO_LARGE = "too_large"
    """It is longer than is allowed."""
    NOT_RUNNING = "not_running"
    """The receiver had not been started, or was closed."""
    ABANDONED = "abandoned"
    """The receiver was closed and the handlers did not get to it in time."""


@attrs.frozen
class Dropped:
    """A post that no handler saw."""

    reason: DropReason
    """Why."""
    event: Event | None = None
    """The event, as far as it was read."""
    error: WebhookError | None = None
    """What is wrong with it, where something is."""


@attrs.frozen
class HandlerFailure:
    """A handler that raised, gave no usable verdict, or was late with it (`TimeoutError`)."""

    event: Event
    """The event that it was given."""
    handler: str
    """Its name."""
    error: BaseException
    """What it raised, or what was wrong."""


@attrs.frozen
class WebhookHooks:
    """Functions called in the event loop: keep them short.

    An exception in one of them is logged and goes no further.
    """

    dropped: Callable[[Dropped], None] | None = None
    """A post that no handler will see. Without it, the first and every thousandth
    of a reason is logged; duplicates are not."""
    failed: Callable[[HandlerFailure], None] | None = None
    """A handler that failed. Without it, its traceback is logged."""


@attrs.frozen
class WebhookCounts:
    """What a receiver has done so far."""

    received: int
    """Posts in all."""
    queued: int
    """Events that went to the handlers."""
    handled: int
    """Of those, how many were handled, with or without an error."""
    asked: int
    """Questions before delivery."""
    defaulted: int
    """Of those, how many got the default verdict because the handler's was missing."""
    failures: int
    """Handlers that failed."""
    dropped: Mapping[DropReason, int]
    """Posts that no handler saw, by reason."""
