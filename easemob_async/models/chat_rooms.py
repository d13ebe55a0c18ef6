"""Chat rooms of the app."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from easemob_async.models.places import GroupMember
from easemob_async.wire.fields import Id, wire


class AutoDelete(StrEnum):
    """The handling of a room's attributes when the member who set them leaves."""

    DELETE = "DELETE"
    """The attributes are deleted."""
    NO_DELETE = "NO_DELETE"
    """The attributes are kept."""


@attrs.frozen
class CreatedRoom:
    """A room that was just created."""

    room_id: Id = wire("id")
    """The id of the room."""


@attrs.frozen
class RoomSummary:
    """A room in the list of all rooms."""

    room_id: Id = wire("id")
    """The id of the room."""
    name: str | None = None
    """The name of the room."""
    owner: Id | None = None
    """The username of the owner."""
    member_count: int | None = wire("affiliations_count", default=None)
    """The number of members, including the owner."""


@attrs.frozen
class JoinedRoom:
    """A room in the list of a user's rooms."""

    room_id: Id = wire("id")
    """The id of the room."""
    name: str | None = None
    """The name of the room."""
    banned: bool | None = wire("disabled", default=None)
    """Whether the room is banned."""


@attrs.frozen
class ChatRoom:
    """The details of a room."""

    room_id: Id = wire("id")
    """The id of the room."""
    name: str | None = None
    """The name of the room."""
    description: str | None = None
    """The description of the room."""
    owner: Id | None = None
    """The username of the owner."""
    members_only: bool | None = wire("membersonly", default=None)
    """Whether a request to join needs approval."""
    allow_invites: bool | None = wire("allowinvites", default=None)
    """Whether all members may invite users."""
    max_users: int | None = wire("maxusers", default=None)
    """The maximum number of members, including the owner."""
    member_count: int | None = wire("affiliations_count", default=None)
    """The number of members."""
    members: tuple[GroupMember, ...] = wire("affiliations", default=())
    """The owner and the members, in no particular order."""
    created: datetime | None = None
    """The time of creation."""
    custom: str | None = None
    """The app's own extension data."""
    public: bool | None = None
    """A field that the service reserves."""
    muted: bool | None = wire("mute", default=None)
    """Whether all members are muted."""
