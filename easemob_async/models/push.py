"""Push notifications: options of a message, settings of users, templates and statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import attrs

from easemob_async.wire.fields import is_a_time, wire
from easemob_async.wire.options import checked, option, to_wire


@attrs.frozen(kw_only=True, field_transformer=checked)
class DirectedTemplate:
    """A push template for some members of a group."""

    target: Sequence[str]
    """The usernames in lower case; other usernames have no effect."""
    name: str | None = None
    """The name of the template."""
    title_args: Sequence[str] | None = None
    """The values for ``{0}``, ``{1}`` ... in the title; ``{$fromNickname}`` is built in."""
    content_args: Sequence[str] | None = None
    """The values for ``{0}``, ``{1}`` ... in the text; ``{$msg}`` is built in."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class PushTemplate:
    """A stored push template, with the values for its placeholders."""

    name: str | None = None
    """The name of the template."""
    title_args: Sequence[str] | None = None
    """The values for ``{0}``, ``{1}`` ... in the title; ``{$fromNickname}`` is built in."""
    content_args: Sequence[str] | None = None
    """The values for ``{0}``, ``{1}`` ... in the text; ``{$msg}`` is built in."""
    disable_at_content: bool | None = None
    """Whether to omit the default text for users who are mentioned."""
    directed_template: DirectedTemplate | None = None
    """Another template for some members; group messages only."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class PushFilter:
    """A filter for the devices that get the push."""

    accept_device_id: Sequence[str] | None = None
    """The only devices that get the push."""
    ignore_device_id: Sequence[str] | None = None
    """The devices that do not get the push."""
    accept_notifier_name: Sequence[str] | None = None
    """The only push certificates that are used."""
    ignore_notifier_name: Sequence[str] | None = None
    """The push certificates that are not used."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class ApnsOptions:
    """Options for Apple's push service (APNs)."""

    category: str | None = option("em_push_category", default=None)
    """The category of the notification."""
    subtitle: str | None = option("em_alert_subTitle", default=None)
    """The subtitle of the notification."""
    mutable_content: bool | None = option("em_push_mutable_content", default=None)
    """Whether the push is a rich push."""
    sound: str | None = option("em_push_sound", default=None)
    """The sound file in Library/Sounds: aiff, wav or caf."""
    badge: int | None = option("em_push_badge", default=None)
    """The number on the app's icon."""
    thread_id: str | None = None
    """The id by which notifications are grouped."""
    content_available: int | None = option("em_push_content_available", default=None)
    """1 for a background notification."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HarmonyOptions:
    """Options for the push service of HarmonyOS."""

    category: str | None = None
    """The category of the notification."""
    click_action: str | None = None
    """The page of the app that a click opens."""
    is_test_message: bool | None = None
    """Whether the notification is a test message."""
    notify_id: int | None = None
    """The id of the notification; it replaces a shown notification with the same id."""
    receipt_id: str | None = None
    """The id of the receipt."""


def _push_type(call: bool) -> str | None:
    return "call" if call else None


@attrs.frozen(kw_only=True, field_transformer=checked)
class PushOptions:
    """The options of a message's push notification; options that are not given are not sent.

    Source: the push extension (``message_ext`` of the push facts)
    """

    title: str | None = option("em_push_ext.title", default=None)
    """The title of the notification."""
    content: str | None = option("em_push_ext.content", default=None)
    """The text of the notification."""
    custom: Mapping[str, Any] | None = option("em_push_ext.custom", default=None)
    """The app's own data in the push, as JSON."""
    group_user_nickname: str | None = option("em_push_ext.group_user_nickname", default=None)
    """The nickname that is shown as the sender."""
    call: bool = option("em_push_ext.type", default=False, send=_push_type)
    """Whether the push is a VoIP push; APNs only."""
    silent: bool | None = option("em_ignore_notification", default=None)
    """Whether to send no push for this message; the message itself is delivered."""
    force: bool | None = option("em_force_notification", default=None)
    """Whether to push also to users who have set do not disturb."""
    mention: Sequence[str] | Literal["all"] | None = option("em_at_list", default=None)
    """The usernames that are mentioned, or ``"all"``; these users get another push text."""
    template: PushTemplate | None = option("em_push_template", default=None)
    """The push template."""
    devices: PushFilter | None = option("em_push_filter", default=None)
    """The devices that get the push."""
    apns: ApnsOptions | None = option("em_apns_ext", default=None)
    """The options for APNs."""
    android: Mapping[str, Any] | None = option("em_android_push_ext", default=None)
    """The options for Android push services, e.g. ``fcm_channel_id``, ``xiaomi_channel_id``."""
    harmony: HarmonyOptions | None = option("em_harmony_push_ext", default=None)
    """The options for HarmonyOS."""

    def to_ext(self) -> dict[str, Any]:
        """Return the keys for the ``ext`` of a message."""
        found: dict[str, Any] = to_wire(self)
        return found


class PushMode(StrEnum):
    """The messages that are pushed to a user."""

    DEFAULT = "DEFAULT"
    """The messages of the user's global setting; not allowed for the global setting itself."""
    ALL = "ALL"
    """All messages."""
    AT = "AT"
    """Only messages that mention the user."""
    NONE = "NONE"
    """No messages."""


class PushChatType(StrEnum):
    """The type of the conversation that a push setting is for."""

    USER = "user"
    GROUP = "chatgroup"


class PushPlatform(StrEnum):
    """The push services that statistics count; those from Xiaomi on are used in China."""

    ALL = "ALL"
    """All push services."""
    APNS = "APNS"
    """The push service of Apple (APNs)."""
    ANDROID = "ANDROID"
    """The push service of Google (FCM)."""
    XIAOMIPUSH = "XIAOMIPUSH"
    """The push service of Xiaomi."""
    HUAWEIPUSH = "HUAWEIPUSH"
    """The push service of Huawei."""
    MEIZUPUSH = "MEIZUPUSH"
    """The push service of Meizu."""
    OPPOPUSH = "OPPOPUSH"
    """The push service of OPPO."""
    VIVOPUSH = "VIVOPUSH"
    """The push service of vivo."""
    HONOR = "HONOR"
    """The push service of Honor."""


@attrs.frozen
class PushSettings:
    """The push settings of a user."""

    mode: PushMode | str | None = wire("type", default=None)
    """The messages that are pushed."""
    ignore_interval: str | None = wire("ignoreInterval", default=None)
    """The daily do not disturb interval, ``"21:30-08:00"``."""
    ignored_until: datetime | None = wire("ignoreDuration", default=None)
    """The end of the one-time do not disturb period; ``None`` if there is no such period."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in fields.items() if k != "ignoreDuration" or is_a_time(v)}


@attrs.frozen
class StoredPushTemplate:
    """A push template with placeholders, stored by the service."""

    name: str
    """The name of the template."""
    title_pattern: str | None = None
    """The title, with the placeholders ``{0}``, ``{1}`` ... or ``{$fromNickname}``."""
    content_pattern: str | None = None
    """The text, with the placeholders ``{0}``, ``{1}`` ... or ``{$msg}``."""
    created: datetime | None = wire("createAt", "createdAt", default=None)
    """The time of creation."""
    updated: datetime | None = wire("updateAt", "updatedAt", default=None)
    """The time of the last change."""


@attrs.frozen
class PushCounts:
    """The push statistics of a day and a push service."""

    succeeded: int = wire("successCount", default=0)
    """The number of pushes that were sent."""
    failed: int | None = wire("failCount", default=None)
    """The number of pushes that failed, if the service reports it."""
    arrived: int | None = wire("arriveCount", default=None)
    """The number of pushes that arrived, if the service reports it."""
