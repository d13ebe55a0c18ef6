"""Contacts, mutes of the whole app, favorites, reactions, offline messages."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import attrs

from easemob_async.models.pages import Page
from easemob_async.models.tokens import FOREVER
from easemob_async.wire.fields import Id, Seconds, wire


class ContactRelation(StrEnum):
    """Whether a user is a contact of another."""

    FRIEND = "friend"
    NOT_FRIEND = "not_friend"


class BlockRelation(StrEnum):
    """Whether a user is on the blocklist of another."""

    BLOCKED = "blacklist"
    NOT_BLOCKED = "not_blacklist"


class DeliveryStatus(StrEnum):
    """Whether an offline message has reached its user."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


class ChatType(StrEnum):
    """What kind of conversation a message is in."""

    CHAT = "chat"
    GROUP_CHAT = "groupchat"
    CHAT_ROOM = "chatroom"


@attrs.frozen
class Contact:
    """A contact of a user."""

    username: Id
    """The contact."""
    remark: str | None = None
    """The user's private remark on the contact, where it was asked for."""


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


@attrs.frozen(kw_only=True)
class NewFavorite:
    """A favorite to save."""

    favorite_id: str
    """Its id."""
    data: str
    """Its content, at most 20 480 characters."""
    type: int
    """Its type, of the app's own numbering."""
    ext: str
    """An extension, at most 1 024 characters."""
    created: datetime
    """When it was saved (aware)."""


@attrs.frozen
class Favorite:
    """Something that a user saved."""

    favorite_id: str = wire("id")
    """Its id."""
    type: int | None = None
    """Its type, of the app's own numbering."""
    data: str | None = None
    """Its content."""
    ext: str | None = None
    """Its extension."""
    created: datetime | None = wire("createdAt", default=None)
    """When it was saved; the unit is not documented: read as milliseconds."""
    updated: datetime | None = wire("updatedAt", default=None)
    """When it was last changed."""


@attrs.frozen
class AddedReaction:
    """A reaction that was just added."""

    reaction_id: str = wire("id", "reactionId")
    """Its id."""
    message_id: str | None = wire("msgId", default=None)
    """The message."""
    chat_type: ChatType | str | None = None
    """What kind of conversation it is in."""
    group_id: Id | None = wire("groupId", default=None)
    """The group; ``None`` for one-to-one."""
    reaction: str | None = None
    """The emoji's id."""
    created: datetime | None = wire("createdAt", "createAt", default=None)
    """When it was added."""
    updated: datetime | None = wire("updatedAt", "updateAt", default=None)
    """When it was changed."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "chat_type": fields.get("msgType")} if "msgType" in fields else fields


@attrs.frozen
class Reaction:
    """A reaction on a message."""

    reaction: str
    """The emoji's id."""
    count: int
    """How many users added it."""
    reaction_id: str = wire("reactionId", "id")
    """Its id."""
    reacted: bool = wire("state", default=False)
    """Whether the user who asks is one of them."""
    usernames: tuple[Id, ...] = wire("userList", default=())
    """The first three who did."""


@attrs.frozen
class MessageReactions:
    """The reactions on a message."""

    message_id: str = wire("msgId")
    """The message."""
    reactions: tuple[Reaction, ...] = wire("reactionList", default=())
    """What was added to it."""


@attrs.frozen
class ReactionPage(Page[str]):
    """A page of the users who added a reaction, in the order in which they did."""

    reaction_id: str | None = None
    """Its id."""
    reaction: str | None = None
    """The emoji's id."""
    count: int | None = None
    """How many users added it."""
    reacted: bool | None = None
    """Whether the user who asks is one of them."""


@attrs.frozen
class SentBroadcast:
    """What a broadcast answers; there is no message id."""

    broadcast_id: str = wire("id")
    """The broadcast's id."""


@attrs.frozen
class Presence:
    """What a user shows of being there, on each device."""

    username: Id = wire("uid")
    """The user."""
    last_time: Seconds | None = None
    """When the user was last online."""
    ext: str | None = None
    """What the user's app says beside it."""
    status: dict[str, str] = attrs.field(factory=dict)
    """The state of each device: ``"0"`` offline, ``"1"`` online, others are the app's own."""
    expires_at: Seconds | None = wire("expiry", default=None)
    """When the subscription ends, where one was made."""


@attrs.frozen
class PresenceSubscription:
    """Whose presence a user is told of."""

    username: Id = wire("uid")
    """The user who is watched."""
    expires_at: Seconds | None = wire("expiry", default=None)
    """When the subscription ends."""


@attrs.frozen
class PresenceSubscriptionsPage(Page[PresenceSubscription]):
    """A page of subscriptions."""

    total: int | None = None
    """How many there are in all."""
