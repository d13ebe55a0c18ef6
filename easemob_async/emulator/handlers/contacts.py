"""Handlers of contacts.*."""

from __future__ import annotations

from typing import Final

from easemob_async import api_limits
from easemob_async.emulator.handlers.users import find_user, show_user
from easemob_async.emulator.refusal import JSON, Refusal, illegal_argument
from easemob_async.emulator.routes import Call, by_cursor, routes
from easemob_async.emulator.state import User

_MOST_CONTACTS: Final = 3000
_KINDS: Final = ("chat", "groupchat", "chatroom")


def _path(user: User, what: str) -> str:
    """Return the path that answers show: it has the UUID of the user."""
    return f"/users/{user.uuid}/{what}"


# ---------------------------------------------------------------- contacts


@routes.add("POST", "/users/{username}/contacts/users/{friend}")
def add(call: Call) -> dict[str, JSON]:
    """Handle contacts.add: for both users."""
    user, friend = find_user(call), find_user(call, "friend")
    for one, other in ((user, friend), (friend, user)):
        if other.username not in one.contacts and len(one.contacts) >= _MOST_CONTACTS:
            raise Refusal(403, "exceed_limit", "user contact number exceed limit")
    user.contacts.setdefault(friend.username, None)
    friend.contacts.setdefault(user.username, None)
    return {"path": _path(user, "contacts"), "entities": [show_user(friend, nickname=True)]}


@routes.add("DELETE", "/users/{username}/contacts/users/{friend}")
def remove(call: Call) -> dict[str, JSON]:
    """Handle contacts.remove: for both users."""
    user, friend = find_user(call), find_user(call, "friend")
    user.contacts.pop(friend.username, None)
    friend.contacts.pop(user.username, None)
    return {"path": _path(user, "contacts"), "entities": [show_user(friend, nickname=True)]}


@routes.add("DELETE", "/contacts/users/{username}")
def remove_all(call: Call) -> dict[str, JSON]:
    """Handle contacts.remove_all: for all users concerned, with the remarks."""
    user = call.state.users.get(call.params["username"])
    for name in list(user.contacts) if user else ():
        call.state.users[name].contacts.pop(call.params["username"], None)
    if user:
        user.contacts.clear()
    return {"path": call.path, "entities": []}


@routes.add("PUT", "/user/{username}/contacts/users/{friend}")
def set_remark(call: Call) -> dict[str, JSON]:
    """Handle contacts.set_remark."""
    user, friend = find_user(call), find_user(call, "friend")
    if friend.username not in user.contacts:
        raise illegal_argument("updateRemark they are not friends, please add as a friend first.")
    remark = call.object().get("remark")
    if not isinstance(remark, str) or len(remark) > api_limits.REMARK_LENGTH:
        raise illegal_argument("remark is not legal")  # open: the answer to a longer one
    user.contacts[friend.username] = remark
    return {"status": "ok"}


@routes.add("GET", "/user/{username}/contacts")
def list_contacts(call: Call) -> dict[str, JSON]:
    """Handle contacts.list: the newest first."""
    user = find_user(call)
    most = api_limits.CONTACTS_PER_PAGE
    too_large = illegal_argument(f"getContacts | page size more than max limit : {most}")
    call.refuse_above("limit", most, too_large)
    page, cursor = by_cursor(call, list(user.contacts.items())[::-1], 10, most)
    wanted = call.query.get("needReturnRemark") == "true"
    rows = [{"username": n, "remark": r} if wanted else {"username": n} for n, r in page]
    answer: dict[str, JSON] = {"entities": [], "data": {"contacts": rows}, "count": len(rows)}
    # open: the place of the cursor in the answer; at the top, as with the blocklist
    return {**answer, "cursor": cursor} if cursor else answer


@routes.add("GET", "/users/{username}/contacts/users")
def list_all(call: Call) -> dict[str, JSON]:
    """Handle contacts.list_all."""
    names = list(find_user(call).contacts)[::-1][:_MOST_CONTACTS]
    return {"entities": [], "data": names, "count": len(names)}


def _checked(call: Call) -> tuple[str, list[str]]:
    body = call.object()
    names = body.get("check_list")
    if not body.get("username"):
        raise illegal_argument("username cannot be blank")
    if not isinstance(names, list) or not 1 <= len(names) <= api_limits.CONTACTS_PER_CHECK:
        raise illegal_argument("check_list size must be between 1 and 100")
    if not all(isinstance(name, str) for name in (body["username"], *names)):
        raise illegal_argument("check_list is not legal")  # open: the text
    return body["username"], names


@routes.add("POST", "/contacts/check")
def check(call: Call) -> dict[str, JSON]:
    """Handle contacts.check."""
    name, names = _checked(call)
    user = call.state.users.get(name)
    known = user.contacts if user else {}
    return {
        "path": call.path,
        "entities": [
            {"username": n, "relation": "friend" if n in known else "not_friend"} for n in names
        ],
    }


@routes.add("POST", "/users/{username}/contacts/import")
def import_contacts(call: Call) -> dict[str, JSON]:
    """Handle contacts.import_many."""
    user, users = find_user(call), call.state.users
    too_many = illegal_argument("request user over flow limit:10.")
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
    """Handle contacts.blocklist.add_many."""
    user = find_user(call)
    most = api_limits.BLOCKED_PER_OWNER
    too_many = illegal_argument(f"usernames size is more than max limit : {most}")  # open: the text
    names = call.names(most=most, too_many=too_many)
    if any(name not in call.state.users for name in names):
        raise Refusal(404, "service_resource_not_found", "Service resource not found")
    user.blocked += [name for name in names if name not in user.blocked]
    return {"entities": [], "data": names}


@routes.add("DELETE", "/users/{username}/blocks/users/{blocked}", quota="contacts.blocks")
def unblock(call: Call) -> dict[str, JSON]:
    """Handle contacts.blocklist.remove."""
    user, other = find_user(call), find_user(call, "blocked")
    if other.username in user.blocked:
        user.blocked.remove(other.username)
    return {"path": _path(user, "blocks"), "entities": [show_user(other, nickname=True)]}


@routes.add("GET", "/users/{username}/blocks/users", quota="contacts.blocks")
def list_blocked(call: Call) -> dict[str, JSON]:
    """Handle contacts.blocklist.list: the newest first; without paging parameters, all."""
    blocked = find_user(call).blocked[::-1]
    cursor = None
    if "pageSize" in call.query or "cursor" in call.query:
        most = api_limits.CONTACTS_PER_PAGE
        blocked, cursor = by_cursor(call, blocked, most, most, name="pageSize")
    answer: dict[str, JSON] = {"entities": [], "data": blocked, "count": len(blocked)}
    return {**answer, "cursor": cursor} if cursor else answer


@routes.add("POST", "/blocks/check")
def check_blocked(call: Call) -> dict[str, JSON]:
    """Handle contacts.blocklist.check."""
    name, names = _checked(call)
    user = call.state.users.get(name)
    known = user.blocked if user else []
    return {
        "path": "/contacts/check",  # that of the other check, as documented
        "entities": [
            {"username": n, "relation": "blacklist" if n in known else "not_blacklist"}
            for n in names
        ],
    }
