"""Handlers of mutes.*."""

from __future__ import annotations

from easemob_async import api_limits
from easemob_async.emulator.handlers.contacts import _KINDS
from easemob_async.emulator.refusal import JSON, Refusal, illegal_argument
from easemob_async.emulator.routes import Call, as_number, paged, routes
from easemob_async.emulator.state import User

# ---------------------------------------------------------------- mutes of the whole app


def _muted_user(call: Call, name: JSON) -> User:
    user = call.state.users.get(name) if isinstance(name, str) else None
    if user is None:
        description = "Entity user requires a property named username"
        raise Refusal(400, "required_property_not_found", description)
    return user


def _left(call: Call, user: User, kind: str) -> int:
    end = user.mutes[kind]
    return -1 if end is None else max(0, round(end - call.state.now()))


@routes.add("POST", "/mutes")
def mute(call: Call) -> dict[str, JSON]:
    """Handle mutes.set: seconds, 0 to unmute, -1 for no end; sending by REST is not affected."""
    call.needs("mutes", Refusal(403, "forbidden_op", "user_mute is not used for this app"))
    body = call.object()
    user = _muted_user(call, body.get("username"))
    for kind in _KINDS:
        if body.get(kind) is None:
            continue
        length = as_number(body[kind], -1)
        if length is None or length > api_limits.MUTE_LONGEST:
            raise illegal_argument(f"{kind} is not legal")  # open: the answer to an invalid length
        user.mutes[kind] = None if length == -1 else call.state.now() + length
    return {"path": "/mutes", "data": {"result": "ok"}}


@routes.add("GET", "/mutes/{username}")
def get_mute(call: Call) -> dict[str, JSON]:
    """Handle mutes.get; the username has the prefix of the app."""
    call.needs("mutes", Refusal(403, "forbidden_op", "user_mute is not used for this app"))
    user, state = _muted_user(call, call.params["username"]), call.state
    data: dict[str, JSON] = {"userid": f"{state.org}#{state.app}_{user.username}"}
    data.update({k: _left(call, user, k) if k in user.mutes else 0 for k in _KINDS})
    return {"path": "/mutes", "data": {**data, "unixtime": int(state.now())}}


@routes.add("GET", "/mutes")
def list_mutes(call: Call) -> dict[str, JSON]:
    """Handle mutes.list: one row per user and chat type; a removed mute has 0."""
    call.needs("mutes", Refusal(403, "forbidden_op", "user_mute is not used for this app"))
    rows = [
        {"username": user.username, kind: _left(call, user, kind)}
        for user in call.state.users.values()
        for kind in user.mutes
    ]
    most = api_limits.MUTED_PER_PAGE
    page = paged(call, rows, 10, most, size="pageSize", number="pageNum")
    return {"path": "/mutes", "data": {"data": page, "unixtime": int(call.state.now())}}
