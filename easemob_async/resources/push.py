"""Push notifications: devices, settings, templates, labels, sends, and statistics."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final

from easemob_async import api_limits, checks
from easemob_async.errors import ResponseError
from easemob_async.models.pages import Page, Paginator, by_cursor, whole
from easemob_async.models.push import (
    PushChatType,
    PushCounts,
    PushMode,
    PushPlatform,
    PushSettings,
    StoredPushTemplate,
)
from easemob_async.models.push_notifications import (
    LabeledUser,
    PushLabel,
    PushNotification,
    PushResult,
    PushStatus,
    PushStrategy,
    StoredPushNotification,
)
from easemob_async.models.users import PushBinding, PushDisplayStyle, User
from easemob_async.operation import Operation
from easemob_async.outcomes import BatchOutcome, BatchResult
from easemob_async.quotas import SECOND, Limit
from easemob_async.resources.batches import in_parts, settled
from easemob_async.resources.sending import Receipt, Send
from easemob_async.resources.users import SHARED
from easemob_async.transport.answer import Answer
from easemob_async.transport.transport import Transport
from easemob_async.wire import codec
from easemob_async.wire.fields import Id
from easemob_async.wire.options import to_wire

_SHARED: Final = (SHARED,)
_10: Final = (Limit(10, per=SECOND),)
_BINDING: Final = "/users/{username}/push/binding"
_SET_BINDING: Final = Operation("push.set_binding", "PUT", _BINDING, "safe", _SHARED)
_LIST_BINDINGS: Final = Operation("push.list_bindings", "GET", _BINDING, "safe", _SHARED)
_SET_NICKNAME: Final = Operation("push.set_nickname", "PUT", "/users/{username}", "safe", _SHARED)
_SET_NICKNAMES: Final = Operation("push.set_nicknames", "PUT", "/push/nickname", "safe")
_SET_STYLE: Final = Operation("push.set_display_style", "PUT", "/users/{username}", "safe", _SHARED)
_SETTINGS: Final = "/users/{username}/notification/{chat_type}/{target}"
_SET_SETTINGS: Final = Operation("push.set_settings", "PUT", _SETTINGS, "safe")
_GET_SETTINGS: Final = Operation("push.get_settings", "GET", _SETTINGS, "safe")
_LANGUAGE: Final = "/users/{username}/notification/language"
_SET_LANGUAGE: Final = Operation("push.set_language", "PUT", _LANGUAGE, "safe")
_GET_LANGUAGE: Final = Operation("push.get_language", "GET", _LANGUAGE, "safe")
_TEMPLATE: Final = "/notification/template/{name}"
_CREATE: Final = Operation("push.templates.create", "POST", "/notification/template", "once", _10)
_GET: Final = Operation("push.templates.get", "GET", _TEMPLATE, "safe", _10)
# open: its rate limit is not documented; it follows the other operations on templates
_UPDATE: Final = Operation("push.templates.update", "PUT", _TEMPLATE, "safe", _10)
_DELETE: Final = Operation("push.templates.delete", "DELETE", _TEMPLATE, "safe", _10)
_USERS_TEMPLATE: Final = "/users/{username}/notification/template"
_SET_FOR_USER: Final = Operation("push.templates.set_for_user", "PUT", _USERS_TEMPLATE, "safe")
_GET_FOR_USER: Final = Operation("push.templates.get_for_user", "GET", _USERS_TEMPLATE, "safe")
_GET_STATISTICS: Final = Operation(
    "push.get_statistics",
    "GET",
    "/push/data/offline-push/begin/{begin}/end/{end}",
    "safe",
    (Limit(10, per=timedelta(seconds=10)),),
)
_1: Final = (Limit(1, per=SECOND),)
_SEND_SYNC: Final = Operation("push.send_to_user_sync", "POST", "/push/sync/{username}", "once", _1)
_200: Final = (Limit(200, per=SECOND),)
_SEND: Final = Operation("push.send_to_user", "POST", "/push/async/{username}", "once", _200)
_TASKS: Final = Limit(3, per=timedelta(minutes=5), name="push.tasks")
_TO_LABEL: Final = Operation(
    "push.send_to_label", "POST", "/push/list/label", "once", (*_10, _TASKS)
)
_TO_ALL: Final = Operation("push.send_to_all", "POST", "/push/task", "once", (*_1, _TASKS))
_SOONEST: Final = timedelta(seconds=api_limits.PUSH_TASK_SOONEST)
_LATEST: Final = timedelta(seconds=api_limits.PUSH_TASK_LATEST)
_CLOCKS_DIFFER: Final = timedelta(minutes=1)


class Push:
    """Push notifications: those for users who are offline, and those that the app sends itself.

    The operations on the settings of one user ask the `TokenProvider` for a token of this user. The
    operations ``send_to_...``, `labels` and `notifications` exist only in the product in China.

    Common arguments:
        notification: a `PushNotification`, or its JSON object in the service's own form.
        strategy: the channels by which it is sent; the push service of the device's vendor alone by
            default.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.templates = PushTemplates(transport)
        """Push templates: texts with placeholders."""
        self.labels = PushLabels(transport)
        """Push labels: named sets of users."""
        self.notifications = PushNotifications(transport)
        """Stored push notifications (an older form of sending)."""

    async def send_to_user_sync(
        self,
        username: str,
        notification: PushNotification | Mapping[str, object],
        *,
        strategy: PushStrategy | int | None = None,
    ) -> Sequence[PushResult]:
        """Push to one user and wait for the result; 1 call a second.

        A push that fails is not an error: look at `PushResult.status`, and at its description for
        the reason (``"no push binding"``, ``"appUser not exists"``).

        Returns:
            The results; the service does not say whether there is one for each device.

        Raises:
            BadRequestError: the notification or an option is not valid.
            PermissionDeniedError: instant push is not enabled for the app.

        Source: push.send_to_user_sync (push_send_notification.md)
        """
        body = push_body(_SEND_SYNC.id, notification, strategy)
        answer = await self._transport.call(_SEND_SYNC, username, json=body)
        return answer.rows(PushResult, "data", bare=True)

    async def send_to_user(
        self,
        username: str,
        notification: PushNotification | Mapping[str, object],
        *,
        strategy: PushStrategy | int | None = None,
    ) -> Sequence[PushResult]:
        """Push to one user without waiting for the result; 200 calls a second.

        Returns:
            The status of the push; ``ASYNC_SUCCESS`` means that the service has accepted it.

        Raises:
            BadRequestError: the notification or an option is not valid.
            PermissionDeniedError: instant push is not enabled for the app.

        Source: push.send_to_user (push_send_notification.md)
        """
        body = push_body(_SEND.id, notification, strategy)
        answer = await self._transport.call(_SEND, username, json=body)
        return answer.rows(PushResult, "data", bare=True)

    async def send_to_users(
        self,
        usernames: Sequence[str],
        notification: PushNotification | Mapping[str, object],
        *,
        strategy: PushStrategy | int | None = None,
    ) -> BatchResult[PushResult]:
        """Push to at most 100 users without waiting for the result; 10 calls a second.

        Args:
            usernames: the users; for more use ``client.fanout.push_to_users``.
            notification: see the class.
            strategy: see the class.

        Returns:
            An outcome for each user. The service does not say what it answers for unknown users.

        Raises:
            BadRequestError: the notification or an option is not valid.
            PermissionDeniedError: instant push is not enabled for the app.

        Source: push.send_to_users (push_send_notification.md)
        """
        names = checks.references(
            SEND_TO_USERS.operation.id,
            "usernames",
            usernames,
            most=SEND_TO_USERS.most_targets,
            hint="; use client.fanout.push_to_users for more",
        )
        body = {"targets": names, **push_body(SEND_TO_USERS.operation.id, notification, strategy)}
        answer = await self._transport.call(SEND_TO_USERS.operation, json=body, about=names)
        return BatchResult(tuple(settled(answer, names, *_results(answer))))

    async def send_to_label(
        self,
        name: str,
        notification: PushNotification | Mapping[str, object],
        *,
        start: datetime | None = None,
        strategy: PushStrategy | int | None = None,
    ) -> int | None:
        """Push to all users with a label, as a task; 10 calls a second.

        At most 3 tasks run at the same time and, by default, 3 are made in 5 minutes, together with
        those of `send_to_all`.

        Args:
            name: the label.
            notification: see the class.
            start: the start of the task, 1 hour to 30 days from now; at once by default.
            strategy: see the class.

        Returns:
            The id of the task, if the answer has it. Its result is shown in the console only.

        Raises:
            BadRequestError: the notification or an option is not valid.
            RateLimitError: too many tasks.
            PermissionDeniedError: instant push is not enabled for the app.

        Source: push.send_to_label (push_send_notification.md)
        """
        label = checks.reference(_TO_LABEL.id, "name", name)
        body = {
            "targets": [label],
            **await self._start(_TO_LABEL.id, start),
            **push_body(_TO_LABEL.id, notification, strategy),
        }
        answer = await self._transport.call(_TO_LABEL, json=body, about=label)
        return _task(answer, "data", "taskId")

    async def send_to_all(
        self,
        notification: PushNotification | Mapping[str, object],
        *,
        start: datetime | None = None,
        strategy: PushStrategy | int | None = None,
    ) -> int | None:
        """Push to all users of the app, as a task; 1 call a second.

        At most 3 tasks run at the same time and, by default, 3 are made in 5 minutes, together with
        those of `send_to_label`.

        Args:
            notification: see the class.
            start: the start of the task, 1 hour to 30 days from now; at once by default.
            strategy: see the class.

        Returns:
            The id of the task, if the answer has it. Its result is shown in the console only.

        Raises:
            BadRequestError: the notification or an option is not valid.
            RateLimitError: too many tasks.
            PermissionDeniedError: instant push is not enabled for the app.

        Source: push.send_to_all (push_send_notification.md)
        """
        body = {
            **await self._start(_TO_ALL.id, start),
            **push_body(_TO_ALL.id, notification, strategy),
        }
        return _task(await self._transport.call(_TO_ALL, json=body), "data")

    async def _start(self, operation: str, start: datetime | None) -> dict[str, str]:
        """Return the start of a task in the time zone of the service."""
        if start is None:
            return {}
        if not isinstance(start, datetime) or start.utcoffset() is None:
            raise checks.fail(operation, f"start must be an aware datetime, not {start!r}")
        ahead = start - datetime.now(UTC)
        if not _SOONEST - _CLOCKS_DIFFER <= ahead <= _LATEST + _CLOCKS_DIFFER:
            raise checks.fail(operation, f"start {start} must be 1 hour to 30 days from now")
        there = start.astimezone(timezone(await self._transport.utc_offset(operation)))
        return {"startDate": there.strftime("%Y-%m-%d %H:%M:%S")}

    async def set_binding(
        self, username: str, *, device_id: str, notifier_name: str, device_token: str
    ) -> Sequence[PushBinding]:
        """Bind a device of a user to a push certificate, or unbind it.

        Args:
            username: the user.
            device_id: the device.
            notifier_name: the name of the push certificate; ``""`` unbinds the device from all.
            device_token: the push token of the device's vendor; ``""`` unbinds the device from this
                certificate.

        Returns:
            The current bindings of the device.

        Raises:
            BadRequestError: the user does not exist.

        Source: push.set_binding (push_information_bind_unbind.md)
        """
        body = {
            "device_id": checks.reference(_SET_BINDING.id, "device_id", device_id),
            "notifier_name": checks.text(_SET_BINDING.id, "notifier_name", notifier_name),
            "device_token": checks.text(_SET_BINDING.id, "device_token", device_token),
        }
        answer = await self._transport.call(_SET_BINDING, username, json=body)
        bindings: Sequence[PushBinding] = answer.read(tuple[PushBinding, ...], "entities")
        return bindings

    def list_bindings(self, username: str) -> Paginator[PushBinding]:
        """List the push bindings of a user's devices; one page.

        Source: push.list_bindings (push_information_bind_query.md)
        """

        async def fetch() -> Sequence[PushBinding]:
            answer = await self._transport.call(_LIST_BINDINGS, username)
            bindings: Sequence[PushBinding] = answer.read(tuple[PushBinding, ...], "entities")
            return bindings

        return whole(fetch)

    async def set_nickname(self, username: str, nickname: str) -> User:
        """Set the nickname of a user in push notifications, at most 100 characters.

        Raises:
            BadRequestError: the user does not exist.

        Source: push.set_nickname (push_nickname_set_single.md)
        """
        text = checks.text(_SET_NICKNAME.id, "nickname", nickname, most=api_limits.NICKNAME_LENGTH)
        answer = await self._transport.call(_SET_NICKNAME, username, json={"nickname": text})
        return answer.first(User, "entities", known=User(Id(username)))

    async def set_nicknames(self, nicknames: Mapping[str, str]) -> dict[str, str]:
        """Set the nicknames of any number of users in push notifications, 50 per call.

        Args:
            nicknames: the nicknames by username, at most 100 characters each.

        Returns:
            The nicknames that were set.

        Source: push.set_nicknames (push_nickname_set_batch.md)
        """
        operation = _SET_NICKNAMES.id
        checks.mapping(operation, "nicknames", nicknames)
        names = checks.references(operation, "usernames", nicknames)
        rows = [
            {
                "username": name,
                "push_nickname": checks.text(
                    operation, "nickname", nicknames[name], most=api_limits.NICKNAME_LENGTH
                ),
            }
            for name in names
        ]
        found: dict[str, str] = {}
        for part in checks.chunks(rows, api_limits.PUSH_NICKNAMES_PER_CALL):
            answer = await self._transport.call(_SET_NICKNAMES, json=part)
            done: dict[str, str] = {}
            for row in answer.rows(dict[str, Any], "entities", skip_odd=True):
                with contextlib.suppress(ResponseError, KeyError):
                    name = answer.decode(Id, row["username"], "entities.username")
                    done[name] = answer.decode(str, row["push_nickname"], "entities.push_nickname")
            found.update(answer.named(done, [row["username"] for row in part]))
        return found

    async def set_display_style(self, username: str, style: PushDisplayStyle | str) -> User:
        """Set whether a user's push notifications show the message, or only say that one arrived.

        Raises:
            BadRequestError: the user does not exist.

        Source: push.set_display_style (push_display_mode_set.md)
        """
        value = checks.member(_SET_STYLE.id, "style", PushDisplayStyle, style)
        body = {"notification_display_style": value}
        answer = await self._transport.call(_SET_STYLE, username, json=body)
        return answer.first(User, "entities", known=User(Id(username)))

    async def set_settings(
        self,
        username: str,
        target: str | None = None,
        *,
        chat_type: PushChatType | str = PushChatType.USER,
        mode: PushMode | str | None = None,
        ignore_interval: str | None = None,
        ignore_duration: timedelta | None = None,
    ) -> PushSettings:
        """Set a user's push and do-not-disturb settings, for one conversation or for all.

        Args:
            username: the user.
            target: the other user or the group; the user's global settings by default.
            chat_type: the kind of `target`.
            mode: the messages for which the user gets push notifications.
            ignore_interval: the daily do-not-disturb hours, ``"21:30-08:00"``; ``""`` for none. For
                the global settings only.
            ignore_duration: the length of a do-not-disturb time from now on, rounded up to
                milliseconds; at most 7 days.

        Raises:
            InvalidArgumentError: no setting is given, or an argument breaks a rule above.
            BadRequestError: the user does not exist.

        Source: push.set_settings (push_settings_set.md)
        """
        operation = _SET_SETTINGS.id
        body: dict[str, Any] = {}
        if mode is not None:
            body["type"] = checks.member(operation, "mode", PushMode, mode)
        if ignore_interval is not None:
            checks.text(operation, "ignore_interval", ignore_interval)
            if ignore_interval and not api_limits.PUSH_IGNORE_INTERVAL.fullmatch(ignore_interval):
                raise checks.fail(
                    operation, f"ignore_interval {ignore_interval!r} must have the form HH:MM-HH:MM"
                )
            body["ignoreInterval"] = ignore_interval
        if ignore_duration is not None:
            if not isinstance(ignore_duration, timedelta):
                raise checks.fail(
                    operation, f"ignore_duration must be a timedelta, not {ignore_duration!r}"
                )
            length = -(-ignore_duration // timedelta(milliseconds=1))
            most = api_limits.PUSH_IGNORE_LONGEST
            body["ignoreDuration"] = checks.number(
                operation, "ignore_duration in milliseconds", length, least=0, most=most
            )
        if not body:
            raise checks.fail(
                operation, "nothing to set; pass mode, ignore_interval or ignore_duration"
            )
        values = _conversation(operation, username, target, chat_type)
        answer = await self._transport.call(_SET_SETTINGS, *values, json=body, username=username)
        return answer.read(PushSettings, "data")

    async def get_settings(
        self,
        username: str,
        target: str | None = None,
        *,
        chat_type: PushChatType | str = PushChatType.USER,
    ) -> PushSettings:
        """Return a user's push and do-not-disturb settings, for one conversation or for all.

        Args:
            username: the user.
            target: the other user or the group; the user's global settings by default.
            chat_type: the kind of `target`.

        Source: push.get_settings (push_settings_query.md)
        """
        values = _conversation(_GET_SETTINGS.id, username, target, chat_type)
        answer = await self._transport.call(_GET_SETTINGS, *values, username=username)
        return answer.read(PushSettings, "data")

    async def set_language(self, username: str, language: str) -> str:
        """Set the language of a user's push notifications; ``""`` for no translation.

        Source: push.set_language (push_preferred_language_set.md)
        """
        body = {"translationLanguage": checks.text(_SET_LANGUAGE.id, "language", language)}
        answer = await self._transport.call(_SET_LANGUAGE, username, json=body)
        return answer.read(str, "data", "language")

    async def get_language(self, username: str) -> str:
        """Return the language of a user's push notifications; ``""`` for no translation.

        Source: push.get_language (push_preferred_language_obtain.md)
        """
        answer = await self._transport.call(_GET_LANGUAGE, username)
        return answer.optional(str, "data", "language") or ""

    async def get_statistics(
        self, begin: date, end: date, *, platform: PushPlatform | str = PushPlatform.ALL
    ) -> dict[date, dict[PushPlatform | str, PushCounts]]:
        """Return the counts of push notifications, for each day and each push service.

        Args:
            begin: the first day.
            end: the last day.
            platform: the push service to count for; all by default. The answer has those with
                counts, never `PushPlatform.ALL`.

        Raises:
            PermissionDeniedError: push statistics are not enabled for the app.

        Source: push.get_statistics (push_result_statistics.md)
        """
        operation = _GET_STATISTICS.id
        for name, day in (("begin", begin), ("end", end)):
            if not isinstance(day, date):
                raise checks.fail(operation, f"{name} must be a date, not {day!r}")
        query = {"platform": checks.member(operation, "platform", PushPlatform, platform)}
        days = begin.strftime("%Y-%m-%d"), end.strftime("%Y-%m-%d")
        answer = await self._transport.call(_GET_STATISTICS, *days, query=query)
        found = answer.read(dict[str, dict[PushPlatform | str, PushCounts]], "data")
        try:
            return {date.fromisoformat(day): counts for day, counts in found.items()}
        except ValueError:
            raise answer.wrong("data must have days as keys") from None


class PushTemplates:
    """Push templates: texts with placeholders; ``default`` and ``detail`` are used automatically.

    Common arguments:
        name: the name of the template, 1 to 64 of a-z, A-Z and 0-9.
        title_pattern: the title, with the placeholders ``{0}``, ``{1}`` and so on,
            ``{$fromNickname}`` and ``{$dynamicFrom}``.
        content_pattern: the text, with the same placeholders and ``{$msg}``.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(
        self, name: str, *, title_pattern: str, content_pattern: str
    ) -> StoredPushTemplate:
        """Create a template; 10 calls a second.

        Source: push.templates.create (push_template_create.md)
        """
        if not isinstance(name, str) or not api_limits.PUSH_TEMPLATE_NAME.fullmatch(name):
            raise checks.fail(_CREATE.id, f"name {name!r} must be 1 to 64 of a-z, A-Z and 0-9")
        body = {"name": name, **_patterns(_CREATE.id, title_pattern, content_pattern)}
        answer = await self._transport.call(_CREATE, json=body, about=name)
        return answer.read(StoredPushTemplate, "data")

    async def get(self, name: str) -> StoredPushTemplate:
        """Return a template; 10 calls a second.

        Raises:
            NotFoundError: the template does not exist.

        Source: push.templates.get (push_template_query.md)
        """
        return (await self._transport.call(_GET, name)).read(StoredPushTemplate, "data")

    async def update(
        self, name: str, *, title_pattern: str, content_pattern: str
    ) -> StoredPushTemplate | None:
        """Change a template; the undocumented body and answer are taken to be those of `create`.

        Returns:
            The changed template, if the service returns it.

        Raises:
            NotFoundError: the template does not exist.

        Source: push.templates.update (push_error.md)
        """
        body = _patterns(_UPDATE.id, title_pattern, content_pattern)
        answer = await self._transport.call(_UPDATE, name, json=body)
        return answer.optional(StoredPushTemplate, "data")

    async def delete(self, name: str) -> None:
        """Delete a template; 10 calls a second.

        Raises:
            NotFoundError: the template does not exist.

        Source: push.templates.delete (push_template_delete.md)
        """
        await self._transport.call(_DELETE, name)

    async def set_for_user(self, username: str, name: str) -> str:
        """Set the template of a user's push notifications; a template that a sender names wins.

        Source: push.templates.set_for_user (push_template_receiver.md)
        """
        body = {"templateName": checks.reference(_SET_FOR_USER.id, "name", name)}
        answer = await self._transport.call(_SET_FOR_USER, username, json=body, username=username)
        return answer.read(str, "data", "templateName")

    async def get_for_user(self, username: str) -> str | None:
        """Return the name of the template that a user has chosen.

        The undocumented answer is taken to be that of `set_for_user`.

        Source: push.templates.get_for_user (push_error.md)
        """
        answer = await self._transport.call(_GET_FOR_USER, username, username=username)
        return answer.optional(str, "data", "templateName")


_LABEL: Final = "/push/label/{name}"
_LABEL_USERS: Final = "/push/label/{name}/user"
_30: Final = (Limit(30, per=SECOND),)
_CREATE_LABEL: Final = Operation("push.labels.create", "POST", "/push/label", "once", _10)
_LIST_LABELS: Final = Operation("push.labels.list", "GET", "/push/label", "safe", _10)
_GET_LABEL: Final = Operation("push.labels.get", "GET", _LABEL, "safe", _10)
_DELETE_LABEL: Final = Operation("push.labels.delete", "DELETE", _LABEL, "safe", _10)
_ADD: Final = Operation("push.labels.users.add_many", "POST", _LABEL_USERS, "safe", _30)
_LIST: Final = Operation("push.labels.users.list", "GET", _LABEL_USERS, "safe", _30)
_GET_USER: Final = Operation(
    "push.labels.users.get", "GET", "/push/label/{name}/user/{username}", "safe", _30
)
_REMOVE: Final = Operation(
    # A retry would report users whom the first attempt has removed as failed.
    "push.labels.users.remove_many",
    "DELETE",
    _LABEL_USERS,
    "once",
    _30,
)


class PushLabels:
    """Push labels: named sets of users, to whom `Push.send_to_label` pushes; 100 for an app.

    Without instant push, which has to be enabled for the app, every operation raises
    `PermissionDeniedError`.

    Common arguments:
        name: the name of the label, 1 to 64 of a-z, A-Z, 0-9, ``_``, ``-`` and ``.``;
            case-sensitive. Labels made in the console may have other names.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.users = PushLabelUsers(transport)
        """The users with a label."""

    async def create(self, name: str, *, description: str | None = None) -> PushLabel:
        """Create a label; 10 calls a second.

        Args:
            name: see the class.
            description: the description, at most 255 characters.

        Raises:
            PermissionDeniedError: instant push is not enabled for the app.
            RateLimitError: the app has as many labels as it can have.

        Source: push.labels.create (push_by_tag.md)
        """
        operation = _CREATE_LABEL.id
        if not isinstance(name, str) or not api_limits.PUSH_LABEL_NAME.fullmatch(name):
            raise checks.fail(
                operation, f"name {name!r} must be 1 to 64 of a-z, A-Z, 0-9, '_', '-' and '.'"
            )
        body = {"name": name}
        if description is not None:
            most = api_limits.PUSH_LABEL_DESCRIPTION_LENGTH
            body["description"] = checks.text(operation, "description", description, most=most)
        answer = await self._transport.call(_CREATE_LABEL, json=body, about=name)
        return answer.first(PushLabel, "data", known=PushLabel(name, description))

    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Paginator[PushLabel]:
        """List the labels of the app, 100 per page; 10 calls a second.

        Args:
            limit: the number of labels in a page, at most 100.
            cursor: the cursor to start at.

        Source: push.labels.list (push_by_tag.md)
        """
        size = checks.page_size(_LIST_LABELS.id, limit, api_limits.PUSH_LABELS_PER_PAGE)

        async def fetch(position: str | None) -> Page[PushLabel]:
            query = {"limit": size, "cursor": position}
            answer = await self._transport.call(_LIST_LABELS, query=query)
            # open: where the next cursor stands; it is taken to be where labels.users.list has it
            return Page(answer.rows(PushLabel, "data"), answer.optional(str, "cursor"))

        return by_cursor(fetch, checks.cursor(_LIST_LABELS.id, cursor))

    async def get(self, name: str) -> PushLabel:
        """Return a label, with the number of its users; 10 calls a second.

        Raises:
            NotFoundError: the label does not exist.

        Source: push.labels.get (push_by_tag.md)
        """
        return (await self._transport.call(_GET_LABEL, name)).read(PushLabel, "data")

    async def delete(self, name: str) -> None:
        """Delete a label; 10 calls a second.

        Raises:
            NotFoundError: the label does not exist.

        Source: push.labels.delete (push_by_tag.md)
        """
        (await self._transport.call(_DELETE_LABEL, name)).confirm("data")


class PushLabelUsers:
    """The users with a push label; at most 20 000 for a label by default.

    Without instant push, which has to be enabled for the app, every operation raises
    `PermissionDeniedError`.

    Common arguments:
        name: the name of the label.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def add_many(self, name: str, usernames: Sequence[str]) -> BatchResult[None]:
        """Add a label to any number of users, 100 per call; 30 calls a second.

        Raises:
            NotFoundError: the label does not exist.

        Source: push.labels.users.add_many (push_by_tag.md)
        """
        return await self._change(_ADD, name, usernames)

    def list(
        self, name: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Paginator[LabeledUser]:
        """List the users with a label, 100 per page; 30 calls a second.

        Args:
            name: the label.
            limit: the number of users in a page, at most 100.
            cursor: the cursor to start at.

        Raises:
            NotFoundError: the label does not exist.

        Source: push.labels.users.list (push_by_tag.md)
        """
        size = checks.page_size(_LIST.id, limit, api_limits.PUSH_LABEL_USERS_PER_PAGE)

        async def fetch(position: str | None) -> Page[LabeledUser]:
            query = {"limit": size, "cursor": position}
            answer = await self._transport.call(_LIST, name, query=query)
            return Page(answer.rows(LabeledUser, "data"), answer.optional(str, "cursor"))

        return by_cursor(fetch, checks.cursor(_LIST.id, cursor))

    async def get(self, name: str, username: str) -> LabeledUser | None:
        """Return a user with a label; ``None`` if the user does not have it; 30 calls a second.

        Raises:
            NotFoundError: the label does not exist.

        Source: push.labels.users.get (push_by_tag.md)
        """
        answer = await self._transport.call(_GET_USER, name, username)
        # open: what stands in data for a user without the label: {}, null or nothing
        if answer.get("data", "username") is None:
            return None
        return answer.read(LabeledUser, "data")

    async def remove_many(self, name: str, usernames: Sequence[str]) -> BatchResult[None]:
        """Take a label from any number of users, 100 per call; 30 calls a second.

        Raises:
            NotFoundError: the label does not exist.

        Source: push.labels.users.remove_many (push_by_tag.md)
        """
        return await self._change(_REMOVE, name, usernames)

    async def _change(
        self, operation: Operation, name: str, usernames: Sequence[str]
    ) -> BatchResult[None]:
        names = checks.references(operation.id, "usernames", usernames)

        async def settle(part: Sequence[str]) -> Sequence[BatchOutcome[None]]:
            answer = await self._transport.call(operation, name, json={"usernames": part})
            failed = answer.get("data", "fail")
            # The table of remove_many spells it "Success", the example does not.
            spelled = "Success" if answer.get("data", "Success") is not None else "success"
            done = answer.rows(Id, "data", spelled, skip_odd=True)
            reasons = failed.items() if isinstance(failed, dict) else ()
            refused = {who: str(why or "failed") for who, why in reasons}
            return settled(answer, part, done, refused)

        return await in_parts(checks.chunks(names, api_limits.PUSH_LABEL_USERS_PER_CALL), settle)


_CREATE_STORED: Final = Operation("push.notifications.create", "POST", "/push/message", "once", _1)
_GET_STORED: Final = Operation(
    "push.notifications.get", "GET", "/push/message/{notification_id}", "safe", _1
)
_PUSH_STORED: Final = Operation(
    "push.notifications.send_to_all", "POST", "/push/task/broadcast", "once", _1
)


class PushNotifications:
    """Stored push notifications: an older form of `Push.send_to_all` in two steps.

    The current documentation of the service no longer has these operations. 1 call a second each.

    Common arguments:
        notification_id: the id that `create` has returned.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(self, notification: PushNotification | Mapping[str, object]) -> int:
        """Store a notification to push it later, and return its id (an older operation).

        Source: push.notifications.create (push_send_notification.md)
        """
        body = _notification(_CREATE_STORED.id, notification)
        return (await self._transport.call(_CREATE_STORED, json=body)).read(int, "data")

    async def get(self, notification_id: int | str) -> StoredPushNotification:
        """Return a stored notification (an older operation).

        Source: push.notifications.get (push_send_notification.md)
        """
        number = _number(_GET_STORED.id, notification_id)
        answer = await self._transport.call(_GET_STORED, str(number))
        return answer.read(StoredPushNotification, "data")

    async def send_to_all(
        self, notification_id: int | str, *, strategy: PushStrategy | int | None = None
    ) -> int | None:
        """Push a stored notification to all users of the app, as a task (an older operation).

        Returns:
            The id of the task, if the answer has it.

        Source: push.notifications.send_to_all (push_send_notification.md)
        """
        number = _number(_PUSH_STORED.id, notification_id)
        body = {"pushMsgId": number, **_strategy(_PUSH_STORED.id, strategy)}
        answer = await self._transport.call(_PUSH_STORED, json=body, about=str(number))
        return _task(answer, "data")


def push_body(
    operation: str,
    notification: PushNotification | Mapping[str, object],
    strategy: PushStrategy | int | None,
) -> dict[str, Any]:
    """Return the body of a push, without its targets.

    Raises:
        InvalidArgumentError: the notification is not one, or is not JSON, or there is no such
            strategy.
    """
    message = _notification(operation, notification)
    return {**_strategy(operation, strategy), "pushMessage": message}


def _task(answer: Answer, *path: str) -> int | None:
    """Read the id of a task; a task is made, whatever the answer says of its id."""
    with contextlib.suppress(ResponseError):
        return answer.optional(int, *path)
    return None


def push_receipt(answer: Answer, usernames: Sequence[str]) -> Receipt:
    """Read the answer to a push: the status of each user. A push has no id."""
    results, refused = _results(answer)
    accepted: dict[str, str | None] = dict.fromkeys(results)
    return Receipt(answer.named(accepted, usernames), answer.named(refused, usernames))


def _results(answer: Answer) -> tuple[dict[str, PushResult], dict[str, str]]:
    """Read the results of accepted users, and the reasons of refused ones."""
    done: dict[str, PushResult] = {}
    refused: dict[str, str] = {}
    for row in answer.rows(dict[str, Any], "data", skip_odd=True):
        with contextlib.suppress(ResponseError, KeyError):
            name = answer.decode(Id, row["id"], "data.id")
            result = answer.decode(PushResult, row, "data")
            if result.ok:
                done[name] = result
            elif result.status == PushStatus.FAIL:
                refused[name] = result.description or "failed"
            # An ERROR of the service does not say whether the push was sent.
    return done, refused


def _notification(
    operation: str, notification: PushNotification | Mapping[str, object]
) -> dict[str, Any]:
    if not isinstance(notification, PushNotification | Mapping):
        raise checks.fail(
            operation,
            "notification must be a PushNotification, or its JSON object, not "
            f"{type(notification).__name__}",
        )
    body = codec.checked_json(to_wire(notification), f"{operation}: notification")
    assert isinstance(body, dict)
    if not body:
        raise checks.fail(operation, "notification is empty")
    return body


def _strategy(operation: str, strategy: PushStrategy | int | None) -> dict[str, int]:
    if strategy is None:
        return {}
    try:
        if isinstance(strategy, bool):
            raise ValueError
        return {"strategy": int(PushStrategy(strategy))}
    except ValueError:
        allowed = ", ".join(f"{item.value} ({item.name})" for item in PushStrategy)
        raise checks.fail(
            operation, f"strategy {strategy!r:.80} must be one of {allowed}"
        ) from None


def _number(operation: str, value: int | str) -> int:
    """Return the id of a stored notification, which the service has as a number."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    return checks.number(operation, "notification_id", value, least=1)


def _conversation(
    operation: str, username: str, target: str | None, chat_type: str
) -> tuple[str, str, str]:
    kind = checks.member(operation, "chat_type", PushChatType, chat_type)
    if target is None and kind != PushChatType.USER:
        raise checks.fail(operation, "target is required when chat_type is not 'user'")
    return username, str(kind), username if target is None else target


def _patterns(operation: str, title: str, text: str) -> dict[str, str]:
    return {
        "title_pattern": checks.text(operation, "title_pattern", title),
        "content_pattern": checks.text(operation, "content_pattern", text),
    }


SEND_TO_USERS: Final = Send(
    Operation("push.send_to_users", "POST", "/push/single", "once", _10),
    api_limits.USERS_PER_PUSH,
    key="targets",
    receipt=push_receipt,
)
