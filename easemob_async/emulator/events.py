"""The webhook events that the service posts when something happens.

Changes of groups, rooms, contacts and devices are found by comparing the state before a request
with the state after it; the handlers of messages and of moderation add their events themselves.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, Final

import attrs

from easemob_async.emulator.refusal import JSON
from easemob_async.emulator.routes import Call
from easemob_async.emulator.state import Group, State, Thread, User
from easemob_async.emulator.word_lists import Moderated

_ADMIN: Final = "@ppAdmin"
_FOR_EVER: Final = 4638873600000
_CONTENT_TYPES: Final = {
    "txt": "text",
    "img": "image",
    "audio": "voice",
    "loc": "location",
    "video": "video",
    "file": "file",
    "cmd": "command",
    "custom": "custom",
}


# ---------------------------------------------------------------- messages


def tell_message(state: State, message: dict[str, JSON], users: Iterable[str]) -> None:
    """Add the event of a sent message, and one for each recipient who is offline."""
    if not state.listening:
        return
    kind, target = message["chat_type"], message["to"]
    _tell_thread(state, message, message["from"], last=message)
    fields: dict[str, JSON] = {"chat_type": "chat"}
    if kind != "users":
        place = "group" if kind == "chatgroups" else "room"
        content_type = f"chat:{place}:{_CONTENT_TYPES.get(message['type'], 'unknown')}"
        fields = {"chat_type": "groupchat", "group_id": target, "content_type": content_type}
    common = _message(state, message["id"], message["from"], target, **fields)
    common["payload"] = content(message)
    state.happened(**common, eventType="chat")
    for name in users:
        user = state.users.get(name)
        if user is not None and not user.devices:
            state.happened(**{**common, "to": name}, eventType="chat_offline")


def _tell_thread(
    state: State, message: dict[str, JSON], operator: str, last: dict[str, JSON] | None = None
) -> None:
    """Add the event of a message that was sent, recalled or edited, if it is in a thread.

    The event has no callId, as documented. It contains the latest message of the thread.
    """
    thread = state.threads.get(message["to"]) if message["chat_type"] == "chatgroups" else None
    if thread is None:
        return
    kept = [other for other in state.messages.values() if other["to"] == thread.thread_id]
    last = last or (kept[-1] if kept else None)
    data = {
        "id": thread.thread_id,
        "name": thread.name,
        "from": operator,
        "msg_parent_id": thread.message_id,
        "muc_parent_id": thread.group_id,
        "message_count": len(kept),
        "operation": "update_msg",
        "timestamp": state.milliseconds(),
        # open: the event of a thread whose only message was recalled
        **({} if last is None else {"last_message": _in_thread(state, thread, last)}),
    }
    fields = _message(state, None, "admin", thread.group_id, chat_type="notify")
    del fields["callId"]
    state.happened(**fields, eventType="chat", payload={"data": data, "type": "thread"})


def _in_thread(state: State, thread: Thread, message: dict[str, JSON]) -> dict[str, JSON]:
    prefix = f"{state.org}#{state.app}_"
    meta = {
        "msg_parent_id": thread.message_id,
        "thread_name": thread.name,
        "muc_parent_id": thread.group_id,
    }
    return {
        "id": message["id"],
        "from": prefix + message["from"],
        "to": prefix + thread.thread_id,
        "timestamp": message["timestamp"],
        "payload": {
            **content(message),
            "meta": {"thread": meta},
            "from": message["from"],
            "to": thread.thread_id,
            "type": "groupchat",
        },
    }


def content(message: dict[str, JSON]) -> dict[str, JSON]:
    """Return the content of a message in the format of the message history."""
    return {"ext": message["ext"], "bodies": [{**message["body"], "type": message["type"]}]}


def tell_recall(state: State, message: dict[str, JSON], sender: str) -> None:
    """Add the events of a recalled message."""
    _tell_thread(state, message, sender)
    payload = {"ext": {}, "ack_message_id": message["id"], "bodies": []}
    place = {} if message["chat_type"] == "users" else {"group_id": message["to"]}
    fields = _message(state, None, sender, message["to"], chat_type="recall", **place)
    state.happened(**fields, eventType="chat", recall_id=message["id"], payload=payload)


def tell_edit(state: State, message: dict[str, JSON], operator: str) -> None:
    """Add the events of an edited message."""
    _tell_thread(state, message, operator)
    now = state.milliseconds()
    edit = {
        "chat_type": "chat:user" if message["chat_type"] == "users" else "chat:group",
        "send_time": message["timestamp"],
        "edit_time": now,
        "sender": message["from"],
        "count": message["edits"],
        "operator": operator,
    }
    payload = {
        "edit_message_id": message["id"],
        **content(message),
        "meta": {"edit_msg": edit},
        "type": "edit",
    }
    fields = _message(state, None, message["from"], message["to"], chat_type="edit")
    state.happened(**fields, eventType="chat", payload=payload)


def tell_reaction(
    state: State, message: dict[str, JSON], emoji: str, operator: str, operation: str
) -> None:
    """Add the event of a reaction; without a callId, as documented, and therefore unsigned."""
    kind = "chat" if message["chat_type"] == "users" else "groupchat"
    rows = []
    for other, reaction in state.reactions.get(message["id"], {}).items():
        users = list(reaction["users"])
        row: dict[str, JSON] = {"reaction": other, "userList": users, "count": len(users)}
        if other == emoji:
            row["op"] = [{"reactionType": operation, "operator": operator}]
        rows.append(row)
    data = {
        "messageId": message["id"],
        "from": message["from"],
        "to": message["to"],
        "channel_type": kind,
        "ts": state.milliseconds(),
        "reactions": rows,
    }
    payload = {"data": [data], "num": 1, "channel_type": kind, "type": "reaction"}
    fields = _message(state, None, operator, message["to"], chat_type="notify")
    del fields["callId"]
    state.happened(**fields, eventType="chat", payload=payload)


def _message(
    state: State, message_id: str | None, sender: str, target: str, **fields: JSON
) -> dict[str, JSON]:
    own = message_id or state.new_message_id()
    return {
        "callId": state.call_id(own),
        "timestamp": state.milliseconds(),
        "from": sender,
        "to": target,
        "msg_id": own,
        "host": "emulator",
        "securityVersion": "1.0.0",
        **fields,
    }


# ---------------------------------------------------------------- moderation

_KEYWORDS: Final = {
    # In the example of a replaced word the reason is "intercepted"; the table is followed.
    "PASS": ("pass", "through"),
    "REJECT": ("refuse", "intercepted"),
    "EXCHANGE": ("replace", "replaced"),
}
REVIEWS: Final = {"PASS": "PASS", "REJECT": "REJECT", "EXCHANGE": "REVIEWED"}
"""What is done with a text, to the verdict on it."""


def tell_keywords(state: State, message: dict[str, JSON], moderated: Moderated) -> None:
    """Add the event of a text message with words of word lists.

    open: whether it comes before the event of the message, as here; and whether these lists cause
    this event or moderation.message_reviewed
    """
    if moderated.disposition is None:
        return
    status, reason = _KEYWORDS[moderated.disposition]
    # The examples have one-to-one messages only; open: the other receivers and types.
    place = {"chatgroups": "group", "chatrooms": "room"}.get(message["chat_type"], "user")
    server = "easemob.com" if place == "user" else "conference.easemob.com"
    prefix = f"{state.org}#{state.app}_"
    state.happened(
        callId=state.call_id(),
        timestamp=state.milliseconds(),
        eventType="keyword_alert",
        status=status,
        alertReason=reason,
        sensitiveWords=moderated.words,
        contentOwner=f"{prefix}{message['from']}@easemob.com",
        contentReceiver=f"{prefix}{message['to']}@{server}",
        contentUri=f"msync:{message['id']}",
        contentType="message",
        chatType=f"chat:{place}:{_CONTENT_TYPES[message['type']]}",
        host="emulator",
    )


def tell_review(state: State, text: str, disposition: str, risk_type: str) -> None:
    """Add the event of a text that was checked by a call.

    open: what a text that is no message has as its message id, conversation, sender and target;
    here the id is one of the review, as in the example, and the others are empty
    """
    state.happened(
        callId=state.call_id(),
        timestamp=state.milliseconds(),
        eventType="moderation",
        moderationResult=disposition,
        providerResult=REVIEWS[disposition],
        messageType="txt",
        messageId=uuid.uuid4().hex,
        targetType="",
        source={},
        riskType=risk_type,
        **{"from": "", "to": ""},
        msg=text,
        url="",
    )


# ---------------------------------------------------------------- devices


def tell_device(state: State, username: str, device_id: str, reason: str) -> None:
    """Add the event of a device that logged in (``login``) or out (``logout``, ``replaced``)."""
    state.happened(
        callId=state.call_id(),
        timestamp=state.milliseconds(),
        reason=reason,
        status="online" if reason == "login" else "offline",
        os=device_id.partition("_")[0],
        ip="127.0.0.1:0",
        host="emulator",
        user=f"{state.org}#{state.app}_{username}@easemob.com/{device_id}",
        name=username,
        version="4.0.0",
    )


# ---------------------------------------------------------------- before and after


@attrs.frozen
class Before:
    """The state before a request, as far as the request may change it."""

    groups: set[str]
    """The ids of all groups."""
    rooms: set[str]
    """The ids of all rooms."""
    place: Group | None
    """A copy of the group or room in the path."""
    user: User | None
    """A copy of the user in the path."""
    super_admins: list[str]
    """The usernames of the super admins."""


def look(call: Call) -> Before:
    """Return a copy of the state that a request may change."""
    state = call.state
    place, user = _place(call), state.users.get(call.params.get("username", ""))
    return Before(
        set(state.groups),
        set(state.rooms),
        None if place is None else _copy(place),
        None if user is None else _copy(user),
        list(state.super_admins),
    )


def _copy(thing: Any) -> Any:
    copies = {
        field.name: type(value)(value)
        for field in attrs.fields(type(thing))
        if isinstance(value := getattr(thing, field.name), dict | list)
    }
    return attrs.evolve(thing, **copies)


def _place(call: Call) -> Group | None:
    if call.is_room:
        return call.state.rooms.get(call.params["room_id"])
    return call.state.groups.get(call.params.get("group_id", ""))


def compare(call: Call, before: Before) -> None:
    """Add the events of the changes that a request has made."""
    state = call.state
    for kind, places, known in (
        ("GROUP", state.groups, before.groups),
        ("CHATROOM", state.rooms, before.rooms),
    ):
        for place_id in places.keys() - known:
            _created(state, kind, places[place_id])
    if before.place is not None:
        kind, place = "CHATROOM" if call.is_room else "GROUP", _place(call)
        if place is None:
            _gone(state, kind, before.place)
        else:
            _changed(state, kind, before.place, place)
    if before.user is not None:
        _user_changed(state, before.user, call.params.get("friend", ""))
    added = [name for name in state.super_admins if name not in before.super_admins]
    removed = [name for name in before.super_admins if name not in state.super_admins]
    for type_, names in (("ADD", added), ("REMOVE", removed)):
        if names:
            nowhere = Group("", "", 0, 0, {}, serial=0)
            payload = {"type": type_, "admin": names}
            _tell(state, "CHATROOM", nowhere, "ROOM_SUPER_ADMIN", payload)


def _tell(
    state: State, kind: str, place: Group, operation: str, payload: JSON = None, **fields: JSON
) -> None:
    state.happened(
        callId=state.call_id(),
        timestamp=state.milliseconds(),
        id=place.group_id,
        type=kind,
        event="group_op_event",
        operation=operation,
        operator=_ADMIN,
        **({} if payload is None else {"payload": payload}),
        **fields,
    )


def _info(state: State, place: Group) -> dict[str, JSON]:
    """Return the details of a group or room; nearly all values are strings."""
    settings = place.settings
    flags = {
        "mute": place.mute_all,
        "disabled": place.disabled,
        "public": settings.get("public", True),
        "invite_need_confirm": settings.get("invite_need_confirm", False),
        "allow_user_invites": settings.get("allowinvites", False),
    }
    return {
        "owner": f"{state.org}#{state.app}_{place.owner}",
        "created": str(place.created),
        "last_modified": str(place.modified),
        "title": settings.get("groupname", settings.get("name", "")),
        "description": settings.get("description", ""),
        "avatar": settings.get("avatar", ""),
        "custom": settings.get("custom", ""),
        "max_users": str(settings.get("maxusers", "")),
        "mute_duration": -1 if place.mute_all else 0,
        **{name: str(flag).lower() for name, flag in flags.items()},
    }


def _created(state: State, kind: str, place: Group) -> None:
    roles = {place.owner: "owner", **dict.fromkeys(place.admins, "admin")}
    members = list(place.members)
    payload = {"role": roles, "member": members, "info": _info(state, place)}
    _tell(state, kind, place, "CREATE", payload)
    _members(state, kind, place, "JOIN", "DIRECT", members)


def _gone(state: State, kind: str, place: Group) -> None:
    payload = {"type": "DELETE", "member": place.everybody}
    _tell(state, kind, place, "LEAVE", payload)
    _tell(state, kind, place, "DELETE")


def _members(
    state: State, kind: str, place: Group, operation: str, type_: str, names: list[str]
) -> None:
    if names:
        payload = {"type": type_, "member": names}
        _tell(state, kind, place, operation, payload, member_count=len(place.everybody))


def _changed(state: State, kind: str, old: Group, new: Group) -> None:
    def update(type_: str, **payload: JSON) -> None:
        _tell(state, kind, new, "UPDATE", {"type": type_, **payload})

    def listed(operation: str, key: str, before: Iterable[str], after: Iterable[str]) -> None:
        was, now = list(before), list(after)
        for type_, names in (
            ("ADD", [name for name in now if name not in was]),
            ("REMOVE", [name for name in was if name not in now]),
        ):
            if names:
                payload: dict[str, JSON] = {"type": type_, key: names}
                if type_ == "ADD" and operation in ("MUTE", "BLOCK"):
                    end = new.mutes.get(names[0], -1) if operation == "MUTE" else -1
                    payload["expire_timestamp"] = _FOR_EVER if end == -1 else end
                _tell(state, kind, new, operation, payload)

    if old.settings != new.settings:
        update("INFO", info=_info(state, new))
    if old.owner != new.owner:
        update("OWNER", owner=old.owner, new_owner=new.owner)
    if old.announcement != new.announcement:
        update("ANNOUNCEMENT", **({"announcement": new.announcement} if new.announcement else {}))
    if old.disabled != new.disabled:
        update("DISABLE", disable=new.disabled)
    if old.mute_all != new.mute_all:
        update("MUTE", mute=new.mute_all)
    listed("BLOCK", "member", old.blocked, new.blocked)
    joined = [name for name in new.members if name not in old]
    left = [name for name in old.members if name not in new]
    # open: the pages that add members to a group name the event of an invitation, the page of the
    # event itself does not; no page names the event of a room, which has no invitations
    _members(state, kind, new, "JOIN", "INVITE" if kind == "GROUP" else "DIRECT", joined)
    blocked = [name for name in left if name in new.blocked]
    _members(state, kind, new, "LEAVE", "BLOCK", blocked)
    _members(state, kind, new, "LEAVE", "KICK", [name for name in left if name not in blocked])
    listed("ADMIN", "admin", old.admins, new.admins)
    # A mute that is set again makes a new event.
    changed = [n for n, end in old.mutes.items() if new.mutes.get(n, end) == end]
    listed("MUTE", "member", changed, new.mutes)
    listed("WHITE", "member", old.allowed, new.allowed)
    listed("SHARE_FILE", "share_file", old.files, new.files)


def _user_changed(state: State, old: User, friend: str) -> None:
    new = state.users.get(old.username)
    if new is None:
        return
    for device_id in old.devices.keys() - new.devices:
        tell_device(state, old.username, device_id, "replaced")
    rows = []
    # open: the pages name events of the calls about one friend only, so contacts.import_many and
    # contacts.remove_all have none here; and whether remote_accept and accept follow the request
    # of contacts.add, which nobody has to accept
    if (friend in old.contacts) != (friend in new.contacts):
        rows.append(("add" if friend in new.contacts else "remove", friend))
    rows += [("ban", name) for name in new.blocked if name not in old.blocked]
    rows += [("allow", name) for name in old.blocked if name not in new.blocked]
    for operation, other in rows:
        payload: dict[str, JSON] = {"operation": operation}
        if operation == "add":
            payload["reason"] = ""
        elif operation == "remove":
            payload["roster_ver"] = "1"
        else:
            payload["status"] = {"error_code": "ok"}
        sender = f"{state.org}#{state.app}_{old.username}@easemob.com"
        fields = _message(state, None, sender, other, chat_type="roster", eventType="chat")
        state.happened(**fields, payload=payload)
