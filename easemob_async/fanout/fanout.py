"""What ``client.fanout`` offers: a job for users, for groups, for rooms."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from os import PathLike

from easemob_async.fanout.job import FanoutJob
from easemob_async.fanout.pacing import Pace
from easemob_async.fanout.packing import refuse_string
from easemob_async.fanout.report import Progress
from easemob_async.fanout.settings import SMALLEST, Encoder, JobOptions, OnUnknown, Settings
from easemob_async.models.messages import Message, RoomMessageLevel, RouteType
from easemob_async.models.push import PushOptions
from easemob_async.resources.messages import SEND_TO_GROUPS, SEND_TO_ROOMS, SEND_TO_USERS
from easemob_async.resources.sending import Send, addressing
from easemob_async.transport.transport import Transport

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
        fields = addressing(
            "fanout.to_users",
            sender=sender,
            sync_device=sync_device,
            route_type=route_type,
            roam_ignore_users=roam_ignore_users,
            env=env,
        )
        options = JobOptions(
            journal=journal,
            job_id=job_id,
            workers=workers,
            pace=pace,
            dedupe=dedupe,
            on_unknown=on_unknown,
            retry_failed=retry_failed,
            keep_message_ids=keep_message_ids,
            progress=progress,
        )
        encoder = Encoder("fanout.to_users", fields, ext, push, self._transport.max_message_bytes)
        return self._job(SEND_TO_USERS, targets, body, encoder, options)

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
        fields = addressing(
            "fanout.to_groups",
            sender=sender,
            sync_device=sync_device,
            route_type=route_type,
            roam_ignore_users=roam_ignore_users,
            roam_ignore_max=SEND_TO_GROUPS.most_ignored,
            need_group_ack=need_group_ack,
            env=env,
        )
        options = JobOptions(
            journal=journal,
            job_id=job_id,
            workers=workers,
            pace=pace,
            dedupe=dedupe,
            on_unknown=on_unknown,
            retry_failed=retry_failed,
            keep_message_ids=keep_message_ids,
            progress=progress,
        )
        encoder = Encoder("fanout.to_groups", fields, ext, push, self._transport.max_message_bytes)
        return self._job(SEND_TO_GROUPS, targets, body, encoder, options)

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
        fields = addressing(
            "fanout.to_rooms",
            sender=sender,
            level=level,
            roam_ignore_users=roam_ignore_users,
            roam_ignore_max=SEND_TO_ROOMS.most_ignored,
            env=env,
        )
        options = JobOptions(
            journal=journal,
            job_id=job_id,
            workers=workers,
            pace=pace,
            dedupe=dedupe,
            on_unknown=on_unknown,
            retry_failed=retry_failed,
            keep_message_ids=keep_message_ids,
            progress=progress,
        )
        encoder = Encoder("fanout.to_rooms", fields, ext, push, self._transport.max_message_bytes)
        return self._job(SEND_TO_ROOMS, targets, body, encoder, options)

    def _job(
        self,
        send: Send,
        targets: Targets,
        body: Body | None,
        encoder: Encoder,
        options: JobOptions,
    ) -> FanoutJob:
        name = encoder.job
        refuse_string(name, targets)
        options.check(name)
        # What every call would meet is met here, before anything is read or sent.
        one_for_all = encoder.encode(SMALLEST if body is None or callable(body) else body)
        settings = Settings(
            name,
            send,
            encoder,
            constant=None if body is None or callable(body) else one_for_all,
            make_body=body if callable(body) else None,
            options=options,
            journal=options.journal_path(name),
        )
        return FanoutJob(self._transport, targets, settings)
