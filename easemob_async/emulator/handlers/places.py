"""Handlers that groups and rooms share: mutes, lists, admins and announcements.

In the ids of operations ``*`` stands for ``chat_groups`` or ``chat_rooms``, by the path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from easemob_async import api_limits
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, Handler, as_number, by_cursor, routes
from easemob_async.emulator.state import Group


def find_group(call: Call) -> Group:
    """Return the group or room in the path, or refuse the request."""
    places = call.state.rooms if call.is_room else call.state.groups
    place_id = call.params["room_id" if call.is_room else "group_id"]
    if place_id not in places:
        raise Refusal(404, "resource_not_found", f"grpID {place_id} does not exist!")
    return places[place_id]


def find_usable(call: Call) -> Group:
    """Return the group or room in the path, or refuse the request if it is banned."""
    group = find_group(call)
    if group.disabled:
        # open: a banned group cannot be managed, but the error is not documented
        raise Refusal(403, "forbidden_op", f"group {group.group_id} is disabled")
    return group


def check_user(call: Call, username: JSON) -> str:
    """Return a username, or refuse the request if the user does not exist."""
    if not isinstance(username, str) or username not in call.state.users:
        raise Refusal(404, "resource_not_found", f"username {username} doesn't exist!")
    return username


def first_members(call: Call) -> list[str]:
    """Return the members in the body of a new group or room, or refuse the request."""
    names = call.object().get("members") or []
    if not isinstance(names, list):
        # open: no error is documented for a value that is no list
        raise Refusal(400, "invalid_parameter", "members must be a list")
    return [check_user(call, name) for name in names]


def members_by_cursor(call: Call, group: Group, most: int) -> dict[str, JSON]:
    """Return a page of the members by cursor, as the Java SDK reads it: names, without the owner.

    open: the order without ``sort``, here that of joining
    """
    members = list(group.members)
    if call.query.get("sort") == "desc":
        members.reverse()
    names, cursor = by_cursor(call, members, most, most)
    answer: dict[str, JSON] = {"entities": [], "data": names, "count": len(names)}
    return {**answer, "cursor": cursor} if cursor else answer


def chosen_id(body: dict[str, JSON], key: str) -> str | None:
    """Return the id that a request chooses for a new group or room, or refuse the request."""
    chosen = body.get(key) or None
    if isinstance(chosen, bool) or not isinstance(chosen, str | int | None):
        # open: no error is documented for another type
        raise Refusal(400, "invalid_parameter", f"{key} is not legal")
    return None if chosen is None else str(chosen)


def refuse_fewer(group: Group, most: int) -> None:
    """Refuse a cap below the number of those in a group or room.

    open: on no page; the service has been seen to refuse it for rooms, and so it is for groups here
    """
    if len(group.everybody) > most:
        shown = "current user count is larger than the maxUsers that you want to update !"
        raise Refusal(403, "forbidden_op", shown)


def refuse_blocked(group: Group, names: list[str]) -> None:
    """Refuse users who are on the blocklist."""
    blocked = [name for name in names if name in group.blocked]
    if blocked:
        # open: the error; the nearest is that of a user who is a member already
        raise Refusal(
            403, "forbidden_op", f"can not join this group, reason:user: {blocked[0]} is blocked"
        )


_ADMINS_MOST: Final = 99


def _both(method: str, path: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        routes.add(method, "/chatgroups/{group_id}" + path)(handler)
        routes.add(method, "/chatrooms/{room_id}" + path)(handler)
        return handler

    return register


def _id_key(call: Call) -> str:
    return "chatroomid" if call.is_room else "groupid"


def not_members(names: list[str], status: int = 403) -> Refusal:
    """Return the refusal of users who are not members."""
    description = f"users [{', '.join(names)}] are not members of this group!"
    return Refusal(status, "forbidden_op", description)


def _owner(group: Group, names: list[str]) -> None:
    if group.owner in names:
        raise Refusal(403, "forbidden_op", "forbidden operation on group owner!")


def _too_many(description: str) -> Refusal:
    return Refusal(400, "invalid_parameter", description)


def _path_names(call: Call, too_many: str) -> list[str]:
    names = call.params["usernames"].split(",")
    if len(names) > api_limits.IDS_PER_URL:
        raise _too_many(too_many)
    return names


# ---------------------------------------------------------------- mutes


@_both("POST", "/mute")
def mute(call: Call) -> dict[str, JSON]:
    """Handle *.mutes.add_many; 0 removes the mute, -1 is a mute without an end."""
    group = find_usable(call)
    too_many = _too_many("userNames size is more than max limit : 100")
    names = call.names(most=api_limits.MUTES_PER_CALL, too_many=too_many)
    length = as_number(call.object().get("mute_duration"), -1)
    if length is None:
        # open: the answer to an invalid length
        raise _too_many("mute_duration is not legal")
    strangers = [name for name in names if name not in group]
    if strangers:
        raise not_members(strangers, 400 if call.is_room else 403)
    if not call.is_room:  # not documented for rooms
        _owner(group, names)
    # open: the value of a mute without an end, and of a removed one
    expire = -1 if length == -1 else call.state.milliseconds() + length
    for name in names:
        if length:
            group.mutes[name] = expire
        else:
            group.mutes.pop(name, None)
    return {"entities": [], "data": [{"result": True, "expire": expire, "user": n} for n in names]}


@_both("DELETE", "/mute/{usernames}")
def unmute(call: Call) -> dict[str, JSON]:
    """Handle *.mutes.remove_many; the result of users who are not muted is false."""
    group = find_usable(call)
    blanks = "  " if call.is_room else " "
    names = _path_names(call, f"removeMute member size more than max limit :{blanks}60")
    rows = [{"result": group.mutes.pop(n, None) is not None, "user": n} for n in names]
    return {"entities": [], "data": rows}


@_both("GET", "/mute")
def list_muted(call: Call) -> dict[str, JSON]:
    """Handle *.mutes.list, without mutes that have ended."""
    group, now = find_group(call), call.state.milliseconds()
    group.mutes = {n: end for n, end in group.mutes.items() if end == -1 or end > now}
    return {"entities": [], "data": [{"expire": e, "user": n} for n, e in group.mutes.items()]}


@_both("POST", "/ban")
def mute_all(call: Call) -> dict[str, JSON]:
    """Handle *.mutes.mute_all."""
    find_usable(call).mute_all = True
    return {"entities": [], "data": {"mute": True}}


@_both("DELETE", "/ban")
def unmute_all(call: Call) -> dict[str, JSON]:
    """Handle *.mutes.unmute_all; the flag is the new state."""
    find_usable(call).mute_all = False
    return {"entities": [], "data": {"mute": False}}


# ---------------------------------------------------------------- allowlist


def _allow(call: Call, group: Group, name: str) -> dict[str, Any]:
    if name not in group.allowed:
        group.allowed.append(name)
    row = {"result": True, "action": "add_user_whitelist", "user": name}
    return {**row, _id_key(call): group.group_id}


@_both("POST", "/white/users/{username}")
def allow(call: Call) -> dict[str, JSON]:
    """Handle *.allowlist.add."""
    group, name = find_usable(call), call.params["username"]
    if name not in group:
        raise not_members([name])
    return {"entities": [], "data": _allow(call, group, name)}


@_both("POST", "/white/users")
def allow_many(call: Call) -> dict[str, JSON]:
    """Handle *.allowlist.add_many."""
    group = find_usable(call)
    too_many = _too_many("usernames size is more than max limit : 100")
    names = call.names(most=api_limits.ALLOWED_PER_CALL, too_many=too_many)
    if not any(name in group for name in names):
        raise not_members(names)
    # open: the answer if only some are members; one row per user, as with the blocklist
    return {
        "entities": [],
        "data": [_row(call, group, n, _allow, "add_user_whitelist") for n in names],
    }


@_both("DELETE", "/white/users/{usernames}")
def disallow(call: Call) -> dict[str, JSON]:
    """Handle *.allowlist.remove_many."""
    group = find_usable(call)
    names = _path_names(call, "removeWhitelist size is more than max limit : 60")
    if not any(name in group.allowed for name in names):
        raise not_members(names, 400 if call.is_room else 403)
    rows = []
    for name in names:
        done = name in group.allowed
        if done:
            group.allowed.remove(name)
        row = {"result": done, "action": "remove_user_whitelist", "user": name}
        rows.append({**row, _id_key(call): group.group_id})
    return {"entities": [], "data": rows}


@_both("GET", "/white/users")
def list_allowed(call: Call) -> dict[str, JSON]:
    """Handle *.allowlist.list."""
    allowed = list(find_group(call).allowed)
    return {"entities": [], "data": allowed, "count": len(allowed)}


# ---------------------------------------------------------------- blocklist


def _block(call: Call, group: Group, name: str) -> dict[str, Any]:
    group.leave(name)
    group.blocked.append(name)
    row = {"result": True, "action": "add_blocks", "user": name}
    return {**row, _id_key(call): group.group_id}


@_both("POST", "/blocks/users/{username}")
def block(call: Call) -> dict[str, JSON]:
    """Handle *.blocklist.add: the blocked user is removed from the members immediately."""
    group, name = find_usable(call), call.params["username"]
    _owner(group, [name])
    if name not in group:
        raise not_members([name])
    return {"entities": [], "data": _block(call, group, name)}


@_both("POST", "/blocks/users")
def block_many(call: Call) -> dict[str, JSON]:
    """Handle *.blocklist.add_many: one row per user."""
    group = find_usable(call)
    most = 60 if call.is_room else 100
    too_many = _too_many("userNames is more than max limit : 100")
    names = call.names(most=most, too_many=too_many)
    _owner(group, names)
    if not any(name in group for name in names):
        raise not_members(names)
    return {"entities": [], "data": [_row(call, group, n, _block, "add_blocks") for n in names]}


@_both("DELETE", "/blocks/users/{usernames}")
def unblock(call: Call) -> dict[str, JSON]:
    """Handle *.blocklist.remove (returns an object) and *.blocklist.remove_many (a list)."""
    group = find_usable(call)
    names = _path_names(call, "removeBlacklist: list size more than max limit : 60")
    if not any(name in group.blocked for name in names):
        raise not_members(names)
    rows = []
    for name in names:
        done = name in group.blocked
        if done:
            group.blocked.remove(name)
        row = {"result": done, "action": "remove_blocks", "user": name}
        rows.append({**row, _id_key(call): group.group_id})
    return {"entities": [], "data": rows[0] if len(rows) == 1 else rows}


@_both("GET", "/blocks/users")
def list_blocked(call: Call) -> dict[str, JSON]:
    """Handle *.blocklist.list."""
    blocked = list(find_group(call).blocked)
    return {"entities": [], "data": blocked, "count": len(blocked)}


def _row(
    call: Call,
    group: Group,
    name: str,
    do: Callable[[Call, Group, str], dict[str, Any]],
    action: str,
) -> dict[str, Any]:
    if name in group:
        return do(call, group, name)
    place = "chatroom" if call.is_room else "group"
    reason = f"user: {name} doesn't exist in {place}: {group.group_id}"
    row = {"result": False, "action": action, "reason": reason, "user": name}
    return {**row, _id_key(call): group.group_id}


# ---------------------------------------------------------------- admins and announcements


@_both("GET", "/announcement")
def get_announcement(call: Call) -> dict[str, JSON]:
    """Handle *.announcement.get."""
    return {"entities": [], "data": {"announcement": find_group(call).announcement}}


@_both("POST", "/announcement")
def update_announcement(call: Call) -> dict[str, JSON]:
    """Handle *.announcement.update."""
    group, text = find_usable(call), call.object().get("announcement")
    if not isinstance(text, str):
        raise Refusal(400, "illegal_argument", "announcement is null")
    if len(text) > api_limits.ANNOUNCEMENT_LENGTH:
        error = "forbidden_op" if call.is_room else "FORBIDDEN"
        raise Refusal(403, error, "announce info length exceeds limit!")
    group.announcement = text
    return {"entities": [], "data": {"id": group.group_id, "result": True}}


@_both("GET", "/admin")
def list_admins(call: Call) -> dict[str, JSON]:
    """Handle *.admins.list."""
    admins = list(find_group(call).admins)
    return {"entities": [], "data": admins, "count": len(admins)}


@_both("POST", "/admin")
def add_admin(call: Call) -> dict[str, JSON]:
    """Handle *.admins.add."""
    group, username = find_usable(call), call.object().get("newadmin")
    if not isinstance(username, str) or username not in group.members:
        description = f"user: {username} doesn't exist in group: {group.group_id}"
        raise Refusal(404, "resource_not_found", description)
    if username not in group.admins:
        if len(group.admins) >= _ADMINS_MOST:
            # open: no row for more than 99 admins; the nearest is exceed_limit
            raise Refusal(403, "exceed_limit", "admins size is greater than max admin size !")
        group.admins.append(username)
    return {
        "entities": [],
        "properties": {},
        "data": {"result": "success", "newadmin": username},
    }


@_both("DELETE", "/admin/{username}")
def remove_admin(call: Call) -> dict[str, JSON]:
    """Handle *.admins.remove."""
    group, username = find_usable(call), call.params["username"]
    if username not in group.admins:
        description = f"user:{username} is not admin of group:{group.group_id}"
        raise Refusal(403, "forbidden_op", description)
    group.admins.remove(username)
    return {"entities": [], "data": {"result": "success", "oldadmin": username}}
