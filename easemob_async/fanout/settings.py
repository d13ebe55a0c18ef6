"""What a job does: the arguments of its maker, checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final, Literal, get_args

import attrs

from easemob_async import checks
from easemob_async.fanout.pacing import Pace
from easemob_async.fanout.report import Progress
from easemob_async.models.messages import Message, Text
from easemob_async.models.push import PushOptions
from easemob_async.resources.sending import Send, content
from easemob_async.wire import codec

OnUnknown = Literal["report", "resend"] | Callable[[str], Literal["report", "resend"]]
"""What becomes of a target whose fate is unknown since an earlier run."""


class Encoded(bytes):
    """The content of a message that was put aside: encoded already, and checked before."""


@attrs.frozen(kw_only=True)
class JobOptions:
    """How a job runs; see `Fanout` for each."""

    journal: str | PathLike[str] | None
    job_id: str | None
    workers: int
    pace: Pace
    dedupe: int | None
    on_unknown: OnUnknown
    retry_failed: bool
    keep_message_ids: bool
    progress: Callable[[Progress], None] | None

    def check(self, job: str) -> None:
        """Check them.

        Raises:
            InvalidArgumentError: one of them makes no sense.
        """
        checks.number(job, "workers", self.workers, least=1)
        if self.pace not in get_args(Pace):
            raise checks.fail(job, f"pace must be 'even' or 'burst', not {self.pace!r}")
        if self.dedupe is not None:
            checks.number(job, "dedupe", self.dedupe, least=0)
        if not callable(self.on_unknown) and self.on_unknown not in ("report", "resend"):
            raise checks.fail(
                job,
                f"on_unknown must be 'report', 'resend' or a function, not {self.on_unknown!r}",
            )
        if self.keep_message_ids and self.journal is None:
            raise checks.fail(job, "keep_message_ids needs a journal to keep them in")

    def journal_path(self, job: str) -> Path | None:
        """Return where the journal is.

        Raises:
            InvalidArgumentError: no file can be there.
        """
        if self.journal is None:
            return None
        try:
            path = Path(self.journal).resolve()
        except (TypeError, ValueError) as error:
            raise checks.fail(job, f"journal {self.journal!r}: {error}") from None
        if not str(self.journal) or path.is_dir():
            raise checks.fail(job, f"journal {str(self.journal)!r} is no file")
        return path


@attrs.frozen
class Encoder:
    """Checks messages, and encodes them with what goes with every one of a job."""

    job: str
    fields: Mapping[str, Any]
    """The options, as the wire names them."""
    ext: Mapping[str, object] | None
    push: PushOptions | None
    max_bytes: int

    def encode(self, message: Message) -> bytes:
        """Return a message as JSON with its options, without the targets.

        Raises:
            InvalidArgumentError: no call would take it.
        """
        made = content(self.job, message, ext=self.ext, push=self.push, max_bytes=self.max_bytes)
        fields = {**self.fields, "type": made.type, "body": made.body}
        if made.ext is not None:
            fields["ext"] = made.ext
        return codec.dumps(fields)


@attrs.frozen
class Settings:
    """What a job does."""

    name: str
    """``"fanout.to_users"``."""
    send: Send
    encoder: Encoder
    constant: bytes | None
    """The encoded message of targets that bring none."""
    make_body: Callable[[str], Any] | None
    """Makes the message of such a target, where they do not get the same."""
    options: JobOptions
    journal: Path | None
    """Where the journal is."""

    def identity(self) -> Mapping[str, str]:
        """Return what tells this job from others in its journal."""
        same_for_all = self.encoder.encode(SMALLEST) if self.constant is None else self.constant
        own = "each its own: " if self.constant is None else ""
        return {
            "kind": self.name,
            "job_id": self.options.job_id or "",
            "message and options": own + hashlib.sha256(same_for_all).hexdigest(),
        }


SMALLEST: Final = Text("")
"""Stands for the messages that are not known yet."""
