"""Chat rooms."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from easemob_async.models.places import GroupMember
from easemob_async.wire.fields import Id, wire


class AutoDelete(StrEnum):
    """What becomes of a room's attributes when the member who set them leaves."""

    DELETE = "DELETE"
    NO_DELETE = "NO_DELETE"


@attrs.frozen
class CreatedRoom:
    """A room that was just made."""

    room_id: Id = wire("id")
    """Its id."""


@attrs.frozen
class RoomSummary:
    """A room as the list of all rooms shows it."""

    room_id: Id = wire("id")
    """The room's id."""
    name: str | None = None
    """The room's name."""
    owner: Id | None = None
    """Who owns it."""
    member_count: int | None = wire("affiliations_count", default=None)
    """How many members it has, the owner included."""


@attrs.frozen
class JoinedRoom:
    """A room as the list of a user's rooms shows it."""

    room_id: Id = wire("id")
    """The room's id."""
    name: str | None = None
    """The room's name."""
    banned: bool | None = wire("disabled", default=None)
    """Whether it is banned."""


@attrs.frozen
class ChatRoom:
    """All that the service tells of a room."""

    room_id: Id = wire("id")
    """The room's id."""
    name: str | None = None
    """The room's name."""
    description: str | None = None
    """What it is about."""
    owner: Id | None = None
    """Who owns it."""
    members_only: bool | None = wire("membersonly", default=None)
    """Whether joining needs approval."""
    allow_invites: bool | None = wire("allowinvites", default=None)
    """Whether any member may invite."""
    max_users: int | None = wire("maxusers", default=None)
    """The most members, owner included."""
    member_count: int | None = wire("affiliations_count", default=None)
    """How many members it has."""
    members: tuple[GroupMember, ...] = wire("affiliations", default=())
    """Owner and members, in no order."""
    created: datetime | None = None
    """When it was made."""
    custom: str | None = None
    """The app's own extension info."""
    public: bool | None = None
    """Reserved by the service."""
    muted: bool | None = wire("mute", default=None)
    """Whether all its members are muted."""
