"""Handlers of offline_messages.*."""

from __future__ import annotations

from easemob_async.emulator.handlers.users import find_user
from easemob_async.emulator.refusal import JSON
from easemob_async.emulator.routes import Call, routes

# ---------------------------------------------------------------- offline messages


@routes.add("GET", "/users/{username}/offline_msg_count", quota="users")
def count_offline(call: Call) -> dict[str, JSON]:
    """offline_messages.get_count: what an offline user received; nothing is waiting online."""
    user = find_user(call)
    waiting = 0 if user.devices else len(call.state.received[user.username])
    return {"entities": [], "data": {user.username: waiting}, "count": 0}


@routes.add("GET", "/users/{username}/offline_msg_status/{message_id}", quota="users")
def get_offline_status(call: Call) -> dict[str, JSON]:
    """offline_messages.get_status."""
    user, message_id = find_user(call), call.params["message_id"]
    got = any(message["id"] == message_id for message in call.state.received[user.username])
    # open: what a message that never was for the user gives
    status = "undelivered" if got and not user.devices else "delivered"
    return {"entities": [], "data": {message_id: status}}
