"""Handlers of user_attributes.*."""

from __future__ import annotations

from typing import Final

from easemob_async import api_limits
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, routes

_USER_BYTES: Final = 2048


def size_of(attributes: dict[str, str]) -> int:
    """Return the size of all names and values, in bytes."""
    return sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items())


def _open(call: Call) -> None:
    state = call.state
    description = f"{state.org}#{state.app} user metadata service not allow"
    call.needs("user_attributes", Refusal(403, "FORBIDDEN", description))


@routes.add("PUT", "/metadata/user/{username}", body="form")
def set_user(call: Call) -> dict[str, JSON]:
    """Handle user_attributes.set: a form; open: other attributes, which are kept here."""
    _open(call)
    user = call.state.users.get(call.params["username"])
    if user is None:
        return {"data": call.body}  # open: the answer for an unknown user; get returns {}
    changed = {**user.attributes, **call.body}
    if size_of(changed) > _USER_BYTES:
        description = (
            "size of metadata for this single user exceeds the user defined limit, "
            f"{_USER_BYTES}Bytes"
        )
        raise Refusal(403, "FORBIDDEN", description)
    user.attributes = changed
    return {"data": call.body}


@routes.add("DELETE", "/metadata/user/{username}")
def delete_user(call: Call) -> dict[str, JSON]:
    """Handle user_attributes.delete: true for unknown users as well."""
    _open(call)
    user = call.state.users.get(call.params["username"])
    if user is not None:
        user.attributes.clear()
    return {"data": True}


@routes.add("GET", "/metadata/user/{username}")
def get_user(call: Call) -> dict[str, JSON]:
    """Handle user_attributes.get: an empty object for unknown users."""
    _open(call)
    user = call.state.users.get(call.params["username"])
    return {"data": dict(user.attributes) if user else {}}


@routes.add("GET", "/metadata/user/capacity")
def get_capacity(call: Call) -> dict[str, JSON]:
    """Handle user_attributes.get_capacity."""
    _open(call)
    return {"data": sum(size_of(user.attributes) for user in call.state.users.values())}


@routes.add("POST", "/metadata/user/get")
def get_users(call: Call) -> dict[str, JSON]:
    """Handle user_attributes.get_many."""
    _open(call)
    most = api_limits.USER_ATTRIBUTES_PER_CALL
    too_many = Refusal(400, "BAD_REQUEST", f"exceed allowed batch size {most}")
    names = call.names("targets", most=most, too_many=too_many)
    wanted, users = call.object().get("properties") or [], call.state.users
    if not isinstance(wanted, list):
        # open: the answer to another type
        raise Refusal(400, "BAD_REQUEST", "properties must be a list")
    return {
        "data": {
            name: {k: v for k, v in users[name].attributes.items() if k in wanted}
            for name in names
            if name in users
        }
    }
