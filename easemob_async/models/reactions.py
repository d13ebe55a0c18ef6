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
    """The id of the reaction."""
    message_id: str | None = wire("msgId", default=None)
    """The id of the message."""
    chat_type: ChatType | str | None = None
    """The type of the conversation."""
    group_id: Id | None = wire("groupId", default=None)
    """The id of the group; ``None`` for one-to-one chats."""
    reaction: str | None = None
    """The id of the emoji."""
    created: datetime | None = wire("createdAt", "createAt", default=None)
    """The time when the reaction was added."""
    updated: datetime | None = wire("updatedAt", "updateAt", default=None)
    """The time of the last change."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "chat_type": fields.get("msgType")} if "msgType" in fields else fields


@attrs.frozen
class Reaction:
    """A reaction to a message."""

    reaction: str
    """The id of the emoji."""
    count: int
    """The number of users who added the reaction."""
    reaction_id: str = wire("reactionId", "id")
    """The id of the reaction."""
    reacted: bool = wire("state", default=False)
    """Whether the requesting user is one of them."""
    usernames: tuple[Id, ...] = wire("userList", default=())
    """The first three users who added the reaction."""


@attrs.frozen
class MessageReactions:
    """The reactions to a message."""

    message_id: str = wire("msgId")
    """The id of the message."""
    reactions: tuple[Reaction, ...] = wire("reactionList", default=())
    """The reactions."""


@attrs.frozen
class ReactionPage(Page[str]):
    """A page of the users who added a reaction, in the order in which they added it."""

    reaction_id: str | None = None
    """The id of the reaction."""
    reaction: str | None = None
    """The id of the emoji."""
    count: int | None = None
    """The number of users who added the reaction."""
    reacted: bool | None = None
    """Whether the requesting user is one of them."""
