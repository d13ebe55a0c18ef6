"""The methods of ``client.fanout``: bulk jobs of messages and of push notifications."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import Final

from easemob_async.fanout.job import FanoutJob
from easemob_async.fanout.pacing import Pace
from easemob_async.fanout.packing import refuse_string
from easemob_async.fanout.report import Progress
from easemob_async.fanout.settings import (
    Encoder,
    JobOptions,
    MessageEncoder,
    OnUnknown,
    PushEncoder,
    Settings,
)
from easemob_async.models.messages import Message, RoomMessageLevel, RouteType
from easemob_async.models.push import PushOptions
from easemob_async.models.push_notifications import PushNotification, PushStrategy
from easemob_async.resources.messages import SEND_TO_GROUPS, SEND_TO_ROOMS, SEND_TO_USERS
from easemob_async.resources.push import SEND_TO_USERS as PUSH_TO_USERS
from easemob_async.resources.sending import Send, addressing
from easemob_async.transport.transport import Transport

Target = str | tuple[str, Message] | tuple[str, Exception]
"""An id, an id with its own message, or an id with the error for which the target fails."""
Targets = (
    Iterable[str]
    | AsyncIterable[str]
    | Iterable[tuple[str, Message]]
    | AsyncIterable[tuple[str, Message]]
    | Iterable[Target]
    | AsyncIterable[Target]
)
"""Ids, or ids with a message each; they are never held in memory as a whole."""
PushTargets = (
    Iterable[str]
    | AsyncIterable[str]
    | Iterable[tuple[str, PushNotification]]
    | AsyncIterable[tuple[str, PushNotification]]
    | Iterable[str | tuple[str, PushNotification] | tuple[str, Exception]]
    | AsyncIterable[str | tuple[str, PushNotification] | tuple[str, Exception]]
)
"""Usernames, or usernames with a push notification each."""
Body = Message | Callable[[str], Message] | Callable[[str], Awaitable[Message]]
"""One message for all targets, or a function that makes the message of a target."""
PushBody = (
    PushNotification
    | Mapping[str, object]
    | Callable[[str], PushNotification]
    | Callable[[str], Awaitable[PushNotification]]
)
"""One push notification for all users, or a function that makes the notification of a user."""

SENDS: Final[Mapping[str, Send]] = {
    "fanout.to_users": SEND_TO_USERS,
    "fanout.to_groups": SEND_TO_GROUPS,
    "fanout.to_rooms": SEND_TO_ROOMS,
    "fanout.push_to_users": PUSH_TO_USERS,
}
"""The way to send of each kind of job, by its name."""


class Fanout:
    """Bulk sending to any number of targets within the app's quotas, with an outcome for each.

    Each method returns a `FanoutJob`: await it to send to all targets and get the `FanoutReport`;
    iterate it to get each `Outcome` as soon as it is settled; use it as an async context manager to
    run it while the block runs.

    Common arguments:
        targets: any iterable or async iterable of ids, or of ``(target, message)`` pairs. A target
            that breaks a rule fails alone. Ids are compared as they are written: give usernames in
            lower case, since the service takes ``Ann`` and ``ann`` for the same user.
        body: one message for all targets, or a function of the target, sync or async; ``None`` if
            the targets have their own messages.
        journal: the path of an SQLite file that records the requests and their outcomes. Run the
            same job again with it, and only targets without an outcome are sent to: an id gets at
            most one message per job.
        job_id: a name that distinguishes jobs which are otherwise the same, such as two functions
            for ``body``.
        workers: the maximum number of concurrent calls.
        pace: ``"even"`` spaces calls over the quota's window, so that single calls of the same
            client hardly wait; ``"burst"`` sends as fast as the quota allows.
        dedupe: the number of previous ids among which duplicates are searched for; duplicates
            within one call are always merged.
        on_unknown: with a journal: ``"report"`` the targets whose outcome an earlier run left
            unknown, or ``"resend"`` to them, or a function of the target that returns one of both.
        retry_failed: with a journal: whether to send again to targets that failed in an earlier
            run.
        keep_message_ids: with a journal: whether to store the ids of the messages in it, for
            `FanoutReport.iter_sent`; off by default, because it makes the journal larger.
        progress: a function that is called with counts and rate, at most a few times a second.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def transport(self) -> Transport:
        """The client's way to the service."""
        return self._transport

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
        """Send to any number of users, 600 per call; 6 000 messages a minute by default.

        See the class for the arguments, and `messages.send_to_users` for the message's options.

        Raises:
            InvalidArgumentError: targets is a plain string, or the message breaks a fixed rule.

        Source: messages.send_to_users (message_single.md)
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
        most = self._transport.max_message_bytes
        encoder = MessageEncoder("fanout.to_users", fields, ext, push, most)
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
        """Send to any number of groups, 3 per call; 20 messages a second by default.

        See the class for the arguments, and `messages.send_to_groups` for the message's options.

        Raises:
            InvalidArgumentError: targets is a plain string, or the message breaks a fixed rule.

        Source: messages.send_to_groups (message_group.md)
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
        most = self._transport.max_message_bytes
        encoder = MessageEncoder("fanout.to_groups", fields, ext, push, most)
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
        """Send to any number of chat rooms, 10 per call; 100 messages a second by default.

        See the class for the arguments, and `messages.send_to_rooms` for the message's options.

        Raises:
            InvalidArgumentError: targets is a plain string, or the message breaks a fixed rule.

        Source: messages.send_to_rooms (message_chatroom.md)
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
        most = self._transport.max_message_bytes
        encoder = MessageEncoder("fanout.to_rooms", fields, ext, push, most)
        return self._job(SEND_TO_ROOMS, targets, body, encoder, options)

    def push_to_users(
        self,
        targets: PushTargets,
        notification: PushBody | None = None,
        *,
        strategy: PushStrategy | int | None = None,
        journal: str | PathLike[str] | None = None,
        job_id: str | None = None,
        workers: int = 16,
        pace: Pace = "even",
        dedupe: int | None = None,
        on_unknown: OnUnknown = "report",
        retry_failed: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> FanoutJob:
        """Push to any number of users, 100 per call; 10 calls a second by default.

        "Sent" means that the service has accepted the push; a push has no message id. See the
        class for the arguments.

        Args:
            targets: usernames, or ``(username, notification)`` pairs.
            notification: one notification for all users, or a function of the username.
            strategy: the channels by which the notifications are sent.
            journal: see the class.
            job_id: see the class.
            workers: see the class.
            pace: see the class.
            dedupe: see the class.
            on_unknown: see the class.
            retry_failed: see the class.
            progress: see the class.

        Raises:
            InvalidArgumentError: targets is a plain string, or the notification breaks a rule.

        Source: push.send_to_users (push_send_notification.md)
        """
        options = JobOptions(
            journal=journal,
            job_id=job_id,
            workers=workers,
            pace=pace,
            dedupe=dedupe,
            on_unknown=on_unknown,
            retry_failed=retry_failed,
            keep_message_ids=False,
            progress=progress,
        )
        encoder = PushEncoder("fanout.push_to_users", strategy)
        return self._job(PUSH_TO_USERS, targets, notification, encoder, options)

    def _job(
        self,
        send: Send,
        targets: Targets | PushTargets,
        body: Body | PushBody | None,
        encoder: Encoder,
        options: JobOptions,
    ) -> FanoutJob:
        name = encoder.job
        refuse_string(name, targets)
        options.check(name)
        # Errors that every call would have are raised here, before anything is read or sent.
        each_its_own = body is None or callable(body)
        one_for_all = encoder.placeholder() if each_its_own else encoder.encode(body)
        settings = Settings(
            name,
            send,
            encoder,
            constant=None if each_its_own else one_for_all,
            make_body=body if callable(body) else None,
            options=options,
            journal=options.journal_path(name),
        )
        return FanoutJob(self._transport, targets, settings)
