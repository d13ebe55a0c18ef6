"""Events about groups and rooms; most are for both, with a kind for each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import attrs

from easemob_async.models.tokens import FOREVER
from easemob_async.webhooks.events.base import Kind, KnownEvent, PlaceType
from easemob_async.wire.fields import Id, Jid, is_a_time, wire

APP_ADMIN: Final = "@ppAdmin"
"""The `operator` of what the app's admin did, by REST or from the console."""


@attrs.frozen(kw_only=True)
class PlaceEvent(KnownEvent):
    """Something happened to a group or a room."""

    type: PlaceType | str
    """Which of the two."""
    operation: str
    """The service's name of what was done."""
    operator: str
    """Who did it: a user, or `APP_ADMIN`."""

    @property
    def is_room(self) -> bool:
        """Whether it is about a room."""
        return self.type == PlaceType.CHATROOM


@attrs.frozen(kw_only=True)
class GroupEvent(PlaceEvent):
    """Something happened to a group, or to a room where `is_room` says so."""

    group_id: Id = wire("id")
    """The group; the room, if it is one."""


def _length(value: object) -> timedelta:
    seconds = float(value)  # type: ignore[arg-type]  # what is no number raises
    return FOREVER if seconds == -1 else timedelta(seconds=seconds)


@attrs.frozen(kw_only=True)
class PlaceInfo:
    """All that is told of a group or room."""

    name: str | None = wire("title", default=None)
    """Its name."""
    description: str | None = None
    """What it is about."""
    avatar: str | None = None
    """The URL of its picture."""
    owner: Jid | None = None
    """Who owns it."""
    custom: str | None = None
    """The app's own extension info."""
    max_users: int | None = None
    """The most members, owner included."""
    public: bool | None = None
    """Whether it can be searched."""
    allow_invites: bool | None = wire("allow_user_invites", default=None)
    """Whether regular members may invite."""
    invite_need_confirm: bool | None = None
    """Whether who is invited has to agree."""
    muted: bool | None = wire("mute", default=None)
    """Whether all its members are muted."""
    mute_duration: timedelta | None = wire("mute_duration", default=None, read=_length)
    """For how long from now on; 0 when they are not, `FOREVER` for good."""
    banned: bool | None = wire("disabled", default=None)
    """Whether it is banned."""
    created: datetime | None = None
    """When it was made."""
    last_modified: datetime | None = None
    """When it was last changed."""


@attrs.frozen(kw_only=True)
class GroupCreated(GroupEvent):
    """A group or room was made.

    Source: group.created, chatroom.created
    """

    kind = Kind("group.created", room="chatroom.created")
    info: PlaceInfo = wire("payload.info")
    """What it is."""
    roles: dict[str, str] = wire("payload.role", default=attrs.Factory(dict))
    """Who is ``owner`` and who ``admin``."""
    usernames: tuple[Id, ...] = wire("payload.member", default=())
    """Who was added at once."""


@attrs.frozen(kw_only=True)
class GroupDeleted(GroupEvent):
    """A group or room was destroyed; `GroupMemberLeftDeleted` tells who was in it.

    Source: group.deleted, chatroom.deleted
    """

    kind = Kind("group.deleted", room="chatroom.deleted")


@attrs.frozen(kw_only=True)
class GroupInfoUpdated(GroupEvent):
    """Details of a group or room were changed; which of them is not told.

    Source: group.info_updated, chatroom.info_updated
    """

    kind = Kind("group.info_updated", room="chatroom.info_updated")
    info: PlaceInfo = wire("payload.info")
    """What it is now."""


@attrs.frozen(kw_only=True)
class GroupOwnerChanged(GroupEvent):
    """A group or room was given to another owner.

    Source: group.owner_changed, chatroom.owner_changed
    """

    kind = Kind("group.owner_changed", room="chatroom.owner_changed")
    owner: Id = wire("payload.owner")
    """Who owned it before."""
    new_owner: Id = wire("payload.new_owner")
    """Who owns it now."""


@attrs.frozen(kw_only=True)
class GroupAnnouncementUpdated(GroupEvent):
    """An announcement was set, changed or deleted.

    Source: group.announcement_updated, chatroom.announcement_updated
    """

    kind = Kind("group.announcement_updated", room="chatroom.announcement_updated")
    announcement: str | None = wire("payload.announcement", default=None)
    """The new one; ``None`` when it was deleted."""


@attrs.frozen(kw_only=True)
class GroupBanChanged(GroupEvent):
    """A group was banned or unbanned.

    Source: group.ban_changed
    """

    kind = Kind("group.ban_changed")
    banned: bool = wire("payload.disable", "payload.disabled")
    """Whether it is banned now."""


@attrs.frozen(kw_only=True)
class GroupMuteAllChanged(GroupEvent):
    """All members of a group or room were muted or unmuted.

    Source: group.mute_all_changed, chatroom.mute_all_changed
    """

    kind = Kind("group.mute_all_changed", room="chatroom.mute_all_changed")
    muted: bool = wire("payload.mute")
    """Whether they are muted now."""


@attrs.frozen(kw_only=True)
class GroupShielded(GroupEvent):
    """A user, the `operator`, does not want a group's messages any more.

    Source: group.shielded
    """

    kind = Kind("group.shielded")


@attrs.frozen(kw_only=True)
class GroupUnshielded(GroupEvent):
    """A user, the `operator`, wants a group's messages again.

    Source: group.unshielded
    """

    kind = Kind("group.unshielded")


@attrs.frozen(kw_only=True)
class GroupMembersEvent(GroupEvent):
    """Something happened to members of a group or room."""

    usernames: tuple[Id, ...] = wire("payload.member")
    """To whom."""
    member_count: int | None = None
    """How many members there are afterwards, where it is told."""


@attrs.frozen(kw_only=True)
class GroupMemberJoined(GroupMembersEvent):
    """Users joined: added when it was made, or entering a room.

    Source: group.member_joined, chatroom.member_joined
    """

    kind = Kind("group.member_joined", room="chatroom.member_joined")
    ext: str | None = wire("payload.options.ext", default=None)
    """What the app gave along when it entered a room."""


@attrs.frozen(kw_only=True)
class GroupMemberJoinedByInvite(GroupMembersEvent):
    """A user whom a member had invited joined a group; `operator` is that user.

    Source: group.member_joined_by_invite
    """

    kind = Kind("group.member_joined_by_invite")


@attrs.frozen(kw_only=True)
class GroupMemberJoinedByApplication(GroupMembersEvent):
    """A user who had asked joined.

    Source: group.member_joined_by_application, chatroom.member_joined_by_application
    """

    kind = Kind("group.member_joined_by_application", room="chatroom.member_joined_by_application")


@attrs.frozen(kw_only=True)
class GroupMemberLeft(GroupMembersEvent):
    """A user left a group.

    Source: group.member_left
    """

    kind = Kind("group.member_left")


@attrs.frozen(kw_only=True)
class GroupMemberKicked(GroupMembersEvent):
    """Members were removed.

    Source: group.member_kicked, chatroom.member_kicked
    """

    kind = Kind("group.member_kicked", room="chatroom.member_kicked")


@attrs.frozen(kw_only=True)
class GroupMemberLeftBlocked(GroupMembersEvent):
    """Members left because they were put on the blocklist; `GroupBlocklistAdded` comes too.

    Source: group.member_left_blocked, chatroom.member_left_blocked
    """

    kind = Kind("group.member_left_blocked", room="chatroom.member_left_blocked")


@attrs.frozen(kw_only=True)
class GroupMemberLeftDeleted(GroupMembersEvent):
    """All members left because the group or room was destroyed.

    Source: group.member_left_deleted, chatroom.member_left_deleted
    """

    kind = Kind("group.member_left_deleted", room="chatroom.member_left_deleted")


@attrs.frozen(kw_only=True)
class GroupAdminsEvent(GroupEvent):
    """The admins of a group or room changed."""

    usernames: tuple[Id, ...] = wire("payload.admin")
    """Who became one, or is one no more."""


@attrs.frozen(kw_only=True)
class GroupAdminAdded(GroupAdminsEvent):
    """Members became admins.

    Source: group.admin_added, chatroom.admin_added
    """

    kind = Kind("group.admin_added", room="chatroom.admin_added")


@attrs.frozen(kw_only=True)
class GroupAdminRemoved(GroupAdminsEvent):
    """Admins are regular members again.

    Source: group.admin_removed, chatroom.admin_removed
    """

    kind = Kind("group.admin_removed", room="chatroom.admin_removed")


@attrs.frozen(kw_only=True)
class GroupListedEvent(GroupMembersEvent):
    """Members were put on a list, for some time."""

    expires_at: datetime | None = wire("payload.expire_timestamp", default=None)
    """When that ends; ``None`` for never."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        name = "payload.expire_timestamp"
        return {k: v for k, v in fields.items() if k != name or is_a_time(v)}


@attrs.frozen(kw_only=True)
class GroupMemberMuted(GroupListedEvent):
    """Members were muted.

    Source: group.member_muted, chatroom.member_muted
    """

    kind = Kind("group.member_muted", room="chatroom.member_muted")


@attrs.frozen(kw_only=True)
class GroupMemberUnmuted(GroupMembersEvent):
    """Members were unmuted.

    Source: group.member_unmuted, chatroom.member_unmuted
    """

    kind = Kind("group.member_unmuted", room="chatroom.member_unmuted")


@attrs.frozen(kw_only=True)
class GroupAllowlistAdded(GroupMembersEvent):
    """Members were put on the allowlist.

    Source: group.allowlist_added, chatroom.allowlist_added
    """

    kind = Kind("group.allowlist_added", room="chatroom.allowlist_added")


@attrs.frozen(kw_only=True)
class GroupAllowlistRemoved(GroupMembersEvent):
    """Members were taken off the allowlist.

    Source: group.allowlist_removed, chatroom.allowlist_removed
    """

    kind = Kind("group.allowlist_removed", room="chatroom.allowlist_removed")


@attrs.frozen(kw_only=True)
class GroupBlocklistAdded(GroupListedEvent):
    """Members were put on the blocklist; `GroupMemberLeftBlocked` follows.

    Source: group.blocklist_added, chatroom.blocklist_added
    """

    kind = Kind("group.blocklist_added", room="chatroom.blocklist_added")


@attrs.frozen(kw_only=True)
class GroupBlocklistRemoved(GroupMembersEvent):
    """Users were taken off the blocklist.

    Source: group.blocklist_removed, chatroom.blocklist_removed
    """

    kind = Kind("group.blocklist_removed", room="chatroom.blocklist_removed")


@attrs.frozen(kw_only=True)
class GroupFilesEvent(GroupEvent):
    """The shared files of a group changed."""

    file_ids: tuple[str, ...] = wire("payload.share_file")
    """The files."""


@attrs.frozen(kw_only=True)
class GroupSharedFileUploaded(GroupFilesEvent):
    """A shared file was uploaded.

    Source: group.shared_file_uploaded
    """

    kind = Kind("group.shared_file_uploaded")


@attrs.frozen(kw_only=True)
class GroupSharedFileDeleted(GroupFilesEvent):
    """A shared file was deleted.

    Source: group.shared_file_deleted
    """

    kind = Kind("group.shared_file_deleted")
