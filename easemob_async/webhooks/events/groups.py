"""Events about groups and chat rooms; most are for both, with a separate kind for rooms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import attrs

from easemob_async.models.tokens import FOREVER
from easemob_async.webhooks.events.base import Kind, KnownEvent, PlaceType
from easemob_async.wire.fields import Id, Jid, is_a_time, wire

APP_ADMIN: Final = "@ppAdmin"
"""The `operator` of changes by the admin of the app, by REST or from the console."""


@attrs.frozen(kw_only=True)
class PlaceEvent(KnownEvent):
    """An event about a group or a room."""

    type: PlaceType | str
    """The type of the place: group or room."""
    operation: str
    """The service's name for the change."""
    operator: str
    """The user who made the change, or `APP_ADMIN`."""

    @property
    def is_room(self) -> bool:
        """Whether the event is about a room."""
        return self.type == PlaceType.CHATROOM


@attrs.frozen(kw_only=True)
class GroupEvent(PlaceEvent):
    """An event about a group, or about a room if `is_room` is true."""

    group_id: Id = wire("id")
    """The id of the group or room."""


def _length(value: object) -> timedelta:
    seconds = float(value)  # type: ignore[arg-type]  # raises for a value that is not a number
    return FOREVER if seconds == -1 else timedelta(seconds=seconds)


@attrs.frozen(kw_only=True)
class PlaceInfo:
    """The details of a group or room in an event."""

    name: str | None = wire("title", default=None)
    """The name."""
    description: str | None = None
    """The description."""
    avatar: str | None = None
    """The URL of the avatar."""
    owner: Jid | None = None
    """The username of the owner."""
    custom: str | None = None
    """The app's own extension data."""
    max_users: int | None = None
    """The maximum number of members, including the owner."""
    public: bool | None = None
    """Whether users can find it by a search."""
    allow_invites: bool | None = wire("allow_user_invites", default=None)
    """Whether regular members may invite users."""
    invite_need_confirm: bool | None = None
    """Whether invited users must agree."""
    muted: bool | None = wire("mute", default=None)
    """Whether all members are muted."""
    mute_duration: timedelta | None = wire("mute_duration", default=None, read=_length)
    """The time from now for which all members are muted: 0 for not muted, or `FOREVER`."""
    banned: bool | None = wire("disabled", default=None)
    """Whether the group or room is banned."""
    created: datetime | None = None
    """The time of creation."""
    last_modified: datetime | None = None
    """The time of the last change."""


@attrs.frozen(kw_only=True)
class GroupCreated(GroupEvent):
    """An event posted when a group or room is created.

    Source: group.created, chatroom.created
    """

    kind = Kind("group.created", room="chatroom.created")
    info: PlaceInfo = wire("payload.info")
    """The details."""
    roles: dict[str, str] = wire("payload.role", default=attrs.Factory(dict))
    """The roles ``owner`` and ``admin`` by username."""
    usernames: tuple[Id, ...] = wire("payload.member", default=())
    """The users who were added at creation."""


@attrs.frozen(kw_only=True)
class GroupDeleted(GroupEvent):
    """An event posted when a group or room is deleted; `GroupMemberLeftDeleted` has the members.

    Source: group.deleted, chatroom.deleted
    """

    kind = Kind("group.deleted", room="chatroom.deleted")


@attrs.frozen(kw_only=True)
class GroupInfoUpdated(GroupEvent):
    """An event posted when details of a group or room are changed.

    The post does not show which of them have changed.

    Source: group.info_updated, chatroom.info_updated
    """

    kind = Kind("group.info_updated", room="chatroom.info_updated")
    info: PlaceInfo = wire("payload.info")
    """The details after the change."""


@attrs.frozen(kw_only=True)
class GroupOwnerChanged(GroupEvent):
    """An event posted when a group or room is transferred to a new owner.

    Source: group.owner_changed, chatroom.owner_changed
    """

    kind = Kind("group.owner_changed", room="chatroom.owner_changed")
    owner: Id = wire("payload.owner")
    """The username of the previous owner."""
    new_owner: Id = wire("payload.new_owner")
    """The username of the new owner."""


@attrs.frozen(kw_only=True)
class GroupAnnouncementUpdated(GroupEvent):
    """An event posted when an announcement is set, changed or deleted.

    Source: group.announcement_updated, chatroom.announcement_updated
    """

    kind = Kind("group.announcement_updated", room="chatroom.announcement_updated")
    announcement: str | None = wire("payload.announcement", default=None)
    """The new announcement; ``None`` if it was deleted."""


@attrs.frozen(kw_only=True)
class GroupBanChanged(GroupEvent):
    """An event posted when a group is banned or unbanned.

    Source: group.ban_changed
    """

    kind = Kind("group.ban_changed")
    banned: bool = wire("payload.disable", "payload.disabled")
    """Whether the group is banned now."""


@attrs.frozen(kw_only=True)
class GroupMuteAllChanged(GroupEvent):
    """An event posted when all members of a group or room are muted or unmuted.

    Source: group.mute_all_changed, chatroom.mute_all_changed
    """

    kind = Kind("group.mute_all_changed", room="chatroom.mute_all_changed")
    muted: bool = wire("payload.mute")
    """Whether all members are muted now."""


@attrs.frozen(kw_only=True)
class GroupShielded(GroupEvent):
    """An event posted when a user, the `operator`, blocks the messages of a group.

    Source: group.shielded
    """

    kind = Kind("group.shielded")


@attrs.frozen(kw_only=True)
class GroupUnshielded(GroupEvent):
    """An event posted when a user, the `operator`, unblocks the messages of a group.

    Source: group.unshielded
    """

    kind = Kind("group.unshielded")


@attrs.frozen(kw_only=True)
class GroupMembersEvent(GroupEvent):
    """An event about members of a group or room."""

    usernames: tuple[Id, ...] = wire("payload.member")
    """The usernames of the members."""
    member_count: int | None = None
    """The number of members afterwards, if the post has it."""


@attrs.frozen(kw_only=True)
class GroupMemberJoined(GroupMembersEvent):
    """An event posted when users are added at creation, or join a room.

    Source: group.member_joined, chatroom.member_joined
    """

    kind = Kind("group.member_joined", room="chatroom.member_joined")
    ext: str | None = wire("payload.options.ext", default=None)
    """The extension data that the client sent when it joined a room."""


@attrs.frozen(kw_only=True)
class GroupMemberJoinedByInvite(GroupMembersEvent):
    """An event posted when an invited user, the `operator`, joins a group.

    Source: group.member_joined_by_invite
    """

    kind = Kind("group.member_joined_by_invite")


@attrs.frozen(kw_only=True)
class GroupMemberJoinedByApplication(GroupMembersEvent):
    """An event posted when a user joins after a request to join.

    Source: group.member_joined_by_application, chatroom.member_joined_by_application
    """

    kind = Kind("group.member_joined_by_application", room="chatroom.member_joined_by_application")


@attrs.frozen(kw_only=True)
class GroupMemberLeft(GroupMembersEvent):
    """An event posted when a user leaves a group.

    Source: group.member_left
    """

    kind = Kind("group.member_left")


@attrs.frozen(kw_only=True)
class GroupMemberKicked(GroupMembersEvent):
    """An event posted when members are removed.

    Source: group.member_kicked, chatroom.member_kicked
    """

    kind = Kind("group.member_kicked", room="chatroom.member_kicked")


@attrs.frozen(kw_only=True)
class GroupMemberLeftBlocked(GroupMembersEvent):
    """An event posted when members leave because they were added to the blocklist.

    A `GroupBlocklistAdded` is posted as well.

    Source: group.member_left_blocked, chatroom.member_left_blocked
    """

    kind = Kind("group.member_left_blocked", room="chatroom.member_left_blocked")


@attrs.frozen(kw_only=True)
class GroupMemberLeftDeleted(GroupMembersEvent):
    """An event posted when all members leave because the group or room was deleted.

    Source: group.member_left_deleted, chatroom.member_left_deleted
    """

    kind = Kind("group.member_left_deleted", room="chatroom.member_left_deleted")


@attrs.frozen(kw_only=True)
class GroupAdminsEvent(GroupEvent):
    """An event about the admins of a group or room."""

    usernames: tuple[Id, ...] = wire("payload.admin")
    """The members who became admins or are no longer admins."""


@attrs.frozen(kw_only=True)
class GroupAdminAdded(GroupAdminsEvent):
    """An event posted when members become admins.

    Source: group.admin_added, chatroom.admin_added
    """

    kind = Kind("group.admin_added", room="chatroom.admin_added")


@attrs.frozen(kw_only=True)
class GroupAdminRemoved(GroupAdminsEvent):
    """An event posted when admins become regular members again.

    Source: group.admin_removed, chatroom.admin_removed
    """

    kind = Kind("group.admin_removed", room="chatroom.admin_removed")


@attrs.frozen(kw_only=True)
class GroupListedEvent(GroupMembersEvent):
    """An event about members who are muted or blocked, with an end time."""

    expires_at: datetime | None = wire("payload.expire_timestamp", default=None)
    """The end of that time; ``None`` means never."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        name = "payload.expire_timestamp"
        return {k: v for k, v in fields.items() if k != name or is_a_time(v)}


@attrs.frozen(kw_only=True)
class GroupMemberMuted(GroupListedEvent):
    """An event posted when members are muted.

    Source: group.member_muted, chatroom.member_muted
    """

    kind = Kind("group.member_muted", room="chatroom.member_muted")


@attrs.frozen(kw_only=True)
class GroupMemberUnmuted(GroupMembersEvent):
    """An event posted when members are unmuted.

    Source: group.member_unmuted, chatroom.member_unmuted
    """

    kind = Kind("group.member_unmuted", room="chatroom.member_unmuted")


@attrs.frozen(kw_only=True)
class GroupAllowlistAdded(GroupMembersEvent):
    """An event posted when members are added to the allowlist.

    Source: group.allowlist_added, chatroom.allowlist_added
    """

    kind = Kind("group.allowlist_added", room="chatroom.allowlist_added")


@attrs.frozen(kw_only=True)
class GroupAllowlistRemoved(GroupMembersEvent):
    """An event posted when members are removed from the allowlist.

    Source: group.allowlist_removed, chatroom.allowlist_removed
    """

    kind = Kind("group.allowlist_removed", room="chatroom.allowlist_removed")


@attrs.frozen(kw_only=True)
class GroupBlocklistAdded(GroupListedEvent):
    """An event posted when members are added to the blocklist; `GroupMemberLeftBlocked` follows.

    Source: group.blocklist_added, chatroom.blocklist_added
    """

    kind = Kind("group.blocklist_added", room="chatroom.blocklist_added")


@attrs.frozen(kw_only=True)
class GroupBlocklistRemoved(GroupMembersEvent):
    """An event posted when users are removed from the blocklist.

    Source: group.blocklist_removed, chatroom.blocklist_removed
    """

    kind = Kind("group.blocklist_removed", room="chatroom.blocklist_removed")


@attrs.frozen(kw_only=True)
class GroupFilesEvent(GroupEvent):
    """An event about shared files of a group."""

    file_ids: tuple[str, ...] = wire("payload.share_file")
    """The ids of the files."""


@attrs.frozen(kw_only=True)
class GroupSharedFileUploaded(GroupFilesEvent):
    """An event posted when a shared file is uploaded.

    Source: group.shared_file_uploaded
    """

    kind = Kind("group.shared_file_uploaded")


@attrs.frozen(kw_only=True)
class GroupSharedFileDeleted(GroupFilesEvent):
    """An event posted when a shared file is deleted.

    Source: group.shared_file_deleted
    """

    kind = Kind("group.shared_file_deleted")
