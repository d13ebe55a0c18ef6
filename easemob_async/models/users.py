"""Registered users, their tokens, their online status and their devices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import attrs

from easemob_async.models.tokens import AppToken
from easemob_async.wire.fields import Id, wire

_IGNORED_GROUP: Final = "notification_ignore_"


class OnlineStatus(StrEnum):
    """The online status of a user: online if at least one device is online."""

    ONLINE = "online"
    OFFLINE = "offline"


class ObjectType(StrEnum):
    """The type of the object that an answer describes."""

    USER = "user"
    """A user."""
    GROUP = "group"
    """A group."""


class PushDisplayStyle(StrEnum):
    """The content that a push notification shows."""

    NOTICE = "0"
    """Only the fact that a message has arrived."""
    MESSAGE = "1"
    """The sender and the message."""


@attrs.frozen
class NewUser:
    """A user to register."""

    username: str
    """The username: 1 to 64 characters of a-z, 0-9, ``_``, ``-``, ``.``; unique in the app."""
    password: str = attrs.field(repr=False)
    """The password, at most 64 characters."""
    nickname: str | None = None
    """The name shown in push notifications, at most 100 characters."""


@attrs.frozen
class PushBinding:
    """The push token of one device, as older answers list it with the user."""

    device_id: str | None = wire("device_Id", "device_id", default=None)
    """The id of the device."""
    device_token: str | None = wire("device_token", default=None, repr=False)
    """The push token of the device."""
    notifier_name: str | None = None
    """The name of the push certificate."""


@attrs.frozen
class User:
    """A registered user; fields that an answer does not contain are ``None``."""

    username: Id
    """The username, in lower case."""
    uuid: str | None = None
    """The internal UUID of the user."""
    type: ObjectType | str | None = None
    """The type of the object."""
    created: datetime | None = None
    """The time of registration."""
    modified: datetime | None = None
    """The time of the last change."""
    activated: bool | None = None
    """Whether the user is active; ``False`` while the user is banned."""
    nickname: str | None = None
    """The name shown in push notifications."""
    notification_display_style: PushDisplayStyle | str | None = None
    """The content that the user's push notifications show."""
    do_not_disturb: bool | None = wire("notification_no_disturbing", default=None)
    """Whether do not disturb is on for certain hours."""
    do_not_disturb_start: str | None = wire("notification_no_disturbing_start", default=None)
    """The hour at which do not disturb starts, e.g. ``"8"``."""
    do_not_disturb_end: str | None = wire("notification_no_disturbing_end", default=None)
    """The hour at which do not disturb ends, e.g. ``"18"``."""
    ignored_groups: tuple[str, ...] = ()
    """The ids of groups whose messages are not pushed."""
    notifier_name: str | None = None
    """The name of the push certificate."""
    device_token: str | None = wire("device_token", default=None, repr=False)
    """The push token."""
    push_bindings: tuple[PushBinding, ...] = wire("pushInfo", default=())
    """The push tokens of each device, if the service returns them."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        # The id of the group is part of the key: notification_ignore_63112447328257.
        ignored = [
            key.removeprefix(_IGNORED_GROUP)
            for key, value in fields.items()
            if key.startswith(_IGNORED_GROUP) and value in (True, "true")
        ]
        return {**fields, "ignored_groups": ignored} if ignored else fields


# Here and not with the other tokens: every client loads those, and few need the models of users.
@attrs.frozen
class UserToken(AppToken):
    """The answer of `tokens.create_user_token`."""

    user: User | None = wire("user", default=None)
    """The user, with the fields that the service returns."""


@attrs.frozen
class DeletedUsers:
    """The users that `users.delete_batch` deleted."""

    users: Sequence[User]
    """The deleted users, in the order of their creation."""
    cursor: str | None = None
    """The cursor for the next call; ``None`` after all users are deleted."""


@attrs.frozen
class Device:
    """A device on which a user is logged in and online."""

    device_id: str = wire("res")
    """The id ``{type}_{id}``, e.g. ``"android_123423453246"``, for `users.disconnect_device`."""
    device_uuid: str | None = None
    """The UUID of the device."""
    device_name: str | None = None
    """The name of the device."""
