"""Handlers of offline_messages.*."""

from __future__ import annotations

from easemob_async.emulator.handlers.users import find_user
from easemob_async.emulator.refusal import JSON
from easemob_async.emulator.routes import Call, routes

# ---------------------------------------------------------------- offline messages


@routes.add("GET", "/users/{username}/offline_msg_count", quota="users")
def count_offline(call: Call) -> dict[str, JSON]:
    """Handle offline_messages.get_count; for a user who is online the count is 0."""
    user = find_user(call)
    rows = call.state.received[user.username]
    # Imported messages are only found among the roaming ones.
    waiting = 0 if user.devices else sum("imported" not in message for message in rows)
    return {"entities": [], "data": {user.username: waiting}, "count": 0}


@routes.add("GET", "/users/{username}/offline_msg_status/{message_id}", quota="users")
def get_offline_status(call: Call) -> dict[str, JSON]:
    """Handle offline_messages.get_status."""
    user, message_id = find_user(call), call.params["message_id"]
    got = any(message["id"] == message_id for message in call.state.received[user.username])
    # open: the answer for a message that was not sent to the user
    status = "undelivered" if got and not user.devices else "delivered"
    return {"entities": [], "data": {message_id: status}}
