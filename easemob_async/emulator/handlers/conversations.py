"""Handlers of conversations.*."""

from __future__ import annotations

from easemob_async.emulator.refusal import JSON, illegal_argument
from easemob_async.emulator.routes import Call, routes
from easemob_async.emulator.state import PLACES_OF_CHAT_TYPES, belongs_to

# ---------------------------------------------------------------- what users keep


@routes.add("DELETE", "/users/{username}/user_channel", quota="conversations")
def delete_conversation(call: Call) -> dict[str, JSON]:
    """Handle conversations.delete."""
    body, name = call.object(), call.params["username"]
    for key in ("channel", "type"):
        if not body.get(key):
            raise illegal_argument(f"field {key} cannot be null or empty")
    if not isinstance(body.get("delete_roam"), bool):
        raise illegal_argument("field delete_roam cannot be null")
    if body["delete_roam"]:
        kind = PLACES_OF_CHAT_TYPES.get(body["type"], "")
        call.state.drop(name, lambda m: belongs_to(m, name, kind, body["channel"]))
    return {"entities": [], "data": {"result": "ok"}}
