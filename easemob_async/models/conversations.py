"""Conversations in the conversation list of a user."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

from easemob_async.wire.fields import is_a_time, wire


@attrs.frozen
class LastMessage:
    """The last message of a conversation."""

    message_id: str | None = wire("id", default=None)
    """The id of the message."""
    payload: str | None = attrs.field(default=None, repr=False)
    """The message, in base64."""
    timestamp: datetime | None = None
    """The time of the message."""


@attrs.frozen
class Conversation:
    """A conversation in the conversation list of a user."""

    channel_id: str
    """The id of the conversation, e.g. ``"user1@easemob.com"``."""
    unread: int | None = wire("unread_num", default=None)
    """The number of messages that the user has not read."""
    pinned: bool | None = wire("is_top", default=None)
    """Whether the user has pinned the conversation."""
    pinned_at: datetime | None = wire("update_top_status_time", default=None)
    """The time when the conversation was pinned or unpinned."""
    marks: Sequence[str] = ()
    """The marks of the conversation, ``"mark_0"`` to ``"mark_19"``."""
    last_message: LastMessage | None = wire("meta", default=None)
    """The last message."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        name = "update_top_status_time"
        return {k: v for k, v in fields.items() if k != name or is_a_time(v)}
