"""The settings of a job: the arguments of the method that makes it, checked."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final, Literal, Protocol, get_args

import attrs

from easemob_async import checks
from easemob_async.fanout.pacing import Pace
from easemob_async.fanout.report import Progress
from easemob_async.models.messages import Message, Text
from easemob_async.models.push import PushOptions
from easemob_async.models.push_notifications import PushNotification, PushStrategy
from easemob_async.resources.push import push_body
from easemob_async.resources.sending import Send, content
from easemob_async.wire import codec

OnUnknown = Literal["report", "resend"] | Callable[[str], Literal["report", "resend"]]
"""The decision about a target whose outcome is unknown since an earlier run."""


class Encoded(bytes):
    """The content of a message that was set aside: checked and encoded already."""


@attrs.frozen(kw_only=True)
class JobOptions:
    """The options of a job; `Fanout` describes each of them."""

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
        """Check the options.

        Raises:
            InvalidArgumentError: an option has a value that is not allowed.
        """
        checks.number(job, "workers", self.workers, least=1)
        if self.pace not in get_args(Pace):
            raise checks.fail(job, f"pace must be 'even' or 'burst', not {self.pace!r}")
        if self.dedupe is not None:
            checks.number(job, "dedupe", self.dedupe, least=0)
        if self.on_unknown not in ("report", "resend") and not _is_function(self.on_unknown):
            raise checks.fail(
                job,
                "on_unknown must be 'report', 'resend' or a function that is not async, not "
                f"{self.on_unknown!r:.80}",
            )
        if self.progress is not None and not _is_function(self.progress):
            raise checks.fail(
                job, f"progress must be a function that is not async, not {self.progress!r:.80}"
            )
        if self.job_id is not None and not isinstance(self.job_id, str):
            raise checks.fail(job, f"job_id must be a string, not {self.job_id!r:.80}")
        checks.flag(job, "retry_failed", self.retry_failed)
        checks.flag(job, "keep_message_ids", self.keep_message_ids)
        if self.keep_message_ids and self.journal is None:
            raise checks.fail(job, "keep_message_ids needs a journal; pass journal=... as well")

    def journal_path(self, job: str) -> Path | None:
        """Return the absolute path of the journal, or ``None`` without one.

        Raises:
            InvalidArgumentError: the path cannot be that of a file.
        """
        if self.journal is None:
            return None
        try:
            path = Path(self.journal).resolve()
        except (TypeError, ValueError) as error:
            raise checks.fail(job, f"journal {self.journal!r}: {error}") from None
        if not str(self.journal) or path.is_dir():
            raise checks.fail(job, f"journal {str(self.journal)!r} must be the path of a file")
        return path


def _is_function(value: object) -> bool:
    return callable(value) and not inspect.iscoroutinefunction(value)


class Encoder(Protocol):
    """An encoder of the messages, or other contents, of a job."""

    @property
    def job(self) -> str:
        """The name of the job in errors."""
        ...

    def encode(self, message: Any) -> bytes:
        """Return a message as JSON with the options of the job, without the targets.

        Raises:
            InvalidArgumentError: the message breaks a fixed rule.
        """
        ...

    def placeholder(self) -> bytes:
        """Return the same for the smallest message, in place of one that is not known yet."""
        ...


@attrs.frozen
class MessageEncoder:
    """An encoder of messages together with the options that all messages of a job share."""

    job: str
    """The name of the job in errors."""
    fields: Mapping[str, Any]
    """The options, under the names that the request uses."""
    ext: Mapping[str, object] | None
    """The app's own extension fields."""
    push: PushOptions | None
    """The options of the push notification."""
    max_bytes: int
    """The maximum size of body and ext together, in bytes."""

    def encode(self, message: Message) -> bytes:
        """Return a message as JSON with its options, without the targets.

        Raises:
            InvalidArgumentError: the message breaks a fixed rule.
        """
        made = content(self.job, message, ext=self.ext, push=self.push, max_bytes=self.max_bytes)
        fields = {**self.fields, "type": made.type, "body": made.body}
        if made.ext is not None:
            fields["ext"] = made.ext
        return codec.dumps(fields)

    def placeholder(self) -> bytes:
        """Return the smallest message as JSON with its options."""
        return self.encode(_SMALLEST)


@attrs.frozen
class PushEncoder:
    """An encoder of push notifications together with the strategy of a job."""

    job: str
    """The name of the job in errors."""
    strategy: PushStrategy | int | None
    """The channels by which the notifications are sent."""

    def encode(self, notification: PushNotification | Mapping[str, object]) -> bytes:
        """Return a notification as JSON with the strategy, without the targets.

        Raises:
            InvalidArgumentError: it is not a notification, or not JSON.
        """
        return codec.dumps(push_body(self.job, notification, self.strategy))

    def placeholder(self) -> bytes:
        """Return the smallest notification as JSON with the strategy."""
        return self.encode(_SMALLEST_PUSH)


@attrs.frozen
class Settings:
    """The settings of a job."""

    name: str
    """The name of the job in errors, such as ``"fanout.to_users"``."""
    send: Send
    """The operation of the job, with the limits of one call."""
    encoder: Encoder
    """The encoder of its messages."""
    constant: bytes | None
    """The encoded message of targets without their own message, if it is the same for all."""
    make_body: Callable[[str], Any] | None
    """The function that makes the message of such a target, if it is not the same for all."""
    options: JobOptions
    """The options of the job."""
    journal: Path | None
    """The path of the journal."""

    def identity(self) -> Mapping[str, str]:
        """Return the values by which a journal recognizes its job."""
        same_for_all = self.encoder.placeholder() if self.constant is None else self.constant
        own = "each its own: " if self.constant is None else ""
        return {
            "kind": self.name,
            "job_id": self.options.job_id or "",
            "message and options": own + hashlib.sha256(same_for_all).hexdigest(),
        }


_SMALLEST: Final = Text("")
_SMALLEST_PUSH: Final = PushNotification(title="", content="")
