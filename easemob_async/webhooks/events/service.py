"""Events about pushes and moderation of messages."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import attrs

from easemob_async.models.messages import ChatType
from easemob_async.models.moderation import ModerationResult as ModerationResult
from easemob_async.models.moderation import ReviewResult as ReviewResult
from easemob_async.models.received import Body
from easemob_async.webhooks.events.base import (
    Kind,
    KnownEvent,
    bodies_field,
    ext_field,
    read_object,
)
from easemob_async.wire.fields import Id, Jid, wire


class PushFailure(StrEnum):
    """The reason why an offline push failed."""

    NO_BINDING = "no push binding"
    """The user has no bound device."""
    ILLEGAL_BINDING = "illegal binding"
    """The name of the certificate or the token of the device is empty."""
    NO_USER = "no user exist"
    """The user does not exist."""
    NOTIFIER_OUT_OF_LIMIT = "notifier out of limit"
    """The certificate has exceeded its limit."""
    NOTIFIER_DISABLED = "notifier disabled"
    """The certificate was disabled after a ban."""
    NOTIFIER_BANNED = "notifier is ban"
    """The certificate is banned."""
    NO_NOTIFIER = "no notifier exist"
    """The certificate does not exist."""
    INVALID_NOTIFIER = "invalid notifier"
    """The certificate is not valid."""
    MESSAGE_IGNORES_PUSH = "message ignore push"
    """The message had ``em_ignore_notification`` set."""
    INVALID_MESSAGE = "invalid message"
    """The message is not valid."""
    EXPIRED_MESSAGE = "expire message"
    """The push was more than a day late."""
    USER_IGNORES_PUSH = "user ignore push"
    """The user has set do not disturb."""
    DEVICE_IGNORED = "ignore push device id"
    """The extension data of the message excluded the device."""
    INVALID_VOIP = "invalid VOIP notification"
    """The push is not a valid APNs VoIP push."""
    NO_PUSH_TOKEN = "get push token fail"  # noqa: S105 - the service's words
    """The push service did not return a token."""
    REFUSED = "push yet but fail"
    """The push service reported a failure."""


def _stripped(value: object) -> PushFailure | str:
    # One reason is documented with a space after it.
    if not isinstance(value, str):
        raise ValueError("must be a string")
    text = value.strip()
    return PushFailure(text) if text in list(PushFailure) else text


@attrs.frozen(kw_only=True)
class PushEvent(KnownEvent):
    """An event about the result of an offline push."""

    target: str
    """The recipient."""
    message_id: str = wire("msg_id")
    """The id of the message."""
    status: str
    """The result: ``success``, ``fail`` or ``error``."""
    step: str
    """The step: ``push``."""
    chat_type: ChatType | str | None = None
    """The type of the conversation."""
    sender: Jid | None = wire("from", default=None)
    """The sender of the message."""
    group_id: Id | None = None
    """The id of the group, for group messages."""
    channel: str | None = None
    """The push service: ``APNS``, ``HUAWEI``, ``VIVOPUSH`` and so on."""
    data: Mapping[str, Any] | None = wire("data", default=None, read=read_object)
    """The answer of the push service."""
    device_id: str | None = None
    """The id of the device."""
    device_token: str | None = attrs.field(default=None, repr=False)
    """The push token of the device."""
    notifier_name: str | None = None
    """The name of the push certificate."""
    detail: PushFailure | str | None = wire("detail", default=None, read=_stripped)
    """The reason of a failure."""
    error: str | None = wire("e_message", default=None)
    """The text of the exception, for the status ``error``."""
    bodies: tuple[Body, ...] = bodies_field()
    """The bodies of the message."""
    ext: Mapping[str, Any] = ext_field()
    """The extension data of the message."""


@attrs.frozen(kw_only=True)
class PushSucceeded(PushEvent):
    """An event posted when a push service has accepted an offline push.

    Source: push.succeeded
    """

    kind = Kind("push.succeeded")


@attrs.frozen(kw_only=True)
class PushFailed(PushEvent):
    """An event posted when an offline push was not possible; `detail` has the reason.

    Source: push.failed
    """

    kind = Kind("push.failed")


@attrs.frozen(kw_only=True)
class PushError(PushEvent):
    """An event posted when an offline push failed with an exception; `error` has its text.

    Source: push.error
    """

    kind = Kind("push.error")


@attrs.frozen(kw_only=True)
class ModerationEvent(KnownEvent):
    """An event about the moderation of a message."""

    event_type: str = wire("eventType")
    """The type of the event: ``moderation`` or ``keyword_alert``."""


@attrs.frozen(kw_only=True)
class ModerationMessageReviewed(ModerationEvent):
    """An event posted when a message has been reviewed.

    Source: moderation.message_reviewed
    """

    kind = Kind("moderation.message_reviewed")
    message_id: str = wire("messageId")
    """The id of the message."""
    message_type: str | None = wire("messageType", default=None)
    """The type of the message: ``txt``, ``img`` and so on."""
    result: ModerationResult | str = wire("moderationResult")
    """The result for the message."""
    review: ReviewResult | str | None = wire("providerResult", default=None)
    """The finding of the review."""
    risk_type: str | None = wire("riskType", default=None)
    """The type of the risk, as a Chinese text; the values are not a fixed list."""
    conversation_type: ChatType | str | None = wire("targetType", default=None)
    """The type of the conversation."""
    sender: Jid = wire("from")
    """The username of the sender."""
    target: Jid = wire("to")
    """The user, group or room that the message was sent to."""
    text: str | None = wire("msg", default=None)
    """The text, for a text message."""
    url: str | None = None
    """The URL of the file, for a message with a file."""
    source: Mapping[str, Any] = wire("source", default=attrs.Factory(dict), read=read_object)
    """A field that is not documented, and is empty."""


@attrs.frozen(kw_only=True)
class KeywordEvent(ModerationEvent):
    """An event about a message with a word from a keyword list."""

    status: str
    """The result: ``pass``, ``refuse`` or ``replace``."""
    alert_reason: str | None = wire("alertReason", default=None)
    """The reason of the alert; it is not reliable, use `status`."""
    words: tuple[str, ...] = wire("sensitiveWords", default=())
    """The words that were found; empty if the message passed."""
    sender: Jid | None = wire("contentOwner", default=None)
    """The sender of the message."""
    target: Jid | None = wire("contentReceiver", default=None)
    """The user, group or room that the message was sent to."""
    content_uri: str | None = wire("contentUri", default=None)
    """The URI of the content: ``msync:1218049757197370792``."""
    content_type: str | None = wire("contentType", default=None)
    """The type of the content: ``message``."""
    chat_type: str | None = wire("chatType", default=None)
    """The detailed type of the message: ``chat:user:text`` and so on."""

    @property
    def message_id(self) -> str | None:
        """The id of the message, if `content_uri` contains it."""
        scheme, _, message_id = (self.content_uri or "").partition(":")
        return message_id if scheme == "msync" and message_id else None


@attrs.frozen(kw_only=True)
class ModerationKeywordPassed(KeywordEvent):
    """An event posted when a message passed the keyword check and was delivered.

    Source: moderation.keyword_passed
    """

    kind = Kind("moderation.keyword_passed")


@attrs.frozen(kw_only=True)
class ModerationKeywordRefused(KeywordEvent):
    """An event posted when a message was not delivered because of a keyword.

    Source: moderation.keyword_refused
    """

    kind = Kind("moderation.keyword_refused")


@attrs.frozen(kw_only=True)
class ModerationKeywordReplaced(KeywordEvent):
    """An event posted when a message was delivered with ``***`` instead of the keyword.

    Source: moderation.keyword_replaced
    """

    kind = Kind("moderation.keyword_replaced")
