"""The parsing of posts to events; the checks are in the documented order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from easemob_async.errors import WebhookError
from easemob_async.webhooks.events import groups as groups
from easemob_async.webhooks.events import messages as messages
from easemob_async.webhooks.events import rooms as rooms
from easemob_async.webhooks.events import service as service
from easemob_async.webhooks.events import users as users
from easemob_async.webhooks.events.base import Event, KnownEvent, PlaceType, UnknownEvent
from easemob_async.webhooks.events.pre_delivery import PreDelivery
from easemob_async.wire import codec, decoding
from easemob_async.wire.fields import OBJECTS

Found = type[KnownEvent] | None

# Keys: operation and payload.type of a group_op_event; these two have no payload.type.
_PLACE: Final[Mapping[str | None, type[KnownEvent]]] = {
    "CREATE": groups.GroupCreated,
    "DELETE": groups.GroupDeleted,
}
_BOTH: Final[Mapping[tuple[str | None, str | None], type[KnownEvent]]] = {
    ("UPDATE", "INFO"): groups.GroupInfoUpdated,
    ("UPDATE", "OWNER"): groups.GroupOwnerChanged,
    ("UPDATE", "ANNOUNCEMENT"): groups.GroupAnnouncementUpdated,
    ("UPDATE", "MUTE"): groups.GroupMuteAllChanged,
    ("JOIN", "DIRECT"): groups.GroupMemberJoined,
    ("JOIN", "APPLY"): groups.GroupMemberJoinedByApplication,
    ("LEAVE", "KICK"): groups.GroupMemberKicked,
    ("LEAVE", "BLOCK"): groups.GroupMemberLeftBlocked,
    ("LEAVE", "DELETE"): groups.GroupMemberLeftDeleted,
    ("ADMIN", "ADD"): groups.GroupAdminAdded,
    ("ADMIN", "REMOVE"): groups.GroupAdminRemoved,
    ("MUTE", "ADD"): groups.GroupMemberMuted,
    ("MUTE", "REMOVE"): groups.GroupMemberUnmuted,
    ("WHITE", "ADD"): groups.GroupAllowlistAdded,
    ("WHITE", "REMOVE"): groups.GroupAllowlistRemoved,
    ("BLOCK", "ADD"): groups.GroupBlocklistAdded,
    ("BLOCK", "REMOVE"): groups.GroupBlocklistRemoved,
}
_GROUP: Final[Mapping[tuple[str | None, str | None], type[KnownEvent]]] = {
    ("UPDATE", "DISABLE"): groups.GroupBanChanged,
    ("SHIELD", "ADD"): groups.GroupShielded,
    ("SHIELD", "REMOVE"): groups.GroupUnshielded,
    ("JOIN", "INVITE"): groups.GroupMemberJoinedByInvite,
    ("LEAVE", "QUIT"): groups.GroupMemberLeft,
    ("SHARE_FILE", "ADD"): groups.GroupSharedFileUploaded,
    ("SHARE_FILE", "REMOVE"): groups.GroupSharedFileDeleted,
}
_ROOM: Final[Mapping[tuple[str | None, str | None], type[KnownEvent]]] = {
    ("ROOM_SUPER_ADMIN", "ADD"): rooms.ChatroomSuperadminAdded,
    ("ROOM_SUPER_ADMIN", "REMOVE"): rooms.ChatroomSuperadminRemoved,
}
_QUIT: Final[Mapping[str | None, type[KnownEvent]]] = {
    "user_quit": rooms.ChatroomMemberLeft,
    None: rooms.ChatroomMemberLeft,
    "user_offline": rooms.ChatroomMemberLeftOffline,
}
_KEYWORD: Final[Mapping[str | None, type[KnownEvent]]] = {
    "pass": service.ModerationKeywordPassed,
    "refuse": service.ModerationKeywordRefused,
    "replace": service.ModerationKeywordReplaced,
}
_PUSH: Final[Mapping[str | None, type[KnownEvent]]] = {
    "success": service.PushSucceeded,
    "fail": service.PushFailed,
    "error": service.PushError,
}
_DEVICE: Final[Mapping[tuple[str | None, str | None], type[KnownEvent]]] = {
    ("login", "online"): users.UserLogin,
    ("logout", "offline"): users.UserLogout,
    ("replaced", "offline"): users.UserReplaced,
}
_ROSTER: Final[Mapping[str | None, type[KnownEvent]]] = {
    "add": users.ContactRequested,
    "remote_accept": users.ContactRemoteAccepted,
    "accept": users.ContactAccepted,
    "remote_decline": users.ContactRemoteDeclined,
    "decline": users.ContactDeclined,
    "remove": users.ContactRemoved,
    "ban": users.ContactBlocked,
    "allow": users.ContactUnblocked,
}
_ASKED: Final = ("chat", "group", "groupchat", "chatroom")
_AFTER_DELIVERY: Final = ("appkey", "host")
_BEFORE_DELIVERY: Final = ("timestamp", "from", "to")

EVENTS: Final[tuple[type[KnownEvent], ...]] = (
    PreDelivery,
    messages.ChatMessage,
    messages.ChatMessageOffline,
    messages.GroupMessage,
    messages.GroupMessageOffline,
    messages.ChatroomMessage,
    messages.ChatMessageReadAck,
    messages.GroupMessageReadAck,
    messages.ChatConversationReadAck,
    messages.MessageEdited,
    messages.MessageRecalled,
    messages.MessageReactionChanged,
    messages.ThreadMessageUpdated,
    *_DEVICE.values(),
    *_ROSTER.values(),
    *_PLACE.values(),
    *_BOTH.values(),
    *_GROUP.values(),
    rooms.ChatroomMemberLeft,
    rooms.ChatroomMemberLeftOffline,
    *_ROOM.values(),
    *_PUSH.values(),
    service.ModerationMessageReviewed,
    *_KEYWORD.values(),
)
"""The classes of all documented events."""


def parse_event(payload: bytes | Mapping[str, Any]) -> Event:
    """Parse a post of the service to an event; the signature is not checked.

    Args:
        payload: the body of the post, or its decoded JSON object. Bytes that are nearly JSON are
            accepted: half an emoji becomes U+FFFD.

    Returns:
        The event; an event that is not documented is an `UnknownEvent`.

    Raises:
        WebhookError: the post is not a JSON object, or is a damaged documented event; the error
            names the field.
    """
    cut = False
    if isinstance(payload, bytes):
        content, cut = decode(payload)
    else:
        content = payload
    if not isinstance(content, Mapping):
        raise WebhookError(f"a post must be a JSON object, not {type(content).__name__}")
    return to_event(content, cut=cut)


def to_event(content: Mapping[str, Any], *, cut: bool = False) -> Event:
    """Return the event for a decoded post.

    Args:
        content: the post.
        cut: whether a part was nested too deeply to be read; the event is an `UnknownEvent` then.

    Raises:
        WebhookError: a documented event is damaged; the error names the field.
    """
    cls = UnknownEvent if cut else classify(content) or UnknownEvent
    app_key = content.get("appkey")
    prefix = f"{app_key}_" if isinstance(app_key, str) else ""
    token = decoding.id_prefix.set(prefix)
    try:
        event: Event = decoding.structure(content, cls)
    except decoding.DecodeError as error:
        if cls is UnknownEvent:
            return UnknownEvent(payload=content)
        raise WebhookError(f"a damaged {cls.kind} event: {error}") from None
    finally:
        decoding.id_prefix.reset(token)
    return event


def decode(body: bytes) -> tuple[Mapping[str, Any], bool]:
    """Decode the body of a post: strictly first, then leniently if that fails.

    Returns:
        The post, and whether a part of it was nested too deeply to be read.

    Raises:
        WebhookError: the body is not a JSON object, even when it is read leniently.
    """
    try:
        content, cut = _read(body)
    except ValueError as error:
        raise WebhookError(f"a post that is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise WebhookError(f"a post must be a JSON object, not {type(content).__name__}")
    return content, cut


def _read(body: bytes) -> tuple[object, bool]:
    try:
        return codec.loads(body), False
    except ValueError:
        content, cut = codec.read_cut(body)
        if not isinstance(content, dict):
            raise
        return content, cut


def spelt_call_id(body: bytes) -> str | None:
    """Return the ``callId`` of a post as it is spelt there, with half pairs unchanged."""
    try:
        content, _ = codec.read_cut(body, spelt=True)
    except ValueError:
        return None
    return text(content, "callId") if isinstance(content, dict) else None


def text(payload: Mapping[str, Any], key: str) -> str | None:
    """Return a text of a post; ``None`` if it is missing or not a text."""
    value = payload.get(key)
    return value if isinstance(value, str) else None


def text_in(payload: Mapping[str, Any], *path: str) -> str | None:
    """Return a text in the objects of a post; ``None`` if it is missing or not a text."""
    value: object = payload
    for key in path:
        value = value.get(key) if isinstance(value, OBJECTS) else None
    return value if isinstance(value, str) else None


def _lacks(payload: Mapping[str, Any], name: str) -> bool:
    return payload.get(name) is None


def classify(payload: Mapping[str, Any]) -> Found:
    """Return the event class of a post; ``None`` if the event is not documented."""
    event_type, chat_type = text(payload, "eventType"), text(payload, "chat_type")
    if payload.get("event") == "group_op_event":
        return _place(payload)
    if event_type == "moderation":
        return service.ModerationMessageReviewed
    if event_type == "keyword_alert":
        return _KEYWORD.get(text(payload, "status"))
    if payload.get("step") == "push":
        return _PUSH.get(text(payload, "status"))
    if chat_type is None and not _lacks(payload, "reason") and not _lacks(payload, "status"):
        return _DEVICE.get((text(payload, "reason"), text(payload, "status")))
    if chat_type == "roster":
        return _ROSTER.get(text_in(payload, "payload", "operation"))
    if chat_type == "edit" and _asks(payload, chat_type):
        return PreDelivery
    if chat_type in ("recall", "edit", "channel_ack", "read_ack"):
        return _about_a_message(payload, chat_type, event_type)
    if chat_type == "notify":
        return _notification(payload, event_type)
    if chat_type == "muc":
        return None  # the older form, which is not parsed
    if event_type is None:
        return PreDelivery if _asks(payload, chat_type) else None
    return _message(payload, chat_type, event_type)


def may_ask(payload: Mapping[str, Any]) -> bool:
    """Check whether a post may be a pre-send callback, even one of an unknown form."""
    return (
        payload.get("eventType") is None
        and payload.get("event") is None
        and payload.get("step") is None
        and payload.get("reason") is None
    )


def _asks(payload: Mapping[str, Any], chat_type: str | None) -> bool:
    if not may_ask(payload):
        return False
    if chat_type in _ASKED:
        return True
    # open: the callback about an edit, and the name of its chat_type. It is recognised by what
    # every documented callback contains, and by what only posts after delivery contain: the older
    # form of `message.edited`, which has no eventType either, has an appkey.
    return (
        chat_type is not None
        and not any(_lacks(payload, name) for name in _BEFORE_DELIVERY)
        and isinstance(payload.get("payload"), OBJECTS)
        and all(_lacks(payload, name) for name in _AFTER_DELIVERY)
    )


def _content(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    content = payload.get("payload")
    return content if isinstance(content, OBJECTS) else {}


def _place(payload: Mapping[str, Any]) -> Found:
    operation, place = text(payload, "operation"), text(payload, "type")
    what = (operation, text_in(payload, "payload", "type"))
    if place not in (PlaceType.GROUP, PlaceType.CHATROOM):
        return None
    if operation in _PLACE:
        return _PLACE[operation]
    if what in _BOTH:
        return _BOTH[what]
    if place == PlaceType.GROUP:
        return _GROUP.get(what)
    if what == ("LEAVE", "QUIT"):
        action = _content(payload).get("action")
        return _QUIT.get(action) if isinstance(action, str | None) else None
    return _ROOM.get(what)


def _about_a_message(payload: Mapping[str, Any], chat_type: str, event_type: str | None) -> Found:
    kind = text_in(payload, "payload", "type")
    if chat_type == "recall":
        return messages.MessageRecalled
    if chat_type == "edit":
        return messages.MessageEdited if kind == "edit" else None
    if event_type != "chat":
        return None
    if chat_type == "channel_ack":
        return messages.ChatConversationReadAck if kind == "channel_ack" else None
    config = _content(payload).get("msg_config")
    if config is None:
        return messages.ChatMessageReadAck
    wanted = isinstance(config, OBJECTS) and config.get("allow_group_ack") is True
    return messages.GroupMessageReadAck if wanted and kind == "read_ack" else None


def _notification(payload: Mapping[str, Any], event_type: str | None) -> Found:
    kind = text_in(payload, "payload", "type")
    if kind == "reaction":
        return messages.MessageReactionChanged
    updated = text_in(payload, "payload", "data", "operation") == "update_msg"
    if kind == "thread" and event_type == "chat" and updated:
        return messages.ThreadMessageUpdated
    return None


def _message(payload: Mapping[str, Any], chat_type: str | None, event_type: str) -> Found:
    if event_type not in ("chat", "chat_offline"):
        return None
    offline = event_type == "chat_offline"
    if chat_type == "chat":
        return messages.ChatMessageOffline if offline else messages.ChatMessage
    if chat_type != "groupchat":
        return None
    content_type = text(payload, "content_type") or ""
    if not _lacks(payload, "content_type") and not content_type.startswith(_PLACES):
        return None  # another kind of content, which is not documented
    if messages.in_room(payload):
        return messages.ChatroomMessage
    return messages.GroupMessageOffline if offline else messages.GroupMessage


_PLACES: Final = ("chat:group:", "chat:room:")
