"""Handlers of broadcasts.*."""

from __future__ import annotations

from easemob_async.emulator.message_fields import are_options, is_proper
from easemob_async.emulator.refusal import JSON, Refusal, illegal_argument, malformed_body
from easemob_async.emulator.routes import Call, routes

# ---------------------------------------------------------------- broadcasts


def _broadcast(call: Call, kind: str, targets: list[str]) -> dict[str, JSON]:
    unopened = Refusal(403, "forbidden_op", "message broadcast service is unopened")
    call.needs("broadcasts", unopened)
    body, state = call.object("invalid_request_body", "body"), call.state
    if body.get("from") == "":
        raise illegal_argument("from can't be empty")
    if "ext" in body and not isinstance(body["ext"], dict):
        raise illegal_argument("ext must be JSONObject")
    content = body.get("msg")
    if not isinstance(content, dict) or not is_proper(content.get("type"), content):
        raise malformed_body()
    if not are_options(body) or not isinstance(body.get("from", ""), str):
        raise malformed_body()
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
    # The id is a number above 2**53, as documented.
    return {"path": call.path, "data": {"id": int(message_id)}}


@routes.add("POST", "/messages/broadcast", quota="broadcasts.users")
def broadcast_to_all(call: Call) -> dict[str, JSON]:
    """Handle broadcasts.send_to_all_users."""
    target = call.object().get("target_type")
    if not target:
        raise illegal_argument("target_type must be provided")
    if target != "users":
        raise illegal_argument("target_type can only be 'users'")
    return _broadcast(call, "users", list(call.state.users))


@routes.add("POST", "/messages/users/broadcast", quota="broadcasts.online")
def broadcast_to_online(call: Call) -> dict[str, JSON]:
    """Handle broadcasts.send_to_online_users."""
    online = [user.username for user in call.state.users.values() if user.devices]
    return _broadcast(call, "users", online)


@routes.add("POST", "/messages/chatrooms/broadcast", quota="broadcasts.rooms")
def broadcast_to_rooms(call: Call) -> dict[str, JSON]:
    """Handle broadcasts.send_to_rooms: rooms that have a member and a message."""
    state = call.state
    active = [r for r, room in state.rooms.items() if room.members and state.received[r]]
    return _broadcast(call, "chatrooms", active)
