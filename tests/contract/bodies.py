"""The bodies of messages on the wire, as messages of the library."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from easemob_async import Audio, Command, Custom, File, Image, Location, Message, Text, Video


def message(kind: str, body: Mapping[str, Any]) -> Message:
    """Return a body of the wire as a message."""
    attachment = {
        key: body[key] for key in ("url", "filename", "secret", "file_length") if key in body
    }
    duration: dict[str, Any] = {}
    if "length" in body:
        duration["duration"] = timedelta(seconds=body["length"])
    match kind:
        case "txt":
            return Text(body["msg"])
        case "img":
            return Image(**attachment, **body.get("size", {}))
        case "audio":
            return Audio(**attachment, **duration)
        case "video":
            thumb = {key: body[key] for key in ("thumb", "thumb_secret") if key in body}
            return Video(**attachment, **thumb, **duration)
        case "file":
            return File(**attachment)
        case "loc":
            return Location(body["lat"], body["lng"], body["addr"])
        case "cmd":
            return Command(body["action"])
        case "custom":
            return Custom(body["customEvent"], body["customExts"])
    raise AssertionError(kind)
