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
    """How long a user is still muted in the whole app; 0 for not any more, `FOREVER` for good."""

    username: Id = wire("username", "userid")
    """The user."""
    chat: timedelta | None = attrs.field(default=None, converter=_left)
    """In one-to-one conversations; ``None`` where the answer does not tell."""
    group_chat: timedelta | None = attrs.field(
        default=None, converter=_left, metadata=wire("groupchat").metadata
    )
    """In chat groups."""
    chat_room: timedelta | None = attrs.field(
        default=None, converter=_left, metadata=wire("chatroom").metadata
    )
    """In chat rooms."""
    as_of: Seconds | None = wire("unixtime", default=None)
    """When the service counted."""


@attrs.frozen
class UserMutesPage(Page[UserMute]):
    """A page of muted users; one user may stand in several rows, one a kind of conversation."""

    as_of: datetime | None = None
    """When the service counted."""
