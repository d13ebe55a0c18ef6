"""Push notifications that the app sends itself, with options for each push service.

Each class is an object of the service's ``pushMessage``; the names are the service's in snake case.
A rule that the service documents is checked when an object is made. A duration is rounded up to the
unit in which it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final, Literal

import attrs

from easemob_async.wire import codec
from easemob_async.wire.fields import Id, wire
from easemob_async.wire.options import Rules, checked, option

_EXT_LENGTH: Final = 1024
_LINK_LENGTH: Final = 1000
_COLOR: Final = re.compile("#[0-9a-fA-F]{6}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _whole(length: timedelta, unit: timedelta) -> int:
    # Rounded up: a part of a unit must not become 0, which can mean "never".
    return length // unit + bool(length % unit)


def _milliseconds(length: timedelta) -> int:
    return _whole(length, timedelta(milliseconds=1))


def _seconds(length: timedelta) -> int:
    return _whole(length, timedelta(seconds=1))


def _seconds_text(length: timedelta) -> str:
    return str(_seconds(length))


def _hours(length: timedelta) -> int:
    return _whole(length, timedelta(hours=1))


def _decimal_seconds(length: timedelta, sign: str = "s") -> str:
    seconds, rest = divmod(length, timedelta(seconds=1))
    return f"{seconds}.{rest.microseconds:06}".rstrip("0").rstrip(".") + sign


def _vibration(lengths: Sequence[timedelta]) -> list[str]:
    return [_decimal_seconds(length, "S") for length in lengths]


def _unix_milliseconds(time: datetime) -> int:
    return _milliseconds(time - _EPOCH)


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _begins_with(start: str) -> Callable[[str, object], str | None]:
    def rule(text: str, _: object) -> str | None:
        if text.lower().startswith(start):
            return None
        return f"must begin with {start!r}, not {text!r:.80}"

    return rule


_https_url: Final = _begins_with("https://")


def _web_page(intent: str, button: HonorButton) -> str | None:
    return _https_url(intent, button) if button.action_type == 2 else None


def _color(text: str, _: object) -> str | None:
    return None if _COLOR.fullmatch(text) else f"must be a color as '#rrggbb', not {text!r:.80}"


def _upper_case(text: str, _: object) -> str | None:
    return None if text == text.upper() else f"must be in upper case, not {text!r:.80}"


def _link_length(content: str, push: VivoPush) -> str | None:
    if push.skip_type == 2 and len(content) > _LINK_LENGTH:
        return f"has {len(content)} characters; at most {_LINK_LENGTH} are allowed for skip_type 2"
    return None


def _ext_length(ext: Mapping[str, object], _: object) -> str | None:
    # open: the form in which the characters are counted; compact JSON is used
    size = len(codec.std_dumps(codec.checked_json(ext, "PushNotification: ext")).decode())
    if size > _EXT_LENGTH:
        return f"has {size} characters as JSON; at most {_EXT_LENGTH} are allowed"
    return None


class PushStrategy(IntEnum):
    """The channels by which a push notification is sent."""

    VENDOR_FIRST = 0
    """The push service of the device's vendor; the service's own channel if that fails."""
    EASEMOB_ONLY = 1
    """The service's own channel; kept for users who are offline, for a time set by the plan."""
    VENDOR_ONLY = 2
    """The push service of the device's vendor; the default of the service."""
    EASEMOB_ONLINE_ELSE_VENDOR = 3
    """The service's own channel for users who are online, the vendor's push service for others; if
    that fails, the service's own channel once the user is online."""
    EASEMOB_ONLINE_ONLY = 4
    """The service's own channel for users who are online; others get nothing."""


class PushStatus(StrEnum):
    """The status of a push notification for one user or device."""

    SUCCESS = "SUCCESS"
    """The push service has accepted it."""
    ACCEPTED = "ASYNC_SUCCESS"
    """The service has accepted it and sends it later; the result is not known."""
    FAIL = "FAIL"
    """It cannot be delivered: no push binding, no such user, a device token that was refused."""
    ERROR = "ERROR"
    """The service failed, with a timeout for example."""


@attrs.frozen
class PushResult:
    """The result of a push notification, as the service or a push service reports it."""

    status: PushStatus | str = wire("pushStatus")
    """The status."""
    description: str | None = wire("desc", default=None)
    """The reason why it failed, if it did."""
    data: object = wire("data", default=None, read=lambda value: value)
    """The answer of the vendor's push service; its form depends on the vendor."""

    @property
    def ok(self) -> bool:
        """Whether it was sent or accepted."""
        return self.status in (PushStatus.SUCCESS, PushStatus.ACCEPTED)


@attrs.frozen
class PushLabel:
    """A push label: a named set of users."""

    name: str
    """The name, case-sensitive."""
    description: str | None = None
    """The description."""
    count: int | None = None
    """The number of users with the label; ``None`` in the answer of `push.labels.create`."""
    created: datetime | None = wire("createdAt", default=None)
    """The time of creation."""


@attrs.frozen
class LabeledUser:
    """A user with a push label."""

    username: Id
    """The username."""
    created: datetime | None = None
    """The time when the user got the label."""


@attrs.frozen
class StoredPushNotification:
    """A push notification that the service has stored to push it later."""

    notification: Mapping[str, object] = wire("notification", read=lambda value: value)
    """The notification, in the service's own form."""
    app_key: str | None = wire("appkey", default=None)
    """The App Key of the app."""
    stored: datetime | None = wire("timestamp", default=None)
    """The time when it was stored."""

    @staticmethod
    def __from_wire__(fields: dict[str, object]) -> dict[str, object]:
        known = {"appkey", "timestamp"}
        notification = {name: value for name, value in fields.items() if name not in known}
        return {**fields, "notification": notification}


@attrs.frozen(kw_only=True, field_transformer=checked)
class PushClickAction:
    """The page that a click on a notification opens."""

    # open: the options are documented for Android only, but the note of `url` speaks of iOS
    url: str | None = option("url", default=None)
    """The URL to open; the service's own channel uses only this option on iOS."""
    action: str | None = option("action", default=None)
    """The page of the app to open."""
    activity: str | None = option("activity", default=None)
    """The package name, or the path of the Activity component, to open."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class PushBadge:
    """The number on the icon of the app."""

    add_num: int | None = option("addNum", default=None)
    """The number that is added to the shown number when the notification arrives."""
    set_num: int | None = option("setNum", default=None)
    """The number that is shown when the notification arrives."""
    activity: str | None = option("activity", default=None)
    """The entry class of the app; Huawei devices need it to show a number."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class EasemobPushOperation:
    """The action of a click on a notification of the service's own channel."""

    type: Literal[0, 1, 2] | None = option("type", default=None)
    """0: starts the app (the default); 1: opens `open_url`; 2: opens `open_action`, not on iOS."""
    open_url: str | None = option("openUrl", default=None)
    """The URL to open for `type` 1; without it, a click has no effect."""
    open_action: str | None = option("openAction", default=None)
    """The page of the app to open for `type` 2; without it, a click has no effect."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class EasemobPush:
    """The options of the service's own push channel, for Android and iOS unless noted otherwise."""

    title: str | None = option("title", default=None)
    """The title."""
    content: str | None = option("content", default=None)
    """The text."""
    subtitle: str | None = option("subTitle", default=None)
    """The subtitle; iOS only."""
    icon_url: str | None = option("iconUrl", default=None)
    """The URL of the icon."""
    need_notification: bool | None = option("needNotification", default=None)
    """Whether to show a notification (the default); ``False`` sends a pass-through message."""
    badge: PushBadge | None = option("badge", default=None)
    """The number on the icon of the app."""
    operation: EasemobPushOperation | None = option("operation", default=None)
    """The action of a click."""
    channel_id: str | None = option("channelId", default=None)
    """The id of the notification channel, ``"chat"`` by default; Android only. A channel that the
    device does not have is created from `channel_name` and `channel_level`."""
    channel_name: str | None = option("channelName", default=None)
    """The name of the channel when it is created, ``"消息"`` by default; Android only."""
    channel_level: Literal[0, 3, 4] | None = option("channelLevel", default=None)
    """The importance of the channel when it is created: 0: the lowest; 3: medium (the default); 4:
    high. Android only."""
    auto_cancel: Literal[0, 1] | None = option("autoCancel", default=None)
    """Whether a click closes the notification: 0: no; 1: yes (the default). Android only."""
    # open: Unix milliseconds in the table, but the documented example looks like a duration
    expires_time: datetime | None = option("expiresTime", default=None, send=_unix_milliseconds)
    """The time when the notification expires; sent in Unix milliseconds."""
    sound: Literal[0, 1] | None = option("sound", default=None)
    """Whether the device makes a sound: 0: no (the default); 1: yes."""
    vibrate: Literal[0, 1] | None = option("vibrate", default=None)
    """Whether the device vibrates: 0: no (the default); 1: yes."""
    style: Literal[0, 1, 2] | None = option("style", default=None)
    """0: plain (the default); 1: long text, see `big_text`; 2: big picture, see `big_picture`."""
    big_text: str | None = option("bigTxt", default=None)
    """The long text for `style` 1."""
    big_picture: str | None = option("bigPicture", default=None)
    """The URL of the picture for `style` 2; Android only."""
    id: int | None = option("id", default=None)
    """The id of the notification, random by default; it replaces a shown notification with the same
    id."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class ApnsPush:
    """The options of APNs, the push service of Apple."""

    invalidation_time: timedelta | None = option(
        "invalidationTime", default=None, send=_milliseconds
    )
    """The time until the notification expires; sent in milliseconds."""
    priority: Literal[5, 10] | None = option("priority", default=None)
    """5: delivered when it suits the battery of the device; 10: delivered immediately."""
    push_type: Literal["background", "alert"] | None = option("pushType", default=None)
    """The type of the push: ``"alert"`` (the default) or ``"background"``; for iOS 13, watchOS 6
    and later."""
    collapse_id: str | None = option("collapseId", default=None)
    """The id by which several notifications are merged into one."""
    apns_id: str | None = option("apnsId", default=None)
    """The unique id of the notification."""
    badge: int | None = option("badge", default=None)
    """The number on the icon of the app."""
    sound: str | None = option("sound", default=None)
    """The aiff, wav or caf file in /Library/Sounds of the app, of at most 30 seconds; for a longer
    file the device plays the default sound."""
    mutable_content: bool | None = option("mutableContent", default=None)
    """Whether a notification service extension of the app may change the notification."""
    content_available: bool | None = option("contentAvailable", default=None)
    """Whether the push is a background update."""
    category_name: str | None = option("categoryName", default=None)
    """The category of the notification."""
    thread_id: str | None = option("threadId", default=None)
    """The id by which notifications are grouped."""
    title: str | None = option("title", default=None)
    """The title."""
    subtitle: str | None = option("subTitle", default=None)
    """The subtitle."""
    content: str | None = option("content", default=None)
    """The text."""
    title_loc_key: str | None = option("titleLocKey", default=None)
    """The key of a localized title in the app."""
    title_loc_args: Sequence[str] | None = option("titleLocArgs", default=None)
    """The values for the placeholders of the localized title."""
    subtitle_loc_key: str | None = option("subTitleLocKey", default=None)
    """The key of a localized subtitle in the app."""
    subtitle_loc_args: Sequence[str] | None = option("subTitleLocArgs", default=None)
    """The values for the placeholders of the localized subtitle."""
    body_loc_key: str | None = option("bodyLocKey", default=None)
    """The key of a localized text in the app."""
    body_loc_args: Sequence[str] | None = option("bodyLocArgs", default=None)
    """The values for the placeholders of the localized text."""
    ext: Mapping[str, object] | None = option("ext", default=None)
    """The app's own data."""
    launch_image: str | None = option("launchImage", default=None)
    """The file name of the launch image."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class FcmNotification:
    """The notification that FCM shows."""

    title: str | None = option("title", default=None)
    """The title."""
    body: str | None = option("body", default=None)
    """The text."""
    android_channel_id: str | None = option("androidChannelId", default=None)
    """The id of the notification channel, which the app must have created; otherwise the channel in
    the manifest of the app is used."""
    icon: str | None = option("icon", default=None)
    """The icon."""
    sound: str | None = option("sound", default=None)
    """The name of the sound file in /res/raw/ of the app."""
    tag: str | None = option("tag", default=None)
    """The tag; the notification replaces a shown notification with the same tag."""
    color: str | None = option("color", default=None)
    """The color of the icon."""
    click_action: str | None = option("clickAction", default=None)
    """The intent filter of the Activity that a click starts."""
    title_loc_key: str | None = option("titleLocKey", default=None)
    """The key of a localized title in the app."""
    title_loc_args: Sequence[str] | None = option("titleLocArgs", default=None)
    """The values for the placeholders of the localized title."""
    body_loc_key: str | None = option("bodyLocKey", default=None)
    """The key of a localized text in the app."""
    body_loc_args: Sequence[str] | None = option("bodyLocArgs", default=None)
    """The values for the placeholders of the localized text."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class FcmPush:
    """The options of the older API of Firebase Cloud Messaging (FCM)."""

    condition: str | None = option("condition", default=None)
    """The condition on the topics of the devices that get the push."""
    collapse_key: str | None = option("collapseKey", default=None)
    """The key of a group of messages that FCM can collapse into one."""
    priority: Literal["normal", "high"] | None = option("priority", default=None)
    """The priority: ``"normal"`` or ``"high"``."""
    time_to_live: timedelta | None = option(
        "timeToLive", default=None, most=timedelta(weeks=4), send=_seconds_text
    )
    """The time for which the push is kept for a device that is offline, at most and by default 4
    weeks; sent in seconds."""
    dry_run: bool | None = option("dryRun", default=None)
    """Whether the push is only a test and is not delivered."""
    restricted_package_name: str | None = option("restrictedPackageName", default=None)
    """The package name that the registration token must belong to."""
    data: Mapping[str, object] | None = option("data", default=None)
    """The app's own data."""
    notification: FcmNotification | None = option("notification", default=None)
    """The notification."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class FcmV1Notification:
    """The notification that FCM shows on all platforms."""

    title: str | None = option("title", default=None)
    """The title."""
    body: str | None = option("body", default=None)
    """The text."""
    image: str | None = option("image", default=None)
    """The URL of a picture of at most 1 MB."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class FcmV1AndroidNotification:
    """The notification that FCM shows on Android."""

    title: str | None = option("title", default=None)
    """The title; replaces the title of `FcmV1Push.notification`."""
    body: str | None = option("body", default=None)
    """The text; replaces the text of `FcmV1Push.notification`."""
    icon: str | None = option("icon", default=None)
    """The icon; the icon of the app by default."""
    color: str | None = option("color", default=None, rule=_color)
    """The color of the icon, as ``#rrggbb``."""
    sound: str | None = option("sound", default=None)
    """The name of the sound file in /res/raw/ of the app."""
    tag: str | None = option("tag", default=None)
    """The tag; the notification replaces a shown notification with the same tag."""
    image: str | None = option("image", default=None)
    """The URL of a picture; replaces the picture of `FcmV1Push.notification`."""
    click_action: str | None = option("clickAction", default=None)
    """The action of a click, as FCM defines it."""
    body_loc_key: str | None = option("bodyLocKey", default=None)
    """The key of a localized text in the app."""
    body_loc_args: Sequence[str] | None = option("bodyLocArgs", default=None)
    """The values for the placeholders of the localized text."""
    title_loc_key: str | None = option("titleLocKey", default=None)
    """The key of a localized title in the app."""
    title_loc_args: Sequence[str] | None = option("titleLocArgs", default=None)
    """The values for the placeholders of the localized title."""
    channel_id: str | None = option("channelId", default=None)
    """The id of the notification channel."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class FcmV1AndroidConfig:
    """The options of FCM for Android."""

    collapse_key: str | None = option("collapseKey", default=None)
    """The key of a group of messages that FCM can collapse into one; at most 4 different keys at a
    time."""
    priority: Literal["NORMAL", "HIGH"] | None = option("priority", default=None)
    """The priority: ``"NORMAL"`` or ``"HIGH"``."""
    ttl: timedelta | None = option("ttl", default=None, send=_decimal_seconds)
    """The time for which the push is kept for a device that is offline, 4 weeks by default; sent in
    seconds, with decimals."""
    android_notification: FcmV1AndroidNotification | None = option(
        "androidNotification", default=None
    )
    """The notification on Android."""
    direct_boot_ok: bool | None = option("directBootOk", default=None)
    """Whether to deliver the push while the device is in direct boot mode."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class FcmV1WebPushConfig:
    """The options of FCM for web push."""

    headers: Mapping[str, object] | None = option("headers", default=None)
    """The HTTP headers of the web push."""
    notification: FcmV1Notification | None = option("notification", default=None)
    """The notification on the web."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class FcmV1ApnsConfig:
    """The options of FCM for APNs."""

    headers: Mapping[str, object] | None = option("headers", default=None)
    """The request headers of APNs, such as ``apns-push-type`` and ``apns-priority``."""
    payload: Mapping[str, object] | None = option("payload", default=None)
    """The payload of APNs: ``aps`` and the app's own keys."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class FcmV1Push:
    """The options of the HTTP v1 API of Firebase Cloud Messaging (FCM)."""

    type: Literal["BOTH", "DATA", "NOTIFICATION"] | None = option("type", default=None)
    """The content of the push: ``"DATA"``: `data`; ``"NOTIFICATION"``: `notification`; ``"BOTH"``:
    both."""
    data: Mapping[str, object] | None = option("data", default=None)
    """The app's own key-value pairs."""
    notification: FcmV1Notification | None = option("notification", default=None)
    """The notification on all platforms."""
    android_config: FcmV1AndroidConfig | None = option("androidConfig", default=None)
    """The options for Android."""
    web_push_config: FcmV1WebPushConfig | None = option("webPushConfig", default=None)
    """The options for web push."""
    apns_config: FcmV1ApnsConfig | None = option("apnsConfig", default=None)
    """The options for APNs."""
    options: Mapping[str, object] | None = option("options", default=None)
    """The app's own key-value pairs."""
    condition: str | None = option("condition", default=None)
    """The condition on the topics of the devices that get the push."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class XiaomiPush:
    """The options of the push service of Xiaomi."""

    title: str | None = option("title", default=None, most=50)
    """The title, at most 50 characters; a Chinese character counts as one."""
    description: str | None = option("description", default=None, most=128)
    """The text, at most 128 characters; a Chinese character counts as one."""
    restricted_package_names: str | None = option("restrictedPackageNames", default=None)
    """The package name of the app."""
    pass_through: Literal[0, 1] | None = option("passThrough", default=None)
    """0: a notification; 1: a pass-through message."""
    payload: Mapping[str, object] | None = option("payload", default=None)
    """The app's own data."""
    notify_type: Literal[-1, 1, 2, 4] | None = option("notifyType", default=None)
    """The signals of the device: -1: all; 1: sound; 2: vibration; 4: light."""
    time_to_live: timedelta | None = option("timeToLive", default=None, send=_milliseconds)
    """The time for which the push is kept for a device that is offline; sent in milliseconds."""
    # open: the unit of the Unix time; milliseconds, as for the other times of the service
    time_to_send: datetime | None = option("timeToSend", default=None, send=_unix_milliseconds)
    """The time when the push is sent; sent in Unix milliseconds."""
    notify_id: int | None = option("notifyId", default=None)
    """The id of the notification; it replaces a shown notification with the same id."""
    sound: str | None = option("sound", default=None, rule=_begins_with("android.resource://"))
    """The URI of the sound; begins with ``android.resource://``."""
    ticker: str | None = option("ticker", default=None)
    """The text in the status bar when the notification arrives."""
    # open: the two values are as printed, and look exchanged
    notify_foreground: Literal["0", "1"] | None = option("notifyForeground", default=None)
    """Whether to show the notification while the app is in the foreground: "0": yes; "1": no."""
    notify_effect: Literal["1", "2", "3"] | None = option("notifyEffect", default=None)
    """The action of a click: "1": opens the launcher Activity; "2": opens the Activity of
    `intent_uri`; "3": opens the page of `web_uri`."""
    intent_uri: str | None = option("intentUri", default=None)
    """The intent for `notify_effect` "2", such as ``intent:#Intent;action=xxxx;end``."""
    web_uri: str | None = option("webUri", default=None)
    """The URL of the page for `notify_effect` "3"."""
    flow_control: int | None = option("flowControl", default=None)
    """The option for sending at an even speed, as Xiaomi defines it."""
    job_key: str | None = option("jobkey", default=None)
    """The key of a group of messages of which only the first is shown."""
    callback_url: str | None = option("callbackUrl", default=None)
    """The URL to which Xiaomi sends receipts."""
    callback_param: str | None = option("callbackParam", default=None)
    """The app's own parameter in the receipts."""
    callback_type: Literal[1, 2, 3, 16, 32, 64, 128, 1024] | None = option(
        "callbackType", default=None
    )
    """The events that have a receipt: 1: delivered; 2: clicked; 3: delivered or clicked; 16: the
    device is not valid; 32: push is turned off; 64: filtered out; 128: over the quota; 1024:
    `time_to_live` has passed."""
    locale: str | None = option("locale", default=None)
    """The languages of the devices that get the push, separated by commas."""
    locale_not_in: str | None = option("localeNotIn", default=None)
    """The languages of the devices that do not get the push."""
    model: str | None = option("model", default=None)
    """The models, brands or price ranges of the devices that get the push."""
    model_not_in: str | None = option("modelNotIn", default=None)
    """The models, brands or price ranges of the devices that do not get the push."""
    app_version: str | None = option("appVersion", default=None)
    """The versions of the app that get the push."""
    app_version_not_in: str | None = option("appVersionNotIn", default=None)
    """The versions of the app that do not get the push."""
    network: Literal["wifi"] | None = option("connpt", default=None)
    """The network that a device needs to get the push; ``"wifi"`` is the only value."""
    only_send_once: str | None = option("onlySendOnce", default=None)
    """``"1"``: the push is sent once to devices that are online and is not kept for others."""
    channel_id: str | None = option("channelId", default=None)
    """The id of the notification category."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class VivoReceipt:
    """The receipt of a push of vivo."""

    callback: str | None = option("callback", default=None, most=128)
    """The URL to which vivo sends the receipt, at most 128 characters."""
    callback_param: str | None = option("callbackParam", default=None, most=64)
    """The app's own parameter in the receipt, at most 64 characters."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class VivoPush:
    """The options of the push service of vivo."""

    title: str | None = option("title", default=None, width=40)
    """The title, at most 40 characters; a Chinese character counts as two."""
    content: str | None = option("content", default=None, width=100)
    """The text, at most 100 characters; a Chinese character counts as two."""
    notify_type: Literal[1, 2, 3, 4] | None = option("notifyType", default=None)
    """The signals of the device: 1: none; 2: sound; 3: vibration; 4: sound and vibration."""
    time_to_live: timedelta | None = option("timeToLive", default=None, send=_seconds)
    """The time for which the push is kept for a device that is offline; sent in seconds."""
    skip_type: Literal[1, 2, 3, 4] | None = option("skipType", default=None)
    """The action of a click: 1: opens the home page of the app; 2: opens a link; 3: an action that
    the app defines; 4: opens a page of the app. See `skip_content`."""
    skip_content: str | None = option("skipContent", default=None, rule=_link_length)
    """The target of a click: for `skip_type` 2 a URL of at most 1 000 characters; for `skip_type` 4
    an intent, ``intent:#Intent;component=package/activity;end``."""
    network_type: Literal[-1, 1] | None = option("networkType", default=None)
    """The network that a device needs to get the push: -1: any (the default); 1: Wi-Fi."""
    classification: Literal[0, 1] | None = option("classification", default=None)
    """0: an operational message; 1: a system message. It replaces the setting of the console."""
    client_custom_map: Mapping[str, object] | None = option("clientCustomMap", default=None)
    """The app's own key-value pairs."""
    request_id: str | None = option("requestId", default=None, most=64)
    """The id of the request, at most 64 characters."""
    push_mode: Literal[0, 1] | None = option("pushMode", default=None)
    """0: a real push (the default); 1: a test."""
    extra: VivoReceipt | None = option("extra", default=None)
    """The receipt."""
    category: str | None = option("category", default=None, rule=_upper_case)
    """The category that vivo defines, in upper case, such as ``"IM"``. It must belong to
    `classification` if both are given; a push with a wrong category fails."""
    notify_id: int | None = option("notifyId", default=None, least=1, most=2147483647)
    """The id of the notification, from 1 to 2 147 483 647; it replaces a shown notification with
    the same id."""
    profile_id: str | None = option("profileId", default=None, most=64)
    """The id of the login on the device, at most 64 characters."""
    send_online: bool | None = option("sendOnline", default=None)
    """Whether the push is sent once to devices that are online and is not kept for others."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class OppoPush:
    """The options of the push service of OPPO."""

    title: str | None = option("title", default=None, most=32)
    """The title, at most 32 characters; a Chinese character counts as one."""
    subtitle: str | None = option("subTitle", default=None)
    """The subtitle."""
    content: str | None = option("content", default=None, most=200)
    """The text, at most 200 characters; a Chinese character counts as one."""
    channel_id: str | None = option("channelId", default=None)
    """The id of the notification channel."""
    app_message_id: str | None = option("appMessageId", default=None)
    """The app's own id of the message; OPPO sends one push per id."""
    style: Literal[1, 2, 3] | None = option("style", default=None)
    """1: standard; 2: long text; 3: big picture."""
    click_action_type: Literal[0, 1, 2, 4, 5] | None = option("clickActionType", default=None)
    """The action of a click: 0: starts the app; 1: opens a page of the app by its intent action; 2:
    opens a web page; 4: opens a page of the app by its Activity; 5: opens an intent scheme URL."""
    click_action_activity: str | None = option(
        "clickActionActivity", default=None, most=500, required_for={"click_action_type": (1, 4)}
    )
    """The page of the app, at most 500 characters; required for `click_action_type` 1 and 4."""
    click_action_url: str | None = option(
        "clickActionUrl", default=None, most=500, required_for={"click_action_type": (2, 5)}
    )
    """The URL, at most 500 characters; required for `click_action_type` 2 and 5."""
    action_parameters: Mapping[str, object] | None = option("actionParameters", default=None)
    """The parameters for the page that a click opens."""
    offline: bool | None = option("offLine", default=None)
    """Whether to keep the push for devices that are offline."""
    offline_ttl: timedelta | None = option("offLineTtl", default=None, send=_seconds)
    """The time for which the push is kept for a device that is offline; sent in seconds."""
    time_zone: str | None = option("timeZone", default=None)
    """The time zone, such as ``"GMT+08:00"``."""
    callback_url: str | None = option("callBackUrl", default=None)
    """The URL to which OPPO sends receipts."""
    callback_parameter: str | None = option("callBackParameter", default=None)
    """The app's own parameter in the receipts."""
    show_ttl: timedelta | None = option("showTtl", default=None, send=_seconds)
    """The time for which the notification is shown; sent in seconds."""
    notify_id: int | None = option("notifyId", default=None)
    """The id of the notification; it replaces a shown notification with the same id."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class MeizuPush:
    """The options of the push service of Meizu."""

    title: str | None = option("title", default=None, most=32)
    """The title, at most 32 characters; a Chinese character counts as one."""
    content: str | None = option("content", default=None, most=100)
    """The text, at most 100 characters; a Chinese character counts as one."""
    notice_expand_type: Literal[0, 1] | None = option("noticeExpandType", default=None)
    """Whether the notification can be expanded: 0: no; 1: to `notice_expand_content`."""
    notice_expand_content: str | None = option(
        "noticeExpandContent", default=None, required_for={"notice_expand_type": (1,)}
    )
    """The text of the expanded notification; required for `notice_expand_type` 1."""
    click_type: Literal[0, 1, 2, 3] | None = option("clickType", default=None)
    """The action of a click: 0: starts the app; 1: opens the page of the app in `activity`; 2:
    opens the web page in `url`; 3: an action that the app defines, see `custom_attribute`."""
    url: str | None = option("url", default=None)
    """The URL of the web page (H5) for `click_type` 2."""
    parameters: Mapping[str, object] | None = option("parameters", default=None)
    """The parameters for the page that a click opens."""
    activity: str | None = option("activity", default=None)
    """The page of the app for `click_type` 1."""
    custom_attribute: str | None = option("customAttribute", default=None)
    """The app's own data for `click_type` 3."""
    is_offline: bool | None = option("isOffLine", default=None)
    """Whether to keep the push for devices that are offline."""
    valid_time: timedelta | None = option("validTime", default=None, send=_hours)
    """The time for which the push is valid; sent in hours, rounded up."""
    is_suspend: bool | None = option("isSuspend", default=None)
    """Whether to show a floating window."""
    is_clear_notice_bar: bool | None = option("isClearNoticeBar", default=None)
    """Whether the user can clear the notification."""
    is_fix_display: bool | None = option("isFixDisplay", default=None)
    """Whether to show the notification at a fixed time, from `fix_start_display_date` to
    `fix_end_display_date`."""
    # open: the format of the two dates
    fix_start_display_date: str | None = option("fixStartDisplayDate", default=None)
    """The start of the fixed time, in the format that Meizu defines."""
    fix_end_display_date: str | None = option("fixEndDisplayDate", default=None)
    """The end of the fixed time, in the format that Meizu defines."""
    vibrate: bool | None = option("vibrate", default=None)
    """Whether the device vibrates."""
    lights: bool | None = option("lights", default=None)
    """Whether the light of the device flashes."""
    sound: bool | None = option("sound", default=None)
    """Whether the device makes a sound."""
    notify_key: str | None = option("notifyKey", default=None)
    """The key of a group of messages of which only the last is shown."""
    callback: str | None = option("callback", default=None, most=128)
    """The URL to which Meizu sends receipts, at most 128 characters."""
    callback_param: str | None = option("callbackParam", default=None, most=64)
    """The app's own parameter in the receipts, at most 64 characters."""
    # open: a string in the table, an int in its text
    callback_type: Literal["1", "2", "3"] | None = option("callbackType", default=None)
    """The events that have a receipt: "1": delivered; "2": clicked; "3": both (the default)."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HuaweiNotification:
    """The notification that Huawei shows on all platforms."""

    title: str | None = option("title", default=None)
    """The title."""
    body: str | None = option("body", default=None)
    """The text."""
    image: str | None = option("image", default=None)
    """The URL of a picture."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HuaweiClickAction:
    """The action of a click on a notification of Huawei."""

    type: Literal[1, 2, 3] | None = option("type", default=None)
    """1: an action that the app defines, see `intent` and `action`; 2: opens `url`; 3: starts the
    app."""
    intent: str | None = option("intent", default=None)
    """The intent for `type` 1; either this or `action`."""
    url: str | None = option("url", default=None, rule=_https_url)
    """The URL to open for `type` 2; it must begin with ``https://``."""
    action: str | None = option("action", default=None)
    """The action for `type` 1; either this or `intent`."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HuaweiBadge:
    """The number on the icon of the app on Huawei devices."""

    add_num: int | None = option("addNum", default=None, least=1, most=99)
    """The number that is added to the shown number, from 1 to 99."""
    badge_class: str | None = option("badgeClass", default=None)
    """The package name and the entry Activity class of the app."""
    set_num: int | None = option("setNum", default=None, least=0, most=99)
    """The number that is shown, from 0 to 99."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HuaweiLightColor:
    """The color of the light, in parts from 0 to 1."""

    alpha: float | None = option("alpha", default=None, least=0, most=1)
    """The opacity, from 0 to 1; 1 by default."""
    red: float | None = option("red", default=None, least=0, most=1)
    """The red part, from 0 to 1; 0 by default."""
    green: float | None = option("green", default=None, least=0, most=1)
    """The green part, from 0 to 1; 0 by default."""
    blue: float | None = option("blue", default=None, least=0, most=1)
    """The blue part, from 0 to 1; 0 by default."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HuaweiLightSettings:
    """The light of a notification of Huawei."""

    color: HuaweiLightColor | None = option("color", default=None)
    """The color."""
    # open: the format of the two durations
    light_on_duration: str | None = option("lightOnDuration", default=None)
    """The time for which the light is on, in the format that Huawei defines."""
    light_off_duration: str | None = option("lightOffDuration", default=None)
    """The time for which the light is off, in the format that Huawei defines."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HuaweiButton:
    """A button of a notification of Huawei."""

    name: str = option("name", most=40)
    """The text of the button, at most 40 characters; required."""
    action_type: Literal[0, 1, 2, 3, 4] | None = option("actionType", default=None)
    """0: opens the home page of the app; 1: opens a page of the app, see `intent`; 2: opens a web
    page; 3: clears the notification; 4: shares `data`."""
    intent_type: Literal[0, 1] | None = option(
        "intentType", default=None, required_for={"action_type": (1,)}
    )
    """The form of `intent`: 0: an intent; 1: an action. Required for `action_type` 1."""
    intent: str | None = option("intent", default=None)
    """The page of the app for `action_type` 1."""
    data: str | None = option("data", default=None, most=1024, required_for={"action_type": (4,)})
    """The app's own data, at most 1 024 characters; required for `action_type` 4."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HuaweiAndroidNotification:
    """The notification that Huawei shows on Android."""

    title: str | None = option("title", default=None)
    """The title."""
    body: str | None = option("body", default=None)
    """The text."""
    icon: str | None = option("icon", default=None)
    """The png or jpg file of the icon in /res/raw/ of the app."""
    color: str | None = option("color", default=None)
    """The color of the icon."""
    sound: str | None = option("sound", default=None)
    """The sound file in res/raw of the app, such as ``/raw/shake``; it has an effect only when the
    channel is created."""
    default_sound: bool | None = option("defaultSound", default=None)
    """Whether the device plays its default sound."""
    tag: str | None = option("tag", default=None)
    """The tag; the notification replaces a shown notification with the same tag."""
    click_action: HuaweiClickAction | None = option("clickAction", default=None)
    """The action of a click."""
    body_loc_key: str | None = option("bodyLocKey", default=None)
    """The key of a localized text in the app."""
    body_loc_args: Sequence[str] | None = option("bodyLocArgs", default=None)
    """The values for the placeholders of the localized text."""
    title_loc_key: str | None = option("titleLocKey", default=None)
    """The key of a localized title in the app."""
    title_loc_args: Sequence[str] | None = option("titleLocArgs", default=None)
    """The values for the placeholders of the localized title."""
    multi_lang_key: Sequence[str] | None = option("multiLangKey", default=None)
    """The languages of the notification."""
    channel_id: str | None = option("channelId", default=None)
    """The id of the notification channel."""
    notify_summary: str | None = option("notifySummary", default=None)
    """The summary of the notification."""
    image: str | None = option("image", default=None)
    """The URL of a picture."""
    style: Literal[0, 1, 3] | None = option("style", default=None)
    """0: the default style; 1: long text, see `big_title` and `big_body`; 3: a list of lines, see
    `inbox_content`."""
    big_title: str | None = option("bigTitle", default=None)
    """The title for `style` 1."""
    big_body: str | None = option("bigBody", default=None)
    """The long text for `style` 1."""
    auto_clear: timedelta | None = option("autoClear", default=None, send=_milliseconds)
    """The time for which the notification is shown; sent in milliseconds."""
    notify_id: int | None = option("notifyId", default=None)
    """The id of the notification; it replaces a shown notification with the same id."""
    group: str | None = option("group", default=None)
    """The name of a group of messages of which one is shown."""
    badge: HuaweiBadge | None = option("badge", default=None)
    """The number on the icon of the app."""
    auto_cancel: bool | None = option("autoCancel", default=None)
    """Whether a click removes the notification from the notification bar."""
    when: datetime | None = option("when", default=None, send=_utc)
    """The time by which the notifications are sorted; sent in UTC."""
    importance: Literal["LOW", "NORMAL"] | None = option("importance", default=None)
    """``"LOW"``: a marketing message; ``"NORMAL"``: a service or communication message."""
    use_default_vibrate: bool | None = option("useDefaultVibrate", default=None)
    """Whether the device vibrates in its default way."""
    use_default_light: bool | None = option("useDefaultLight", default=None)
    """Whether the light of the device flashes in its default way."""
    # open: a string in the table, a list in the example
    vibrate_config: Sequence[timedelta] | None = option(
        "vibrateConfig",
        default=None,
        most=10,
        each=Rules(least=timedelta.resolution, most=timedelta(seconds=60)),
        send=_vibration,
    )
    """The durations of the vibration: at most 10, each more than 0 and at most 60 seconds; sent in
    seconds, with decimals."""
    visibility: Literal["VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"] | None = option(
        "visibility", default=None
    )
    """The visibility of the notification: ``"VISIBILITY_UNSPECIFIED"``, ``"PRIVATE"``,
    ``"PUBLIC"`` or ``"SECRET"``, as Huawei defines them."""
    light_settings: HuaweiLightSettings | None = option("lightSettings", default=None)
    """The light."""
    foreground_show: bool | None = option("foregroundShow", default=None)
    """Whether to show the notification while the app is in the foreground."""
    inbox_content: Sequence[str] | None = option(
        "inboxContent",
        default=None,
        most=5,
        each=Rules(most=1024),
        required_for={"style": (3,)},
    )
    """The lines of text, at most 5 of 1 024 characters each; required for `style` 3."""
    buttons: Sequence[HuaweiButton] | None = option("buttons", default=None, most=3)
    """The buttons, at most 3."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HuaweiAndroidConfig:
    """The options of Huawei for Android."""

    collapse_key: int | None = option("collapseKey", default=None)
    """The key of a group of messages that are kept for a device that is offline."""
    urgency: str | None = option("urgency", default=None)
    """The priority of a pass-through message, as Huawei defines it."""
    category: str | None = option("category", default=None)
    """The category that Huawei defines, such as ``"IM"``."""
    ttl: timedelta | None = option("ttl", default=None, send=_seconds_text)
    """The time for which the push is kept for a device that is offline; sent in seconds."""
    bi_tag: str | None = option("biTag", default=None)
    """The tag of a batch of messages."""
    fast_app_target_type: Literal[1, 2] | None = option("fastAppTargetType", default=None)
    """The state of a quick app: 1: development; 2: production (the default)."""
    data: str | None = option("data", default=None)
    """The app's own payload; replaces `HuaweiMessage.data`."""
    receipt_id: str | None = option("receiptId", default=None)
    """The id of the configuration of the receipt."""
    target_user_type: Literal[0, 1] | None = option("targetUserType", default=None)
    """0: an ordinary message (the default); 1: a test message. An app can send 500 test messages a
    day; they do not count for the limit per device."""
    notification: HuaweiAndroidNotification | None = option("notification", default=None)
    """The notification on Android."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HuaweiMessage:
    """A message of the push service of Huawei."""

    data: Mapping[str, object] | None = option("data", default=None)
    """The app's own payload."""
    notification: HuaweiNotification | None = option("notification", default=None)
    """The notification on all platforms."""
    android: HuaweiAndroidConfig | None = option("android", default=None)
    """The options for Android."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HuaweiPush:
    """The options of the push service of Huawei."""

    validate_only: bool | None = option("validateOnly", default=None)
    """Whether the push is only a test and is not delivered."""
    review: Mapping[str, object] | None = option("review", default=None)
    """The result of a review by a third party, as Huawei defines it."""
    message: HuaweiMessage | None = option("message", default=None)
    """The message."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HonorClickAction:
    """The action of a click on a notification of Honor."""

    # open: it is required in the click action, but also has the default 3
    type: Literal[1, 2, 3] = option("type")
    """1: opens a page of the app, see `intent` and `action`; 2: opens `url`; 3: opens the home page
    of the app. Required."""
    intent: str | None = option("intent", default=None)
    """The intent for `type` 1; either this or `action`."""
    url: str | None = option("url", default=None, rule=_https_url)
    """The URL to open for `type` 2; it must begin with ``https://``."""
    action: str | None = option("action", default=None)
    """The action for `type` 1; either this or `intent`."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HonorBadge:
    """The number on the icon of the app on Honor devices."""

    add_num: int | None = option("addNum", default=None, least=1, most=99)
    """The number that is added to the shown number, from 1 to 99; without effect if `set_num` is
    given."""
    badge_class: str = option("badgeClass")
    """The entry Activity class of the app; required."""
    set_num: int | None = option("setNum", default=None, least=0, most=99)
    """The number that is shown, from 0 to 99."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HonorButton:
    """A button of a notification of Honor."""

    name: str = option("name", most=40)
    """The text of the button, at most 40 characters; required."""
    # open: an int in the table, a string in the sample beside it
    action_type: Literal[0, 1, 2] = option("actionType")
    """0: opens the home page of the app; 1: opens a page of the app; 2: opens a web page.
    Required."""
    intent_type: Literal[0, 1] | None = option(
        "intentType", default=None, required_for={"action_type": (1,)}
    )
    """The form of `intent`: 0: an intent; 1: an action. Required for `action_type` 1."""
    intent: str | None = option("intent", default=None, rule=_web_page)
    """The target of a click: for `action_type` 1 a page of the app; for `action_type` 2 a URL that
    begins with ``https://``."""
    data: str | None = option("data", default=None, most=1024)
    """The app's own data for `action_type` 0 and 1, at most 1 024 characters."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HonorAndroidNotification:
    """The notification that Honor shows."""

    title: str | None = option("title", default=None)
    """The title."""
    body: str | None = option("body", default=None)
    """The text."""
    click_action: HonorClickAction | None = option("clickAction", default=None)
    """The action of a click."""
    image: str | None = option("image", default=None)
    """The URL of a picture."""
    style: Literal[0, 1] | None = option("style", default=None)
    """0: the default style; 1: long text, see `big_title` and `big_body`."""
    big_title: str | None = option("bigTitle", default=None, required_for={"style": (1,)})
    """The title for `style` 1, which requires it."""
    big_body: str | None = option("bigBody", default=None, required_for={"style": (1,)})
    """The long text for `style` 1, which requires it."""
    importance: Literal["LOW", "NORMAL"] | None = option("importance", default=None)
    """``"LOW"``: a marketing message; ``"NORMAL"``: a service or communication message."""
    when: datetime | None = option("when", default=None, send=_utc)
    """The time of arrival that is shown; sent in UTC."""
    buttons: Sequence[HonorButton] | None = option("buttons", default=None, most=3)
    """The buttons, at most 3."""
    badge_notification: HonorBadge | None = option("badgeNotification", default=None)
    """The number on the icon of the app."""
    notify_id: int | None = option("notifyId", default=None)
    """The id of the notification; it replaces a shown notification with the same id."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HonorAndroidConfig:
    """The options of Honor for Android."""

    ttl: timedelta | None = option("ttl", default=None, send=_seconds_text)
    """The time for which the push is kept for a device that is offline; sent in seconds."""
    bi_tag: str | None = option("biTag", default=None)
    """The tag of a batch of messages, which the receipts contain."""
    data: str | None = option("data", default=None)
    """The app's own payload; replaces `HonorPush.data`."""
    android_notification: HonorAndroidNotification | None = option(
        "androidNotification", default=None
    )
    """The notification."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HonorPush:
    """The options of the push service of Honor."""

    data: Mapping[str, object] | None = option("data", default=None)
    """The app's own payload."""
    android_config: HonorAndroidConfig | None = option("androidConfig", default=None)
    """The options for Android."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class HarmonyPush:
    """The options of the push service of HarmonyOS."""

    # open: the table of these options; only a sample is known
    title: str | None = option("title", default=None)
    """The title."""
    body: str | None = option("body", default=None)
    """The text."""
    image: str | None = option("image", default=None)
    """The URL of a picture."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class PushNotification:
    """A push notification, as `push.send_to_users` and the other push operations send it.

    The options of a push service replace the general ones for its devices. They can also be a
    mapping, which is sent as it is: use one for an option or a value that the class of the push
    service does not have yet, because the classes accept only what is documented.
    """

    # open: title and text are required, but have defaults as well: 您有一条新消息, 请及时查看
    title: str = option("title", width=32)
    """The title, at most 32 characters; a Chinese character counts as two."""
    # open: whether a Chinese character of the subtitle counts as two as well
    subtitle: str | None = option("subTitle", default=None, most=10)
    """The subtitle, at most 10 characters; iOS only."""
    content: str = option("content", width=100)
    """The text, at most 100 characters; a Chinese character counts as two."""
    ext: Mapping[str, object] | None = option("ext", default=None, most=10, rule=_ext_length)
    """The app's own key-value pairs: at most 10, and 1 024 characters as compact JSON."""
    click_action: PushClickAction | None = option("config.clickAction", default=None)
    """The page that a click opens; the home page of the app by default. Android only."""
    badge: PushBadge | None = option("config.badge", default=None)
    """The number on the icon of the app. Android only."""
    easemob: EasemobPush | Mapping[str, object] | None = option("easemob", default=None)
    """The options of the service's own push channel."""
    apns: ApnsPush | Mapping[str, object] | None = option("apns", default=None)
    """The options of APNs, the push service of Apple."""
    fcm: FcmPush | Mapping[str, object] | None = option("fcm", default=None)
    """The options of the older API of FCM."""
    fcm_v1: FcmV1Push | Mapping[str, object] | None = option("fcmV1", default=None)
    """The options of the HTTP v1 API of FCM."""
    xiaomi: XiaomiPush | Mapping[str, object] | None = option("xiaomi", default=None)
    """The options of the push service of Xiaomi."""
    vivo: VivoPush | Mapping[str, object] | None = option("vivo", default=None)
    """The options of the push service of vivo."""
    oppo: OppoPush | Mapping[str, object] | None = option("oppo", default=None)
    """The options of the push service of OPPO."""
    meizu: MeizuPush | Mapping[str, object] | None = option("meizu", default=None)
    """The options of the push service of Meizu."""
    huawei: HuaweiPush | Mapping[str, object] | None = option("huawei", default=None)
    """The options of the push service of Huawei."""
    honor: HonorPush | Mapping[str, object] | None = option("honor", default=None)
    """The options of the push service of Honor."""
    harmony_os: HarmonyPush | Mapping[str, object] | None = option("harmonyOS", default=None)
    """The options of the push service of HarmonyOS."""
