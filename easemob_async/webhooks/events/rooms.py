"""Events that only chat rooms have; rooms share the other events with groups."""

from __future__ import annotations

import attrs

from easemob_async.webhooks.events.base import Kind
from easemob_async.webhooks.events.groups import PlaceEvent
from easemob_async.wire.fields import Id, wire


@attrs.frozen(kw_only=True)
class ChatroomEvent(PlaceEvent):
    """An event about a room."""

    room_id: Id = wire("id")
    """The id of the room."""


@attrs.frozen(kw_only=True)
class ChatroomLeftEvent(ChatroomEvent):
    """An event posted when a user leaves a room or is removed from it."""

    usernames: tuple[Id, ...] = wire("payload.member")
    """The users who left."""
    member_count: int | None = None
    """The number of members afterwards."""
    action: str | None = wire("payload.action", default=None)
    """The cause: ``user_quit`` or ``user_offline``."""


@attrs.frozen(kw_only=True)
class ChatroomMemberLeft(ChatroomLeftEvent):
    """An event posted when a user leaves a room.

    Source: chatroom.member_left
    """

    kind = Kind("chatroom.member_left")


@attrs.frozen(kw_only=True)
class ChatroomMemberLeftOffline(ChatroomLeftEvent):
    """An event posted when a user is removed from a room after 2 minutes offline.

    Source: chatroom.member_left_offline
    """

    kind = Kind("chatroom.member_left_offline")


@attrs.frozen(kw_only=True)
class ChatroomSuperadminsEvent(ChatroomEvent):
    """An event about the super admins of all rooms of the app; its `room_id` is empty."""

    usernames: tuple[Id, ...] = wire("payload.admin")
    """The users who were added or removed."""


@attrs.frozen(kw_only=True)
class ChatroomSuperadminAdded(ChatroomSuperadminsEvent):
    """An event posted when users become super admins.

    Source: chatroom.superadmin_added
    """

    kind = Kind("chatroom.superadmin_added")


@attrs.frozen(kw_only=True)
class ChatroomSuperadminRemoved(ChatroomSuperadminsEvent):
    """An event posted when users are no longer super admins.

    Source: chatroom.superadmin_removed
    """

    kind = Kind("chatroom.superadmin_removed")
