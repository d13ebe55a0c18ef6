"""Chat groups and their members."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from easemob_async.models.pages import Page
from easemob_async.wire.fields import Id, wire


class GroupRole(StrEnum):
    """What a member is. The service shows admins as members: see ``chat_groups.admins.list``."""

    OWNER = "owner"
    MEMBER = "member"


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
class GroupMember:
    """Who is in a group."""

    username: Id
    """The user."""
    role: GroupRole | str
    """Owner or member; admins show as members."""
    joined_at: datetime | None = wire("joined_time", default=None)
    """When the user joined, where it was asked for."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        # {"owner": "ann"} or {"member": "bob"}: the role is the key, one of tomorrow as well.
        if "username" in fields:
            return {"role": GroupRole.MEMBER.value, **fields}
        for role, name in fields.items():
            if role != "joined_time" and isinstance(name, str | int):
                return {**fields, "username": name, "role": role}
        return fields


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
