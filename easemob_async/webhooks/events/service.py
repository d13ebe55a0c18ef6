"""Events about what the service did to messages: pushes and moderation."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import attrs

from easemob_async.models.messages import ChatType
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
    """Why an offline push failed."""

    NO_BINDING = "no push binding"
    """No device is bound."""
    ILLEGAL_BINDING = "illegal binding"
    """The certificate's name or the device's token is empty."""
    NO_USER = "no user exist"
    """There is no such user."""
    NOTIFIER_OUT_OF_LIMIT = "notifier out of limit"
    """The certificate is over its limit."""
    NOTIFIER_DISABLED = "notifier disabled"
    """The certificate was disabled after a ban."""
    NOTIFIER_BANNED = "notifier is ban"
    """The certificate is banned."""
    NO_NOTIFIER = "no notifier exist"
    """There is no such certificate."""
    INVALID_NOTIFIER = "invalid notifier"
    """The certificate is not valid."""
    MESSAGE_IGNORES_PUSH = "message ignore push"
    """The message said ``em_ignore_notification``."""
    INVALID_MESSAGE = "invalid message"
    """The message is not valid."""
    EXPIRED_MESSAGE = "expire message"
    """The push was late by more than a day."""
    USER_IGNORES_PUSH = "user ignore push"
    """The user does not want to be disturbed."""
    DEVICE_IGNORED = "ignore push device id"
    """An extension said which devices get it."""
    INVALID_VOIP = "invalid VOIP notification"
    """Not a valid APNs VoIP push."""
    NO_PUSH_TOKEN = "get push token fail"  # noqa: S105 - the service's words
    """No token could be got from the push service."""
    REFUSED = "push yet but fail"
    """The push service answered that it failed."""


def _stripped(value: object) -> PushFailure | str:
    # One reason is printed with a blank behind it.
    if not isinstance(value, str):
        raise ValueError("must be a string")
    text = value.strip()
    return PushFailure(text) if text in list(PushFailure) else text


@attrs.frozen(kw_only=True)
class PushEvent(KnownEvent):
    """What became of an offline push."""

    target: str
    """Who should get it."""
    message_id: str = wire("msg_id")
    """The message that it is about."""
    status: str
    """``success``, ``fail`` or ``error``."""
    step: str
    """``push``."""
    chat_type: ChatType | str | None = None
    """The conversation."""
    sender: Jid | None = wire("from", default=None)
    """Who the message is from."""
    group_id: Id | None = None
    """The group, for a group's message."""
    channel: str | None = None
    """The push service: ``APNS``, ``HUAWEI``, ``VIVOPUSH`` and so on."""
    data: Mapping[str, Any] | None = wire("data", default=None, read=read_object)
    """What the push service answered."""
    device_id: str | None = None
    """The device."""
    device_token: str | None = attrs.field(default=None, repr=False)
    """Its token."""
    notifier_name: str | None = None
    """The push certificate."""
    detail: PushFailure | str | None = wire("detail", default=None, read=_stripped)
    """Why it failed."""
    error: str | None = wire("e_message", default=None)
    """What went wrong, when it was an exception."""
    bodies: tuple[Body, ...] = bodies_field()
    """The message."""
    ext: Mapping[str, Any] = ext_field()
    """The message's extension."""


@attrs.frozen(kw_only=True)
class PushSucceeded(PushEvent):
    """A push service took an offline push.

    Source: push.succeeded
    """

    kind = Kind("push.succeeded")


@attrs.frozen(kw_only=True)
class PushFailed(PushEvent):
    """An offline push was not possible; `detail` says why.

    Source: push.failed
    """

    kind = Kind("push.failed")


@attrs.frozen(kw_only=True)
class PushError(PushEvent):
    """An offline push met an exception; `error` says which.

    Source: push.error
    """

    kind = Kind("push.error")


class ModerationResult(StrEnum):
    """What happened to a message that was reviewed."""

    PASS = "PASS"  # noqa: S105 - the service's word
    """It was delivered."""
    REJECT = "REJECT"
    """It was not delivered."""
    EXCHANGE = "EXCHANGE"
    """It was delivered with other content."""
    RECALL = "RECALL"
    """It was recalled after its delivery."""


class ReviewResult(StrEnum):
    """What a review found."""

    PASS = "PASS"  # noqa: S105 - the service's word
    """Nothing."""
    REVIEWED = "REVIEWED"
    """Something suspicious."""
    REJECT = "REJECT"
    """Something prohibited."""


@attrs.frozen(kw_only=True)
class ModerationEvent(KnownEvent):
    """What moderation did to a message."""

    event_type: str = wire("eventType")
    """``moderation`` or ``keyword_alert``."""


@attrs.frozen(kw_only=True)
class ModerationMessageReviewed(ModerationEvent):
    """A message was reviewed.

    Source: moderation.message_reviewed
    """

    kind = Kind("moderation.message_reviewed")
    message_id: str = wire("messageId")
    """The message."""
    message_type: str | None = wire("messageType", default=None)
    """``txt``, ``img`` and so on."""
    result: ModerationResult | str = wire("moderationResult")
    """What happened to it."""
    review: ReviewResult | str | None = wire("providerResult", default=None)
    """What was found."""
    risk_type: str | None = wire("riskType", default=None)
    """What kind of risk, in Chinese words; no closed list."""
    conversation_type: ChatType | str | None = wire("targetType", default=None)
    """The conversation."""
    sender: Jid = wire("from")
    """Who it is from."""
    target: Jid = wire("to")
    """The user, group or room that it went to."""
    text: str | None = wire("msg", default=None)
    """The text, of a text message."""
    url: str | None = None
    """The file, of one with a file."""
    source: Mapping[str, Any] = wire("source", default=attrs.Factory(dict), read=read_object)
    """Not documented; empty."""


@attrs.frozen(kw_only=True)
class KeywordEvent(ModerationEvent):
    """A message held a word of a list."""

    status: str
    """``pass``, ``refuse`` or ``replace``."""
    alert_reason: str | None = wire("alertReason", default=None)
    """Not to be relied on: `status` decides."""
    words: tuple[str, ...] = wire("sensitiveWords", default=())
    """The words; none when it passed."""
    sender: Jid | None = wire("contentOwner", default=None)
    """Who the message is from."""
    target: Jid | None = wire("contentReceiver", default=None)
    """To whom it went."""
    content_uri: str | None = wire("contentUri", default=None)
    """Where the content is: ``msync:1218049757197370792``."""
    content_type: str | None = wire("contentType", default=None)
    """``message``."""
    chat_type: str | None = wire("chatType", default=None)
    """``chat:user:text`` and so on."""

    @property
    def message_id(self) -> str | None:
        """The message, where `content_uri` names it."""
        scheme, _, message_id = (self.content_uri or "").partition(":")
        return message_id if scheme == "msync" and message_id else None


@attrs.frozen(kw_only=True)
class ModerationKeywordPassed(KeywordEvent):
    """It was judged to be fine and was delivered.

    Source: moderation.keyword_passed
    """

    kind = Kind("moderation.keyword_passed")


@attrs.frozen(kw_only=True)
class ModerationKeywordRefused(KeywordEvent):
    """It was not delivered.

    Source: moderation.keyword_refused
    """

    kind = Kind("moderation.keyword_refused")


@attrs.frozen(kw_only=True)
class ModerationKeywordReplaced(KeywordEvent):
    """It was delivered with ``***`` in the word's place.

    Source: moderation.keyword_replaced
    """

    kind = Kind("moderation.keyword_replaced")
