"""Chat groups and their members."""

from __future__ import annotations

from datetime import datetime

import attrs

from easemob_async.models.pages import Page
from easemob_async.models.places import GroupMember
from easemob_async.wire.fields import Id, wire


@attrs.frozen
class CreatedGroup:
    """A group that was just created."""

    group_id: Id = wire("groupid")
    """The id of the group."""


@attrs.frozen
class GroupSummary:
    """A group in the list of all groups; the 2014 form of the answer has only the id."""

    group_id: Id = wire("groupid")
    """The id of the group."""
    name: str | None = wire("groupname", default=None)
    """The name of the group."""
    owner: Id | None = None
    """The username of the owner."""
    member_count: int | None = wire("affiliations", default=None)
    """The number of members."""
    last_modified: datetime | None = wire("lastModified", "last_modified", default=None)
    """The time of the last change."""


@attrs.frozen
class JoinedGroup:
    """A group in the list of a user's groups."""

    group_id: Id = wire("groupId", "groupid", "id")
    """The id of the group."""
    name: str | None = wire("name", "groupname", default=None)
    """The name of the group."""
    avatar: str | None = None
    """The URL of the avatar."""
    owner: Id | None = None
    """The username of the owner."""
    description: str | None = None
    """The description of the group."""
    banned: bool | None = wire("disabled", default=None)
    """Whether the group is banned; a banned group cannot be changed."""
    public: bool | None = None
    """Whether the group is public: users can find it and ask to join."""
    allow_invites: bool | None = wire("allowinvites", default=None)
    """Whether regular members may invite users."""
    members_only: bool | None = wire("membersonly", default=None)
    """Whether a request to join needs approval."""
    max_users: int | None = wire("maxusers", default=None)
    """The maximum number of members, including the owner."""
    created: datetime | None = None
    """The time of creation."""


@attrs.frozen
class JoinedGroupsPage(Page[JoinedGroup]):
    """A page of a user's groups."""

    total: int | None = None
    """The number of groups that the user has joined."""


@attrs.frozen
class LegacyJoinedGroup:
    """A group that a user has joined, in the older form."""

    group_id: str = wire("groupid")
    """The id of the group."""
    name: str | None = wire("groupname", default=None)
    """The name of the group."""


@attrs.frozen
class ChatGroup:
    """The details of a group."""

    group_id: Id = wire("id", "groupid")
    """The id of the group."""
    name: str | None = wire("name", "groupname", default=None)
    """The name of the group."""
    avatar: str | None = None
    """The URL of the avatar."""
    description: str | None = None
    """The description of the group."""
    owner: Id | None = None
    """The username of the owner."""
    members_only: bool | None = wire("membersonly", default=None)
    """Whether a request to join needs approval."""
    allow_invites: bool | None = wire("allowinvites", default=None)
    """Whether regular members may invite users."""
    max_users: int | None = wire("maxusers", default=None)
    """The maximum number of members, including the owner."""
    members: tuple[GroupMember, ...] = wire("affiliations", default=())
    """The owner and the members, at most 10 000."""
    member_count: int | None = wire("affiliations_count", default=None)
    """The number of members."""
    created: datetime | None = None
    """The time of creation."""
    banned: bool | None = wire("disabled", default=None)
    """Whether the group is banned."""
    muted: bool | None = wire("mute", default=None)
    """Whether all members are muted."""
    public: bool | None = None
    """Whether the group is public: users can find it and ask to join."""
    custom: str | None = None
    """The app's own extension data."""


@attrs.frozen
class GroupFile:
    """A shared file of a group."""

    file_id: str
    """The id of the file."""
    name: str | None = wire("file_name", default=None)
    """The name of the file."""
    owner: Id | None = wire("file_owner", default=None)
    """The user who uploaded the file; only in lists."""
    size: int | None = wire("file_size", default=None)
    """The size in bytes."""
    created: datetime | None = None
    """The time of the upload."""
    url: str | None = wire("file_url", default=None)
    """The URL of the file; only in the answer to an upload."""
    group_id: Id | None = None
    """The id of the group; only in the answer to an upload."""
