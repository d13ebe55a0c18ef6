"""What a job does: the arguments of its maker, checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import attrs

from easemob_async.fanout.pacing import Pace
from easemob_async.fanout.report import Progress
from easemob_async.models.messages import Message
from easemob_async.operation import Operation

OnUnknown = Literal["report", "resend"] | Callable[[str], Literal["report", "resend"]]
"""What becomes of a target whose fate is unknown since an earlier run."""


class Encoded(bytes):
    """The content of a message that was put aside: encoded already, and checked before."""


@attrs.frozen(kw_only=True)
class JournalSettings:
    """Where a job keeps its journal, and what it makes of an earlier run's."""

    path: Path
    job_id: str
    retry_failed: bool
    on_unknown: OnUnknown
    keep_message_ids: bool
    fingerprint: str
    """What tells this job from others: its options and its message."""


@attrs.frozen(kw_only=True)
class Settings:
    """What a job does."""

    name: str
    """``"fanout.to_users"``."""
    operation: Operation
    most_targets: int
    """The most targets that the service takes in a call."""
    encode: Callable[[Message], bytes]
    """Checks a message and gives it as JSON with its options, without the targets."""
    constant: bytes | None
    """The message of who brings none."""
    make_body: Callable[[str], Any] | None
    workers: int
    pace: Pace
    dedupe: int | None
    progress: Callable[[Progress], None] | None
    journal: JournalSettings | None = None
