"""Handlers of user_attributes.* and chat_groups.member_attributes.*."""

from __future__ import annotations

from typing import Final

from easemob_async import api_limits
from easemob_async.emulator.groups import find_group
from easemob_async.emulator.routes import JSON, Call, Refusal, routes
from easemob_async.emulator.state import Group

_USER_BYTES: Final = 2048
_MEMBER_BYTES: Final = 4096


def _size(attributes: dict[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items())


def _open(call: Call) -> None:
    state = call.state
    description = f"{state.org}#{state.app} user metadata service not allow"
    call.needs("user_attributes", Refusal(403, "FORBIDDEN", description))


@routes.add("PUT", "/metadata/user/{username}", body="form")
def set_user(call: Call) -> dict[str, JSON]:
    """user_attributes.set: a form; open: whether others are kept, they are here."""
    _open(call)
    user = call.state.users.get(call.params["username"])
    if user is None:
        return {"data": call.body}  # open: what an unknown user gives; reading one gives {}
    changed = {**user.attributes, **call.body}
    if _size(changed) > _USER_BYTES:
        description = (
            "size of metadata for this single user exceeds the user defined limit, "
            f"{_USER_BYTES}Bytes"
        )
        raise Refusal(403, "FORBIDDEN", description)
    user.attributes = changed
    return {"data": call.body}


@routes.add("DELETE", "/metadata/user/{username}")
def delete_user(call: Call) -> dict[str, JSON]:
    """user_attributes.delete: true also for who does not exist."""
    _open(call)
    user = call.state.users.get(call.params["username"])
    if user is not None:
        user.attributes.clear()
    return {"data": True}


@routes.add("GET", "/metadata/user/{username}")
def get_user(call: Call) -> dict[str, JSON]:
    """user_attributes.get: nothing for who does not exist."""
    _open(call)
    user = call.state.users.get(call.params["username"])
    return {"data": dict(user.attributes) if user else {}}


@routes.add("GET", "/metadata/user/capacity")
def get_capacity(call: Call) -> dict[str, JSON]:
    """user_attributes.get_capacity."""
    _open(call)
    return {"data": sum(_size(user.attributes) for user in call.state.users.values())}


@routes.add("POST", "/metadata/user/get")
def get_users(call: Call) -> dict[str, JSON]:
    """user_attributes.get_many."""
    _open(call)
    most = api_limits.USER_ATTRIBUTES_PER_CALL
    too_many = Refusal(400, "BAD_REQUEST", f"exceed allowed batch size {most}")
    names = call.names("targets", most=most, too_many=too_many)
    wanted, users = call.object().get("properties") or [], call.state.users
    return {
        "data": {
            name: {k: v for k, v in users[name].attributes.items() if k in wanted}
            for name in names
            if name in users
        }
    }


# ---------------------------------------------------------------- of the members of groups


def _metadata(status: int, description: str) -> Refusal:
    return Refusal(status, "metadata_error", description)


def _check(given: JSON) -> dict[str, str]:
    if not isinstance(given, dict):
        raise _metadata(400, "metadata must be provided")  # open: the text
    for key, value in given.items():
        if len(key.encode()) > api_limits.MEMBER_ATTRIBUTE_NAME:
            raise _metadata(400, "exceeds chatgroup user metadata single key limit")
        if len(str(value).encode()) > api_limits.MEMBER_ATTRIBUTE_VALUE:
            raise _metadata(400, "exceeds chatgroup user metadata single value limit")
    return given


def _set(group: Group, name: str, given: dict[str, str]) -> dict[str, str]:
    changed = {**group.attributes.get(name, {}), **given}
    changed = {key: value for key, value in changed.items() if value != ""}
    if _size(changed) > _MEMBER_BYTES:
        raise _metadata(400, "exceeds chatgroup user metadata limit")  # open: the text
    group.attributes[name] = changed
    return {key: value for key, value in given.items() if value != ""}


@routes.add("PUT", "/metadata/chatgroup/{group_id}/user/{username}")
def set_member(call: Call) -> dict[str, JSON]:
    """chat_groups.member_attributes.set; an empty value deletes."""
    group, name = find_group(call), call.params["username"]
    given = _check(call.object().get("metaData"))
    if name not in group:
        raise Refusal(404, "MetadataException", "user not in group")  # open: as when reading
    return {"data": _set(group, name, given)}


@routes.add("PUT", "/metadata/chatgroup/{group_id}/users/batch")
def set_members(call: Call) -> dict[str, JSON]:
    """chat_groups.member_attributes.set_many; its keys end in a colon, as printed."""
    call.needs("member_attributes", _metadata(403, "chatgroup user metadata service not allow"))
    group = call.state.groups.get(call.params["group_id"])
    if group is None:
        raise _metadata(404, "group not exists")
    rows = call.body if isinstance(call.body, list) else []
    if len(rows) > api_limits.MEMBER_ATTRIBUTES_SET:
        raise _metadata(400, "exceeds chatgroup metadata batch put users limit")
    strangers = [row["username"] for row in rows if row["username"] not in group]
    if strangers:
        raise _metadata(400, f"Some users are not in the group: {', '.join(strangers)}")
    for row in rows:
        _check(row.get("metadata"))
    done = [
        {"username": row["username"], "metadata": _set(group, row["username"], row["metadata"])}
        for row in rows
    ]
    return {"data": {"updateMetadataFailed:": [], "updateMetadataSucceeded:": done}}


@routes.add("GET", "/metadata/chatgroup/{group_id}/user/{username}")
def get_member(call: Call) -> dict[str, JSON]:
    """chat_groups.member_attributes.get."""
    group, name = find_group(call), call.params["username"]
    if name not in group:
        raise Refusal(404, "MetadataException", "user not in group")
    return {"data": group.attributes.get(name, {})}


@routes.add("POST", "/metadata/chatgroup/{group_id}/get")
def get_members(call: Call) -> dict[str, JSON]:
    """chat_groups.member_attributes.get_many; all attributes without properties."""
    group = find_group(call)
    too_many = _metadata(400, "query param reaches limit.")
    names = call.names("targets", most=api_limits.MEMBER_ATTRIBUTES_GET, too_many=too_many)
    wanted = call.object().get("properties")
    return {
        "data": {
            name: {
                key: value
                for key, value in group.attributes.get(name, {}).items()
                if not wanted or key in wanted
            }
            for name in names
            if name in group
        }
    }
