"""Handlers of conversations.*."""

from __future__ import annotations

import base64
import json
from typing import Any

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
    user = call.state.users.get(name)
    if user is not None:
        user.deleted_conversations[str(body["channel"])] = call.state.milliseconds()
    if body["delete_roam"]:
        kind = PLACES_OF_CHAT_TYPES.get(str(body["type"]), "")
        call.state.drop(name, lambda m: belongs_to(m, name, kind, body["channel"]))
    return {"path": "/users/user_channel", "entities": [], "data": {"result": "ok"}}


@routes.add("GET", "/user/{username}/user_channels", quota="conversations")
def list_conversations(call: Call) -> dict[str, JSON]:
    """Handle conversations.list; open: nearly all of its answer, which no page shows."""
    name, state = call.params["username"], call.state
    user = state.users.get(name)
    deleted = {} if user is None else user.deleted_conversations
    registered = 0 if user is None else user.created
    last: dict[str, tuple[dict[str, Any], int]] = {}
    for message in state.messages.values():
        if "imported" in message:  # it makes no conversation
            continue
        target, sender = message["to"], message["from"]
        if message["chat_type"] == "users":
            if name not in (target, sender):
                continue
            other, domain = (sender if target == name else target), "easemob.com"
        else:
            places = state.groups if message["chat_type"] == "chatgroups" else {}
            if target not in places or name not in places[target]:
                continue
            other, domain = target, "conference.easemob.com"
        if message["timestamp"] <= deleted.get(other, -1) or message["timestamp"] < registered:
            continue  # the latter was another user's of the same name
        unread = last.pop(f"{other}@{domain}", (message, 0))[1] + (sender != name)
        last[f"{other}@{domain}"] = (message, unread)
    rows = [
        {
            "channel_id": channel,
            "unread_num": unread,
            "is_top": False,
            "update_top_status_time": 0,
            "marks": [],
            "meta": {
                "id": message["id"],
                "payload": base64.b64encode(json.dumps(message).encode()).decode(),
                "timestamp": message["timestamp"],
            },
        }
        for channel, (message, unread) in reversed(last.items())
    ]
    return {"data": {"channel_infos": rows}}
