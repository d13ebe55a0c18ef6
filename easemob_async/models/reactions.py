"""Reactions to messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from easemob_async.models.messages import ChatType
from easemob_async.models.pages import Page
from easemob_async.wire.fields import Id, wire


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
