"""Handlers of users.*."""

from __future__ import annotations

from typing import Final

from easemob_async import api_limits
from easemob_async.emulator.refusal import JSON, Refusal, illegal_argument
from easemob_async.emulator.routes import Call, as_number, make_cursor, read_cursor, routes
from easemob_async.emulator.state import State, User


def show_user(user: User, *, nickname: bool = False) -> dict[str, JSON]:
    """Return a user in the format of the service's answers."""
    shown: dict[str, JSON] = {
        "uuid": user.uuid,
        "type": "user",
        "created": user.created,
        "modified": user.modified,
        "username": user.username,
        "activated": user.activated,
    }
    if nickname and user.nickname is not None:
        shown["nickname"] = user.nickname
    return shown


def show_profile(user: User) -> dict[str, JSON]:
    """Return a user with the settings of the profile: the style of notifications, quiet hours."""
    shown = show_user(user, nickname=True)
    shown.update({key: user.push[key] for key in (DISPLAY_STYLE, *QUIET) if key in user.push})
    return shown


def show_whole(user: User) -> dict[str, JSON]:
    """Return a user with the push settings.

    open: which binding `notifier_name` and `device_token` show if there are several, here the
    latest; ``pushInfo``, which no page has, is what the Java SDK reads
    """
    shown = show_profile(user)
    bindings = user.push.get("bindings", {})
    for (_, name), token in bindings.items():
        shown.update(notifier_name=name, device_token=token)
    if bindings:
        shown["pushInfo"] = [
            {"device_Id": device, "device_token": token, "notifier_name": name}
            for (device, name), token in bindings.items()
        ]
    return shown


DISPLAY_STYLE: Final = "notification_display_style"
"""The field of the style of a user's push notifications."""
QUIET: Final = (
    "notification_no_disturbing",
    "notification_no_disturbing_start",
    "notification_no_disturbing_end",
)
"""The fields of do not disturb: whether it is on, and the hours of its start and its end."""


def find_user(call: Call, name: str = "username") -> User:
    """Return the user in the path, or refuse the request."""
    user = call.state.users.get(call.params[name])
    if user is None:
        raise Refusal(404, "service_resource_not_found", "Service resource not found")
    return user


def check_username(username: JSON) -> None:
    """Refuse a username that no user may have."""
    if not isinstance(username, str) or not api_limits.USERNAME.fullmatch(username):
        if isinstance(username, str) and len(username.encode()) > 64:
            raise Refusal(400, "illegal_argument", "USERNAME_TOO_LONG")
        raise Refusal(400, "illegal_argument", f"username [{username}] is not legal")


def check_registration(row: JSON) -> None:
    """Refuse a registration that breaks a rule of the service."""
    if not isinstance(row, dict) or not row.get("username"):
        description = "Entity user requires a property named username"
        raise Refusal(400, "illegal_argument", description)
    username, password, nickname = row["username"], row.get("password"), row.get("nickname")
    check_username(username)
    if not isinstance(password, str) or not password:
        raise Refusal(400, "illegal_argument", "password or pin must provided")
    if len(password) > api_limits.PASSWORD_LENGTH:
        # open: no error is documented for a password that is too long
        raise Refusal(400, "illegal_argument", "PASSWORD_TOO_LONG")
    if not isinstance(nickname, str | None):
        # open: no error is documented for a nickname that is no text
        raise Refusal(400, "illegal_argument", "nickname is not legal")
    if nickname is not None and len(nickname) > api_limits.NICKNAME_LENGTH:
        raise Refusal(400, "illegal_argument", "NICKNAME_TOO_LONG")


def add_user(state: State, row: dict[str, JSON]) -> User:
    """Register a user after the row was checked and the username found to be free."""
    if state.user_limit is not None and len(state.users) >= state.user_limit:
        description = (
            "You have exceeded the limit of the community edition,"
            "Please upgrade to the enterprise edition"
        )
        raise Refusal(429, "resource_limited", description)
    now = state.milliseconds()
    username = row["username"]
    user = User(username, row["password"], now, now, nickname=row.get("nickname"))
    state.users[username] = user
    return user


@routes.add("POST", "/users", auth="optional", quota="users")
def create(call: Call) -> dict[str, JSON]:
    """Handle users.create_open (an object), users.create (an array of one), users.create_many.

    open: the nickname in the answer, as in the documentation of 2023; other clients read it
    """
    state = call.state
    if not call.has_token and not state.open_registration:
        description = "Open registration doesn't allow, so register user need token"
        raise Refusal(401, "unauthorized", description)
    rows = call.body if isinstance(call.body, list) else [call.object()]
    if not rows or len(rows) > api_limits.USERS_PER_REGISTRATION:
        description = (
            f"Request body array size[{len(rows)}] had almost reached or been greater than "
            f"the upper range value[{api_limits.USERS_PER_REGISTRATION}]"
        )
        raise Refusal(400, "illegal_argument", description)
    passwords: dict[str, str] = {}
    for row in rows:
        check_registration(row)
        known = passwords.setdefault(row["username"], row["password"])
        if known != row["password"]:
            description = (
                f"the same user {row['username']} has a different password, "
                f"the passwords are {known},{row['password']}"
            )
            raise Refusal(400, "duplicate_unique_property_exists", description)
    made, failed = [], []
    for row in rows:
        username = row["username"]
        if username not in state.users:
            made.append(show_user(add_user(state, row), nickname=True))
        elif len(rows) > 1:
            reason = f"the {username} already exists"
            failed.append({"username": username, "registerUserFailReason": reason})
        else:
            description = (
                f"Application {state.application} Entity user requires that property named "
                f"username be unique, value of {username} exists"
            )
            raise Refusal(400, "duplicate_unique_property_exists", description)
    answer: dict[str, JSON] = {"path": "/users", "entities": made}
    if len(rows) > 1:
        answer["data"] = failed
    return answer


@routes.add("GET", "/user", quota="users")
@routes.add("GET", "/users", quota="users")
def list_users(call: Call) -> dict[str, JSON]:
    """Handle users.list; with ``/user`` as well, which a client in Ruby asks for."""
    limit = call.whole_number("limit", 10, api_limits.USERS_PER_PAGE)
    users = list(call.state.users.values())
    start = read_cursor(call) or 0
    page = users[start : start + limit]
    answer: dict[str, JSON] = {
        "path": "/users",
        "params": {"limit": [str(limit)]},
        "entities": [show_whole(user) for user in page],
        "count": len(page),
    }
    if start + limit < len(users):
        answer["cursor"] = make_cursor(start + limit)
    return answer


@routes.add("DELETE", "/users", quota="users.delete_batch")
def delete_users(call: Call) -> dict[str, JSON]:
    """Handle users.delete_batch: the users created earliest, ten by default."""
    if as_number(call.query.get("limit")) == 0:  # nobody wants ten gone who says none
        raise illegal_argument("limit is not legal")
    limit = call.whole_number("limit", 10, api_limits.USERS_PER_DELETION)
    start = read_cursor(call) or 0
    users = list(call.state.users.values())[start : start + limit]
    for user in users:
        call.state.remove_user(user)
    answer: dict[str, JSON] = {
        "path": "/users",
        "entities": [show_user(user, nickname=True) for user in users],
    }
    if len(call.state.users) > start:
        answer["cursor"] = make_cursor(start)
    return answer


@routes.add("GET", "/users/{username}", quota="users")
def get(call: Call) -> dict[str, JSON]:
    """Handle users.get."""
    user = find_user(call)
    return {"path": "/users", "entities": [show_whole(user)], "count": 1}


@routes.add("DELETE", "/users/{username}", quota="users")
def delete(call: Call) -> dict[str, JSON]:
    """Handle users.delete."""
    user = find_user(call)
    call.state.remove_user(user)
    return {"path": "/users", "entities": [show_user(user, nickname=True)]}


@routes.add("POST", "/users/{username}/password", quota="users")
@routes.add("PUT", "/users/{username}/password", quota="users")
def update_password(call: Call) -> dict[str, JSON]:
    """Handle users.update_password; it revokes the user's tokens and logs out all devices.

    With POST as well, which the page of the limits has.
    """
    password = call.object().get("newpassword")
    if not isinstance(password, str) or not password:
        raise Refusal(400, "illegal_argument", "newpassword is required")
    user = call.state.users.get(call.params["username"])
    if user is None:
        raise Refusal(404, "entity_not_found", "User null not found")
    if not api_limits.NEW_PASSWORD_LENGTH_MIN <= len(password) <= api_limits.PASSWORD_LENGTH:
        # open: no error is documented for a length out of range
        raise Refusal(400, "illegal_argument", "newpassword is not legal")
    user.password = password
    user.devices.clear()
    call.state.revoke_tokens(user.username)
    return {"action": "set user password"}


@routes.add("POST", "/users/{username}/deactivate", quota="users")
def ban(call: Call) -> dict[str, JSON]:
    """Handle users.ban."""
    user = find_user(call)
    user.activated = False
    user.modified = call.state.milliseconds()
    user.devices.clear()
    return {"action": "Deactivate user", "entities": [show_user(user, nickname=True)]}


@routes.add("POST", "/users/{username}/activate", quota="users")
def unban(call: Call) -> dict[str, JSON]:
    """Handle users.unban."""
    find_user(call).activated = True
    return {"action": "activate user"}


@routes.add("GET", "/users/{username}/disconnect", quota="users")
def disconnect(call: Call) -> dict[str, JSON]:
    """Handle users.disconnect; a GET that changes state."""
    find_user(call).devices.clear()
    return {"entities": [], "data": {"result": True}}


@routes.add("GET", "/users/{username}/disconnect/{resource}", quota="users")
@routes.add("DELETE", "/users/{username}/disconnect/{resource}", quota="users")
def disconnect_device(call: Call) -> dict[str, JSON]:
    """Handle users.disconnect_device; with GET as well, which the Java SDK sends."""
    known = find_user(call).devices.pop(call.params["resource"], None)
    # open: the answer for an offline device; here the flag says whether it was logged out
    return {"entities": [], "data": {"result": known is not None}}


@routes.add("GET", "/users/{username}/status", quota="users")
def get_status(call: Call) -> dict[str, JSON]:
    """Handle users.get_status; the username is the key."""
    user = find_user(call)
    return {"entities": [], "data": {user.username: _status(user)}}


@routes.add("POST", "/users/batch/status", quota="users")
def get_statuses(call: Call) -> dict[str, JSON]:
    """Handle users.get_statuses; users are not checked, unknown ones are offline."""
    names = call.object().get("usernames")
    if not isinstance(names, list) or len(names) > api_limits.STATUSES_PER_CALL:
        description = (
            f"request body exceeds maximum limit, maximum limit is {api_limits.STATUSES_PER_CALL}"
        )
        raise Refusal(400, "illegal_argument", description)
    if not all(isinstance(name, str) for name in names):
        raise Refusal(400, "illegal_argument", "usernames is not legal")  # open: the text
    users = call.state.users
    rows = [{name: _status(users[name]) if name in users else "offline"} for name in names]
    return {"action": "get batch user status", "data": rows}


@routes.add("GET", "/users/{username}/resources", quota="users")
def list_devices(call: Call) -> dict[str, JSON]:
    """Handle users.list_devices."""
    devices = find_user(call).devices
    rows = [
        {"res": resource, "device_uuid": resource.partition("_")[2], "device_name": name}
        for resource, name in devices.items()
    ]
    return {"path": call.path, "entities": [], "data": rows}


def _status(user: User) -> str:
    return "online" if user.devices else "offline"
