"""Handlers of contacts.*, mutes.* of the whole app, and favorites.*."""

from __future__ import annotations

import uuid
from typing import Any, Final

from easemob_async import api_limits
from easemob_async.emulator.routes import JSON, Call, Refusal, by_cursor, routes
from easemob_async.emulator.state import User
from easemob_async.emulator.users import find_user, show_user

_MOST_CONTACTS: Final = 3000
_KINDS: Final = ("chat", "groupchat", "chatroom")


def _illegal(description: str) -> Refusal:
    return Refusal(400, "illegal_argument", description)


# ---------------------------------------------------------------- contacts


@routes.add("POST", "/users/{username}/contacts/users/{friend}")
def add(call: Call) -> dict[str, JSON]:
    """contacts.add: both ways."""
    user, friend = find_user(call), find_user(call, "friend")
    for one, other in ((user, friend), (friend, user)):
        if other.username not in one.contacts and len(one.contacts) >= _MOST_CONTACTS:
            raise Refusal(403, "exceed_limit", "user contact number exceed limit")
    user.contacts.setdefault(friend.username, None)
    friend.contacts.setdefault(user.username, None)
    return {"entities": [show_user(friend, nickname=True)]}


@routes.add("DELETE", "/users/{username}/contacts/users/{friend}")
def remove(call: Call) -> dict[str, JSON]:
    """contacts.remove: both ways."""
    user, friend = find_user(call), find_user(call, "friend")
    user.contacts.pop(friend.username, None)
    friend.contacts.pop(user.username, None)
    return {"entities": [show_user(friend, nickname=True)]}


@routes.add("DELETE", "/contacts/users/{username}")
def remove_all(call: Call) -> dict[str, JSON]:
    """contacts.remove_all: both ways, with the remarks."""
    user = call.state.users.get(call.params["username"])
    for name in list(user.contacts) if user else ():
        call.state.users[name].contacts.pop(call.params["username"], None)
    if user:
        user.contacts.clear()
    return {"entities": []}


@routes.add("PUT", "/user/{username}/contacts/users/{friend}")
def set_remark(call: Call) -> dict[str, JSON]:
    """contacts.set_remark."""
    user, friend = find_user(call), find_user(call, "friend")
    if friend.username not in user.contacts:
        raise _illegal("updateRemark they are not friends, please add as a friend first.")
    remark = call.object().get("remark")
    if not isinstance(remark, str) or len(remark) > api_limits.REMARK_LENGTH:
        raise _illegal("remark is not legal")  # open: what happens past 100 characters
    user.contacts[friend.username] = remark
    return {"status": "ok"}


@routes.add("GET", "/user/{username}/contacts")
def list_contacts(call: Call) -> dict[str, JSON]:
    """contacts.list: newest first."""
    user = find_user(call)
    most = api_limits.CONTACTS_PER_PAGE
    if call.query.get("limit", "10").isdigit() and int(call.query.get("limit", "10")) > most:
        raise _illegal(f"getContacts | page size more than max limit : {most}")
    page, cursor = by_cursor(call, list(user.contacts.items())[::-1], 10, most)
    wanted = call.query.get("needReturnRemark") == "true"
    rows = [{"username": n, "remark": r} if wanted else {"username": n} for n, r in page]
    answer: dict[str, JSON] = {"entities": [], "data": {"contacts": rows}, "count": len(rows)}
    # open: where the cursor comes back; at the top, as with the blocklist
    return {**answer, "cursor": cursor} if cursor else answer


@routes.add("GET", "/users/{username}/contacts/users")
def list_all(call: Call) -> dict[str, JSON]:
    """contacts.list_all."""
    names = list(find_user(call).contacts)[::-1][:_MOST_CONTACTS]
    return {"entities": [], "data": names, "count": len(names)}


def _checked(call: Call) -> tuple[str, list[str]]:
    body = call.object()
    names = body.get("check_list")
    if not body.get("username"):
        raise _illegal("username cannot be blank")
    if not isinstance(names, list) or not 1 <= len(names) <= api_limits.CONTACTS_PER_CHECK:
        raise _illegal("check_list size must be between 1 and 100")
    return body["username"], names


@routes.add("POST", "/contacts/check")
def check(call: Call) -> dict[str, JSON]:
    """contacts.check."""
    name, names = _checked(call)
    user = call.state.users.get(name)
    known = user.contacts if user else {}
    return {
        "entities": [
            {"username": n, "relation": "friend" if n in known else "not_friend"} for n in names
        ]
    }


@routes.add("POST", "/users/{username}/contacts/import")
def import_contacts(call: Call) -> dict[str, JSON]:
    """contacts.import_many."""
    user, users = find_user(call), call.state.users
    too_many = _illegal("request user over flow limit:10.")
    names = call.names(most=api_limits.CONTACTS_PER_IMPORT, too_many=too_many)
    if len(user.contacts) >= _MOST_CONTACTS:
        raise Refusal(403, "exceed_limit", "Inviter's contact max count.")
    data: dict[str, list[str]] = {
        "UnKnowFailed": [],
        "success": [],
        "NotExistFailed": [],
        "maxLimitFailed": [],
    }
    for name in names:
        if name not in users:
            data["NotExistFailed"].append(name)
        elif len(user.contacts) >= _MOST_CONTACTS or len(users[name].contacts) >= _MOST_CONTACTS:
            data["maxLimitFailed"].append(name)
        else:
            user.contacts.setdefault(name, None)
            users[name].contacts.setdefault(user.username, None)
            data["success"].append(name)
    return {"status": "ok", "data": data}


# ---------------------------------------------------------------- blocklist


@routes.add("POST", "/users/{username}/blocks/users", quota="contacts.blocks")
def block(call: Call) -> dict[str, JSON]:
    """contacts.blocklist.add_many."""
    user = find_user(call)
    most = api_limits.BLOCKED_PER_OWNER
    too_many = _illegal(f"usernames size is more than max limit : {most}")  # open: no row
    names = call.names(most=most, too_many=too_many)
    if any(name not in call.state.users for name in names):
        raise Refusal(404, "service_resource_not_found", "Service resource not found")
    user.blocked += [name for name in names if name not in user.blocked]
    return {"entities": [], "data": names}


@routes.add("DELETE", "/users/{username}/blocks/users/{blocked}", quota="contacts.blocks")
def unblock(call: Call) -> dict[str, JSON]:
    """contacts.blocklist.remove."""
    user, other = find_user(call), find_user(call, "blocked")
    if other.username in user.blocked:
        user.blocked.remove(other.username)
    return {"entities": [show_user(other, nickname=True)]}


@routes.add("GET", "/users/{username}/blocks/users", quota="contacts.blocks")
def list_blocked(call: Call) -> dict[str, JSON]:
    """contacts.blocklist.list: newest first; all of them without paging."""
    blocked = find_user(call).blocked[::-1]
    cursor = None
    if "pageSize" in call.query or "cursor" in call.query:
        most = api_limits.CONTACTS_PER_PAGE
        blocked, cursor = by_cursor(call, blocked, most, most, name="pageSize")
    answer: dict[str, JSON] = {"entities": [], "data": blocked, "count": len(blocked)}
    return {**answer, "cursor": cursor} if cursor else answer


@routes.add("POST", "/blocks/check")
def check_blocked(call: Call) -> dict[str, JSON]:
    """contacts.blocklist.check."""
    name, names = _checked(call)
    user = call.state.users.get(name)
    known = user.blocked if user else []
    return {
        "entities": [
            {"username": n, "relation": "blacklist" if n in known else "not_blacklist"}
            for n in names
        ]
    }


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
    """mutes.set, in seconds; 0 lifts, -1 never ends. Sending by REST is not stopped by it."""
    call.needs("mutes", Refusal(403, "forbidden_op", "user_mute is not used for this app"))
    body = call.object()
    user = _muted_user(call, body.get("username"))
    for kind in _KINDS:
        length = body.get(kind)
        if length is None:
            continue
        if isinstance(length, bool) or not isinstance(length, int) or length < -1:
            raise _illegal(f"{kind} is not legal")  # open: what a bad length gives
        user.mutes[kind] = None if length == -1 else call.state.now() + length
    return {"data": {"result": "ok"}}


@routes.add("GET", "/mutes/{username}")
def get_mute(call: Call) -> dict[str, JSON]:
    """mutes.get; the user comes with the app's prefix."""
    call.needs("mutes", Refusal(403, "forbidden_op", "user_mute is not used for this app"))
    user, state = _muted_user(call, call.params["username"]), call.state
    data: dict[str, JSON] = {"userid": f"{state.org}#{state.app}_{user.username}"}
    data.update({k: _left(call, user, k) if k in user.mutes else 0 for k in _KINDS})
    return {"data": {**data, "unixtime": int(state.now())}}


@routes.add("GET", "/mutes")
def list_mutes(call: Call) -> dict[str, JSON]:
    """mutes.list: a row for each kind of conversation; mutes that were lifted show with 0."""
    call.needs("mutes", Refusal(403, "forbidden_op", "user_mute is not used for this app"))
    rows = [
        {"username": user.username, kind: _left(call, user, kind)}
        for user in call.state.users.values()
        for kind in user.mutes
    ]
    size = call.whole_number("pageSize", 10, api_limits.MUTED_PER_PAGE)
    number = call.whole_number("pageNum", 1, 10**9)
    page = rows[(number - 1) * size : number * size]
    return {"data": {"data": page, "unixtime": int(call.state.now())}}


# ---------------------------------------------------------------- favorites


def _keeper(call: Call, name: JSON = None) -> User:
    name = name or call.params.get("username")
    user = call.state.users.get(name) if isinstance(name, str) else None
    if user is None:
        raise _illegal(f"username {name} is not legal")
    return user


def _save(call: Call, user: User, row: dict[str, JSON]) -> dict[str, JSON]:
    data, ext = row.get("data"), row.get("ext")
    if not isinstance(data, str) or len(data) > api_limits.FAVORITE_LENGTH:
        raise _illegal("data is not legal")  # open: the text
    if ext is not None and len(str(ext)) > api_limits.FAVORITE_EXT_LENGTH:
        raise _illegal("ext is not legal")  # open: the text
    now = call.state.milliseconds()
    favorite = {
        "id": row.get("id") or str(uuid.uuid4()),
        "type": row.get("type"),
        "data": data,
        "ext": ext,
        "createdAt": row.get("createdAt", now),
        "updatedAt": now,
    }
    user.favorites[favorite["id"]] = favorite
    return favorite


@routes.add("POST", "/users/{username}/collections", envelope=False)
def add_favorite(call: Call) -> dict[str, JSON]:
    """favorites.add."""
    return {"collection": _save(call, _keeper(call), call.object())}


@routes.add("POST", "/collections", envelope=False)
def add_favorites(call: Call) -> dict[str, JSON]:
    """favorites.add_many; the user is in the body."""
    body = call.object()
    user, rows = _keeper(call, body.get("username") or "?"), body.get("collections")
    if not isinstance(rows, list) or not 1 <= len(rows) <= api_limits.FAVORITES_PER_CALL:
        raise _illegal("collections is not legal")  # open: the text
    return {"collections": [_save(call, user, row) for row in rows]}


@routes.add("PUT", "/users/{username}/collections/{favorite_id}", envelope=False)
def update_favorite(call: Call) -> dict[str, JSON]:
    """favorites.update: the extension alone."""
    favorite = _keeper(call).favorites.get(call.params["favorite_id"])
    if favorite is None:
        raise Refusal(400, None, "user collection not found")
    favorite["ext"] = call.object().get("ext") or None
    favorite["updatedAt"] = call.state.milliseconds()
    return {"collection": favorite}


@routes.add("DELETE", "/users/{username}/collections", envelope=False)
def remove_favorites(call: Call) -> dict[str, JSON]:
    """favorites.remove_many."""
    user = _keeper(call)
    too_many = _illegal("collection_ids is not legal")  # open: the text
    ids = call.names("collection_ids", most=api_limits.FAVORITES_PER_CALL, too_many=too_many)
    if any(favorite_id not in user.favorites for favorite_id in ids):
        raise Refusal(400, None, "user collection not found")
    for favorite_id in ids:
        del user.favorites[favorite_id]
    return {"result": True}


@routes.add("GET", "/users/{username}/collections", envelope=False)
def list_favorites(call: Call) -> dict[str, JSON]:
    """favorites.list, from a time or from one of them on, itself included."""
    user, query = _keeper(call), call.query
    direction = query.get("direction", "desc")
    if direction not in ("desc", "asc"):
        raise _illegal("direction should be desc or asc")
    if query.get("limit", "").isdigit() and int(query["limit"]) > api_limits.FAVORITES_PER_PAGE:
        raise _illegal("limit should be less than 200")
    size = call.whole_number("limit", 100, api_limits.FAVORITES_PER_PAGE)
    rows: list[dict[str, Any]] = sorted(user.favorites.values(), key=lambda f: f["createdAt"])
    if direction == "desc":
        rows = rows[::-1]
    anchor = query.get("collection_id")
    if anchor:
        if anchor not in user.favorites:
            raise Refusal(400, None, "user collection not found")
        rows = rows[[row["id"] for row in rows].index(anchor) :]
    else:
        begin, end = float(query.get("begin_time", 0)), float(query.get("end_time", "inf"))
        rows = [row for row in rows if begin <= row["createdAt"] <= end]
    if "type" in query:
        rows = [row for row in rows if str(row["type"]) == query["type"]]
    return {"collections": rows[:size]}
