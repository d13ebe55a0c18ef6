"""Mutes, threads and what moderates them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from easemob_async.wire.fields import Id, is_a_time, wire


class Sort(StrEnum):
    """The order of a list by time."""

    ASCENDING = "asc"
    DESCENDING = "desc"


@attrs.frozen
class MutedMember:
    """Who cannot send, and until when."""

    username: Id = wire("user")
    """The member."""
    expires_at: datetime | None = wire("expire", default=None)
    """When the mute ends; ``None`` for never."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        # open: what stands for "never"; -1 is what a request sends for it, others use a far time
        return {k: v for k, v in fields.items() if k != "expire" or is_a_time(v)}


@attrs.frozen
class CreatedThread:
    """A message thread that was just made."""

    thread_id: Id
    """Its id."""


@attrs.frozen
class Thread:
    """A message thread; the list of all threads has only the ids."""

    thread_id: Id = wire("id")
    """The thread's id."""
    name: str | None = None
    """Its name."""
    owner: Id | None = None
    """Who made it."""
    message_id: str | None = wire("msgId", default=None)
    """The message that it hangs on."""
    group_id: Id | None = wire("groupId", default=None)
    """The group that it is in."""
    created: datetime | None = None
    """When it was made."""
