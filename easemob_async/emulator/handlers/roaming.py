"""Handlers of roaming.*."""

from __future__ import annotations

from easemob_async import api_limits
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, as_number, routes
from easemob_async.emulator.state import belongs_to


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
        until = as_number(wanted)
        if until is None:
            raise Refusal(400, "Bad Request", "Bad Request")
        call.state.drop(
            name,
            lambda m: m["timestamp"] <= until and any(belongs_to(m, name, k, other) for k in kinds),
        )
        return _told(call)
    ids = wanted.split(",")
    if len(ids) > api_limits.ROAMING_PER_CALL:
        description = "delete msg list limit can not greater than 50"
        raise Refusal(400, "param exception", description)
    call.state.drop(
        name, lambda m: m["id"] in ids and any(belongs_to(m, name, k, other) for k in kinds)
    )
    return _told(call)


@routes.add("DELETE", "/rest/message/roaming/chat/user/{username}", envelope=False)
def delete_chat(call: Call) -> dict[str, JSON]:
    """Handle roaming.delete_chat_messages."""
    return _delete_roaming(call, "userId", by_time=False)


@routes.add("DELETE", "/rest/message/roaming/group/user/{username}", envelope=False)
def delete_group(call: Call) -> dict[str, JSON]:
    """Handle roaming.delete_group_messages."""
    return _delete_roaming(call, "groupId", by_time=False)


@routes.add("POST", "/rest/message/roaming/chat/user/{username}/time", envelope=False)
@routes.add("DELETE", "/rest/message/roaming/chat/user/{username}/time", envelope=False)
def delete_chat_before(call: Call) -> dict[str, JSON]:
    """Handle roaming.delete_chat_messages_before; with POST as well, as on the page of limits."""
    return _delete_roaming(call, "userId", by_time=True)


@routes.add("POST", "/rest/message/roaming/group/user/{username}/time", envelope=False)
@routes.add("DELETE", "/rest/message/roaming/group/user/{username}/time", envelope=False)
def delete_group_before(call: Call) -> dict[str, JSON]:
    """Handle roaming.delete_group_messages_before; with POST as well, as on the page of limits."""
    return _delete_roaming(call, "groupId", by_time=True)


@routes.add("POST", "/rest/message/roaming/user/{username}/delete/all", envelope=False)
def delete_all(call: Call) -> dict[str, JSON]:
    """Handle roaming.delete_all."""
    _roaming(call)
    call.state.drop(call.params["username"], lambda message: True)
    return _told(call)
