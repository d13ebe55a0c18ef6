"""Handlers of sending messages."""

from __future__ import annotations

import json
from typing import Final

from easemob_async import api_limits
from easemob_async.emulator.events import tell_message
from easemob_async.emulator.routes import JSON, Call, Refusal, routes
from easemob_async.emulator.state import State

_TYPES: Final = frozenset({"txt", "img", "audio", "video", "file", "loc", "cmd", "custom"})
_REQUIRED: Final = {
    "txt": ("msg",),
    "img": ("url",),
    "audio": ("url",),
    "video": ("url",),
    "file": ("url",),
    "loc": ("lat", "lng", "addr"),
    "cmd": ("action",),
    "custom": (),
}


def _refused(description: str, error_code: int | None = None) -> Refusal:
    return Refusal(
        400,
        "message_send_error",
        description,
        exception="MessageSendException",
        error_code=error_code,
    )


def _malformed() -> Refusal:
    return Refusal(
        400, "invalid_request_body", "Request body is invalid. Please check body is correct."
    )


def check_message(body: JSON, most: int, *, members: bool = False) -> None:
    """Refuse a message that the service would not take."""
    if not isinstance(body, dict):
        raise _malformed()
    to = body.get("to")
    if body.get("from") == "":
        raise _refused("param from can't be empty")
    if to is None or to == []:
        raise _refused("param to can't be empty")
    if not _strings(to) or not isinstance(body.get("from", ""), str):
        raise _malformed()
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
    kind, content = body["type"], body["body"]
    if kind not in _TYPES or not isinstance(content, dict):
        raise _malformed()
    if any(not isinstance(content.get(name), str) for name in _REQUIRED[kind]):
        raise _malformed()
    check_size(content, body.get("ext"))


def check_size(content: JSON, ext: JSON) -> None:
    """Refuse a body that is too large together with its ext."""
    size = sum(len(_compact(part)) for part in (content, ext) if part is not None)
    if size > api_limits.MESSAGE_BYTES:
        raise _refused("message is too large", 14007)


@routes.add("POST", "/messages/users", quota="messages.users")
def send_to_users(call: Call) -> dict[str, JSON]:
    """messages.send_to_users; existence of users is not checked."""
    check_message(call.body, api_limits.USERS_PER_MESSAGE)
    return _send(call, "users", {user: [user] for user in call.body["to"]})


@routes.add("POST", "/messages/chatgroups", quota="messages.groups")
def send_to_groups(call: Call) -> dict[str, JSON]:
    """messages.send_to_groups; existence of groups is not checked."""
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


@routes.add("POST", "/messages/chatgroups/users", quota="messages.members")
def send_to_group_members(call: Call) -> dict[str, JSON]:
    """messages.send_to_group_members."""
    check_message(call.body, api_limits.GROUPS_PER_MESSAGE, members=True)
    # The page's table says one group, its error row says three: the table is followed.
    return _send_to_members(call, "chatgroups")


@routes.add("POST", "/messages/chatrooms", quota="messages.rooms")
def send_to_rooms(call: Call) -> dict[str, JSON]:
    """messages.send_to_rooms; existence of rooms is not checked."""
    check_message(call.body, api_limits.ROOMS_PER_MESSAGE)
    return _send(call, "chatrooms", {room: [] for room in call.body["to"]})


@routes.add("POST", "/messages/chatrooms/users", quota="messages.members")
def send_to_room_members(call: Call) -> dict[str, JSON]:
    """messages.send_to_room_members."""
    check_message(call.body, api_limits.ROOMS_PER_MESSAGE, members=True)
    return _send_to_members(call, "chatrooms")


@routes.add("POST", "/messages")
def send_legacy(call: Call) -> dict[str, JSON]:
    """messages.send_legacy, the form of 2014."""
    body = call.object("illegal_argument", "this is an invalid request.")
    if body.get("from") == "":
        raise Refusal(400, "illegal_argument", "from can't be empty")
    kind = body.get("target_type")
    if kind not in ("users", "chatgroups", "chatrooms"):
        description = "target_type can only be 'users' or 'chatgroups' or 'chatrooms'"
        raise Refusal(400, "illegal_argument", description)
    targets, message = body.get("target"), body.get("msg")
    if not _strings(targets) or not targets or not isinstance(message, dict):
        raise Refusal(400, "illegal_argument", "this is an invalid request.")
    content = {key: value for key, value in message.items() if key != "type"}
    if len(_compact(message)) > 40 * 1024:
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
        # open: nothing is printed for more than twenty; the nearest text is that of `to`
        raise _refused(f"params users's size can't exceed limit {api_limits.MEMBERS_PER_MESSAGE}")
    if len(call.body["to"]) > 1:
        raise _refused("params to's size can't exceed limit 1")
    answer = _send(call, kind, {call.body["to"][0]: users})
    # As printed: the path of the answer is that of the untargeted call.
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
    return deliver(call.state, kind, sender, target, users, {"type": type_, **content}, ext)


def deliver(
    state: State,
    kind: str,
    sender: str,
    target: str,
    users: list[str],
    body: JSON,
    ext: JSON,
    message_id: str | None = None,
) -> str:
    """Give a message to who receives it, and tell of it; gives its id."""
    message_id = message_id or state.new_message_id()
    message = {
        "id": message_id,
        "chat_type": kind,
        "from": sender,
        "to": target,
        "type": body["type"],
        "body": {key: value for key, value in body.items() if key != "type"},
        "ext": ext,
        "timestamp": state.milliseconds(),
    }
    # Kept for the group itself too, so that a test can ask either.
    state.deliver(list(dict.fromkeys([target, *users])), message)
    tell_message(state, message, users)
    return message_id


def _strings(value: JSON) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _compact(value: JSON) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
