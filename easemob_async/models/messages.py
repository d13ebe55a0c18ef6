"""Message bodies, one class per type, and the answers to sending and recalling messages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final

import attrs

from easemob_async import api_limits, checks
from easemob_async.errors import InvalidArgumentError
from easemob_async.wire.fields import Id, wire

JSONObject = dict[str, Any]


class RouteType(StrEnum):
    """The recipients that a message is delivered to."""

    ONLINE = "ROUTE_ONLINE"
    """Only users who are online; such messages are not kept for roaming by default."""


class RoomMessageLevel(StrEnum):
    """The priority of a message in a chat room under load: low is dropped first, high last."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class TargetType(StrEnum):
    """The kind of targets of `messages.send_legacy`."""

    USERS = "users"
    GROUPS = "chatgroups"
    ROOMS = "chatrooms"


def _text(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str):
        raise InvalidArgumentError(
            f"message: {attribute.name} must be a string, not {type(value).__name__}"
        )


def _filled(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _text(instance, attribute, value)
    if not value:
        raise InvalidArgumentError(f"message: {attribute.name} must not be empty")


def _whole(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidArgumentError(
            f"message: {attribute.name} must be an integer of at least 0, not {value!r}"
        )


def _measure(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0:  # type: ignore[arg-type,operator]
        raise InvalidArgumentError(
            f"message: {attribute.name} must be a number of at least 0, not {value!r}"
        )


def _length(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, timedelta) or value < timedelta(0):
        raise InvalidArgumentError(
            f"message: {attribute.name} must be a timedelta of at least 0, not {value!r}"
        )


_optional = attrs.validators.optional


@attrs.frozen
class Text:
    """A text message."""

    type: ClassVar[str] = "txt"
    text: str = attrs.field(validator=_text)
    """The text of the message."""

    def to_wire(self) -> JSONObject:
        """Return the body in the service's form."""
        return {"msg": self.text}


@attrs.frozen
class _Attachment:
    url: str = attrs.field(validator=_filled)
    """The URL of the file, from `files.upload`; never a URL of your own server."""
    filename: str | None = attrs.field(default=None, kw_only=True, validator=_optional(_text))
    """The name of the file; the recipient's app shows no name if it is missing."""
    secret: str | None = attrs.field(
        default=None, kw_only=True, repr=False, validator=_optional(_text)
    )
    """The share-secret; required for a file that was uploaded with restricted access."""
    file_length: int | None = attrs.field(default=None, kw_only=True, validator=_optional(_whole))
    """The size of the file in bytes."""

    def to_wire(self) -> JSONObject:
        """Return the body in the service's form."""
        return _given(
            filename=self.filename,
            secret=self.secret,
            url=self.url,
            file_length=self.file_length,
            **self._own(),
        )

    def _own(self) -> JSONObject:
        return {}


@attrs.frozen
class Image(_Attachment):
    """An image message; the file has at most 10 MB."""

    type: ClassVar[str] = "img"
    width: float | None = attrs.field(default=None, kw_only=True, validator=_optional(_measure))
    """The width in pixels."""
    height: float | None = attrs.field(default=None, kw_only=True, validator=_optional(_measure))
    """The height in pixels."""
    thumb_filename: str | None = attrs.field(default=None, kw_only=True, validator=_optional(_text))
    """The filename of the thumbnail; only in received messages, it is not sent."""

    def _own(self) -> JSONObject:
        size = _given(width=self.width, height=self.height)
        return {"size": size} if size else {}


@attrs.frozen
class Audio(_Attachment):
    """A voice message; the file has at most 10 MB."""

    type: ClassVar[str] = "audio"
    duration: timedelta | None = attrs.field(
        default=None, kw_only=True, validator=_optional(_length)
    )
    """The length of the recording; sent in seconds, rounded up."""

    def _own(self) -> JSONObject:
        return _given(length=_seconds(self.duration))


@attrs.frozen
class Video(_Attachment):
    """A video message; the file has at most 10 MB."""

    type: ClassVar[str] = "video"
    thumb: str | None = attrs.field(default=None, kw_only=True, validator=_optional(_text))
    """The URL of the thumbnail, which is uploaded separately."""
    thumb_secret: str | None = attrs.field(
        default=None, kw_only=True, repr=False, validator=_optional(_text)
    )
    """The share-secret of the thumbnail."""
    thumb_width: float | None = attrs.field(
        default=None, kw_only=True, validator=_optional(_measure)
    )
    """The width of the thumbnail in pixels; only in received messages, it is not sent."""
    thumb_height: float | None = attrs.field(
        default=None, kw_only=True, validator=_optional(_measure)
    )
    """The height of the thumbnail in pixels; only in received messages, it is not sent."""
    duration: timedelta | None = attrs.field(
        default=None, kw_only=True, validator=_optional(_length)
    )
    """The length of the recording; sent in seconds, rounded up."""

    def _own(self) -> JSONObject:
        return _given(
            thumb=self.thumb, thumb_secret=self.thumb_secret, length=_seconds(self.duration)
        )


@attrs.frozen
class File(_Attachment):
    """A file message; the file has at most 10 MB."""

    type: ClassVar[str] = "file"


def _degrees(limit: float) -> Any:
    def check(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
        if not -limit <= value <= limit:
            raise InvalidArgumentError(
                f"message: {attribute.name} must be from -{limit:g} to {limit:g} degrees, "
                f"not {value!r}"
            )

    return check


def _float(value: object) -> float:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    raise InvalidArgumentError(f"message: latitude and longitude must be numbers, not {value!r}")


@attrs.frozen
class Location:
    """A location message."""

    type: ClassVar[str] = "loc"
    latitude: float = attrs.field(converter=_float, validator=_degrees(90))
    """The latitude in degrees, north positive; sent as a string, as the service requires."""
    longitude: float = attrs.field(converter=_float, validator=_degrees(180))
    """The longitude in degrees, east positive; sent as a string."""
    address: str = attrs.field(validator=_text)
    """The name of the place."""

    def to_wire(self) -> JSONObject:
        """Return the body in the service's form."""
        return {"lat": _plain(self.latitude), "lng": _plain(self.longitude), "addr": self.address}


@attrs.frozen
class Command:
    """A command message: an instruction for the recipient's app, not shown to the user."""

    type: ClassVar[str] = "cmd"
    action: str = attrs.field(validator=_text)
    """The command."""
    param: Mapping[str, Any] | None = None
    """The parameters of the command, as JSON; undocumented, but the service's Java SDK sends it."""

    def to_wire(self) -> JSONObject:
        """Return the body in the service's form."""
        return _given(action=self.action, param=None if self.param is None else dict(self.param))


@attrs.frozen
class Custom:
    """A message of a custom type that the app defines."""

    type: ClassVar[str] = "custom"
    event: str | None = None
    """The custom event type: 1 to 32 characters of a-z, A-Z, 0-9, ``-``, ``_``, ``/``, ``.``."""
    exts: Mapping[str, str] | None = None
    """The attributes of the event: at most 16, strings only."""

    def __attrs_post_init__(self) -> None:
        if self.event is not None and not (
            isinstance(self.event, str) and api_limits.CUSTOM_EVENT.fullmatch(self.event)
        ):
            raise InvalidArgumentError(
                f"message: event {self.event!r} must be 1 to 32 of a-z, A-Z, 0-9, '-_/.'"
            )
        exts = self.exts or {}
        if len(exts) > api_limits.CUSTOM_EXTS:
            raise InvalidArgumentError(
                f"message: exts has {len(exts)} entries; at most {api_limits.CUSTOM_EXTS} "
                "are allowed"
            )
        for key, value in exts.items():
            if not isinstance(key, str) or not isinstance(value, str):
                raise InvalidArgumentError(
                    f"message: exts must map strings to strings, not {key!r} to {value!r}"
                )

    def to_wire(self) -> JSONObject:
        """Return the body in the service's form."""
        exts = None if self.exts is None else dict(self.exts)
        return _given(customEvent=self.event, customExts=exts)


Message = Text | Image | Audio | Video | File | Location | Command | Custom
"""A message body of any type."""

MESSAGE_TYPES: Final[Mapping[str, type[Message]]] = {
    cls.type: cls for cls in (Text, Image, Audio, Video, File, Location, Command, Custom)
}
"""The message classes by the service's names of the types."""


@attrs.frozen
class SentMessages:
    """The answer to a send. "Sent" means accepted: the service also accepts unknown ids."""

    message_ids: Mapping[str, str]
    """The message id for each target."""


def _given(**fields: Any) -> JSONObject:
    return {name: value for name, value in fields.items() if value is not None}


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else math.ceil(length.total_seconds())


def _plain(degrees: float) -> str:
    text = f"{degrees:.12f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


class ChatType(StrEnum):
    """The type of the conversation that a message belongs to."""

    CHAT = "chat"
    GROUP_CHAT = "groupchat"
    CHAT_ROOM = "chatroom"


@attrs.frozen(kw_only=True)
class Recall:
    """A message to recall."""

    message_id: str
    """The id of the message."""
    target: str
    """The user, group or room that the message was sent to."""
    chat_type: ChatType | str
    """The type of the conversation."""
    operator: str | None = None
    """The user who recalls the message; ``admin`` by default."""
    sync_device: bool | None = None
    """Whether to notify the sender's own online devices as well; one-to-one chats only."""
    force: bool | None = None
    """Whether to recall the message after the recall period as well; not by default."""

    def to_wire(self, operation: str) -> dict[str, Any]:
        """Return the recall in the service's form.

        Raises:
            InvalidArgumentError: a value cannot be an id.
        """
        fields = {
            "msg_id": checks.reference(operation, "message_id", self.message_id),
            "to": checks.reference(operation, "target", self.target),
            "chat_type": checks.member(operation, "chat_type", ChatType, self.chat_type),
            "from": self.operator
            if self.operator is None
            else checks.reference(operation, "operator", self.operator),
            "sync_device": checks.flag(operation, "sync_device", self.sync_device),
            # The service requires this field.
            "force": checks.flag(operation, "force", self.force) or False,
        }
        return {name: value for name, value in fields.items() if value is not None}


@attrs.frozen
class RecalledMessage:
    """A message that was recalled."""

    message_id: str = wire("msg_id")
    """The id of the message."""
    operator: Id | None = wire("from", default=None)
    """The user who recalled the message."""
    target: Id | None = wire("to", default=None)
    """The user, group or room that the message was sent to."""
    chat_type: ChatType | str | None = wire("chattype", "chat_type", default=None)
    """The type of the conversation."""


class StreamFormat(StrEnum):
    """The format in which a streamed text is shown."""

    TEXT = "text"
    MARKDOWN = "markdown"


@attrs.frozen
class StreamChunk:
    """The answer to sending one piece of a streaming message."""

    message_id: str | None = None
    """The id of the message; only for the first piece."""
