"""Message threads of chat groups."""

from __future__ import annotations

from datetime import datetime

import attrs

from easemob_async.wire.fields import Id, wire


@attrs.frozen
class CreatedThread:
    """A message thread that was just created."""

    thread_id: Id
    """The id of the thread."""


@attrs.frozen
class Thread:
    """A message thread; the list of all threads has only the ids."""

    thread_id: Id = wire("id")
    """The id of the thread."""
    name: str | None = None
    """The name of the thread."""
    owner: Id | None = None
    """The username of the owner, who created the thread."""
    message_id: str | None = wire("msgId", default=None)
    """The id of the message that the thread belongs to."""
    group_id: Id | None = wire("groupId", default=None)
    """The id of the group that the thread belongs to."""
    created: datetime | None = None
    """The time of creation."""
