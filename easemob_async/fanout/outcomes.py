"""What becomes of each target of a bulk job."""

from __future__ import annotations

from enum import StrEnum

import attrs


class OutcomeStatus(StrEnum):
    """What became of a target; every target that was read ends in exactly one."""

    SENT = "sent"
    """Accepted by the service, with a message id."""
    FAILED = "failed"
    """A definite no, with the error: the service's, or of a rule that target or body break."""
    UNKNOWN = "unknown"
    """The request left and no definite answer came. Never repeated by itself: the service has no
    way to tell a repetition from a second message."""
    SKIPPED = "skipped"
    """Given twice, or settled by an earlier run of the journal."""
    NOT_SENT = "not_sent"
    """Read, but the job was stopped first."""


@attrs.define
class Outcome:
    """What became of one target."""

    target: str
    """The target, as it was given."""
    status: OutcomeStatus
    """What became of it."""
    message_id: str | None = None
    """The message's id, where it was sent."""
    error: Exception | None = None
    """Why it was not, where it was not."""
