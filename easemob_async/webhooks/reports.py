"""The reports of a receiver: its counts, its hooks and their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

import attrs

from easemob_async.errors import WebhookError
from easemob_async.webhooks.events.base import Event


class DropReason(StrEnum):
    """The reason why a post is not passed to handlers."""

    DUPLICATE = "duplicate"
    """The event was received before."""
    OVERFLOW = "overflow"
    """The queue of the handlers is full."""
    UNSIGNED = "unsigned"
    """The post has no signature, and unsigned posts are not allowed."""
    FORGED = "forged"
    """The signature was made with another secret."""
    STALE = "stale"
    """The pre-send callback is too old: it is a replay, or one of the two clocks is wrong."""
    DAMAGED = "damaged"
    """The post is not JSON, or lacks a required field of its event."""
    TOO_LARGE = "too_large"
    """The post is larger than the limit."""
    NOT_RUNNING = "not_running"
    """The receiver is not started yet, or is closed."""
    ABANDONED = "abandoned"
    """The receiver was closed before a handler got the event."""


@attrs.frozen
class Dropped:
    """A post that was not passed to handlers."""

    reason: DropReason
    """The reason."""
    event: Event | None = None
    """The event, if it could be read."""
    error: WebhookError | None = None
    """The error in the post, if it has one."""


@attrs.frozen
class HandlerFailure:
    """A handler that raised, or whose verdict was invalid or late (`TimeoutError`)."""

    event: Event
    """The event that the handler got."""
    handler: str
    """The name of the handler."""
    error: BaseException
    """The exception, or the error in the verdict."""


@attrs.frozen
class WebhookHooks:
    """Functions that the receiver calls in the event loop: keep them short.

    An exception in one of them is logged and not raised.
    """

    dropped: Callable[[Dropped], None] | None = None
    """The function to call for a post that is not passed to handlers. Without it, the first and
    every thousandth post per reason are logged; duplicates are not."""
    failed: Callable[[HandlerFailure], None] | None = None
    """The function to call for a handler that failed. Without it, the traceback is logged."""


@attrs.frozen
class WebhookCounts:
    """The counts of a receiver so far."""

    received: int
    """All posts."""
    queued: int
    """The events that were queued for the handlers."""
    handled: int
    """The queued events that were handled, with or without an error."""
    asked: int
    """The pre-send callbacks that need a verdict."""
    defaulted: int
    """The pre-send callbacks that got the default verdict because the handler's was missing."""
    failures: int
    """The failures of handlers."""
    dropped: Mapping[DropReason, int]
    """The posts that were not passed to handlers, by reason."""
