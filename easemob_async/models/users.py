"""Users: who is registered, who is online, on which devices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import attrs

from easemob_async.wire.fields import Id, wire

_IGNORED_GROUP: Final = "notification_ignore_"


class OnlineStatus(StrEnum):
    """Whether at least one device of a user is online."""

    ONLINE = "online"
    OFFLINE = "offline"


@attrs.frozen
class NewUser:
    """A user to register."""

    username: str
    """1 to 64 of a-z, 0-9, ``_``, ``-``, ``.``; unique in the app."""
    password: str = attrs.field(repr=False)
    """At most 64 characters."""
    nickname: str | None = None
    """The name shown in push notifications, at most 100 characters."""


@attrs.frozen
class PushBinding:
    """One device's push token, as an older answer lists it with its user."""

    device_id: str | None = wire("device_Id", "device_id", default=None)
    """The device."""
    device_token: str | None = wire("device_token", default=None, repr=False)
    """Its push token."""
    notifier_name: str | None = None
    """The push certificate."""


@attrs.frozen
class User:
    """A registered user; what an answer does not tell is ``None``."""

    username: Id
    """The user's id, in lower case."""
    uuid: str | None = None
    """The internal UUID."""
    type: str | None = None
    """The kind of object: ``"user"``."""
    created: datetime | None = None
    """When it was registered."""
    modified: datetime | None = None
    """When it was last changed."""
    activated: bool | None = None
    """``False`` while the user is banned."""
    nickname: str | None = None
    """The name shown in push notifications."""
    notification_display_style: int | None = None
    """0: push shows that there is a message; 1: it shows the message."""
    do_not_disturb: bool | None = wire("notification_no_disturbing", default=None)
    """Whether push is silent at certain hours."""
    do_not_disturb_start: str | None = wire("notification_no_disturbing_start", default=None)
    """The hour at which silence starts, e.g. ``"8"``."""
    do_not_disturb_end: str | None = wire("notification_no_disturbing_end", default=None)
    """The hour at which silence ends, e.g. ``"18"``."""
    ignored_groups: tuple[str, ...] = ()
    """Groups whose messages are not pushed."""
    notifier_name: str | None = None
    """The push certificate."""
    device_token: str | None = wire("device_token", default=None, repr=False)
    """The push token."""
    push_bindings: tuple[PushBinding, ...] = wire("pushInfo", default=())
    """Push tokens for each device, where the service tells."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        # The group's id is part of the key: notification_ignore_63112447328257.
        ignored = [
            key.removeprefix(_IGNORED_GROUP)
            for key, value in fields.items()
            if key.startswith(_IGNORED_GROUP) and value in (True, "true")
        ]
        return {**fields, "ignored_groups": ignored} if ignored else fields


@attrs.frozen
class DeletedUsers:
    """What `users.delete_batch` deleted."""

    users: Sequence[User]
    """The users that are gone, the earliest created first."""
    cursor: str | None = None
    """Where the next call would start; ``None`` once all are gone."""


@attrs.frozen
class Device:
    """A device on which a user is logged in and online."""

    device_id: str = wire("res")
    """``{type}_{id}``, e.g. ``"android_123423453246"``; `users.disconnect_device` takes it."""
    device_uuid: str | None = None
    """The device's UUID."""
    device_name: str | None = None
    """The device's name."""
