"""Mutes of users in the whole app."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from easemob_async.models.pages import Page
from easemob_async.models.tokens import FOREVER
from easemob_async.wire.fields import Id, Seconds, wire


def _left(value: timedelta | None) -> timedelta | None:
    return FOREVER if value == timedelta(seconds=-1) else value


@attrs.frozen
class UserMute:
    """The time for which a user is still muted in the whole app: 0 for not muted, or `FOREVER`."""

    username: Id = wire("username", "userid")
    """The username of the muted user."""
    chat: timedelta | None = attrs.field(default=None, converter=_left)
    """The time left in one-to-one chats; ``None`` if the answer does not contain it."""
    group_chat: timedelta | None = attrs.field(
        default=None, converter=_left, metadata=wire("groupchat").metadata
    )
    """The time left in chat groups."""
    chat_room: timedelta | None = attrs.field(
        default=None, converter=_left, metadata=wire("chatroom").metadata
    )
    """The time left in chat rooms."""
    as_of: Seconds | None = wire("unixtime", default=None)
    """The time of the answer, by the clock of the service."""


@attrs.frozen
class UserMutesPage(Page[UserMute]):
    """A page of muted users; a user may have several rows, one per type of conversation."""

    as_of: datetime | None = None
    """The time of the answer, by the clock of the service."""
