"""Events about messages: sent, read, edited, recalled, reacted to, and those of threads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from easemob_async.models.messages import ChatType
from easemob_async.models.received import Body, Origin
from easemob_async.webhooks.events.base import (
    ContentEvent,
    Kind,
    MessagingEvent,
    read_bodies,
    read_ext,
)
from easemob_async.wire.fields import Id, Jid, wire


@attrs.frozen(kw_only=True)
class MessageEvent(ContentEvent):
    """A message was sent, by a client SDK, by REST or from the console."""

    content_type: str | None = None
    """Its kind in more detail, where it is told: ``chat:group:text``."""

    @property
    def is_room(self) -> bool | None:
        """Whether it was sent in a chat room; ``None`` when the post does not tell.

        A room's message without a `content_type` looks like a group's: it is a `GroupMessage` or
        `GroupMessageOffline` then, with all that is certain of it.
        """
        return False

    @property
    def origin(self) -> Origin | None:
        """Where it came from, and where `messages.reply` sends: the user, group or room."""
        return Origin("user", str(self.sender), str(self.target))


def _told_apart(content_type: str | None) -> bool | None:
    return None if content_type is None else False


@attrs.frozen(kw_only=True)
class ChatMessage(MessageEvent):
    """A one-to-one message was sent, whether or not the recipient is online.

    Source: chat.message
    """

    kind = Kind("chat.message")


@attrs.frozen(kw_only=True)
class ChatMessageOffline(MessageEvent):
    """A one-to-one message was sent to a user who was offline.

    It may come besides `ChatMessage`, about the same message.

    Source: chat.message_offline
    """

    kind = Kind("chat.message_offline")


@attrs.frozen(kw_only=True)
class GroupMessage(MessageEvent):
    """A message was sent in a chat group; its `target` is the group.

    A chat room's message that comes without a `content_type` looks the same: ids alone tell.

    Source: group.message
    """

    kind = Kind("group.message")
    group_id: Id | None = None
    """The group; the room, where `is_room` does not tell and it was one."""

    @property
    def is_room(self) -> bool | None:
        """``False``; ``None`` when the post does not tell groups from rooms."""
        return _told_apart(self.content_type)

    @property
    def origin(self) -> Origin:
        """The group that it was sent in."""
        return Origin("group", str(self.group_id or self.target))


@attrs.frozen(kw_only=True)
class GroupMessageOffline(MessageEvent):
    """A group message was sent and a member, its `target`, was offline: an event for each.

    Source: group.message_offline
    """

    kind = Kind("group.message_offline")
    group_id: Id | None = None
    """The group; the room, where `is_room` does not tell and it was one."""

    @property
    def is_room(self) -> bool | None:
        """``False``; ``None`` when the post does not tell groups from rooms."""
        return _told_apart(self.content_type)

    @property
    def origin(self) -> Origin | None:
        """The group that it was sent in; ``None`` when the post does not name it."""
        return None if self.group_id is None else Origin("group", str(self.group_id))


@attrs.frozen(kw_only=True)
class ChatroomMessage(MessageEvent):
    """A message was sent in a chat room; `event_type` tells whether its target was offline.

    Source: chatroom.message
    """

    kind = Kind("chatroom.message")
    room_id: Id | None = wire("group_id", default=None)
    """The room."""

    @property
    def is_room(self) -> bool:
        """``True``."""
        return True

    @property
    def origin(self) -> Origin:
        """The room that it was sent in."""
        return Origin("room", str(self.room_id or self.target))


@attrs.frozen(kw_only=True)
class ReadAckEvent(ContentEvent):
    """Somebody, the `sender`, has read something; `message_id` is the receipt's own."""

    read_message_id: str = wire("payload.ack_message_id")
    """The message that was read."""
    channel: Jid | None = wire("channel_channel", default=None)
    """The conversation."""


@attrs.frozen(kw_only=True)
class ChatMessageReadAck(ReadAckEvent):
    """The recipient of a one-to-one message has read it.

    Source: chat.message_read_ack
    """

    kind = Kind("chat.message_read_ack")


@attrs.frozen(kw_only=True)
class GroupMessageReadAck(ReadAckEvent):
    """A member of a group, the `target`, has read a message.

    Source: group.message_read_ack
    """

    kind = Kind("group.message_read_ack")
    channel_user: Jid | None = None
    """Who has read it."""
    content_type: str | None = None
    """``chat:ack:read``."""
    allow_group_ack: bool = wire("payload.msg_config.allow_group_ack", default=True)
    """The message asked for receipts."""
    written: bool | None = wire("writed_channel", default=None)
    """Not documented."""


@attrs.frozen(kw_only=True)
class ChatConversationReadAck(ReadAckEvent):
    """A user has marked a whole one-to-one conversation as read.

    Source: chat.conversation_read_ack
    """

    kind = Kind("chat.conversation_read_ack")


@attrs.frozen
class Edit:
    """An edit of a message."""

    sender: str | None = None
    """Who had sent it."""
    operator: str | None = None
    """Who edited it; ``easemob_rest_app_admin`` is the app's admin."""
    count: int | None = None
    """How often it has been edited."""
    sent_at: datetime | None = wire("send_time", default=None)
    """When it was sent."""
    edited_at: datetime | None = wire("edit_time", default=None)
    """When it was edited."""
    chat_type: str | None = None
    """The conversation: ``chat:user``, ``chat:group``."""


@attrs.frozen(kw_only=True)
class MessageEdited(ContentEvent):
    """A message was edited; this is what it says now.

    Source: message.edited
    """

    kind = Kind("message.edited")
    edited_message_id: str = wire("payload.edit_message_id")
    """The message that was edited; `message_id` is the event's own."""
    edit: Edit | None = wire("payload.meta.edit_msg", default=None)
    """Who edited it, and when."""


@attrs.frozen(kw_only=True)
class MessageRecalled(ContentEvent):
    """A message was recalled, by its sender or by REST.

    Source: message.recalled
    """

    kind = Kind("message.recalled")
    recalled_message_id: str = wire("recall_id", "payload.ack_message_id")
    """The message that was recalled; `message_id` is the event's own."""
    group_id: Id | None = None
    """The group or room that it was in."""


@attrs.frozen
class ReactionOperation:
    """What was done."""

    type: str | None = wire("reactionType", default=None)
    """``create``; that of a removal is not documented."""
    operator: str | None = None
    """Who did it."""


@attrs.frozen
class ReactionState:
    """A reaction that a message has."""

    reaction: str
    """The emoji."""
    usernames: tuple[Id, ...] = wire("userList", default=())
    """Who has added it."""
    count: int | None = None
    """How many have."""
    operations: tuple[ReactionOperation, ...] = wire("op", default=())
    """What was just done; with the reactions that it was done to."""


@attrs.frozen
class MessageReactionState:
    """All reactions of a message."""

    message_id: str = wire("messageId")
    """The message."""
    reactions: tuple[ReactionState, ...] = ()
    """Its reactions."""
    sender: Jid | None = wire("from", default=None)
    """Who it is from."""
    target: Jid | None = wire("to", default=None)
    """To whom it went."""
    conversation_type: ChatType | str | None = wire("channel_type", default=None)
    """The conversation."""
    changed_at: datetime | None = wire("ts", default=None)
    """When it was done."""


@attrs.frozen(kw_only=True)
class MessageReactionChanged(MessagingEvent):
    """A reaction was added to or removed from a message.

    Source: message.reaction_changed
    """

    kind = Kind("message.reaction_changed")
    messages: tuple[MessageReactionState, ...] = wire("payload.data")
    """All the reactions that the messages have now."""
    operations: int | None = wire("payload.num", default=None)
    """How many there were."""
    conversation_type: ChatType | str | None = wire("payload.channel_type", default=None)
    """The conversation."""


@attrs.frozen
class ThreadMessage:
    """The latest message of a thread."""

    message_id: str | None = wire("id", default=None)
    """Its id."""
    sender: Jid | None = wire("from", default=None)
    """Who it is from."""
    target: Jid | None = wire("to", default=None)
    """The thread."""
    sent_at: datetime | None = wire("timestamp", default=None)
    """When it was sent."""
    bodies: tuple[Body, ...] = wire("payload.bodies", default=(), read=read_bodies)
    """The message."""
    ext: Mapping[str, Any] = wire("payload.ext", default=attrs.Factory(dict), read=read_ext)
    """The app's own extension."""
    chat_type: ChatType | str | None = wire("payload.type", default=None)
    """The conversation."""
    thread_name: str | None = wire(
        "payload.meta.thread.thread_name", "meta.thread.thread_name", default=None
    )
    """The thread's name."""
    parent_message_id: str | None = wire(
        "payload.meta.thread.msg_parent_id", "meta.thread.msg_parent_id", default=None
    )
    """The message that the thread hangs on."""
    group_id: Id | None = wire(
        "payload.meta.thread.muc_parent_id", "meta.thread.muc_parent_id", default=None
    )
    """The group that it is in."""


@attrs.frozen(kw_only=True)
class ThreadMessageUpdated(MessagingEvent):
    """A message in a thread was sent, recalled or edited; which of them is not told.

    Source: thread.message_updated
    """

    kind = Kind("thread.message_updated")
    thread_id: Id = wire("payload.data.id")
    """The thread."""
    name: str | None = wire("payload.data.name", default=None)
    """Its name."""
    group_id: Id | None = wire("payload.data.muc_parent_id", default=None)
    """The group that it is in."""
    parent_message_id: str | None = wire("payload.data.msg_parent_id", default=None)
    """The message that it hangs on; may be empty."""
    operator: Jid | None = wire("payload.data.from", default=None)
    """Who did it; `sender` is always ``admin``."""
    operation: str = wire("payload.data.operation")
    """``update_msg``."""
    message_count: int | None = wire("payload.data.message_count", default=None)
    """How many messages it has."""
    updated_at: datetime | None = wire("payload.data.timestamp", default=None)
    """When it was done."""
    last_message: ThreadMessage | None = wire("payload.data.last_message", default=None)
    """Its latest message."""
