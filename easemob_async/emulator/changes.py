"""Handlers of recalls, edits, imports, deletions, broadcasts and stored webhooks."""

from __future__ import annotations

from typing import Any, Final

import attrs

from easemob_async import api_limits
from easemob_async.emulator.events import tell_edit, tell_recall
from easemob_async.emulator.routes import JSON, Call, Refusal, routes

_KINDS: Final = {"chat": "users", "groupchat": "chatgroups", "chatroom": "chatrooms"}
_RECALL_SECONDS: Final = 120
_EDITS: Final = 10
_EDITABLE: Final = ("txt", "loc", "img", "audio", "video", "file", "custom")


def _illegal(description: str) -> Refusal:
    return Refusal(400, "illegal_argument", description)


def _malformed() -> Refusal:
    description = "Request body is invalid. Please check body is correct."
    return Refusal(400, "invalid_request_body", description)


# ---------------------------------------------------------------- recalls and edits


def _recall(call: Call, row: dict[str, JSON]) -> dict[str, Any] | Refusal:
    for name in ("msg_id", "to", "chat_type"):
        if not row.get(name):
            return Refusal(400, "message_recall_error", f"param {name} can't be empty")
    if not isinstance(row.get("force"), bool):
        return Refusal(400, "message_recall_error", "param force can't be empty")
    state, message_id = call.state, str(row["msg_id"])
    message = state.messages.get(message_id)
    if message is None or message["type"] == "cmd":
        return Refusal(403, "message_recall_error", "not_found msg")
    if message["to"] != row["to"] or message["chat_type"] != _KINDS.get(row["chat_type"]):
        return Refusal(400, "message_recall_error", "can't find msg to")
    if not row["force"] and state.now() * 1000 - message["timestamp"] > _RECALL_SECONDS * 1000:
        return Refusal(403, "message_recall_error", "exceed recall time limit")
    state.forget(message_id)
    tell_recall(state, message, row.get("from", "admin"))
    return {
        "recalled": "yes",
        "chattype": row["chat_type"],
        "from": row.get("from", "admin"),
        "to": row["to"],
        "msg_id": message_id,
    }


@routes.add("POST", "/messages/msg_recall")
def recall(call: Call) -> dict[str, JSON]:
    """messages.recall."""
    unopened = Refusal(403, "forbidden_op", "message recall service is unopened")
    call.needs("recall", unopened)
    done = _recall(call, call.object())
    if isinstance(done, Refusal):
        raise done
    return {"data": done}


@routes.add("POST", "/messages/batch_recall")
def recall_many(call: Call) -> dict[str, JSON]:
    """messages.recall_many; open: a row that fails says why in `recalled`, as in 2023."""
    unopened = Refusal(403, "forbidden_op", "message recall service is unopened")
    call.needs("recall", unopened)
    rows = call.object().get("msgs")
    if not isinstance(rows, list) or not 1 <= len(rows) <= api_limits.RECALLS_PER_CALL:
        # open: what happens past 30
        raise Refusal(400, "message_recall_error", "params msgs's size can't exceed limit 30")
    data = []
    for row in rows:
        done = _recall(call, row)
        if isinstance(done, Refusal):
            done = {"msg_id": row.get("msg_id"), "recalled": str(done)}
        data.append(done)
    return {"data": data}


@routes.add("PUT", "/messages/rewrite/{message_id}")
def edit(call: Call) -> dict[str, JSON]:
    """messages.update."""
    error = "message_rewrite_error"
    call.needs("edits", Refusal(403, error, "The rewrite message feature is not open."))
    message_id, body = call.params["message_id"], call.object()
    if not message_id.isdigit():
        description = "The provided message ID is not a valid number."
        raise Refusal(400, "InvalidMessageIdException", description)
    new = body.get("new_msg")
    if not isinstance(new, dict) or not new:
        raise _illegal("new_msg is required")
    message = call.state.messages.get(message_id)
    if message is None:
        raise Refusal(404, error, "The message is unavailable or has expired.")
    if new.get("type") not in _EDITABLE or new["type"] != message["type"]:
        description = "The message is of a type that is currently not supported for modification."
        raise Refusal(400, error, description)
    if message.get("edits", 0) >= _EDITS:
        description = "The message has reached its edit limit and cannot be modified further."
        raise Refusal(403, error, description)
    message["edits"] = message.get("edits", 0) + 1
    if new["type"] in ("txt", "custom"):
        message["body"] = {key: value for key, value in new.items() if key != "type"}
    ext = body.get("new_ext")
    if isinstance(ext, dict):
        merge = body.get("is_combine_ext", True)
        message["ext"] = {**message["ext"], **ext} if merge else ext
    tell_edit(call.state, message, body.get("user") or "easemob_rest_app_admin")
    return {"data": "success"}


# ---------------------------------------------------------------- what users keep


@routes.add("DELETE", "/users/{username}/user_channel", quota="conversations")
def delete_conversation(call: Call) -> dict[str, JSON]:
    """conversations.delete."""
    body, name = call.object(), call.params["username"]
    for key in ("channel", "type"):
        if not body.get(key):
            raise _illegal(f"field {key} cannot be null or empty")
    if not isinstance(body.get("delete_roam"), bool):
        raise _illegal("field delete_roam cannot be null")
    if body["delete_roam"]:
        kind = _KINDS.get(body["type"], "")
        call.state.drop(name, lambda m: _with(m, name, kind, body["channel"]))
    return {"entities": [], "data": {"result": "ok"}}


def _with(message: dict[str, JSON], name: str, kind: str, other: str) -> bool:
    """Tell whether a message belongs to a user's conversation."""
    if message["chat_type"] != kind:
        return False
    return bool(
        other in (message["from"], message["to"]) if kind == "users" else message["to"] == other
    )


def _roaming(call: Call) -> None:
    description = "this appKey not open message roaming"
    call.needs("roaming", Refusal(400, "service open exception", description))


def _told(call: Call) -> dict[str, JSON]:
    return {"requestStatusCode": "ok", "timestamp": call.state.milliseconds()}


def _delete_roaming(call: Call, key: str, *, by_time: bool) -> dict[str, JSON]:
    _roaming(call)
    name, other = call.params["username"], call.query.get(key)
    wanted = call.query.get("delTime" if by_time else "msgIdList")
    if not other or not wanted:
        raise Refusal(400, "Bad Request", "Bad Request")
    kinds = ("users",) if key == "userId" else ("chatgroups", "chatrooms")
    if by_time:
        if not wanted.isdigit():
            raise Refusal(400, "Bad Request", "Bad Request")
        until = int(wanted)
        call.state.drop(
            name,
            lambda m: m["timestamp"] <= until and any(_with(m, name, k, other) for k in kinds),
        )
        return _told(call)
    ids = wanted.split(",")
    if len(ids) > api_limits.ROAMING_PER_CALL:
        description = "delete msg list limit can not greater than 50"
        raise Refusal(400, "param exception", description)
    call.state.drop(name, lambda m: m["id"] in ids and any(_with(m, name, k, other) for k in kinds))
    return _told(call)


@routes.add("DELETE", "/rest/message/roaming/chat/user/{username}", envelope=False)
def delete_chat(call: Call) -> dict[str, JSON]:
    """roaming.delete_chat_messages."""
    return _delete_roaming(call, "userId", by_time=False)


@routes.add("DELETE", "/rest/message/roaming/group/user/{username}", envelope=False)
def delete_group(call: Call) -> dict[str, JSON]:
    """roaming.delete_group_messages."""
    return _delete_roaming(call, "groupId", by_time=False)


@routes.add("DELETE", "/rest/message/roaming/chat/user/{username}/time", envelope=False)
def delete_chat_before(call: Call) -> dict[str, JSON]:
    """roaming.delete_chat_messages_before."""
    return _delete_roaming(call, "userId", by_time=True)


@routes.add("DELETE", "/rest/message/roaming/group/user/{username}/time", envelope=False)
def delete_group_before(call: Call) -> dict[str, JSON]:
    """roaming.delete_group_messages_before."""
    return _delete_roaming(call, "groupId", by_time=True)


@routes.add("POST", "/rest/message/roaming/user/{username}/delete/all", envelope=False)
def delete_all(call: Call) -> dict[str, JSON]:
    """roaming.delete_all."""
    _roaming(call)
    call.state.drop(call.params["username"], lambda message: True)
    return _told(call)


# ---------------------------------------------------------------- imports


def _import(call: Call, kind: str, who: list[str]) -> dict[str, JSON]:
    body, state = call.object("invalid_request_body", "body"), call.state
    if not body.get("body"):
        raise _illegal("message body not allow empty")
    if not body.get("type"):
        raise _illegal("type not allow empty")
    if not isinstance(body["body"], dict) or not isinstance(body.get("from"), str):
        raise _malformed()
    moment = body.get("msg_timestamp", state.milliseconds())
    if isinstance(moment, bool) or not isinstance(moment, int) or moment < 1000:
        raise _illegal("msg_timestamp is not legal")  # open: the text
    message_id = state.new_message_id()
    message = {
        "id": message_id,
        "chat_type": kind,
        "from": body["from"],
        "to": body["target"],
        "type": body["type"],
        "body": body["body"],
        "ext": body.get("ext", {}),
        "timestamp": moment,
    }
    state.deliver(list(dict.fromkeys([body["target"], *who])), message)
    return {"entities": [], "data": {"msg_id": message_id}}


@routes.add("POST", "/messages/users/import")
def import_user_message(call: Call) -> dict[str, JSON]:
    """message_imports.create_user_message."""
    return _import(call, "users", [])


@routes.add("POST", "/messages/chatgroups/import")
def import_group_message(call: Call) -> dict[str, JSON]:
    """message_imports.create_group_message."""
    group = call.state.groups.get(str((call.body or {}).get("target")))
    return _import(call, "chatgroups", group.everybody if group else [])


# ---------------------------------------------------------------- broadcasts


def _broadcast(call: Call, kind: str, targets: list[str]) -> dict[str, JSON]:
    unopened = Refusal(403, "forbidden_op", "message broadcast service is unopened")
    call.needs("broadcasts", unopened)
    body, state = call.object("invalid_request_body", "body"), call.state
    if body.get("from") == "":
        raise _illegal("from can't be empty")
    if "ext" in body and not isinstance(body["ext"], dict):
        raise _illegal("ext must be JSONObject")
    content = body.get("msg")
    if not isinstance(content, dict) or not content.get("type"):
        raise _malformed()
    message_id = state.new_message_id()
    message = {
        "id": message_id,
        "chat_type": kind,
        "from": body.get("from", "admin"),
        "to": "",
        "type": content["type"],
        "body": {key: value for key, value in content.items() if key != "type"},
        "ext": body.get("ext", {}),
        "timestamp": state.milliseconds(),
    }
    state.deliver(targets, message)
    # A number above 2**53, as printed.
    return {"data": {"id": int(message_id)}}


@routes.add("POST", "/messages/broadcast", quota="broadcasts.users")
def broadcast_to_all(call: Call) -> dict[str, JSON]:
    """broadcasts.send_to_all_users."""
    target = call.object().get("target_type")
    if not target:
        raise _illegal("target_type must be provided")
    if target != "users":
        raise _illegal("target_type can only be 'users'")
    return _broadcast(call, "users", list(call.state.users))


@routes.add("POST", "/messages/users/broadcast", quota="broadcasts.online")
def broadcast_to_online(call: Call) -> dict[str, JSON]:
    """broadcasts.send_to_online_users."""
    online = [user.username for user in call.state.users.values() if user.devices]
    return _broadcast(call, "users", online)


@routes.add("POST", "/messages/chatrooms/broadcast", quota="broadcasts.rooms")
def broadcast_to_rooms(call: Call) -> dict[str, JSON]:
    """broadcasts.send_to_rooms: to rooms with a member in which something was sent."""
    state = call.state
    active = [r for r, room in state.rooms.items() if room.members and state.received[r]]
    return _broadcast(call, "chatrooms", active)


# ---------------------------------------------------------------- stored webhooks

_NO_STORAGE: Final = Refusal(403, None, "service not activated, or account lacks permission")


@routes.add("GET", "/callbacks/storage/info")
def list_webhooks(call: Call) -> dict[str, JSON]:
    """webhook_storage.list."""
    call.needs("webhook_storage", _NO_STORAGE)
    return {"data": [{"date": date, **row} for date, row in call.state.stored_webhooks.items()]}


@routes.add("POST", "/callbacks/storage/retry")
def retry_webhooks(call: Call) -> dict[str, JSON]:
    """webhook_storage.retry; open: what an unknown key gives, a failure here."""
    call.needs("webhook_storage", _NO_STORAGE)
    date = call.object().get("date")
    if not isinstance(date, str) or not date:
        raise Refusal(400, None, "invalid request parameters")
    row = call.state.stored_webhooks.get(date)
    if row is not None:
        row["retry"] += 1
        url = call.object().get("targetUrl") or None
        call.state.outbox += [
            attrs.evolve(posting, url=url or posting.url, again=True)
            for posting in call.state.stored_posts[date]
        ]
    return {"data": "failure" if row is None else "success"}
