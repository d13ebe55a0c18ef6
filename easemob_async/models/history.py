"""The message history of the app."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from easemob_async.models.messages import ChatType
from easemob_async.models.received import Body


@attrs.frozen
class HistoryFile:
    """A file with the messages of one hour, or a part of them."""

    url: str = attrs.field(repr=False)
    """The signed URL of the file, valid for a short time; treat it as a secret."""


@attrs.frozen
class HistoryMessage:
    """A message as it was sent; fields that its record lacks are ``None``."""

    message_id: str | None
    """The id of the message."""
    sent_at: datetime | None
    """The time of sending."""
    chat_type: ChatType | str | None
    """The type of the conversation."""
    sender: str | None
    """The username of the sender."""
    target: str | None
    """The user, group or room that the message was sent to."""
    bodies: tuple[Body, ...]
    """The bodies of the message; a body of a type that cannot be sent is the plain mapping."""
    ext: Mapping[str, Any] = attrs.field(factory=dict)
    """The app's own extension data."""
