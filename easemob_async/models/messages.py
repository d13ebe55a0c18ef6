"""Messages, one class a type, and what sending one answers. Addressing is separate: see sending."""

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
    """To whom a message goes."""

    ONLINE = "ROUTE_ONLINE"
    """Only to who is online; such messages are not kept for roaming by default."""


class RoomMessageLevel(StrEnum):
    """What is dropped first when a chat room is under load: low, then normal, then high."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class TargetType(StrEnum):
    """What `messages.send_legacy` sends to."""

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
            f"message: {attribute.name} must be a whole number from 0, not {value!r}"
        )


def _measure(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0:  # type: ignore[arg-type,operator]
        raise InvalidArgumentError(
            f"message: {attribute.name} must be a number from 0, not {value!r}"
        )


def _length(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, timedelta) or value < timedelta(0):
        raise InvalidArgumentError(
            f"message: {attribute.name} must be a timedelta from 0, not {value!r}"
        )


_optional = attrs.validators.optional


@attrs.frozen
class Text:
    """Words."""

    type: ClassVar[str] = "txt"
    text: str = attrs.field(validator=_text)
    """The text."""

    def to_wire(self) -> JSONObject:
        """Give the body as the service takes it."""
        return {"msg": self.text}


@attrs.frozen
class _Attachment:
    url: str = attrs.field(validator=_filled)
    """Where the file is: the URL that `files.upload` gave, never your own server's."""
    filename: str | None = attrs.field(default=None, kw_only=True, validator=_optional(_text))
    """Its name; without one the receiver's app shows none."""
    secret: str | None = attrs.field(
        default=None, kw_only=True, repr=False, validator=_optional(_text)
    )
    """The share-secret; needed for a file that was uploaded with restricted access."""
    file_length: int | None = attrs.field(default=None, kw_only=True, validator=_optional(_whole))
    """The file's size in bytes."""

    def to_wire(self) -> JSONObject:
        """Give the body as the service takes it."""
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
    """A picture of at most 10 MB."""

    type: ClassVar[str] = "img"
    width: float | None = attrs.field(default=None, kw_only=True, validator=_optional(_measure))
    """Pixels."""
    height: float | None = attrs.field(default=None, kw_only=True, validator=_optional(_measure))
    """Pixels."""
    thumb_filename: str | None = attrs.field(default=None, kw_only=True, validator=_optional(_text))
    """The name of its thumbnail; with received messages only, it is not sent."""

    def _own(self) -> JSONObject:
        size = _given(width=self.width, height=self.height)
        return {"size": size} if size else {}


@attrs.frozen
class Audio(_Attachment):
    """A recording of at most 10 MB."""

    type: ClassVar[str] = "audio"
    duration: timedelta | None = attrs.field(
        default=None, kw_only=True, validator=_optional(_length)
    )
    """How long it plays; sent in whole seconds, rounded up."""

    def _own(self) -> JSONObject:
        return _given(length=_seconds(self.duration))


@attrs.frozen
class Video(_Attachment):
    """A film of at most 10 MB."""

    type: ClassVar[str] = "video"
    thumb: str | None = attrs.field(default=None, kw_only=True, validator=_optional(_text))
    """The URL of its thumbnail, uploaded separately."""
    thumb_secret: str | None = attrs.field(
        default=None, kw_only=True, repr=False, validator=_optional(_text)
    )
    """The share-secret of the thumbnail."""
    thumb_width: float | None = attrs.field(
        default=None, kw_only=True, validator=_optional(_measure)
    )
    """Pixels; with received messages only, it is not sent."""
    thumb_height: float | None = attrs.field(
        default=None, kw_only=True, validator=_optional(_measure)
    )
    """Pixels; with received messages only, it is not sent."""
    duration: timedelta | None = attrs.field(
        default=None, kw_only=True, validator=_optional(_length)
    )
    """How long it plays; sent in whole seconds, rounded up."""

    def _own(self) -> JSONObject:
        return _given(
            thumb=self.thumb, thumb_secret=self.thumb_secret, length=_seconds(self.duration)
        )


@attrs.frozen
class File(_Attachment):
    """Any file of at most 10 MB."""

    type: ClassVar[str] = "file"


def _degrees(limit: float) -> Any:
    def check(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
        if not -limit <= value <= limit:
            raise InvalidArgumentError(
                f"message: {attribute.name} must be degrees from -{limit:g} to {limit:g}: {value!r}"
            )

    return check


def _float(value: object) -> float:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    raise InvalidArgumentError(f"message: a position must be a number of degrees, not {value!r}")


@attrs.frozen
class Location:
    """A place."""

    type: ClassVar[str] = "loc"
    latitude: float = attrs.field(converter=_float, validator=_degrees(90))
    """Degrees, north positive; sent as a string, as the service wants it."""
    longitude: float = attrs.field(converter=_float, validator=_degrees(180))
    """Degrees, east positive."""
    address: str = attrs.field(validator=_text)
    """What the place is called."""

    def to_wire(self) -> JSONObject:
        """Give the body as the service takes it."""
        return {"lat": _plain(self.latitude), "lng": _plain(self.longitude), "addr": self.address}


@attrs.frozen
class Command:
    """An order to the receiving app; not shown to anybody."""

    type: ClassVar[str] = "cmd"
    action: str = attrs.field(validator=_text)
    """What to do."""
    param: Mapping[str, Any] | None = None
    """Details: JSON. Not on the service's pages; its own Java SDK sends it."""

    def to_wire(self) -> JSONObject:
        """Give the body as the service takes it."""
        return _given(action=self.action, param=None if self.param is None else dict(self.param))


@attrs.frozen
class Custom:
    """A message of the app's own kind."""

    type: ClassVar[str] = "custom"
    event: str | None = None
    """The kind: 1 to 32 of a-z, A-Z, 0-9, ``-``, ``_``, ``/``, ``.``."""
    exts: Mapping[str, str] | None = None
    """Its attributes: at most 16, strings only."""

    def __attrs_post_init__(self) -> None:
        if self.event is not None and not (
            isinstance(self.event, str) and api_limits.CUSTOM_EVENT.fullmatch(self.event)
        ):
            raise InvalidArgumentError(
                f"message: event {self.event!r} must be 1 to 32 of a-z, A-Z, 0-9, '-', '_', '/' '.'"
            )
        exts = self.exts or {}
        if len(exts) > api_limits.CUSTOM_EXTS:
            raise InvalidArgumentError(
                f"message: exts has {len(exts)} entries, at most {api_limits.CUSTOM_EXTS} "
                "are allowed"
            )
        for key, value in exts.items():
            if not isinstance(key, str) or not isinstance(value, str):
                raise InvalidArgumentError(
                    f"message: exts maps strings to strings, not {key!r} to {value!r}"
                )

    def to_wire(self) -> JSONObject:
        """Give the body as the service takes it."""
        exts = None if self.exts is None else dict(self.exts)
        return _given(customEvent=self.event, customExts=exts)


Message = Text | Image | Audio | Video | File | Location | Command | Custom
"""Any message body."""

MESSAGE_TYPES: Final[Mapping[str, type[Message]]] = {
    cls.type: cls for cls in (Text, Image, Audio, Video, File, Location, Command, Custom)
}
"""The classes by the service's names of their types."""


@attrs.frozen
class SentMessages:
    """What a send answers. "Sent" means accepted: the service takes unknown ids too."""

    message_ids: Mapping[str, str]
    """The message's id for each target."""


def _given(**fields: Any) -> JSONObject:
    return {name: value for name, value in fields.items() if value is not None}


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else math.ceil(length.total_seconds())


def _plain(degrees: float) -> str:
    text = f"{degrees:.12f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


class ChatType(StrEnum):
    """What kind of conversation a message is in."""

    CHAT = "chat"
    GROUP_CHAT = "groupchat"
    CHAT_ROOM = "chatroom"


@attrs.frozen(kw_only=True)
class Recall:
    """A message to recall."""

    message_id: str
    """The message."""
    target: str
    """The user, group or room that it went to."""
    chat_type: ChatType | str
    """What the target is."""
    operator: str | None = None
    """Who recalls it; ``admin`` when it is not given."""
    sync_device: bool | None = None
    """Tell the sender's own online devices, too; one-to-one only."""
    force: bool | None = None
    """Recall it even after the time in which that can be done; not, when it is not given."""

    def to_wire(self, operation: str) -> dict[str, Any]:
        """Give it as the service takes it.

        Raises:
            InvalidArgumentError: an id that cannot be one.
        """
        fields = {
            "msg_id": checks.reference(operation, "message_id", self.message_id),
            "to": checks.reference(operation, "target", self.target),
            "chat_type": checks.member(operation, "chat_type", ChatType, self.chat_type),
            "from": self.operator
            if self.operator is None
            else checks.reference(operation, "operator", self.operator),
            "sync_device": self.sync_device,
            "force": bool(self.force),  # the service wants to be told
        }
        return {name: value for name, value in fields.items() if value is not None}


@attrs.frozen
class RecalledMessage:
    """A message that was recalled."""

    message_id: str = wire("msg_id")
    """The message."""
    operator: Id | None = wire("from", default=None)
    """Who recalled it."""
    target: Id | None = wire("to", default=None)
    """The user, group or room that it went to."""
    chat_type: ChatType | str | None = wire("chattype", "chat_type", default=None)
    """What the target is."""


@attrs.frozen
class RecallRow:
    """What the answer says of one recall."""

    message: RecalledMessage
    recalled: str

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "message": fields}


class StreamFormat(StrEnum):
    """How a streamed text is shown."""

    TEXT = "text"
    MARKDOWN = "markdown"


@attrs.frozen
class StreamChunk:
    """What sending a piece answers."""

    message_id: str | None = None
    """The message's id; only with the first piece."""
