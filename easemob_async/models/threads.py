"""Threads of chat groups."""

from __future__ import annotations

from datetime import datetime

import attrs

from easemob_async.wire.fields import Id, wire


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
