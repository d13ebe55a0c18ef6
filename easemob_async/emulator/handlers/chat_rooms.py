"""Handlers of chat_rooms.*: rooms, members, super admins, attributes and tags."""

from __future__ import annotations

from typing import Any, Final

from easemob_async import api_limits
from easemob_async.emulator.handlers.places import (
    check_user,
    chosen_id,
    find_group,
    first_members,
    members_by_cursor,
    not_members,
    refuse_blocked,
    refuse_fewer,
)
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, as_number, by_cursor, paged, routes
from easemob_async.emulator.state import Group

_MAX_USERS: Final = 10_000
_CHANGEABLE: Final = ("name", "description", "maxusers", "custom", "need_verify")
"""What an update changes; the last two are on no page, but the Java SDK sends them."""
_NO_TAGS: Final = Refusal(403, "forbidden_op", "Group tag mute is disabled")
_TOO_MANY_KEYS: Final = Refusal(
    400, None, f"exceed allowed batch size {api_limits.ROOM_ATTRIBUTES_PER_CALL}"
)


def _found(call: Call) -> Group:
    """Return the room in the path; an unknown room has another error name than elsewhere."""
    room = call.state.rooms.get(call.params["room_id"])
    if room is None:
        description = f"do not find this group:{call.params['room_id']}"
        raise Refusal(404, "service_resource_not_found", description)
    return room


@routes.add("POST", "/chatrooms", quota="rooms")
def create(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.create."""
    state, body = call.state, call.object()
    for name in ("name", "description", "owner"):
        if not isinstance(body.get(name), str) or (name != "description" and not body[name]):
            raise Refusal(400, "invalid_parameter", f"{name} must be provided")
    most = _check(body) or 1000
    owner = check_user(call, body["owner"])
    members = first_members(call)
    if len(members) > most:
        raise Refusal(403, "exceed_limit", "members size is greater than max user size !")
    room_id = chosen_id(body, "roomid") or state.new_group_id()
    if room_id in state.rooms:
        raise Refusal(400, "illegal_argument", f"group ID {room_id} already exists!")
    now = state.milliseconds()
    settings = {
        "name": body["name"],
        "description": body["description"],
        "maxusers": most,
        "custom": body.get("custom") or "",
    }
    room = Group(room_id, owner, now, now, settings, serial=next(state.serials))
    room.members = {name: now for name in members if name != owner}
    state.rooms[room_id] = room
    return {"data": {"id": room_id}}


@routes.add("GET", "/chatrooms", quota="rooms")
def list_rooms(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.list: a list, although the documentation shows one object."""
    page, cursor = by_cursor(call, list(call.state.rooms.values()), 10, api_limits.GROUPS_PER_PAGE)
    rows = [
        {
            "id": room.group_id,
            "name": room.settings["name"],
            "owner": room.owner,
            "affiliations_count": len(room.everybody),
        }
        for room in page
    ]
    return {"data": rows, "count": len(rows), **({"cursor": cursor} if cursor else {})}


@routes.add("GET", "/users/{username}/joined_chatrooms", quota="rooms")
def list_joined(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.list_joined; ``disabled`` is a string."""
    joined = [r for r in call.state.rooms.values() if call.params["username"] in r]
    rows = [
        {"id": r.group_id, "name": r.settings["name"], "disabled": str(r.disabled).lower()}
        for r in paged(call, joined, 1000, 1000)
    ]
    more = {"params": call.shown_query, "properties": {}}
    return {"entities": [], "data": rows, "count": len(rows), **more}


@routes.add("GET", "/chatrooms/{room_id}")
def get(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.get: one room, or several joined by commas."""
    ids = call.params["room_id"].split(",")
    found = [call.state.rooms[i] for i in ids if i in call.state.rooms]
    if not found:
        raise Refusal(404, "service_resource_not_found", f"do not find this group:{ids[0]}")
    rows = [
        {
            "id": room.group_id,
            **room.settings,
            "owner": room.owner,
            "created": room.created,
            "membersonly": False,
            "allowinvites": False,
            "public": True,
            "mute": room.mute_all,
            "affiliations_count": len(room.everybody),
            "affiliations": [*({"member": n} for n in room.members), {"owner": room.owner}],
        }
        for room in found
    ]
    return {"data": rows, "count": len(rows)}


@routes.add("PUT", "/chatrooms/{room_id}")
def update(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.update and chat_rooms.transfer_owner, by the body."""
    room, body = find_group(call), call.object()
    if "newowner" in body:
        new = check_user(call, body["newowner"])
        if new == room.owner:
            raise Refusal(403, "forbidden_op", "new owner and old owner are the same")
        if new not in room:
            raise not_members([new])
        room.members[room.owner] = room.members.pop(new)
        room.owner = new
        return {"entities": [], "data": {"newowner": True}}
    wrong = [key for key in body if key not in _CHANGEABLE]
    if wrong:
        description = f"some of [{', '.join(wrong)}] are not valid fields"
        raise Refusal(400, "invalid_parameter", description)
    most = _check(body)
    if most is not None:
        refuse_fewer(room, most)
    changed = {key: body[key] for key in ("name", "description", "custom") if key in body}
    room.settings.update({key: value for key, value in changed.items() if value is not None})
    if most is not None:
        room.settings["maxusers"] = most
    # The service returns the name as groupname.
    return {"data": {"groupname" if key == "name" else key: True for key in body}}


@routes.add("DELETE", "/chatrooms/{room_id}")
def delete(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.delete; the messages stay."""
    room = find_group(call)
    del call.state.rooms[room.group_id]
    return {"entities": [], "data": {"success": True, "id": room.group_id}}


def _check(body: dict[str, JSON]) -> int | None:
    """Refuse settings that are not allowed; return ``maxusers``."""
    limits = (
        ("name", "title", api_limits.GROUP_NAME_LENGTH),
        ("description", "desc", api_limits.GROUP_DESCRIPTION_LENGTH),
        ("custom", "custom", api_limits.GROUP_CUSTOM_BYTES),
    )
    for key, shown, most in limits:
        text = body.get(key)
        if not isinstance(text, str | None):
            # open: no error is documented for a wrong type, here and below
            raise Refusal(400, "invalid_parameter", f"{key} is not legal")
        if len(text or "") > most:
            raise Refusal(403, "exceed_limit", f"{shown} cannot exceed to {most}")
    if body.get("maxusers") is None or as_number(body["maxusers"]) == 0:
        return None  # open: 0, as with groups
    users = as_number(body["maxusers"], 1)
    if users is None:
        raise Refusal(400, "invalid_parameter", "maxusers is not legal")
    if users > _MAX_USERS:
        raise Refusal(403, "exceed_limit", f"maxUsers cannot exceed {_MAX_USERS}")
    return users


# ---------------------------------------------------------------- members


@routes.add("GET", "/chatrooms/{room_id}/users")
def list_members(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.members.list; by cursor with ``version=v3``."""
    room = _found(call)
    if call.query.get("version") == "v3":
        return members_by_cursor(call, room, 1000)
    rows = [{"owner": room.owner}, *({"member": name} for name in room.members)]
    page = paged(call, rows, 1000, 1000)
    return {"params": call.shown_query, "entities": [], "data": page, "count": len(page)}


def _join(call: Call, room: Group, names: list[str]) -> None:
    for name in names:
        check_user(call, name)
    new = [name for name in names if name not in room]
    refuse_blocked(room, new)
    if len(room.everybody) + len(new) > room.settings["maxusers"]:
        # open: no error is documented for a full room; the nearest is that of too many members
        raise Refusal(403, "exceed_limit", "members size is greater than max user size !")
    room.members.update(dict.fromkeys(new, call.state.milliseconds()))


@routes.add("POST", "/chatrooms/{room_id}/users/{username}")
def add_member(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.members.add; a user who is a member already counts as added."""
    room, name = find_group(call), call.params["username"]
    _join(call, room, [name])
    data = {"result": True, "action": "add_member", "id": room.group_id, "user": name}
    return {"entities": [], "data": data}


@routes.add("POST", "/chatrooms/{room_id}/users")
def add_members(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.members.add_many."""
    room = find_group(call)
    description = "addMembers: addMembers number more than maxSize : 100"
    names = call.names(most=100, too_many=Refusal(400, "invalid_parameter", description))
    _join(call, room, names)
    data = {"newmembers": names, "action": "add_member", "id": room.group_id}
    return {"entities": [], "data": data}


@routes.add("DELETE", "/chatrooms/{room_id}/users/{usernames}")
def remove_members(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.members.remove and chat_rooms.members.remove_many.

    The first returns an object, the second a list.
    """
    room, names = find_group(call), call.params["usernames"].split(",")
    if len(names) > api_limits.IDS_PER_URL:
        description = "kickMember: kickMembers number more than maxSize : 60"
        raise Refusal(400, "invalid_parameter", description)
    for name in names:
        check_user(call, name)
    if not any(name in room for name in names):
        raise not_members(names, 400)
    rows: list[dict[str, Any]] = []
    for name in names:
        row: dict[str, Any] = {"result": name in room.members, "action": "remove_member"}
        if not row["result"]:
            row["reason"] = f"user: {name} doesn't exist in group: {room.group_id}"
        rows.append({**row, "user": name, "id": room.group_id})
        room.leave(name)
    return {"entities": [], "data": rows[0] if len(rows) == 1 else rows}


# ---------------------------------------------------------------- super admins


@routes.add("POST", "/chatrooms/super_admin")
def add_super_admin(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.super_admins.add."""
    name = check_user(call, call.object().get("superadmin"))
    if name not in call.state.super_admins:
        call.state.super_admins.append(name)
    return {"entities": [], "data": {"result": "success", "resource": ""}}


@routes.add("GET", "/chatrooms/super_admin")
def list_super_admins(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.super_admins.list."""
    page = paged(call, call.state.super_admins, 10, 1000)
    return {"params": call.shown_query, "entities": [], "data": page, "count": len(page)}


@routes.add("DELETE", "/chatrooms/super_admin/{username}")
def remove_super_admin(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.super_admins.remove."""
    name = check_user(call, call.params["username"])
    if name in call.state.super_admins:
        call.state.super_admins.remove(name)
    data = {"newSuperAdmin": name, "resource": ""}
    return {"entities": [], "properties": {}, "data": data}


# ---------------------------------------------------------------- attributes


_MOST_ATTRIBUTES: Final = 100


def _member(call: Call, room: Group) -> str:
    name = call.params["username"]
    if name not in room:
        raise Refusal(401, "MetadataException", "user is not in chatroom")
    return name


def _set(call: Call, *, forced: bool) -> dict[str, JSON]:
    room, body = find_group(call), call.object()
    name, given = _member(call, room), body.get("metaData")
    if not isinstance(given, dict):
        # open: the answer to a body without metaData
        raise Refusal(400, None, "metaData must be provided")
    if len(given) > api_limits.ROOM_ATTRIBUTES_PER_CALL:
        raise _TOO_MANY_KEYS
    others = [k for k in given if k in room.attributes and room.attributes[k][1] != name]
    if others and not forced:
        raise Refusal(400, None, "others are not allowed to be set")
    done, failed = [], {}
    for key, value in given.items():
        if len(key) > 128:
            failed[key] = f"properties key '{key}' is exceeding maximum limit 128"
        elif not api_limits.ROOM_ATTRIBUTE_NAME.fullmatch(key) or not isinstance(value, str):
            failed[key] = f"properties key '{key}' is not legal"  # open: the text, here and below
        elif len(str(value)) > api_limits.ROOM_ATTRIBUTE_VALUE:
            failed[key] = f"properties value of '{key}' is exceeding maximum limit 4096"
        elif key not in room.attributes and len(room.attributes) >= _MOST_ATTRIBUTES:
            failed[key] = f"the room has {_MOST_ATTRIBUTES} properties"
        else:
            goes = body.get("autoDelete", "DELETE") == "DELETE"
            room.attributes[key] = (str(value), name, goes)
            done.append(key)
    return {"data": {"successKeys": done, "errorKeys": failed}}


def _delete(call: Call, *, forced: bool) -> dict[str, JSON]:
    room = find_group(call)
    name = call.params["username"] if forced else _member(call, room)
    keys = call.names("keys", most=api_limits.ROOM_ATTRIBUTES_PER_CALL, too_many=_TOO_MANY_KEYS)
    done, failed = [], {}
    for key in keys:
        if key not in room.attributes:
            failed[key] = f"properties key '{key}' does not exist"  # open: the text
        elif room.attributes[key][1] != name and not forced:
            failed[key] = "others are not allowed to be deleted"  # open: the text
        else:
            del room.attributes[key]
            done.append(key)
    return {"status": "ok", "data": {"successKeys": done, "errorKeys": failed}}


@routes.add("PUT", "/metadata/chatroom/{room_id}/user/{username}")
def set_attributes(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.attributes.set."""
    return _set(call, forced=False)


@routes.add("PUT", "/metadata/chatroom/{room_id}/user/{username}/forced")
def set_attributes_forced(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.attributes.set_forced."""
    return _set(call, forced=True)


@routes.add("POST", "/metadata/chatroom/{room_id}")
def get_attributes(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.attributes.get; without ``keys``, all attributes."""
    room = find_group(call)
    keys = None if call.body is None else call.object().get("keys")
    if not isinstance(keys, list | None):
        raise Refusal(400, None, "keys must be a list")  # open: the answer to another type
    found = {k: v[0] for k, v in room.attributes.items() if keys is None or k in keys}
    return {"data": found}


@routes.add("DELETE", "/metadata/chatroom/{room_id}/user/{username}")
def delete_attributes(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.attributes.delete."""
    return _delete(call, forced=False)


@routes.add("DELETE", "/metadata/chatroom/{room_id}/user/{username}/forced")
def delete_attributes_forced(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.attributes.delete_forced."""
    return _delete(call, forced=True)


# ---------------------------------------------------------------- tags


def _tagged(call: Call) -> tuple[Group, str]:
    call.needs("tags", _NO_TAGS)
    room, name = find_group(call), call.params["username"]
    if name not in room:
        raise not_members([name], 400)
    return room, name


@routes.add("PUT", "/chatrooms/{room_id}/users/{username}/tag")
def set_tags(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.tags.set."""
    room, name = _tagged(call)
    tags = call.object().get("tags")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Refusal(400, "invalid_parameter", "tags should be type of List")
    if len(tags) > api_limits.TAGS_PER_MEMBER:
        raise Refusal(403, "exceed_limit", "user group tag count exceed limit")
    if any(len(tag) > api_limits.TAG_LENGTH for tag in tags):
        raise Refusal(403, "exceed_limit", "tag length exceeds limit!")
    # open: the value of a tag that was never muted; 0 here, a time in the past
    old = room.tags.get(name, {})
    room.tags[name] = {tag: old.get(tag, "0") for tag in tags}
    return {"entities": [], "data": {"result": True}, "properties": {}}


@routes.add("GET", "/chatrooms/{room_id}/users/{username}/tag")
def get_tags(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.tags.get; the end of each mute is a string."""
    room, name = _tagged(call)
    return {"entities": [], "data": dict(room.tags.get(name, {})), "properties": {}}


@routes.add("PUT", "/chatrooms/{room_id}/tag/mute")
def mute_tag(call: Call) -> dict[str, JSON]:
    """Handle chat_rooms.tags.mute, in seconds; members with the tag join the mute list."""
    call.needs("tags", _NO_TAGS)
    room, body = find_group(call), call.object()
    tag, length = str(body.get("tag") or ""), as_number(body.get("mute_duration"), -1)
    if len(tag) > api_limits.TAG_LENGTH:
        raise Refusal(403, "exceed_limit", "tag length exceeds limit!")
    tagged = [name for name, tags in room.tags.items() if tag in tags]
    if not tagged:
        raise Refusal(404, "resource_not_found", "group tag not found")
    if length is None:
        # open: the answer to an invalid length
        raise Refusal(400, "invalid_parameter", "mute_duration is not legal")
    end = -1 if length == -1 else call.state.milliseconds() + length * 1000
    for name in tagged:
        room.tags[name][tag] = str(end)
        if length:
            room.mutes[name] = end
        else:
            room.mutes.pop(name, None)
    return {"entities": [], "data": {"result": True}, "properties": {}}
