"""Handlers of streaming messages."""

from __future__ import annotations

from typing import Final

from easemob_async import api_limits
from easemob_async.emulator.routes import JSON, Call, Refusal, routes
from easemob_async.emulator.state import Stream

_APART: Final = 30
_LONGEST: Final = 30 * 60


def _refused(error_code: int, description: str) -> Refusal:
    # open: the status; 400, as with the messages that the service refuses
    return Refusal(
        400,
        "message_send_error",
        description,
        exception="MessageSendException",
        error_code=error_code,
    )


def _piece(call: Call, kind: str, mismatch: str) -> dict[str, JSON]:
    body, state = call.object(), call.state
    for code, name in ((14001, "from"), (14002, "to"), (14003, "body")):
        if not body.get(name):
            raise _refused(code, f"param {name} can't be empty")
    piece, now = body["body"], state.now()
    seq = piece.get("seq")
    if isinstance(seq, bool) or not isinstance(seq, int) or seq < 0:
        raise _refused(14030, "param body.seq is illegal")
    message_id, text = piece.get("msgId"), str(piece.get("msg", ""))
    if message_id is None:
        message_id = state.new_message_id()
        message: dict[str, JSON] = {
            "id": message_id,
            "chat_type": kind,
            "from": body["from"],
            "to": body["to"],
            "type": "txt",
            "body": {"msg": ""},
            "ext": body.get("ext") or {},
            "timestamp": state.milliseconds(),
            "format": piece.get("type", "text"),
        }
        stream = Stream(body["from"], body["to"], message, now, now, seq=seq - 1)
        _check(stream, body, seq, text, now, mismatch)
        group = state.groups.get(body["to"]) if kind == "chatgroups" else None
        if group and len(group.everybody) > api_limits.STREAM_GROUP_MEMBERS:
            # open: what a larger group gives
            raise _refused(14002, "group has too many members")
        members = [name for name in group.everybody if name != body["from"]] if group else []
        state.streams[message_id] = stream
        state.deliver([body["to"], *members], message)
        data = {"msgId": message_id}
    else:
        found = state.streams.get(message_id)
        if found is None:
            raise _refused(14031, "can not find stream message by msgId")
        stream, data = found, {}
        _check(stream, body, seq, text, now, mismatch)
    stream.seq, stream.last = seq, now
    stream.size += len(text.encode())
    stream.message["body"]["msg"] += text
    if piece.get("finish") is True:
        stream.over = True
        stream.message["finishReason"] = piece.get("finishReason", 0)
    return {"data": data}


def _check(
    stream: Stream, body: dict[str, JSON], seq: int, text: str, now: float, mismatch: str
) -> None:
    if stream.over:
        raise _refused(14035, "stream message has already finished")
    if body["from"] != stream.sender:
        raise _refused(14036, "stream message from user mismatch")
    if body["to"] != stream.target:
        raise _refused(14037, mismatch)
    if seq <= stream.seq:
        raise _refused(14038, "stream message chunk seq too small")
    problem = None
    if stream.size + len(text.encode()) > api_limits.STREAM_BYTES:
        problem = _refused(14032, "stream message total length exceeds limit")
    elif now - stream.last > _APART:
        problem = _refused(14033, "stream message chunk interval timeout")
    elif now - stream.began > _LONGEST:
        problem = _refused(14034, "stream message total timeout")
    if problem is not None:
        stream.over = True  # it is ended by this
        raise problem


@routes.add("POST", "/stream_message/user", quota="messages.streams")
def to_user(call: Call) -> dict[str, JSON]:
    """messages.stream_to_user."""
    return _piece(call, "users", "stream message to user mismatch")


@routes.add("POST", "/stream_message/chatgroup", quota="messages.streams")
def to_group(call: Call) -> dict[str, JSON]:
    """messages.stream_to_group."""
    return _piece(call, "chatgroups", "stream message to mismatch")
