"""Actions of the users' own apps that have no REST call: sending a message as a user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from easemob_async.emulator.handlers.messages import deliver
from easemob_async.emulator.message_fields import TYPES, is_proper
from easemob_async.emulator.refusal import JSON
from easemob_async.emulator.state import State
from easemob_async.emulator.usernames import fold
from easemob_async.emulator.webhooks import Webhooks

_KINDS: Final = {"chat": "users", "groupchat": "chatgroups", "chatroom": "chatrooms"}
# The text that the sender's app shows, by the answer's `code`.
_NO_CODE: Final = "custom logic denied"
_EMPTY_CODE: Final = "Message blocked by external logic"
_NO_ANSWER: Final = "custom internal error"
# open: the text for a message that a word list blocks
_BLOCKED: Final = "blocked by a word list"


@attrs.frozen
class Said:
    """The result of a message that a user's app has sent."""

    delivered: bool
    """Whether the message was delivered to its recipients."""
    message_id: str
    """The id of the message."""
    code: str | None = None
    """The text that the sender's app shows for a refused message."""
    body: JSON = None
    """The delivered body, if a pre-send callback or a word list replaced it."""


async def say(
    state: State,
    webhooks: Webhooks,
    sender: str,
    target: str,
    body: Mapping[str, JSON],
    chat_type: str,
    ext: Mapping[str, JSON],
) -> Said:
    """Send a message as a user's app does, after asking the pre-send callbacks.

    Raises:
        ValueError: the user, group or room does not exist, the sender is not a member, or the body
            is none of a message.
    """
    sender, target = fold(sender), fold(target)
    kind = body.get("type")
    if not isinstance(kind, str):
        raise ValueError(f"say: the body has no type: {dict(body)!r:.80}")
    # Apps of users have types of their own besides those of the API.
    if kind in TYPES and not is_proper(kind, body):
        raise ValueError(f"say: this is no body of the type {kind}: {dict(body)!r:.80}")
    users = _receivers(state, sender, target, chat_type)
    message: dict[str, JSON] = {"bodies": [dict(body)], "ext": dict(ext)}
    place = {} if chat_type == "chat" else {"group_id": target}
    message_id = state.new_message_id()
    question = {
        "callId": state.call_id(),
        "timestamp": state.milliseconds(),
        # The current page has `group` here; all callbacks after delivery have `groupchat`.
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
    kind, final = _KINDS[chat_type], message["bodies"][0]
    # open: whether the word lists come before the callbacks
    done = deliver(state, kind, sender, target, users, final, message["ext"], message_id)
    webhooks.flush()
    if not done.delivered:
        return Said(delivered=False, message_id=message_id, code=_BLOCKED)
    changed = replaced is not None or done.body != final
    return Said(delivered=True, message_id=message_id, body=done.body if changed else None)


def _receivers(state: State, sender: str, target: str, chat_type: str) -> list[str]:
    if sender not in state.users:
        raise ValueError(f"say: the sender {sender!r} does not exist; register the user first")
    if chat_type not in _KINDS:
        kinds = ", ".join(_KINDS)
        raise ValueError(f"say: chat_type must be one of {kinds}, not {chat_type!r}")
    if chat_type == "chat":
        if target not in state.users:
            raise ValueError(f"say: the user {target!r} does not exist; register the user first")
        return [target]
    place = (state.groups if chat_type == "groupchat" else state.rooms).get(target)
    if place is None:
        raise ValueError(f"say: the {chat_type} {target!r} does not exist; create it first")
    if sender not in place:
        raise ValueError(
            f"say: the sender {sender!r} is not a member of the {chat_type} {target!r}; "
            "add the user first"
        )
    return [name for name in place.everybody if name != sender]


def _replacement(body: Mapping[str, JSON], payload: JSON) -> tuple[JSON, JSON] | None:
    """Return the replaced body and ext; by default only text messages may be replaced."""
    bodies = payload.get("bodies") if isinstance(payload, dict) else None
    if not bodies or body["type"] != "txt" or bodies[0].get("type") != "txt":
        return None
    return bodies[0], payload.get("ext") or {}
