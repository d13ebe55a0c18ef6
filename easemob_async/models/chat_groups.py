"""Chat groups and their members."""

from __future__ import annotations

from datetime import datetime

import attrs

from easemob_async.models.pages import Page
from easemob_async.models.places import GroupMember
from easemob_async.wire.fields import Id, wire


@attrs.frozen
class CreatedGroup:
    """A group that was just made."""

    group_id: Id = wire("groupid")
    """Its id."""


@attrs.frozen
class GroupSummary:
    """A group as the list of all groups shows it; the 2014 form has only the id."""

    group_id: Id = wire("groupid")
    """The group's id."""
    name: str | None = wire("groupname", default=None)
    """The group's name."""
    owner: Id | None = None
    """Who owns it."""
    member_count: int | None = wire("affiliations", default=None)
    """How many members it has."""
    last_modified: datetime | None = wire("lastModified", "last_modified", default=None)
    """When it was last changed."""


@attrs.frozen
class JoinedGroup:
    """A group as the list of a user's groups shows it."""

    group_id: Id = wire("groupId", "groupid", "id")
    """The group's id."""
    name: str | None = wire("name", "groupname", default=None)
    """The group's name."""
    avatar: str | None = None
    """The URL of its picture."""
    owner: Id | None = None
    """Who owns it."""
    description: str | None = None
    """What it is about."""
    banned: bool | None = wire("disabled", default=None)
    """Whether it is banned: nothing in it can be changed."""
    public: bool | None = None
    """Whether it can be searched, and joined by asking."""
    allow_invites: bool | None = wire("allowinvites", default=None)
    """Whether regular members may invite."""
    members_only: bool | None = wire("membersonly", default=None)
    """Whether a request to join needs approval."""
    max_users: int | None = wire("maxusers", default=None)
    """The most members, owner included."""
    created: datetime | None = None
    """When it was made."""


@attrs.frozen
class JoinedGroupsPage(Page[JoinedGroup]):
    """A page of a user's groups."""

    total: int | None = None
    """How many groups the user has joined in all."""


@attrs.frozen
class ChatGroup:
    """All that the service tells of a group."""

    group_id: Id = wire("id", "groupid")
    """The group's id."""
    name: str | None = wire("name", "groupname", default=None)
    """The group's name."""
    avatar: str | None = None
    """The URL of its picture."""
    description: str | None = None
    """What it is about."""
    owner: Id | None = None
    """Who owns it."""
    members_only: bool | None = wire("membersonly", default=None)
    """Whether a request to join needs approval."""
    allow_invites: bool | None = wire("allowinvites", default=None)
    """Whether regular members may invite."""
    max_users: int | None = wire("maxusers", default=None)
    """The most members, owner included."""
    members: tuple[GroupMember, ...] = wire("affiliations", default=())
    """Owner and members, at most 10 000 of them."""
    member_count: int | None = wire("affiliations_count", default=None)
    """How many members it has."""
    created: datetime | None = None
    """When it was made."""
    banned: bool | None = wire("disabled", default=None)
    """Whether it is banned."""
    muted: bool | None = wire("mute", default=None)
    """Whether all its members are muted."""
    public: bool | None = None
    """Whether it can be searched, and joined by asking."""
    custom: str | None = None
    """The app's own extension info."""


@attrs.frozen
class GroupFile:
    """A file that a group shares."""

    file_id: str
    """Its id."""
    name: str | None = wire("file_name", default=None)
    """Its name."""
    owner: Id | None = wire("file_owner", default=None)
    """Who uploaded it, in lists."""
    size: int | None = wire("file_size", default=None)
    """Bytes."""
    created: datetime | None = None
    """When it was uploaded."""
    url: str | None = wire("file_url", default=None)
    """Where it is, after uploading."""
    group_id: Id | None = None
    """The group, after uploading."""
