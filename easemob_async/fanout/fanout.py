"""What ``client.fanout`` offers: a job for users, for groups, for rooms."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final

import attrs

from easemob_async import api_limits, checks
from easemob_async.fanout.job import FanoutJob
from easemob_async.fanout.pacing import Pace
from easemob_async.fanout.packing import refuse_string
from easemob_async.fanout.report import Progress
from easemob_async.fanout.settings import JournalSettings, OnUnknown, Settings
from easemob_async.models.messages import Message, RoomMessageLevel, RouteType, Text
from easemob_async.models.push import PushOptions
from easemob_async.operation import Operation
from easemob_async.resources.messages import SEND_TO_GROUPS, SEND_TO_ROOMS, SEND_TO_USERS
from easemob_async.resources.sending import addressing, content
from easemob_async.transport.transport import Transport
from easemob_async.wire import codec

Target = str | tuple[str, Message] | tuple[str, Exception]
"""An id, or an id with its own message; or with the reason why it has none, of which it fails."""
Targets = (
    Iterable[str]
    | AsyncIterable[str]
    | Iterable[tuple[str, Message]]
    | AsyncIterable[tuple[str, Message]]
    | Iterable[Target]
    | AsyncIterable[Target]
)
"""Ids, or ids with a message for each; never held whole."""
Body = Message | Callable[[str], Message] | Callable[[str], Awaitable[Message]]
"""One message for all, or a function that makes one for a target."""


class Fanout:
    """Sends to any number of targets, inside the app's quotas, with an outcome for every target.

    Each method gives a `FanoutJob`: awaited, it sends to all and gives the `FanoutReport`;
    iterated, it gives each `Outcome` as it is settled; as an async context manager it runs while
    you hold it.

    Common arguments:
        targets: any iterable or async iterable of ids, or of ``(target, message)`` pairs. A target
            that breaks a rule fails alone.
        body: one message for all, or a function of the target, sync or async; ``None`` when the
            targets bring their own.
        journal: the path of an SQLite file that knows what left and what came back. Run the same
            job again with it, and only what is not settled is sent: an id at most once a job.
        job_id: tells jobs apart that nothing else does: another function for ``body``.
        workers: how many calls are on their way at the same time.
        pace: ``"even"`` spaces calls over the quota's window, so that single calls of the same
            client hardly wait; ``"burst"`` sends as fast as the quota lets go.
        dedupe: look back over so many ids for duplicates; within one call they are always merged.
        on_unknown: with a journal: ``"report"`` targets whose fate an earlier run left unknown, or
            ``"resend"`` to them, or a function of the target that says which.
        retry_failed: with a journal: send again to who failed in an earlier run.
        keep_message_ids: with a journal: keep the ids of the messages in it, for
            `FanoutReport.iter_sent`; off by default, since it makes the journal larger.
        progress: called with counts and rate a few times a second at most.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def to_users(
        self,
        targets: Targets,
        body: Body | None = None,
        *,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
        push: PushOptions | None = None,
        sync_device: bool | None = None,
        route_type: RouteType | str | None = None,
        roam_ignore_users: Sequence[str] | None = None,
        env: str | None = None,
        journal: str | PathLike[str] | None = None,
        job_id: str | None = None,
        workers: int = 16,
        pace: Pace = "even",
        dedupe: int | None = None,
        on_unknown: OnUnknown = "report",
        retry_failed: bool = False,
        keep_message_ids: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> FanoutJob:
        """Send to any number of users, 600 a call; 6 000 a minute by default.

        See the class for the arguments, and `messages.send_to_users` for the message's options.

        Raises:
            InvalidArgumentError: a plain string for targets, a message that no call would take.

        Source: messages.send_to_users
        """
        options = addressing(
            "fanout.to_users",
            sender=sender,
            sync_device=sync_device,
            route_type=route_type,
            roam_ignore_users=roam_ignore_users,
            env=env,
        )
        return self._job(
            _Kind("fanout.to_users", SEND_TO_USERS, api_limits.USERS_PER_MESSAGE),
            targets,
            body,
            _Common(
                ext,
                push,
                journal,
                job_id,
                workers,
                pace,
                dedupe,
                on_unknown,
                retry_failed,
                keep_message_ids,
                progress,
            ),
            options,
        )

    def to_groups(
        self,
        targets: Targets,
        body: Body | None = None,
        *,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
        push: PushOptions | None = None,
        sync_device: bool | None = None,
        route_type: RouteType | str | None = None,
        roam_ignore_users: Sequence[str] | None = None,
        need_group_ack: bool | None = None,
        env: str | None = None,
        journal: str | PathLike[str] | None = None,
        job_id: str | None = None,
        workers: int = 16,
        pace: Pace = "even",
        dedupe: int | None = None,
        on_unknown: OnUnknown = "report",
        retry_failed: bool = False,
        keep_message_ids: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> FanoutJob:
        """Send to any number of groups, 3 a call; 20 a second by default.

        See the class for the arguments, and `messages.send_to_groups` for the message's options.

        Raises:
            InvalidArgumentError: a plain string for targets, a message that no call would take.

        Source: messages.send_to_groups
        """
        options = addressing(
            "fanout.to_groups",
            sender=sender,
            sync_device=sync_device,
            route_type=route_type,
            roam_ignore_users=roam_ignore_users,
            roam_ignore_max=api_limits.ROAM_IGNORE_USERS,
            need_group_ack=need_group_ack,
            env=env,
        )
        return self._job(
            _Kind("fanout.to_groups", SEND_TO_GROUPS, api_limits.GROUPS_PER_MESSAGE),
            targets,
            body,
            _Common(
                ext,
                push,
                journal,
                job_id,
                workers,
                pace,
                dedupe,
                on_unknown,
                retry_failed,
                keep_message_ids,
                progress,
            ),
            options,
        )

    def to_rooms(
        self,
        targets: Targets,
        body: Body | None = None,
        *,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
        push: PushOptions | None = None,
        level: RoomMessageLevel | str | None = None,
        roam_ignore_users: Sequence[str] | None = None,
        env: str | None = None,
        journal: str | PathLike[str] | None = None,
        job_id: str | None = None,
        workers: int = 16,
        pace: Pace = "even",
        dedupe: int | None = None,
        on_unknown: OnUnknown = "report",
        retry_failed: bool = False,
        keep_message_ids: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> FanoutJob:
        """Send to any number of chat rooms, 10 a call; 100 a second by default.

        See the class for the arguments, and `messages.send_to_rooms` for the message's options.

        Raises:
            InvalidArgumentError: a plain string for targets, a message that no call would take.

        Source: messages.send_to_rooms
        """
        options = addressing(
            "fanout.to_rooms",
            sender=sender,
            level=level,
            roam_ignore_users=roam_ignore_users,
            roam_ignore_max=api_limits.ROAM_IGNORE_USERS,
            env=env,
        )
        return self._job(
            _Kind("fanout.to_rooms", SEND_TO_ROOMS, api_limits.ROOMS_PER_MESSAGE),
            targets,
            body,
            _Common(
                ext,
                push,
                journal,
                job_id,
                workers,
                pace,
                dedupe,
                on_unknown,
                retry_failed,
                keep_message_ids,
                progress,
            ),
            options,
        )

    def _job(
        self,
        kind: _Kind,
        targets: Targets,
        body: Body | None,
        common: _Common,
        options: dict[str, Any],
    ) -> FanoutJob:
        refuse_string(kind.name, targets)
        checks.number(kind.name, "workers", common.workers, least=1)
        if common.pace not in ("even", "burst"):
            raise checks.fail(kind.name, f"pace must be 'even' or 'burst', not {common.pace!r}")
        if common.dedupe is not None:
            checks.number(kind.name, "dedupe", common.dedupe, least=0)
        if not callable(common.on_unknown) and common.on_unknown not in ("report", "resend"):
            raise checks.fail(
                kind.name,
                f"on_unknown must be 'report', 'resend' or a function, not {common.on_unknown!r}",
            )
        if common.keep_message_ids and common.journal is None:
            raise checks.fail(kind.name, "keep_message_ids needs a journal to keep them in")
        most_bytes = self._transport.core.max_message_bytes

        def encode(message: Message) -> bytes:
            made = content(
                kind.name, message, ext=common.ext, push=common.push, max_bytes=most_bytes
            )
            fields = {**options, "type": made.type, "body": made.body}
            if made.ext is not None:
                fields["ext"] = made.ext
            return codec.dumps(fields)

        # What every call would meet is met here, before anything is read or sent.
        constant = None if body is None or callable(body) else encode(body)
        same_for_all = encode(_SMALLEST) if constant is None else constant
        journal = None
        if common.journal is not None:
            try:
                path = Path(common.journal).resolve()
            except (TypeError, ValueError) as error:
                raise checks.fail(kind.name, f"journal {common.journal!r}: {error}") from None
            if not str(common.journal) or path.is_dir():
                raise checks.fail(kind.name, f"journal {str(common.journal)!r} is no file")
            journal = JournalSettings(
                path=path,
                job_id=common.job_id or "",
                retry_failed=common.retry_failed,
                on_unknown=common.on_unknown,
                keep_message_ids=common.keep_message_ids,
                fingerprint=("each its own: " if constant is None else "")
                + hashlib.sha256(same_for_all).hexdigest(),
            )
        settings = Settings(
            name=kind.name,
            operation=kind.operation,
            most_targets=kind.most_targets,
            encode=encode,
            constant=constant,
            make_body=body if callable(body) else None,
            workers=common.workers,
            pace=common.pace,
            dedupe=common.dedupe,
            progress=common.progress,
            journal=journal,
        )
        return FanoutJob(self._transport, targets, settings)


@attrs.frozen
class _Kind:
    name: str
    operation: Operation
    most_targets: int


@attrs.frozen
class _Common:
    ext: Mapping[str, object] | None
    push: PushOptions | None
    journal: str | PathLike[str] | None
    job_id: str | None
    workers: int
    pace: Pace
    dedupe: int | None
    on_unknown: OnUnknown
    retry_failed: bool
    keep_message_ids: bool
    progress: Callable[[Progress], None] | None


_SMALLEST: Final = Text("")
