"""The outcome of each target of a bulk job."""

from __future__ import annotations

from enum import StrEnum

import attrs


class OutcomeStatus(StrEnum):
    """The status of a target; every target that was read ends in exactly one status."""

    SENT = "sent"
    """Accepted by the service, with a message id."""
    FAILED = "failed"
    """Definitely not accepted: the service refused it, or the target or its body breaks a rule."""
    UNKNOWN = "unknown"
    """The request was sent and no definite answer arrived. It is never retried automatically: the
    service cannot distinguish a retry from a second message."""
    SKIPPED = "skipped"
    """A duplicate, or settled by an earlier run of the journal."""
    NOT_SENT = "not_sent"
    """Read, but the job was stopped before it was sent."""


@attrs.define
class Outcome:
    """The outcome of one target."""

    target: str
    """The target, as it was given."""
    status: OutcomeStatus
    """The status of the target."""
    message_id: str | None = None
    """The message's id, if it was sent."""
    error: Exception | None = None
    """The reason why it was not sent, or why its outcome is unknown."""
