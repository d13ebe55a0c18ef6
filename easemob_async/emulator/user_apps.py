"""What the users' own apps do: there is no REST call for it, so the emulator does it for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from easemob_async.emulator.handlers.messages import deliver
from easemob_async.emulator.refusal import JSON
from easemob_async.emulator.state import State
from easemob_async.emulator.webhooks import Webhooks

_KINDS: Final = {"chat": "users", "groupchat": "chatgroups", "chatroom": "chatrooms"}
# What the sender's app shows, by the answer's `code`.
_NO_CODE: Final = "custom logic denied"
_EMPTY_CODE: Final = "Message blocked by external logic"
_NO_ANSWER: Final = "custom internal error"


@attrs.frozen
class Said:
    """What became of a message that a user's app has sent."""

    delivered: bool
    """Whether it went to its receivers."""
    message_id: str
    """Its id."""
    code: str | None = None
    """What the sender's app shows when it was refused."""
    body: JSON = None
    """What was delivered, when it was replaced."""


async def say(
    state: State,
    webhooks: Webhooks,
    sender: str,
    target: str,
    body: Mapping[str, JSON],
    chat_type: str,
    ext: Mapping[str, JSON],
) -> Said:
    """Send a message as an app does, asking before it is delivered.

    Raises:
        ValueError: there is no such user, group or room, or the sender is not in it.
    """
    users = _receivers(state, sender, target, chat_type)
    message: dict[str, JSON] = {"bodies": [dict(body)], "ext": dict(ext)}
    place = {} if chat_type == "chat" else {"group_id": target}
    message_id = state.new_message_id()
    question = {
        "callId": state.call_id(),
        "timestamp": state.milliseconds(),
        # The current page says `group` where everything after the delivery says `groupchat`.
        "chat_type": "group" if chat_type == "groupchat" else chat_type,
        **place,
        "from": sender,
        "to": target,
        "msg_id": message_id,
        "payload": {**message, "from": sender, "to": target},
    }
    replaced = None
    for rule, answer in await webhooks.ask(question):
        if answer is None:
            if not rule.deliver_on_failure:
                return Said(delivered=False, message_id=message_id, code=_NO_ANSWER)
        elif not answer["valid"]:
            code = answer.get("code", _NO_CODE)
            return Said(delivered=False, message_id=message_id, code=code or _EMPTY_CODE)
        else:
            replaced = _replacement(body, answer.get("payload")) or replaced
    if replaced is not None:
        message = {"bodies": [replaced[0]], "ext": replaced[1]}
    final = message["bodies"][0]
    kind = _KINDS[chat_type]
    deliver(state, kind, sender, target, users, final, message["ext"], message_id)
    webhooks.flush()
    return Said(delivered=True, message_id=message_id, body=final if replaced else None)


def _receivers(state: State, sender: str, target: str, chat_type: str) -> list[str]:
    if sender not in state.users:
        raise ValueError(f"there is no user {sender!r}")
    if chat_type not in _KINDS:
        raise ValueError(f"chat_type must be one of {', '.join(_KINDS)}, not {chat_type!r}")
    if chat_type == "chat":
        if target not in state.users:
            raise ValueError(f"there is no user {target!r}")
        return [target]
    place = (state.groups if chat_type == "groupchat" else state.rooms).get(target)
    if place is None:
        raise ValueError(f"there is no {chat_type} {target!r}")
    if sender not in place:
        raise ValueError(f"{sender!r} is not in {target!r}")
    return [name for name in place.everybody if name != sender]


def _replacement(body: Mapping[str, JSON], payload: JSON) -> tuple[JSON, JSON] | None:
    """Read a changed message; only texts may be changed by default."""
    bodies = payload.get("bodies") if isinstance(payload, dict) else None
    if not bodies or body["type"] != "txt" or bodies[0].get("type") != "txt":
        return None
    return bodies[0], payload.get("ext") or {}
