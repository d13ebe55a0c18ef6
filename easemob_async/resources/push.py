"""Push notifications: devices, settings of users, templates, and statistics."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from easemob_async import api_limits, checks
from easemob_async.errors import ResponseError
from easemob_async.models.pages import Paginator, whole
from easemob_async.models.push import (
    PushChatType,
    PushCounts,
    PushDisplayStyle,
    PushMode,
    PushPlatform,
    PushSettings,
    StoredPushTemplate,
)
from easemob_async.models.users import PushBinding, User
from easemob_async.operation import Operation
from easemob_async.quotas import SECOND, Limit
from easemob_async.resources.users import SHARED
from easemob_async.transport.transport import Transport
from easemob_async.wire.fields import Id

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


class Push:
    """Push notifications for users who are offline.

    The operations on the settings of one user ask the `TokenProvider` for a token of this user.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.templates = PushTemplates(transport)
        """Push templates: texts with placeholders."""

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
    ) -> dict[date, dict[str, PushCounts]]:
        """Return the counts of push notifications, for each day and each platform.

        Args:
            begin: the first day.
            end: the last day.
            platform: the push service to count for; all by default.

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
        found = answer.read(dict[str, dict[str, PushCounts]], "data")
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
