"""Received message bodies: in history files and webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, Protocol

import attrs

from easemob_async.models.messages import (
    MESSAGE_TYPES,
    Audio,
    Command,
    Custom,
    File,
    Image,
    Location,
    Message,
    Text,
    Video,
)
from easemob_async.wire.fields import OBJECTS

_COMBINED = "sub_combine"


@attrs.frozen
class Combined:
    """A combined message: several messages forwarded as one. Only client SDKs can send it."""

    text: str
    """The text that an app without support for combined messages shows."""
    url: str
    """The URL of the file with the messages."""
    title: str | None = None
    """The title."""
    summary: str | None = None
    """The summary of the first messages, one line per message."""
    level: int | None = None
    """The depth to which combined messages are nested in it."""
    filename: str | None = None
    """The name of the file."""
    file_length: int | None = None
    """The size of the file in bytes."""
    secret: str | None = attrs.field(default=None, repr=False)
    """The share-secret of the file, if access to it is restricted."""


@attrs.frozen
class Origin:
    """The origin of a received message."""

    kind: Literal["user", "group", "room"]
    """The type of the origin."""
    id: str
    """The username of the sender, or the id of the group or room."""
    receiver: str | None = None
    """The recipient of a one-to-one message: the bot."""


class Answerable(Protocol):
    """A received message that can be answered: the message events of `easemob_async.webhooks`."""

    @property
    def origin(self) -> Origin | None:
        """The origin; ``None`` if the post does not contain it."""
        ...


Body = Message | Combined | Mapping[str, Any]
"""A received body; a body of an unknown type is the plain mapping."""


def read_body(body: Mapping[str, Any]) -> Body:
    """Return the message for a body of the service; an unknown body is returned unchanged."""
    if not isinstance(body, OBJECTS):
        return body
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in MESSAGE_TYPES:
        return body
    try:
        return _combined(body) if body.get("subType") == _COMBINED else _message(kind, body)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return body  # InvalidArgumentError is a ValueError


def _message(kind: str, body: Mapping[str, Any]) -> Message:
    match kind:
        case "txt":
            return Text(body["msg"])
        case "loc":
            return Location(body["lat"], body["lng"], body["addr"])
        case "cmd":
            # A webhook may use the form of a text message, with the action as `msg`.
            action = body.get("action")
            param = body.get("param")
            if not isinstance(param, Mapping | None):
                raise TypeError
            return Command(body["msg"] if action is None else action, param)
        case "custom":
            return Custom(body.get("customEvent"), _exts(body))
        case _:
            return _attached(kind, body)


def _attached(kind: str, body: Mapping[str, Any]) -> Message:
    length = body.get("length")
    duration = None if length is None else timedelta(seconds=float(length))
    size = body.get("size") or {}
    attachment: dict[str, Any] = {
        "filename": body.get("filename"),
        "secret": body.get("secret"),
        "file_length": _whole(body.get("file_length")),
    }
    match kind:
        case "img":
            return Image(
                body["url"],
                **attachment,
                width=size.get("width"),
                height=size.get("height"),
                thumb_filename=body.get("thumbFilename"),
            )
        case "audio":
            return Audio(body["url"], **attachment, duration=duration)
        case "video":
            return Video(
                body["url"],
                **attachment,
                duration=duration,
                thumb=body.get("thumb"),
                thumb_secret=body.get("thumb_secret"),
                thumb_width=size.get("width"),
                thumb_height=size.get("height"),
            )
        case _:
            return File(body["url"], **attachment)


def _combined(body: Mapping[str, Any]) -> Combined:
    level = _whole(body.get("combineLevel"))
    texts = {name: body.get(name) for name in ("title", "summary", "filename", "secret")}
    if not all(
        isinstance(text, str | None) for text in (body["msg"], body["url"], *texts.values())
    ):
        raise TypeError
    return Combined(
        body["msg"], body["url"], level=level, file_length=_whole(body.get("file_length")), **texts
    )


def _whole(value: object) -> int | None:
    """Read an integer, which some pages show as text."""
    if isinstance(value, str):
        return int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError
    return value


def _exts(body: Mapping[str, Any]) -> dict[str, str] | None:
    """Read the extensions: a mapping in the newer form, a list of mappings in the older one."""
    newer, older = body.get("v2:customExts"), body.get("customExts")
    if isinstance(newer, dict):
        return newer
    if isinstance(older, list):
        return {key: value for one in older for key, value in one.items()}
    return older
