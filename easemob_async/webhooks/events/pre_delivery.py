"""The question before a message is delivered, and the answers to it."""

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
from easemob_async.wire.fields import Id

LONGEST_ANSWER: Final = 1000
"""Characters; the service takes a longer answer for an attack."""


@attrs.frozen(kw_only=True)
class PreDelivery(ContentEvent):
    """A client SDK's message is about to be delivered: may it? REST's own are not asked about.

    The answer is a verdict: `Allow`, `Refuse` or `Replace`.

    Source: message.pre_delivery
    """

    kind = Kind("message.pre_delivery")
    group_id: Id | None = None
    """The group or room, where it goes to one."""

    @property
    def conversation(self) -> ChatType | str:
        """What kind of conversation it is in; `chat_type` has two words for groups."""
        if self.chat_type in ("group", ChatType.GROUP_CHAT):
            return ChatType.GROUP_CHAT
        return ChatType(self.chat_type) if self.chat_type in list(ChatType) else self.chat_type

    @property
    def is_flat(self) -> bool:
        """Whether the post has the one body bare, as one of the service's pages prints it."""
        return _is_flat(self.payload.get("payload"))

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        content = fields.get("payload")
        return {**fields, "payload.bodies": content} if _is_flat(content) else fields


def _is_flat(content: object) -> bool:
    return isinstance(content, Mapping) and "bodies" not in content and "type" in content


def _level(value: RoomMessageLevel | str | None) -> RoomMessageLevel | None:
    try:
        return None if value is None else RoomMessageLevel(value)
    except ValueError:
        allowed = ", ".join(repr(str(level)) for level in RoomMessageLevel)
        raise InvalidArgumentError(f"level {value!r} must be one of {allowed}") from None


@attrs.frozen
class Allow:
    """Deliver the message as it is."""

    level: RoomMessageLevel | None = attrs.field(default=None, kw_only=True, converter=_level)
    """What is dropped first when a room is under load."""


@attrs.frozen
class Refuse:
    """Do not deliver the message."""

    reason: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.instance_of(str))
    )
    """What the sender's app is told; ``None`` for the service's own words."""


def _replacement(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, tuple(MESSAGE_TYPES.values())) or isinstance(value, Command):
        allowed = ", ".join(c.__name__ for c in MESSAGE_TYPES.values() if c is not Command)
        raise InvalidArgumentError(
            f"Replace: body must be one of {allowed}, not {type(value).__name__}"
        )


@attrs.frozen
class Replace:
    """Deliver something else in the message's place.

    The service takes that for texts of at most 1 KB with `ext`; for others on request. Command
    messages cannot be replaced.
    """

    body: Message = attrs.field(validator=_replacement)
    """What to deliver."""
    ext: Mapping[str, Any] | None = None
    """Its extension; the message's own when it is not given."""
    level: RoomMessageLevel | None = attrs.field(default=None, kw_only=True, converter=_level)
    """What is dropped first when a room is under load."""


Verdict = Allow | Refuse | Replace
"""What a handler of `WebhookReceiver.before_delivery` returns."""


def encode_verdict(verdict: Verdict, message: PreDelivery | None) -> bytes:
    """Give the answer that a verdict is.

    Args:
        verdict: what was decided.
        message: what was asked about; a replacement comes in its form.

    Raises:
        WebhookError: no verdict, or longer than the service takes.
        InvalidArgumentError: an extension that is not JSON.
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
            f"a verdict of {length} characters: at most {LONGEST_ANSWER} are taken by the service"
        )
    return text


def _content(verdict: Replace, message: PreDelivery | None) -> dict[str, Any]:
    body = {**verdict.body.to_wire(), "type": verdict.body.type}
    ext = verdict.ext if verdict.ext is not None else (message.ext if message else {})
    if message is not None and message.is_flat:
        return {**body, "ext": ext} if ext else body
    return {"bodies": [body], "ext": ext}
