"""Handlers of presence.*."""

from __future__ import annotations

from typing import Any

from easemob_async import api_limits
from easemob_async.emulator.handlers.users import find_user
from easemob_async.emulator.refusal import JSON, Refusal, illegal_argument
from easemob_async.emulator.routes import Call, as_number, paged, routes


def _open(call: Call) -> None:
    call.needs("presence", Refusal(400, "service open exception", "the app not open presence"))


def _shown(call: Call, name: str) -> dict[str, Any]:
    """Return the presence of a user; numbers are strings, as documented.

    open: the status of a user without devices, here the empty list that the Java SDK expects
    """
    user = call.state.users.get(name)
    if user is None:
        return {"uid": name, "last_time": "0", "ext": "", "status": []}
    online = dict.fromkeys(user.devices, "1")
    return {
        "uid": name,
        "last_time": str(user.last_online),
        "ext": user.presence_ext,
        "status": {**online, **user.presence} or [],
    }


@routes.add(
    "POST", "/users/{username}/presence/{device}/{status}", quota="presence", envelope=False
)
def set_presence(call: Call) -> dict[str, JSON]:
    """Handle presence.set."""
    _open(call)
    user, ext = find_user(call), call.object().get("ext")
    if not isinstance(ext, str) or not ext:
        raise illegal_argument("ext cannot be null")
    if len(ext.encode()) > api_limits.PRESENCE_EXT_BYTES:
        raise illegal_argument("ext is too big")
    if as_number(call.params["status"]) is None:
        raise illegal_argument("status is not legal")  # open: the text
    user.presence[call.params["device"]] = call.params["status"]
    user.presence_ext = ext
    return {"result": "ok"}


@routes.add("POST", "/users/{username}/presence/{expiry}", quota="presence", envelope=False)
def subscribe(call: Call) -> dict[str, JSON]:
    """Handle presence.subscribe; subscribing again sets a new end."""
    _open(call)
    user, most = find_user(call), api_limits.PRESENCES_PER_CALL
    names = call.names(most=most, too_many=illegal_argument("too many sub presence"))
    if not names:
        raise illegal_argument("usernames is empty")
    if user.username in names:
        raise illegal_argument("you can't sub yourself")
    seconds = as_number(call.params["expiry"])
    if seconds is None or not 0 < seconds <= api_limits.PRESENCE_LONGEST:
        raise illegal_argument("expiry is not legal")  # open: the text
    end = int(call.state.now()) + seconds
    user.subscriptions.update(dict.fromkeys(names, end))
    return {"result": [{**_shown(call, name), "expiry": str(end)} for name in names]}


@routes.add("DELETE", "/users/{username}/presence", quota="presence", envelope=False)
def unsubscribe(call: Call) -> dict[str, JSON]:
    """Handle presence.unsubscribe: the body is a list."""
    _open(call)
    user, names = find_user(call), call.body
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise illegal_argument("usernames cannot be null")
    if len(names) > api_limits.PRESENCES_PER_CALL:
        raise illegal_argument("too many unsub presences")
    for name in names:
        user.subscriptions.pop(name, None)
    return {"result": "ok"}


@routes.add("GET", "/users/{username}/presence/sublist", quota="presence", envelope=False)
def list_subscriptions(call: Call) -> dict[str, JSON]:
    """Handle presence.list_subscriptions: one per page by default; numbers are strings."""
    _open(call)
    user, now = call.state.users.get(call.params["username"]), call.state.now()
    rows = list(user.subscriptions.items())[::-1] if user else []
    rows = [(name, end) for name, end in rows if end > now]
    most = api_limits.PRESENCES_PER_CALL
    page = paged(call, rows, 1, most, size="pageSize", number="pageNum")
    shown = [{"uid": name, "expiry": str(end)} for name, end in page]
    return {"result": {"totalnum": str(len(rows)), "sublist": shown}}


@routes.add("POST", "/users/{username}/presence", quota="presence", envelope=False)
def get_presences(call: Call) -> dict[str, JSON]:
    """Handle presence.get_many."""
    _open(call)
    most = api_limits.PRESENCES_PER_CALL
    names = call.names(most=most, too_many=illegal_argument("too many get presences"))
    return {"result": [_shown(call, name) for name in names]}


@routes.add("GET", "/presence/online/{group_id}/type/{kind}", envelope=False)
def count_online(call: Call) -> dict[str, JSON]:
    """Handle presence.get_group_online_count."""
    description = "this appkey not open rest group online service"
    call.needs("group_online_count", Refusal(400, "service open exception", description))
    if call.params["kind"] not in ("0", "1"):
        raise illegal_argument("Type must be 0 or 1.")
    group, users = call.state.groups.get(call.params["group_id"]), call.state.users
    # open: the answer for an unknown group
    everybody = group.everybody if group else []
    return {"result": sum(1 for name in everybody if name in users and users[name].devices)}
