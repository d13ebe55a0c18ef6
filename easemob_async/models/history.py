"""The app's message history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from easemob_async.models.messages import ChatType
from easemob_async.models.received import Body


@attrs.frozen
class HistoryFile:
    """A file with an hour's messages, or a part of it."""

    url: str = attrs.field(repr=False)
    """Where it is, for a short time; it is signed: treat it as a secret."""


@attrs.frozen
class HistoryMessage:
    """A message as it was sent; what its record lacks is ``None``."""

    message_id: str | None
    """Its id."""
    sent_at: datetime | None
    """When it was sent."""
    chat_type: ChatType | str | None
    """What kind of conversation it is in."""
    sender: str | None
    """Who it is from."""
    target: str | None
    """The user, group or room that it went to."""
    bodies: tuple[Body, ...]
    """The message; what is none of the types that can be sent is the plain mapping."""
    ext: Mapping[str, Any] = attrs.field(factory=dict)
    """The app's own extension."""
