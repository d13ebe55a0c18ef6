"""Push notifications: options of a message, settings of users, templates, statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import attrs

from easemob_async.errors import InvalidArgumentError
from easemob_async.wire.fields import is_a_time, wire


@attrs.frozen(kw_only=True)
class DirectedTemplate:
    """Another push text for some members of a group."""

    target: Sequence[str]
    """Usernames, in lower case: others have no effect."""
    name: str | None = None
    """The template's name."""
    title_args: Sequence[str] | None = None
    """Fill ``{0}`` and so on of the title; built in: ``{$fromNickname}``."""
    content_args: Sequence[str] | None = None
    """Fill ``{0}`` and so on of the text; built in: ``{$msg}``."""


@attrs.frozen(kw_only=True)
class PushTemplate:
    """A stored text to push, with its blanks filled."""

    name: str | None = None
    """The template's name."""
    title_args: Sequence[str] | None = None
    """Fill ``{0}`` and so on of the title; built in: ``{$fromNickname}``."""
    content_args: Sequence[str] | None = None
    """Fill ``{0}`` and so on of the text; built in: ``{$msg}``."""
    disable_at_content: bool | None = None
    """Drop the default text for who is mentioned."""
    directed_template: DirectedTemplate | None = None
    """Another text for some members; group messages only."""


@attrs.frozen(kw_only=True)
class PushFilter:
    """Which devices get the push."""

    accept_device_id: Sequence[str] | None = None
    """Only these devices."""
    ignore_device_id: Sequence[str] | None = None
    """Not these devices."""
    accept_notifier_name: Sequence[str] | None = None
    """Only these push certificates."""
    ignore_notifier_name: Sequence[str] | None = None
    """Not these push certificates."""


@attrs.frozen(kw_only=True)
class ApnsOptions:
    """For Apple's push service."""

    category: str | None = attrs.field(default=None, metadata={"key": "em_push_category"})
    subtitle: str | None = attrs.field(default=None, metadata={"key": "em_alert_subTitle"})
    mutable_content: bool | None = attrs.field(
        default=None, metadata={"key": "em_push_mutable_content"}
    )
    """Rich push."""
    sound: str | None = attrs.field(default=None, metadata={"key": "em_push_sound"})
    """A file in Library/Sounds: aiff, wav or caf."""
    badge: int | None = attrs.field(default=None, metadata={"key": "em_push_badge"})
    thread_id: str | None = None
    """Groups notifications."""
    content_available: int | None = attrs.field(
        default=None, metadata={"key": "em_push_content_available"}
    )
    """1: a notification in the background."""


@attrs.frozen(kw_only=True)
class HarmonyOptions:
    """For HarmonyOS."""

    category: str | None = None
    click_action: str | None = None
    """The page of the app to open."""
    is_test_message: bool | None = None
    notify_id: int | None = None
    """The same id replaces the notification that is shown."""
    receipt_id: str | None = None


@attrs.frozen(kw_only=True)
class PushOptions:
    """How a message is pushed; what is not given is not sent.

    Source: the push extension (``message_ext`` of the push facts)
    """

    title: str | None = None
    """The push's title."""
    content: str | None = None
    """The push's text."""
    custom: Mapping[str, Any] | None = None
    """The app's own data in the push: JSON."""
    group_user_nickname: str | None = None
    """Who is shown as the sender."""
    call: bool = False
    """A VoIP push; APNs only."""
    silent: bool | None = None
    """No push for this message; the message itself is delivered."""
    force: bool | None = None
    """Push even to who does not want to be disturbed."""
    mention: Sequence[str] | Literal["all"] | None = None
    """Usernames that are mentioned, or ``"all"``: they get another push text."""
    template: PushTemplate | None = None
    """A stored text."""
    devices: PushFilter | None = None
    """Which devices get it."""
    apns: ApnsOptions | None = None
    """For Apple."""
    android: Mapping[str, Any] | None = None
    """For Android's push services: ``fcm_channel_id``, ``xiaomi_channel_id`` and so on."""
    harmony: HarmonyOptions | None = None
    """For HarmonyOS."""

    def __attrs_post_init__(self) -> None:
        if isinstance(self.mention, str) and self.mention != "all":
            raise InvalidArgumentError("PushOptions: mention is a list of usernames, or 'all'")

    def to_ext(self) -> dict[str, Any]:
        """Give the keys for a message's ``ext``."""
        shown = {
            "title": self.title,
            "content": self.content,
            "custom": self.custom,
            "group_user_nickname": self.group_user_nickname,
            "type": "call" if self.call else None,
        }
        keys = {
            "em_push_filter": _wire(self.devices),
            "em_at_list": self.mention if isinstance(self.mention, str) else _list(self.mention),
            "em_push_template": _wire(self.template),
            "em_push_ext": {k: v for k, v in shown.items() if v is not None} or None,
            "em_ignore_notification": self.silent,
            "em_force_notification": self.force,
            "em_apns_ext": _wire(self.apns),
            "em_android_push_ext": self.android,
            "em_harmony_push_ext": _wire(self.harmony),
        }
        return {key: value for key, value in keys.items() if value is not None}


def _list(value: Sequence[str] | None) -> list[str] | None:
    return None if value is None else list(value)


def _wire(value: attrs.AttrsInstance | None) -> dict[str, Any] | None:
    if value is None:
        return None
    found = {}
    for field in attrs.fields(type(value)):
        item = getattr(value, field.name)
        if attrs.has(type(item)):
            item = _wire(item)
        if item is not None:
            found[field.metadata.get("key", field.name)] = item
    return found


class PushDisplayStyle(StrEnum):
    """What a push shows."""

    NOTICE = "0"
    """That there is a message."""
    MESSAGE = "1"
    """Who sent it, and the message."""


class PushMode(StrEnum):
    """Which messages are pushed."""

    DEFAULT = "DEFAULT"
    """As the user's global setting says; not for the global setting itself."""
    ALL = "ALL"
    AT = "AT"
    """Only those that mention the user."""
    NONE = "NONE"


class PushChatType(StrEnum):
    """What kind of conversation a push setting is for."""

    USER = "user"
    GROUP = "chatgroup"


class PushPlatform(StrEnum):
    """Which push services are counted."""

    ALL = "ALL"
    APNS = "APNS"
    ANDROID = "ANDROID"


@attrs.frozen
class PushSettings:
    """How a user wants to be pushed to."""

    mode: PushMode | str | None = wire("type", default=None)
    """Which messages."""
    ignore_interval: str | None = wire("ignoreInterval", default=None)
    """The hours of each day without pushes, ``"21:30-08:00"``."""
    ignored_until: datetime | None = wire("ignoreDuration", default=None)
    """When the one time without pushes ends; ``None`` where there is none."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in fields.items() if k != "ignoreDuration" or is_a_time(v)}


@attrs.frozen
class StoredPushTemplate:
    """A text that is pushed, with blanks."""

    name: str
    """Its name."""
    title_pattern: str | None = None
    """The title, with ``{0}`` and so on, or ``{$fromNickname}``."""
    content_pattern: str | None = None
    """The text, likewise."""
    created: datetime | None = wire("createAt", "createdAt", default=None)
    """When it was made."""
    updated: datetime | None = wire("updateAt", "updatedAt", default=None)
    """When it was last changed."""


@attrs.frozen
class PushCounts:
    """What became of the pushes of a day."""

    succeeded: int = wire("successCount", default=0)
    """How many were sent."""
    failed: int = wire("failCount", default=0)
    """How many were not."""
    arrived: int | None = wire("arriveCount", default=None)
    """How many arrived, where the service tells."""
