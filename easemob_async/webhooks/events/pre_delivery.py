"""The pre-send callback, and the verdicts that answer it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from easemob_async.errors import InvalidArgumentError, WebhookError
from easemob_async.models.messages import (
    MESSAGE_TYPES,
    ChatType,
    Command,
    Message,
    RoomMessageLevel,
)
from easemob_async.webhooks.events.base import ContentEvent, Kind
from easemob_async.wire import codec
from easemob_async.wire.fields import Id, wire

LONGEST_ANSWER: Final = 1000
"""The longest answer in characters; the service treats a longer answer as an attack."""


@attrs.frozen(kw_only=True)
class PreDelivery(ContentEvent):
    """A pre-send callback, posted before the service delivers a message from a client SDK.

    Messages that were sent by REST have no such callback. The answer is a verdict: `Allow`,
    `Refuse` or `Replace`. A rule can also select edits of messages; the form of these callbacks is
    not documented: see `is_edit` and, for everything that the post contains, `payload`.

    Source: message.pre_delivery
    """

    kind = Kind("message.pre_delivery")
    group_id: Id | None = None
    """The id of the group or room; ``None`` for one-to-one chats."""
    edited_message_id: Id | None = wire("payload.edit_message_id", default=None)
    """The id of the message to edit, if the callback is about an edit and contains it."""

    @property
    def is_edit(self) -> bool:
        """Whether the callback asks about an edit of a message that was delivered before."""
        return (
            self.chat_type == "edit"
            or self.edited_message_id is not None
            or _type(self.payload.get("payload")) == "edit"
        )

    @property
    def conversation(self) -> ChatType | str:
        """The type of the conversation; `chat_type` has two words for groups."""
        if self.chat_type in ("group", ChatType.GROUP_CHAT):
            return ChatType.GROUP_CHAT
        return ChatType(self.chat_type) if self.chat_type in list(ChatType) else self.chat_type

    @property
    def is_flat(self) -> bool:
        """Whether the post has its body without a list, as one page of the service shows it."""
        return _is_flat(self.payload.get("payload"))

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        content = fields.get("payload")
        return {**fields, "payload.bodies": content} if _is_flat(content) else fields


def _type(content: object) -> object:
    return content.get("type") if isinstance(content, Mapping) else None


def _is_flat(content: object) -> bool:
    if not isinstance(content, Mapping) or "bodies" in content or "type" not in content:
        return False
    return _type(content) != "edit"  # the type of the post, not of a body


def _level(value: RoomMessageLevel | str | None) -> RoomMessageLevel | None:
    try:
        return None if value is None else RoomMessageLevel(value)
    except ValueError:
        allowed = ", ".join(repr(str(level)) for level in RoomMessageLevel)
        raise InvalidArgumentError(f"level {value!r} must be one of {allowed}") from None


@attrs.frozen
class Allow:
    """The verdict to deliver the message unchanged."""

    level: RoomMessageLevel | None = attrs.field(default=None, kw_only=True, converter=_level)
    """The priority of the message in a chat room under load."""


@attrs.frozen
class Refuse:
    """The verdict not to deliver the message."""

    reason: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.instance_of(str))
    )
    """The reason for the sender's app; ``None`` for the text of the service."""


def _replacement(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, tuple(MESSAGE_TYPES.values())) or isinstance(value, Command):
        allowed = ", ".join(c.__name__ for c in MESSAGE_TYPES.values() if c is not Command)
        raise InvalidArgumentError(
            f"Replace: body must be one of {allowed}, not {type(value).__name__}"
        )


@attrs.frozen
class Replace:
    """The verdict to deliver another body instead of the message.

    The service accepts text messages of at most 1 KB with `ext`; other types on request. Command
    messages cannot be replaced.
    """

    body: Message = attrs.field(validator=_replacement)
    """The body to deliver."""
    ext: Mapping[str, Any] | None = None
    """The extension data; by default that of the message."""
    level: RoomMessageLevel | None = attrs.field(default=None, kw_only=True, converter=_level)
    """The priority of the message in a chat room under load."""


Verdict = Allow | Refuse | Replace
"""The return value of a handler for `WebhookReceiver.before_delivery`."""


def encode_verdict(verdict: Verdict, message: PreDelivery | None) -> bytes:
    """Return the answer for a verdict.

    Args:
        verdict: the verdict.
        message: the pre-send callback; a replacement has the same form.

    Raises:
        WebhookError: the value is not a verdict, or the answer is too long for the service.
        InvalidArgumentError: the extension data is not JSON.
    """
    answer: dict[str, Any] = {"valid": not isinstance(verdict, Refuse)}
    match verdict:
        case Allow():
            pass
        case Refuse():
            if verdict.reason is not None:
                answer["code"] = verdict.reason
        case Replace():
            answer["payload"] = _content(verdict, message)
        case _:
            raise WebhookError(
                f"a handler must return Allow, Refuse or Replace, not {type(verdict).__name__}"
            )
    if not isinstance(verdict, Refuse) and verdict.level is not None:
        answer["chatroom_msg_level"] = verdict.level.value
    text = codec.dumps(codec.checked_json(answer, "verdict"))
    length = len(text.decode())
    if length > LONGEST_ANSWER:
        raise WebhookError(
            f"the verdict has {length} characters; the service accepts at most {LONGEST_ANSWER}"
        )
    return text


def _content(verdict: Replace, message: PreDelivery | None) -> dict[str, Any]:
    body = {**verdict.body.to_wire(), "type": verdict.body.type}
    ext = verdict.ext if verdict.ext is not None else (message.ext if message else {})
    if message is not None and message.is_flat:
        return {**body, "ext": ext} if ext else body
    return {"bodies": [body], "ext": ext}
