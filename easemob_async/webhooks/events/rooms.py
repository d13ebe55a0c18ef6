"""Events that only rooms have; the others are those of groups, with a kind of their own."""

from __future__ import annotations

import attrs

from easemob_async.webhooks.events.base import Kind
from easemob_async.webhooks.events.groups import PlaceEvent
from easemob_async.wire.fields import Id, wire


@attrs.frozen(kw_only=True)
class ChatroomEvent(PlaceEvent):
    """Something happened to a room."""

    room_id: Id = wire("id")
    """The room."""


@attrs.frozen(kw_only=True)
class ChatroomLeftEvent(ChatroomEvent):
    """A user is not in a room any more."""

    usernames: tuple[Id, ...] = wire("payload.member")
    """Who left."""
    member_count: int | None = None
    """How many are in it afterwards."""
    action: str | None = wire("payload.action", default=None)
    """``user_quit`` or ``user_offline``."""


@attrs.frozen(kw_only=True)
class ChatroomMemberLeft(ChatroomLeftEvent):
    """A user left a room.

    Source: chatroom.member_left
    """

    kind = Kind("chatroom.member_left")


@attrs.frozen(kw_only=True)
class ChatroomMemberLeftOffline(ChatroomLeftEvent):
    """A user was dropped from a room after 2 minutes offline.

    Source: chatroom.member_left_offline
    """

    kind = Kind("chatroom.member_left_offline")


@attrs.frozen(kw_only=True)
class ChatroomSuperadminsEvent(ChatroomEvent):
    """The app's super admins of rooms changed; `room_id` is empty, the role is for all rooms."""

    usernames: tuple[Id, ...] = wire("payload.admin")
    """Who became one, or is one no more."""


@attrs.frozen(kw_only=True)
class ChatroomSuperadminAdded(ChatroomSuperadminsEvent):
    """Users were made super admins.

    Source: chatroom.superadmin_added
    """

    kind = Kind("chatroom.superadmin_added")


@attrs.frozen(kw_only=True)
class ChatroomSuperadminRemoved(ChatroomSuperadminsEvent):
    """Users are super admins no more.

    Source: chatroom.superadmin_removed
    """

    kind = Kind("chatroom.superadmin_removed")
