"""What every event has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import attrs

from easemob_async.models.received import Body, read_body
from easemob_async.wire import codec, decoding
from easemob_async.wire.fields import Jid, wire

WHOLE: Final = "\0whole"
"""The name under which `parse_event` puts the whole post."""


class Kind:
    """The id of an event in the facts; of one that groups and rooms share, each has its own."""

    def __init__(self, kind: str, *, room: str | None = None) -> None:
        self.kind = kind
        self.room = room

    def __get__(self, event: Event | None, _: type) -> str:
        if event is not None and self.room and getattr(event, "type", None) == PlaceType.CHATROOM:
            return self.room
        return self.kind


class PlaceType(StrEnum):
    """Whether an event is about a group or a room."""

    GROUP = "GROUP"
    CHATROOM = "CHATROOM"


class EventType(StrEnum):
    """What made the service post a message."""

    CHAT = "chat"
    """It was sent."""
    CHAT_OFFLINE = "chat_offline"
    """It was sent to somebody who was offline."""


@attrs.frozen(kw_only=True)
class Event:
    """Something that the service posts."""

    kind = Kind("event")
    """Its id: ``"group.member_joined"``."""
    payload: Mapping[str, Any] = wire(WHOLE, repr=False, read=lambda value: value)
    """All that was posted, as it came."""
    call_id: str | None = wire("callId", default=None)
    """The post's id; not unique alone, and some events have none."""
    app_key: str | None = wire("appkey", default=None)
    """The app."""
    host: str | None = wire("host", default=None, repr=False)
    """The server that it comes from."""
    security: str | None = wire("security", default=None, repr=False)
    """The signature; `WebhookReceiver` has checked it."""

    @property
    def conversation(self) -> str:
        """What it belongs to; events of one conversation are handled in their order.

        The group or room (``group:1``), the thread (``thread:1``), the two users of a chat
        (``chat:ann bob``); of what belongs to none, the user (``user:ann``). ``""`` where nothing
        is named.
        """
        return conversation_of(self.payload)


@attrs.frozen(kw_only=True)
class UnknownEvent(Event):
    """An event that is not documented (yet), or only in the older form (``chat_type: muc``)."""

    kind = Kind("unknown")


@attrs.frozen(kw_only=True)
class KnownEvent(Event):
    """A documented event."""

    timestamp: datetime
    """When it happened; aware, in UTC."""


@attrs.frozen(kw_only=True)
class MessagingEvent(KnownEvent):
    """An event about a message, or that travels as one."""

    chat_type: str
    """How the service sorts it: ``chat``, ``groupchat``, ``read_ack``, ``roster`` and so on."""
    event_type: EventType | str | None = wire("eventType", default=None)
    """What made the service post it."""
    sender: Jid = wire("from")
    """Who it is from."""
    target: Jid = wire("to")
    """The user, group or room that it went to."""
    message_id: str | None = wire("msg_id", default=None)
    """Its own id."""


def conversation_of(post: Mapping[str, Any]) -> str:
    """Find the conversation that a post belongs to: see `Event.conversation`."""
    content = post.get("payload")
    content = content if isinstance(content, Mapping) else {}
    app_key = post.get("appkey")
    token = decoding.id_prefix.set(f"{app_key}_" if isinstance(app_key, str) else "")
    try:
        if content.get("type") == "thread":
            data = content.get("data")
            thread = _first_name(data if isinstance(data, Mapping) else {}, ("id", "thread_id"))
            if thread:
                return f"thread:{thread}"
        place = _first_name(post, ("group_id", "groupId", "muc_id", "room_id"))
        if not place and post.get("event") == "group_op_event":
            place = _first_name(post, ("id",))
        kinds = (post.get("chat_type"), post.get("channel_type"), content.get("channel_type"))
        config = content.get("msg_config")
        to_group = any(kind in _GROUPS for kind in kinds) or (
            isinstance(config, Mapping) and config.get("allow_group_ack") is True
        )
        to = _first_name(post, ("to", "target", "target_id"))
        if place or (to_group and to):
            return f"group:{place or to}"
        sender = _first_name(post, ("from", "sender"))
        if sender and to:
            return f"chat:{' '.join(sorted((sender, to)))}"
        user = sender or to or _first_name(post, ("name", "user", "username", "uid"))
        return f"user:{user}" if user else ""
    finally:
        decoding.id_prefix.reset(token)


_GROUPS: Final = ("group", "groupchat", "chatroom", "muc")


def _first_name(post: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = post.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(decoding.structure(value, Jid)).lower()
    return ""


def read_bodies(value: object) -> tuple[Body, ...]:
    """Read the bodies of a message; a single one may stand bare."""
    if isinstance(value, Mapping):
        return (read_body(value),)
    if not isinstance(value, list):
        raise ValueError("must be a list of objects")
    return tuple(read_body(body) for body in value)


def read_ext(value: object) -> Mapping[str, Any]:
    """Read an extension, which one page has as JSON text."""
    if isinstance(value, str):
        try:
            value = codec.loads(value.encode()) if value else {}
        except ValueError:
            value = None
    return read_object(value)


def read_object(value: object) -> Mapping[str, Any]:
    """Read a JSON object as it is."""
    if not isinstance(value, Mapping):
        raise ValueError("must be an object")
    return value


def text_or_none(value: object) -> str | None:
    """Read a text that one page calls an object."""
    return value if isinstance(value, str) else None


def bodies_field() -> Any:
    """Declare the bodies of a message."""
    return wire("payload.bodies", default=(), read=read_bodies)


def ext_field() -> Any:
    """Declare the extension of a message."""
    return wire("payload.ext", default=attrs.Factory(dict), read=read_ext)


@attrs.frozen(kw_only=True)
class ContentEvent(MessagingEvent):
    """An event with a message's body and extension."""

    bodies: tuple[Body, ...] = bodies_field()
    """The message: one body; what is of no type that is known is the plain mapping."""
    ext: Mapping[str, Any] = ext_field()
    """The app's own extension."""
    security_version: str | None = wire("securityVersion", default=None, repr=False)
    """Always 1.0.0; means nothing."""

    @property
    def body(self) -> Body | None:
        """The message, where there is one."""
        return self.bodies[0] if self.bodies else None
