"""Events about messages: sent, read, edited and recalled messages, reactions and threads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from easemob_async.models.messages import ChatType
from easemob_async.models.received import Body, Origin
from easemob_async.webhooks.events.base import (
    ContentEvent,
    EventType,
    Kind,
    MessagingEvent,
    read_bodies,
    read_ext,
)
from easemob_async.wire.fields import OBJECTS, Id, Jid, wire


@attrs.frozen(kw_only=True)
class MessageEvent(ContentEvent):
    """An event posted when a message is sent, by a client SDK, by REST or from the console."""

    content_type: str | None = None
    """The detailed type of the message, if the post has it: ``chat:group:text``."""

    @property
    def is_room(self) -> bool | None:
        """Whether the message was sent in a chat room; ``None`` if the post does not say so.

        Messages of groups and rooms have the same type, ``groupchat``. The `content_type` of the
        post distinguishes them, or else its ``payload.type``. Without both, the event is a
        `GroupMessage` or `GroupMessageOffline` whose id may be the id of a room.
        """
        return False

    @property
    def origin(self) -> Origin | None:
        """The user, group or room that the message came from; `messages.reply` answers there."""
        return Origin("user", str(self.sender), str(self.target))


def in_room(post: Mapping[str, Any]) -> bool | None:
    """Return whether a ``groupchat`` post is about a room; ``None`` if it does not say so."""
    content_type = post.get("content_type")
    if content_type is not None:
        return isinstance(content_type, str) and content_type.startswith("chat:room:")
    content = post.get("payload")
    kind = content.get("type") if isinstance(content, OBJECTS) else None
    return {"groupchat": False, "chatroom": True}.get(kind) if isinstance(kind, str) else None


@attrs.frozen(kw_only=True)
class ChatMessage(MessageEvent):
    """An event posted when a one-to-one message is sent, even if the recipient is offline.

    Source: chat.message
    """

    kind = Kind("chat.message")


@attrs.frozen(kw_only=True)
class ChatMessageOffline(MessageEvent):
    """An event posted when a one-to-one message is sent to a user who is offline.

    It may be posted in addition to a `ChatMessage` about the same message.

    Source: chat.message_offline
    """

    kind = Kind("chat.message_offline")


@attrs.frozen(kw_only=True)
class GroupMessage(MessageEvent):
    """An event posted when a message is sent in a chat group, its `target`.

    A chat room message may look the same: see `is_room`.

    Source: group.message
    """

    kind = Kind("group.message")
    group_id: Id | None = None
    """The id of the group; if `is_room` is ``None``, it may be the id of a room."""

    @property
    def is_room(self) -> bool | None:
        """``False``; ``None`` if the post does not distinguish groups and rooms."""
        return in_room(self.payload)

    @property
    def origin(self) -> Origin:
        """The group that the message was sent in."""
        return Origin("group", str(self.group_id or self.target))


@attrs.frozen(kw_only=True)
class GroupMessageOffline(MessageEvent):
    """An event posted for each member, its `target`, who is offline when a group message is sent.

    Source: group.message_offline
    """

    kind = Kind("group.message_offline")
    group_id: Id | None = None
    """The id of the group; if `is_room` is ``None``, it may be the id of a room."""

    @property
    def is_room(self) -> bool | None:
        """``False``; ``None`` if the post does not distinguish groups and rooms."""
        return in_room(self.payload)

    @property
    def origin(self) -> Origin | None:
        """The group that the message was sent in; ``None`` if the post does not name it."""
        return None if self.group_id is None else Origin("group", str(self.group_id))


@attrs.frozen(kw_only=True)
class ChatroomMessage(MessageEvent):
    """An event posted when a message is sent in a chat room.

    Its `event_type` shows whether the target was offline.

    Source: chatroom.message
    """

    kind = Kind("chatroom.message")
    room_id: Id | None = wire("group_id", default=None)
    """The id of the room."""

    @property
    def is_room(self) -> bool:
        """Always ``True``."""
        return True

    @property
    def origin(self) -> Origin | None:
        """The room that the message was sent in; ``None`` if the post does not name it."""
        if self.room_id is None and self.event_type == EventType.CHAT_OFFLINE:
            return None  # the target is the member who was offline
        return Origin("room", str(self.room_id or self.target))


@attrs.frozen(kw_only=True)
class ReadAckEvent(ContentEvent):
    """A read receipt from the `sender`; its `message_id` is the id of the receipt."""

    read_message_id: str = wire("payload.ack_message_id")
    """The id of the message that was read."""
    channel: Jid | None = wire("channel_channel", default=None)
    """The id of the conversation."""


@attrs.frozen(kw_only=True)
class ChatMessageReadAck(ReadAckEvent):
    """An event posted when the recipient of a one-to-one message has read it.

    Source: chat.message_read_ack
    """

    kind = Kind("chat.message_read_ack")


@attrs.frozen(kw_only=True)
class GroupMessageReadAck(ReadAckEvent):
    """An event posted when a member of a group, the `target`, has read a message.

    Source: group.message_read_ack
    """

    kind = Kind("group.message_read_ack")
    channel_user: Jid | None = None
    """The username of the member who has read the message."""
    content_type: str | None = None
    """The type: ``chat:ack:read``."""
    allow_group_ack: bool = wire("payload.msg_config.allow_group_ack", default=True)
    """Whether the message requested read receipts."""
    written: bool | None = wire("writed_channel", default=None)
    """A field that is not documented."""


@attrs.frozen(kw_only=True)
class ChatConversationReadAck(ReadAckEvent):
    """An event posted when a user has marked a whole one-to-one conversation as read.

    Source: chat.conversation_read_ack
    """

    kind = Kind("chat.conversation_read_ack")


@attrs.frozen
class Edit:
    """An edit of a message."""

    sender: str | None = None
    """The sender of the message."""
    operator: str | None = None
    """The user who edited the message; ``easemob_rest_app_admin`` is the admin of the app."""
    count: int | None = None
    """The number of edits so far."""
    sent_at: datetime | None = wire("send_time", default=None)
    """The time when the message was sent."""
    edited_at: datetime | None = wire("edit_time", default=None)
    """The time of the edit."""
    chat_type: str | None = None
    """The type of the conversation: ``chat:user``, ``chat:group``."""


@attrs.frozen(kw_only=True)
class MessageEdited(ContentEvent):
    """An event posted when a message is edited, with its new content.

    Source: message.edited
    """

    kind = Kind("message.edited")
    # An older form of the post has the users in the payload; the names above are internal.
    sender: Jid = wire("payload.from", "from")
    """The username of the sender of the message."""
    target: Jid = wire("payload.to", "to")
    """The user, group or room that the message was sent to."""
    edited_message_id: str = wire("payload.edit_message_id")
    """The id of the edited message; `message_id` is the id of the event."""
    edit: Edit | None = wire("payload.meta.edit_msg", default=None)
    """The user and the time of the edit."""


@attrs.frozen(kw_only=True)
class MessageRecalled(ContentEvent):
    """An event posted when a message is recalled, by its sender or by REST.

    Source: message.recalled
    """

    kind = Kind("message.recalled")
    recalled_message_id: str = wire("recall_id", "payload.ack_message_id")
    """The id of the recalled message; `message_id` is the id of the event."""
    group_id: Id | None = None
    """The id of the group or room; ``None`` for one-to-one chats."""


@attrs.frozen
class ReactionOperation:
    """A change of a reaction."""

    type: str | None = wire("reactionType", default=None)
    """The type: ``create``; the word for a removal is not documented."""
    operator: str | None = None
    """The user who made the change."""


@attrs.frozen
class ReactionState:
    """A reaction to a message, with its users."""

    reaction: str
    """The id of the emoji."""
    usernames: tuple[Id, ...] = wire("userList", default=())
    """The users who added the reaction."""
    count: int | None = None
    """The number of users who added the reaction."""
    operations: tuple[ReactionOperation, ...] = wire("op", default=())
    """The latest changes of this reaction; empty if it did not change."""


@attrs.frozen
class MessageReactionState:
    """All reactions to a message."""

    message_id: str = wire("messageId")
    """The id of the message."""
    reactions: tuple[ReactionState, ...] = ()
    """The reactions to the message."""
    sender: Jid | None = wire("from", default=None)
    """The username of the sender."""
    target: Jid | None = wire("to", default=None)
    """The user, group or room that the message was sent to."""
    conversation_type: ChatType | str | None = wire("channel_type", default=None)
    """The type of the conversation."""
    changed_at: datetime | None = wire("ts", default=None)
    """The time of the change."""


@attrs.frozen(kw_only=True)
class MessageReactionChanged(MessagingEvent):
    """An event posted when a reaction is added to or removed from a message.

    Source: message.reaction_changed
    """

    kind = Kind("message.reaction_changed")
    messages: tuple[MessageReactionState, ...] = wire("payload.data")
    """The messages, with all their reactions after the change."""
    operations: int | None = wire("payload.num", default=None)
    """The number of changes."""
    conversation_type: ChatType | str | None = wire("payload.channel_type", default=None)
    """The type of the conversation."""


@attrs.frozen
class ThreadMessage:
    """The latest message of a thread."""

    message_id: str | None = wire("id", default=None)
    """The id of the message."""
    sender: Jid | None = wire("from", default=None)
    """The username of the sender."""
    target: Jid | None = wire("to", default=None)
    """The id of the thread."""
    sent_at: datetime | None = wire("timestamp", default=None)
    """The time when the message was sent."""
    bodies: tuple[Body, ...] = wire("payload.bodies", default=(), read=read_bodies)
    """The bodies of the message."""
    ext: Mapping[str, Any] = wire("payload.ext", default=attrs.Factory(dict), read=read_ext)
    """The app's own extension data."""
    chat_type: ChatType | str | None = wire("payload.type", default=None)
    """The type of the conversation."""
    thread_name: str | None = wire(
        "payload.meta.thread.thread_name", "meta.thread.thread_name", default=None
    )
    """The name of the thread."""
    parent_message_id: str | None = wire(
        "payload.meta.thread.msg_parent_id", "meta.thread.msg_parent_id", default=None
    )
    """The id of the message that the thread belongs to."""
    group_id: Id | None = wire(
        "payload.meta.thread.muc_parent_id", "meta.thread.muc_parent_id", default=None
    )
    """The id of the group that the thread belongs to."""


@attrs.frozen(kw_only=True)
class ThreadMessageUpdated(MessagingEvent):
    """An event posted when a message in a thread is sent, recalled or edited.

    The post does not show which of the three it was.

    Source: thread.message_updated
    """

    kind = Kind("thread.message_updated")
    thread_id: Id = wire("payload.data.id")
    """The id of the thread."""
    name: str | None = wire("payload.data.name", default=None)
    """The name of the thread."""
    group_id: Id | None = wire("payload.data.muc_parent_id", default=None)
    """The id of the group that the thread belongs to."""
    parent_message_id: str | None = wire("payload.data.msg_parent_id", default=None)
    """The id of the message that the thread belongs to; may be empty."""
    operator: Jid | None = wire("payload.data.from", default=None)
    """The user who made the change; `sender` is always ``admin``."""
    operation: str = wire("payload.data.operation")
    """The operation: ``update_msg``."""
    message_count: int | None = wire("payload.data.message_count", default=None)
    """The number of messages in the thread."""
    updated_at: datetime | None = wire("payload.data.timestamp", default=None)
    """The time of the change."""
    last_message: ThreadMessage | None = wire("payload.data.last_message", default=None)
    """The latest message of the thread."""
