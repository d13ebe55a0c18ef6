"""Handlers of messages.*: sending, recalling, editing, streaming."""

from __future__ import annotations

from typing import Any, Final

import attrs

from easemob_async import api_limits
from easemob_async.emulator.answers import dumps
from easemob_async.emulator.events import tell_edit, tell_keywords, tell_message, tell_recall
from easemob_async.emulator.message_fields import TYPES, are_options, is_proper
from easemob_async.emulator.refusal import JSON, Refusal, illegal_argument, malformed_body
from easemob_async.emulator.routes import Call, as_flag, as_number, routes
from easemob_async.emulator.state import PLACES_OF_CHAT_TYPES, State, Stream
from easemob_async.emulator.word_lists import moderate


def _refused(description: str, error_code: int | None = None) -> Refusal:
    return Refusal(
        400,
        "message_send_error",
        description,
        exception="MessageSendException",
        error_code=error_code,
    )


def check_message(body: JSON, most: int, *, members: bool = False) -> None:
    """Refuse a message that the service does not accept."""
    if not isinstance(body, dict):
        raise malformed_body()
    to = body.get("to")
    if body.get("from") == "":
        raise _refused("param from can't be empty")
    if to is None or to == []:
        raise _refused("param to can't be empty")
    if not _strings(to) or not isinstance(body.get("from", ""), str):
        raise malformed_body()
    if not body.get("type"):
        raise _refused("param type can't be empty")
    if not body.get("body"):
        raise _refused("param body can't be empty")
    if "ext" in body and not isinstance(body["ext"], dict):
        raise _refused("param ext must be JSONObject")
    if members and not body.get("users"):
        raise _refused("param users can't be empty")
    if len(to) > most:
        raise _refused(f"params to's size can't exceed limit {most}")
    content = body["body"]
    if not is_proper(body["type"], content) or not are_options(body):
        raise malformed_body()
    check_size(content, body.get("ext"))


def check_size(content: JSON, ext: JSON) -> None:
    """Refuse a body that is too large together with its ext."""
    size = sum(len(dumps(part)) for part in (content, ext) if part is not None)
    if size > api_limits.MESSAGE_BYTES:
        raise _refused("message is too large", 14007)


@routes.add("POST", "/messages/users", quota="messages.users")
def send_to_users(call: Call) -> dict[str, JSON]:
    """Handle messages.send_to_users; it does not check whether the users exist."""
    check_message(call.body, api_limits.USERS_PER_MESSAGE)
    return _send(call, "users", {user: [user] for user in call.body["to"]})


@routes.add("POST", "/messages/chatgroups", quota="messages.groups")
def send_to_groups(call: Call) -> dict[str, JSON]:
    """Handle messages.send_to_groups; it does not check whether the groups exist."""
    check_message(call.body, api_limits.GROUPS_PER_MESSAGE)
    sender = call.body.get("from", "admin")
    groups = call.state.groups
    who = {
        group_id: [user for user in groups[group_id].everybody if user != sender]
        if group_id in groups
        else []
        for group_id in call.body["to"]
    }
    return _send(call, "chatgroups", who)


@routes.add("POST", "/messages/chatgroups/users", quota="messages.group_members")
def send_to_group_members(call: Call) -> dict[str, JSON]:
    """Handle messages.send_to_group_members."""
    check_message(call.body, api_limits.GROUPS_PER_MESSAGE, members=True)
    # The table of the page has one group, its list of errors three; the table is followed.
    return _send_to_members(call, "chatgroups")


@routes.add("POST", "/messages/chatrooms", quota="messages.rooms")
def send_to_rooms(call: Call) -> dict[str, JSON]:
    """Handle messages.send_to_rooms; it does not check whether the rooms exist."""
    check_message(call.body, api_limits.ROOMS_PER_MESSAGE)
    return _send(call, "chatrooms", {room: [] for room in call.body["to"]})


@routes.add("POST", "/messages/chatrooms/users", quota="messages.room_members")
def send_to_room_members(call: Call) -> dict[str, JSON]:
    """Handle messages.send_to_room_members."""
    check_message(call.body, api_limits.ROOMS_PER_MESSAGE, members=True)
    return _send_to_members(call, "chatrooms")


@routes.add("POST", "/messages")
def send_legacy(call: Call) -> dict[str, JSON]:
    """Handle messages.send_legacy, the format of 2014."""
    body = call.object("illegal_argument", "this is an invalid request.")
    if body.get("from") == "":
        raise Refusal(400, "illegal_argument", "from can't be empty")
    kind = body.get("target_type")
    if kind not in ("users", "chatgroups", "chatrooms"):
        description = "target_type can only be 'users' or 'chatgroups' or 'chatrooms'"
        raise Refusal(400, "illegal_argument", description)
    targets, message = body.get("target"), body.get("msg")
    proper = _strings(targets) and targets and isinstance(message, dict)
    proper = proper and isinstance(body.get("ext", {}), dict)
    proper = proper and _strings([body.get("from", "admin"), message.get("type")])
    if not proper or message["type"] not in TYPES:
        raise Refusal(400, "illegal_argument", "this is an invalid request.")
    content = {key: value for key, value in message.items() if key != "type"}
    if len(dumps(message)) > 40 * 1024:
        raise Refusal(400, "illegal_argument", "message is too large")
    with_ids = call.query.get("useMsgId") == "true"
    data = {}
    for target in targets:
        message_id = _deliver(call, kind, target, [target], message.get("type"), content)
        data[target] = message_id if with_ids else "success"
    return {"params": {}, "uri": None, "entities": [], "data": data}


def _send_to_members(call: Call, kind: str) -> dict[str, JSON]:
    users = call.body["users"]
    if not _strings(users) or len(users) > api_limits.MEMBERS_PER_MESSAGE:
        # open: no error is documented for more than twenty; the nearest text is that of `to`
        raise _refused(f"params users's size can't exceed limit {api_limits.MEMBERS_PER_MESSAGE}")
    if len(call.body["to"]) > 1:
        raise _refused("params to's size can't exceed limit 1")
    answer = _send(call, kind, {call.body["to"][0]: users})
    # As documented, the answer has the path of the call without `users`.
    return {**answer, "path": f"/messages/{kind}"}


def _send(call: Call, kind: str, who: dict[str, list[str]]) -> dict[str, JSON]:
    body = call.body
    data = {
        target: _deliver(call, kind, target, users, body["type"], body["body"])
        for target, users in who.items()
    }
    return {"path": call.path, "data": data}


def _deliver(
    call: Call, kind: str, target: str, users: list[str], type_: JSON, content: JSON
) -> str:
    sender, ext = call.body.get("from", "admin"), call.body.get("ext", {})
    body = {"type": type_, **content}
    only_online = call.body.get("routetype") == "ROUTE_ONLINE"
    # open: what the answer says of a message that a word list blocks; here it is accepted
    return deliver(
        call.state, kind, sender, target, users, body, ext, only_online=only_online
    ).message_id


@attrs.frozen
class Delivery:
    """What became of a message."""

    message_id: str
    """The id of the message."""
    delivered: bool
    """Whether it was delivered; not if a word list blocks its text."""
    body: dict[str, JSON]
    """The body, with the words replaced that a word list replaces."""


def deliver(
    state: State,
    kind: str,
    sender: str,
    target: str,
    users: list[str],
    body: dict[str, JSON],
    ext: JSON,
    message_id: str | None = None,
    *,
    only_online: bool = False,
) -> Delivery:
    """Deliver a message to its recipients, and add its webhook events.

    The text of a text message is moderated by the word lists. With `only_online`, recipients who
    are offline never get it.
    """
    message: dict[str, JSON] = {
        "id": message_id or state.new_message_id(),
        "chat_type": kind,
        "from": sender,
        "to": target,
        "type": body["type"],
        "body": {key: value for key, value in body.items() if key != "type"},
        "ext": ext,
        "timestamp": state.milliseconds(),
    }
    text = body.get("msg")
    if body["type"] == "txt" and isinstance(text, str):
        moderated = moderate(state, text, kind)
        tell_keywords(state, message, moderated)
        if moderated.disposition == "REJECT":
            return Delivery(message["id"], delivered=False, body=body)
        message["body"]["msg"] = moderated.text
    if only_online:
        users = [name for name in users if name in state.users and state.users[name].devices]
    # It is stored for the group as well, so that a test can read both.
    place = [] if kind == "users" else [target]
    state.deliver(list(dict.fromkeys([*place, *users])), message)
    tell_message(state, message, users)
    return Delivery(message["id"], delivered=True, body={"type": body["type"], **message["body"]})


def _strings(value: JSON) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


_RECALL_SECONDS: Final = 120
_EDITS: Final = 10
_EDITABLE: Final = ("txt", "loc", "img", "audio", "video", "file", "custom")


# ---------------------------------------------------------------- recalls and edits


def _recall(call: Call, row: JSON) -> dict[str, Any] | Refusal:
    if not isinstance(row, dict):
        return malformed_body()
    for name in ("msg_id", "to", "chat_type"):
        if not row.get(name):
            return Refusal(400, "message_recall_error", f"param {name} can't be empty")
    force = as_flag(row.get("force"))
    if force is None:
        return Refusal(400, "message_recall_error", "param force can't be empty")
    state, message_id = call.state, str(row["msg_id"])
    message = state.messages.get(message_id)
    if message is None or message["type"] == "cmd":
        return Refusal(403, "message_recall_error", "not_found msg")
    kind = PLACES_OF_CHAT_TYPES.get(str(row["chat_type"]))
    if message["to"] != row["to"] or message["chat_type"] != kind:
        return Refusal(400, "message_recall_error", "can't find msg to")
    if not force and state.now() * 1000 - message["timestamp"] > _RECALL_SECONDS * 1000:
        return Refusal(403, "message_recall_error", "exceed recall time limit")
    sender = row.get("from") or "admin"
    if not isinstance(sender, str):
        return malformed_body()  # open: the answer to another type
    state.forget(message_id)
    tell_recall(state, message, sender)
    return {
        "recalled": "yes",
        "chattype": row["chat_type"],
        "from": sender,
        "to": row["to"],
        "msg_id": message_id,
    }


@routes.add("POST", "/messages/recall")
@routes.add("POST", "/messages/msg_recall")
def recall(call: Call) -> dict[str, JSON]:
    """Handle messages.recall, and its older path, which took many messages as well."""
    unopened = Refusal(403, "forbidden_op", "message recall service is unopened")
    call.needs("recall", unopened)
    if "msgs" in call.object():
        return _recall_many(call)
    done = _recall(call, call.object())
    if isinstance(done, Refusal):
        raise done
    return {"path": call.path, "data": done}


@routes.add("POST", "/messages/batch_recall")
def recall_many(call: Call) -> dict[str, JSON]:
    """Handle messages.recall_many; open: a failed row has its reason in `recalled`, as in 2023."""
    unopened = Refusal(403, "forbidden_op", "message recall service is unopened")
    call.needs("recall", unopened)
    return _recall_many(call)


def _recall_many(call: Call) -> dict[str, JSON]:
    rows = call.object().get("msgs")
    if isinstance(rows, dict):  # open: one message in place of a list, as the PHP SDK sends it
        rows = [rows]
    if not isinstance(rows, list) or not 1 <= len(rows) <= api_limits.RECALLS_PER_CALL:
        # open: the answer to more than 30
        raise Refusal(400, "message_recall_error", "params msgs's size can't exceed limit 30")
    data = []
    for row in rows:
        done = _recall(call, row)
        if isinstance(done, Refusal):
            own = row.get("msg_id") if isinstance(row, dict) else None
            done = {"msg_id": own, "recalled": str(done)}
        data.append(done)
    return {"path": call.path, "data": data}


@routes.add("PUT", "/messages/rewrite/{message_id}")
def edit(call: Call) -> dict[str, JSON]:
    """Handle messages.update."""
    error = "message_rewrite_error"
    call.needs("edits", Refusal(403, error, "The rewrite message feature is not open."))
    message_id, body = call.params["message_id"], call.object()
    if as_number(message_id) is None:
        description = "The provided message ID is not a valid number."
        raise Refusal(400, "InvalidMessageIdException", description)
    new = body.get("new_msg")
    if not isinstance(new, dict) or not new:
        raise illegal_argument("new_msg is required")
    message = call.state.messages.get(message_id)
    if message is None:
        raise Refusal(404, error, "The message is unavailable or has expired.")
    kind = "img" if new.get("type") == "image" else new.get("type")  # the page has both
    if kind not in _EDITABLE or kind != message["type"]:
        description = "The message is of a type that is currently not supported for modification."
        raise Refusal(400, error, description)
    if message.get("edits", 0) >= _EDITS:
        description = "The message has reached its edit limit and cannot be modified further."
        raise Refusal(403, error, description)
    ext, merge = body.get("new_ext"), as_flag(body.get("is_combine_ext", True))
    editor = body.get("user") or "easemob_rest_app_admin"
    proper = is_proper(kind, new, complete=kind == "txt")
    if not proper or not isinstance(ext, dict | None) or merge is None or not _strings([editor]):
        raise malformed_body()
    message["edits"] = message.get("edits", 0) + 1
    if kind in ("txt", "custom"):
        message["body"] = {key: value for key, value in new.items() if key != "type"}
    if ext is not None:
        message["ext"] = {**message["ext"], **ext} if merge else ext
    tell_edit(call.state, message, editor)
    return {"path": call.path, "data": "success"}


_STREAM_APART: Final = 30
_STREAM_LONGEST: Final = 30 * 60


def _stream_refused(error_code: int, description: str) -> Refusal:
    # open: the status code; 400, as for refused messages
    return Refusal(
        400,
        "message_send_error",
        description,
        exception="MessageSendException",
        error_code=error_code,
    )


def _stream_piece(call: Call, kind: str, mismatch: str) -> dict[str, JSON]:
    body, state = call.object(), call.state
    for code, name in ((14001, "from"), (14002, "to"), (14005, "body")):
        if not body.get(name):
            raise _stream_refused(code, f"param {name} can't be empty")
    piece, now = body["body"], state.now()
    ext = body.get("ext") or {}
    if not _strings([body["from"], body["to"]]):
        raise malformed_body()  # open: the answer to wrong types
    if not isinstance(piece, dict) or not isinstance(ext, dict):
        raise malformed_body()
    seq = as_number(piece.get("seq"))
    if seq is None:
        raise _stream_refused(14030, "param body.seq is illegal")
    message_id, text = piece.get("msgId"), str(piece.get("msg", ""))
    if message_id is None:
        message_id = state.new_message_id()
        message: dict[str, JSON] = {
            "id": message_id,
            "chat_type": kind,
            "from": body["from"],
            "to": body["to"],
            "type": "txt",
            "body": {"msg": ""},
            "ext": ext,
            "timestamp": state.milliseconds(),
            "format": piece.get("type", "text"),
        }
        stream = Stream(body["from"], body["to"], message, now, now, seq=seq - 1)
        _check_stream(stream, body, seq, text, now, mismatch)
        group = state.groups.get(body["to"]) if kind == "chatgroups" else None
        if group and len(group.everybody) > api_limits.STREAM_GROUP_MEMBERS:
            # open: the answer for a larger group
            raise _stream_refused(14002, "group has too many members")
        members = [name for name in group.everybody if name != body["from"]] if group else []
        state.streams[message_id] = stream
        state.deliver([body["to"], *members], message)
        data = {"msgId": message_id}
    else:
        found = state.streams.get(str(message_id))
        if found is None:
            raise _stream_refused(14031, "can not find stream message by msgId")
        stream, data = found, {}
        _check_stream(stream, body, seq, text, now, mismatch)
    stream.seq, stream.last = seq, now
    stream.size += len(text.encode())
    stream.message["body"]["msg"] += text
    if piece.get("finish") is True:
        stream.over = True
        stream.message["finishReason"] = piece.get("finishReason", 0)
    return {"path": call.path, "data": data}


def _check_stream(
    stream: Stream, body: dict[str, JSON], seq: int, text: str, now: float, mismatch: str
) -> None:
    if stream.over:
        raise _stream_refused(14035, "stream message has already finished")
    if body["from"] != stream.sender:
        raise _stream_refused(14036, "stream message from user mismatch")
    if body["to"] != stream.target:
        raise _stream_refused(14037, mismatch)
    if seq <= stream.seq:
        raise _stream_refused(14038, "stream message chunk seq too small")
    problem = None
    if stream.size + len(text.encode()) > api_limits.STREAM_BYTES:
        problem = _stream_refused(14032, "stream message total length exceeds limit")
    elif now - stream.last > _STREAM_APART:
        problem = _stream_refused(14033, "stream message chunk interval timeout")
    elif now - stream.began > _STREAM_LONGEST:
        problem = _stream_refused(14034, "stream message total timeout")
    if problem is not None:
        stream.over = True  # the failure ends the stream
        raise problem


@routes.add("POST", "/stream_message/user", quota="messages.streams")
def stream_to_user(call: Call) -> dict[str, JSON]:
    """Handle messages.stream_to_user."""
    return _stream_piece(call, "users", "stream message to user mismatch")


@routes.add("POST", "/stream_message/chatgroup", quota="messages.streams")
def stream_to_group(call: Call) -> dict[str, JSON]:
    """Handle messages.stream_to_group."""
    return _stream_piece(call, "chatgroups", "stream message to mismatch")
