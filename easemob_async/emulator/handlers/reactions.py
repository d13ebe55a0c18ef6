"""Handlers of reactions.*."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from easemob_async import api_limits
from easemob_async.emulator.events import tell_reaction
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, by_cursor, routes

_PER_MESSAGE: Final = 20
_PATH: Final = "/reaction/user/{username}"
_KINDS: Final = {"users": "chat", "chatgroups": "groupchat"}


def _bad(description: str) -> Refusal:
    return Refusal(400, "Bad Request", description)


def _open(call: Call) -> None:
    call.needs("reactions", _bad("this appKey is not open reaction service!"))


def _text(value: JSON) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= api_limits.REACTION_LENGTH:
        raise _bad("message is illegal!")  # open: the text
    return value


def _ok(call: Call, **fields: JSON) -> dict[str, JSON]:
    return {"requestStatusCode": "ok", "timestamp": call.state.milliseconds(), **fields}


@routes.add("POST", _PATH, envelope=False)
def add(call: Call) -> dict[str, JSON]:
    """Handle reactions.add: for messages that the user sent or received."""
    _open(call)
    state, body, name = call.state, call.object(), call.params["username"]
    message_id, emoji = str(body.get("msgId")), _text(body.get("message"))
    message = state.messages.get(message_id)
    seen = message and any(m["id"] == message_id for m in state.received[name])
    if not message or not (seen or message["from"] == name):
        raise _bad("the user operation is illegal!")
    found = state.reactions.setdefault(message_id, {})
    if emoji not in found and len(found) >= _PER_MESSAGE:
        raise _bad("The quantity has exceeded the limit!")
    reaction = found.setdefault(emoji, {"id": state.new_message_id(), "users": []})
    if name in reaction["users"]:
        raise _bad("the user is already operation this message")
    reaction["users"].append(name)
    tell_reaction(state, message, emoji, name, "create")
    now = datetime.fromtimestamp(state.now(), UTC).isoformat().replace("+00:00", "Z")
    kind = _KINDS.get(message["chat_type"], "chat")
    data = {
        "id": reaction["id"],
        "msgId": message_id,
        "msgType": kind,
        "groupId": message["to"] if kind == "groupchat" else None,
        "reaction": emoji,
        "createdAt": now,
        "updatedAt": now,
    }
    return _ok(call, data=data)


@routes.add("DELETE", _PATH, envelope=False)
def remove(call: Call) -> dict[str, JSON]:
    """Handle reactions.remove; the parameters are in the query."""
    _open(call)
    found = call.state.reactions.get(call.query.get("msgId", ""), {})
    reaction = found.get(call.query.get("message", ""))
    name = call.params["username"]
    if reaction is None or name not in reaction["users"]:
        raise _bad("the user operation is illegal!")
    reaction["users"].remove(name)
    if not reaction["users"]:
        del found[call.query["message"]]
    message = call.state.messages.get(call.query["msgId"])
    if message is not None:
        # open: the reactionType of a removal
        tell_reaction(call.state, message, call.query["message"], name, "delete")
    return _ok(call)


def _shown(emoji: str, reaction: dict[str, Any], name: str, users: list[str]) -> dict[str, Any]:
    return {
        "reactionId": reaction["id"],
        "reaction": emoji,
        "count": len(reaction["users"]),
        "state": name in reaction["users"],
        "userList": users,
    }


@routes.add("GET", _PATH, envelope=False)
def list_reactions(call: Call) -> dict[str, JSON]:
    """Handle reactions.list; messages without reactions are left out."""
    _open(call)
    ids = call.query.get("msgIdList", "").split(",")
    if len(ids) > api_limits.REACTED_MESSAGES_PER_CALL:
        raise _bad("msgIdList exceeds the maximum number limit")
    if call.query.get("msgType") == "groupchat" and "groupId" not in call.query:
        raise _bad("groupId can not be null!")
    name, known = call.params["username"], call.state.reactions
    data = [
        {
            "msgId": message_id,
            "reactionList": [
                _shown(emoji, reaction, name, reaction["users"][:3])
                for emoji, reaction in known[message_id].items()
            ],
        }
        for message_id in ids
        if known.get(message_id)
    ]
    return _ok(call, data=data)


@routes.add("GET", _PATH + "/detail", envelope=False)
def get(call: Call) -> dict[str, JSON]:
    """Handle reactions.get; the last page has a cursor as well."""
    _open(call)
    most = api_limits.REACTORS_PER_PAGE
    call.refuse_above("limit", most, _bad("Limit exceeds the maximum quantity limit"))
    emoji = call.query.get("message", "")
    reaction = call.state.reactions.get(call.query.get("msgId", ""), {}).get(emoji)
    if reaction is None:
        raise _bad("the user operation is illegal!")  # open: the answer for an unknown reaction
    page, cursor = by_cursor(call, reaction["users"], 50, most)
    data = _shown(emoji, reaction, call.params["username"], page)
    return _ok(call, data={**data, "cursor": cursor or call.state.new_message_id()})
