"""The base classes of events, and the readers that they share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import attrs

from easemob_async.models.received import Body, read_body
from easemob_async.wire import codec, decoding
from easemob_async.wire.fields import OBJECTS, WHOLE, Jid, wire


class Kind:
    """An event's id; an event that groups and rooms share has another id for rooms."""

    def __init__(self, kind: str, *, room: str | None = None) -> None:
        self.kind = kind
        self.room = room

    def __get__(self, event: Event | None, _: type) -> str:
        if event is not None and self.room and getattr(event, "type", None) == PlaceType.CHATROOM:
            return self.room
        return self.kind


class PlaceType(StrEnum):
    """The place of an event: a group or a chat room."""

    GROUP = "GROUP"
    """A chat group."""
    CHATROOM = "CHATROOM"
    """A chat room."""


class EventType(StrEnum):
    """The reason why the service posts an event about a message."""

    CHAT = "chat"
    """The message was sent."""
    CHAT_OFFLINE = "chat_offline"
    """The message was sent to a user who was offline."""


@attrs.frozen(kw_only=True)
class Event:
    """An event that the service posts."""

    kind = Kind("event")
    """The id of the event, e.g. ``"group.member_joined"``."""
    payload: Mapping[str, Any] = wire(WHOLE, repr=False)
    """The whole post, unchanged."""
    call_id: str | None = wire("callId", default=None)
    """The id of the post; it is not unique, and some events have none."""
    app_key: str | None = wire("appkey", default=None)
    """The App Key of the app."""
    host: str | None = wire("host", default=None, repr=False)
    """The server that sent the post."""
    security: str | None = wire("security", default=None, repr=False)
    """The signature, which `WebhookReceiver` checks."""

    @property
    def conversation(self) -> str:
        """The conversation of the event; events of one conversation are handled in order.

        It is the group or room (``group:1``), the thread (``thread:1``) or the two users of a chat
        (``chat:ann bob``); for other events the user (``user:ann``). It is ``""`` if the post names
        none of them.
        """
        return conversation_of(self.payload)


@attrs.frozen(kw_only=True)
class UnknownEvent(Event):
    """An event that is not documented (yet), or has the older form (``chat_type: muc``)."""

    kind = Kind("unknown")


@attrs.frozen(kw_only=True)
class KnownEvent(Event):
    """A documented event."""

    timestamp: datetime
    """The time of the event; aware, in UTC."""


@attrs.frozen(kw_only=True)
class MessagingEvent(KnownEvent):
    """An event about a message, or one that is sent as a message."""

    chat_type: str
    """The service's type: ``chat``, ``groupchat``, ``read_ack``, ``roster`` and so on."""
    event_type: EventType | str | None = wire("eventType", default=None)
    """The reason why the service posts the event."""
    sender: Jid = wire("from")
    """The username of the sender."""
    target: Jid = wire("to")
    """The user, group or room that it was sent to."""
    message_id: str | None = wire("msg_id", default=None)
    """The id of the message, or of the event itself."""


def conversation_of(post: Mapping[str, Any]) -> str:
    """Return the conversation that a post belongs to: see `Event.conversation`."""
    content = _object(post, "payload")
    app_key = post.get("appkey")
    prefix = f"{app_key}_" if isinstance(app_key, str) else ""
    if content.get("type") == "thread":
        thread = _first_name(prefix, _object(content, "data"), "id", "thread_id")
        if thread:
            return f"thread:{thread}"
    place = _first_name(prefix, post, "group_id", "groupId", "muc_id", "room_id")
    if not place and post.get("event") == "group_op_event":
        place = _first_name(prefix, post, "id")
    if place:
        return f"group:{place}"
    to = sender = ""
    if post.get("chat_type") == "edit":
        # The older form of an edit has its users in the payload; those of the post are internal.
        to, sender = _first_name(prefix, content, "to"), _first_name(prefix, content, "from")
    to = to or _first_name(prefix, post, "to", "target", "target_id")
    if to and _is_to_group(post, content):
        return f"group:{to}"
    sender = sender or _first_name(prefix, post, "from", "sender")
    if sender and to:
        return f"chat:{sender} {to}" if sender < to else f"chat:{to} {sender}"
    user = sender or to or _first_name(prefix, post, "name", "user", "username", "uid")
    return f"user:{user}" if user else ""


_GROUPS: Final = ("group", "groupchat", "chatroom", "muc")
_EDITED_IN_GROUPS: Final = ("chat:group", "chat:room")


def _is_to_group(post: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    if (
        post.get("chat_type") in _GROUPS
        or post.get("channel_type") in _GROUPS
        or content.get("channel_type") in _GROUPS
    ):
        return True
    if "msg_config" not in content and "meta" not in content:
        return False
    if _object(content, "msg_config").get("allow_group_ack") is True:
        return True
    edited = _object(_object(content, "meta"), "edit_msg").get("chat_type")
    return isinstance(edited, str) and edited.startswith(_EDITED_IN_GROUPS)


_NOTHING: Final[Mapping[str, Any]] = {}


def _object(post: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    if key in post:
        value = post[key]
        if isinstance(value, OBJECTS):
            return value
    return _NOTHING


def _first_name(prefix: str, post: Mapping[str, Any], *keys: str) -> str:
    for key in keys:
        if key in post:
            value = post[key]
            if isinstance(value, int) and not isinstance(value, bool):
                value = str(value)
            if value and isinstance(value, str):
                return decoding.bare_name(value, prefix).lower()
    return ""


def read_bodies(value: object) -> tuple[Body, ...]:
    """Read the bodies of a message; a single body may come without a list."""
    if isinstance(value, list):
        return tuple([read_body(body) for body in value])
    if isinstance(value, Mapping):
        return (read_body(value),)
    raise ValueError("must be a list of objects")


def read_ext(value: object) -> Mapping[str, Any]:
    """Read extension data, which one page shows as JSON text."""
    if isinstance(value, str):
        try:
            value = codec.loads(value.encode()) if value else {}
        except ValueError:
            value = None
    return read_object(value)


def read_object(value: object) -> Mapping[str, Any]:
    """Check that a value is a JSON object, and return it unchanged."""
    if not isinstance(value, OBJECTS):
        raise ValueError("must be an object")
    return value


def text_or_none(value: object) -> str | None:
    """Return a text, or ``None`` for another value: one page shows an object."""
    return value if isinstance(value, str) else None


def bodies_field() -> Any:
    """Declare a field for the bodies of a message."""
    return wire("payload.bodies", default=(), read=read_bodies)


def ext_field() -> Any:
    """Declare a field for the extension data of a message."""
    return wire("payload.ext", default=attrs.Factory(dict), read=read_ext)


@attrs.frozen(kw_only=True)
class ContentEvent(MessagingEvent):
    """An event with the body and the extension data of a message."""

    bodies: tuple[Body, ...] = bodies_field()
    """The bodies of the message: one body. A body of an unknown type is the plain mapping."""
    ext: Mapping[str, Any] = ext_field()
    """The app's own extension data."""
    security_version: str | None = wire("securityVersion", default=None, repr=False)
    """Always 1.0.0; it has no meaning."""

    @property
    def body(self) -> Body | None:
        """The body of the message; ``None`` if there is no body."""
        return self.bodies[0] if self.bodies else None
