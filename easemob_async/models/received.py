"""Message bodies as the service shows them: in history files and webhooks."""

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

_COMBINED = "sub_combine"


@attrs.frozen
class Combined:
    """Several messages forwarded as one; only client SDKs send such, so it is only received."""

    text: str
    """What an app that does not know such messages shows."""
    url: str
    """Where the file with the messages is."""
    title: str | None = None
    """Its title."""
    summary: str | None = None
    """The beginning of it, a line a message."""
    level: int | None = None
    """How deeply such messages are nested in it."""
    filename: str | None = None
    """The file's name."""
    file_length: int | None = None
    """The file's size in bytes."""
    secret: str | None = attrs.field(default=None, repr=False)
    """The share-secret of the file, where its access is restricted."""


@attrs.frozen
class Origin:
    """Where a received message came from."""

    kind: Literal["user", "group", "room"]
    """What it is."""
    id: str
    """The user who sent it, or the group or room that it was sent in."""
    receiver: str | None = None
    """The user who got it, of a message to one user: the bot."""


class Answerable(Protocol):
    """A received message that can be answered: the message events of `easemob_async.webhooks`."""

    @property
    def origin(self) -> Origin | None:
        """Where it came from; ``None`` when the service did not say."""
        ...


Body = Message | Combined | Mapping[str, Any]
"""A body that was received; what is of no type that is known is the plain mapping."""


def read_body(body: Mapping[str, Any]) -> Body:
    """Make the message that a body of the service is; what is none stays as it is."""
    if not isinstance(body, Mapping):
        return body
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in MESSAGE_TYPES:
        return body
    try:
        return _combined(body) if body.get("subType") == _COMBINED else _message(kind, body)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return body  # InvalidArgumentError is a ValueError


def _message(kind: str, body: Mapping[str, Any]) -> Message:
    length = body.get("length")
    duration = None if length is None else timedelta(seconds=float(length))
    size = body.get("size") or {}
    attachment: dict[str, Any] = {
        "filename": body.get("filename"),
        "secret": body.get("secret"),
        "file_length": _whole(body.get("file_length")),
    }
    match kind:
        case "txt":
            return Text(body["msg"])
        case "loc":
            return Location(body["lat"], body["lng"], body["addr"])
        case "cmd":
            # A webhook may have the structure of a text, with the action as `msg`.
            action = body.get("action")
            param = body.get("param")
            if not isinstance(param, Mapping | None):
                raise TypeError
            return Command(body["msg"] if action is None else action, param)
        case "custom":
            return Custom(body.get("customEvent"), _exts(body))
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
    """Read a whole number, which some pages print as text."""
    if isinstance(value, str):
        return int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError
    return value


def _exts(body: Mapping[str, Any]) -> dict[str, str] | None:
    """The newer form is a mapping; the older one a list of mappings with one key each."""
    newer, older = body.get("v2:customExts"), body.get("customExts")
    if isinstance(newer, dict):
        return newer
    if isinstance(older, list):
        return {key: value for one in older for key, value in one.items()}
    return older
