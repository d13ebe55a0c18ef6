"""Handlers of push.*."""

from __future__ import annotations

from typing import Final

from easemob_async import api_limits
from easemob_async.emulator.handlers.users import show_user
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, routes
from easemob_async.emulator.state import User

_DISPLAY: Final = "notification_display_style"


def _user(call: Call) -> User:
    user = call.state.users.get(call.params["username"])
    if user is None:
        description = "Entity user requires a property named username"
        raise Refusal(400, "RequiredPropertyNotFoundException", description)
    return user


def _invalid(what: str) -> Refusal:
    return Refusal(400, "IllegalArgumentException", f"parameters is invalid : {what}")


@routes.add("PUT", "/users/{username}/push/binding", quota="users")
def set_binding(call: Call) -> dict[str, JSON]:
    """Handle push.set_binding; an empty name or token unbinds the device."""
    user, body = _user(call), call.object()
    for key in ("device_id", "notifier_name", "device_token"):
        if not isinstance(body.get(key), str) or (key == "device_id" and not body[key]):
            raise _invalid(key)
    bindings: dict[tuple[str, str], str] = user.push.setdefault("bindings", {})
    device, name, token = body["device_id"], body["notifier_name"], body["device_token"]
    if not name:
        for bound in [bound for bound in bindings if bound[0] == device]:
            del bindings[bound]
    elif not token:
        bindings.pop((device, name), None)
    else:
        bindings[device, name] = token
    return {"entities": _bindings(user, device)}


@routes.add("GET", "/users/{username}/push/binding", quota="users")
def list_bindings(call: Call) -> dict[str, JSON]:
    """Handle push.list_bindings."""
    return {"entities": _bindings(_user(call), None)}


def _bindings(user: User, only: str | None) -> list[dict[str, str]]:
    return [
        {"device_id": device, "notifier_name": name, "device_token": token}
        for (device, name), token in user.push.get("bindings", {}).items()
        if only in (None, device)
    ]


@routes.add("PUT", "/users/{username}", quota="users")
def set_profile(call: Call) -> dict[str, JSON]:
    """Handle push.set_nickname and push.set_display_style, by the body."""
    user, body = _user(call), call.object()
    if "nickname" in body:
        if (
            not isinstance(body["nickname"], str)
            or len(body["nickname"]) > api_limits.NICKNAME_LENGTH
        ):
            raise _invalid("nickname")
        user.nickname = body["nickname"]
    if _DISPLAY in body:
        if str(body[_DISPLAY]) not in ("0", "1"):
            raise _invalid(_DISPLAY)
        user.push[_DISPLAY] = int(body[_DISPLAY])
    user.modified = call.state.milliseconds()
    shown = show_user(user, nickname=True)
    if _DISPLAY in user.push:
        shown[_DISPLAY] = user.push[_DISPLAY]
    return {"path": "/users", "entities": [shown]}


@routes.add("PUT", "/push/nickname")
def set_nicknames(call: Call) -> dict[str, JSON]:
    """Handle push.set_nicknames: the body is a list."""
    rows = call.body
    if not isinstance(rows, list) or not rows:
        description = "put user push nicknames illegal empty request body"
        raise Refusal(400, "illegal_argument", description)
    if len(rows) > api_limits.PUSH_NICKNAMES_PER_CALL:
        description = "put user push nicknames exceeds the limit"
        raise Refusal(400, "illegal_argument", description)
    for row in rows:
        if len(str(row.get("push_nickname"))) > api_limits.NICKNAME_LENGTH:
            description = f"{row.get('username')} push nickname length exceeds the limit"
            raise Refusal(400, "illegal_argument", description)
    done = []
    for row in rows:
        user = call.state.users.get(row.get("username"))
        if user is not None:  # open: unknown users, who are left out here
            user.nickname = row["push_nickname"]
            done.append({"push_nickname": user.nickname, "username": user.username})
    return {"entities": done}


@routes.add("PUT", "/users/{username}/notification/{kind}/{key}", auth="user")
def set_settings(call: Call) -> dict[str, JSON]:
    """Handle push.set_settings; ignoreDuration is a duration here, but a time in the answer."""
    user, body = _user(call), call.object()
    kind, key = call.params["kind"], call.params["key"]
    settings = _settings(user, kind, key)
    everywhere = (kind, key) == ("user", user.username)
    if "type" in body:
        allowed = ("ALL", "AT", "NONE") if everywhere else ("DEFAULT", "ALL", "AT", "NONE")
        if body["type"] not in allowed:
            raise _invalid("type")
        settings["type"] = body["type"]
    if "ignoreInterval" in body:
        interval = body["ignoreInterval"]
        if interval and not api_limits.PUSH_IGNORE_INTERVAL.fullmatch(str(interval)):
            raise _invalid("ignoreInterval")
        settings["ignoreInterval"] = interval
    if "ignoreDuration" in body:
        length = body["ignoreDuration"]
        if isinstance(length, bool) or not isinstance(length, int):
            raise _invalid("ignoreDuration")
        if not 0 <= length <= api_limits.PUSH_IGNORE_LONGEST:
            raise _invalid("ignoreDuration")
        settings["ignoreDuration"] = call.state.milliseconds() + length if length else 0
    return {"path": "/users", "data": dict(settings)}


@routes.add("GET", "/users/{username}/notification/{kind}/{key}", auth="user")
def get_settings(call: Call) -> dict[str, JSON]:
    """Handle push.get_settings."""
    settings = _settings(_user(call), call.params["kind"], call.params["key"])
    return {"path": "/users", "data": dict(settings)}


def _settings(user: User, kind: str, key: str) -> dict[str, JSON]:
    if kind not in ("user", "chatgroup"):
        raise _invalid("chattype")
    everywhere = (kind, key) == ("user", user.username)
    found: dict[str, JSON] = user.push.setdefault(
        f"{kind}/{key}",
        {"type": "ALL" if everywhere else "DEFAULT", "ignoreInterval": "", "ignoreDuration": 0},
    )
    return found


@routes.add("PUT", "/users/{username}/notification/language")
def set_language(call: Call) -> dict[str, JSON]:
    """Handle push.set_language."""
    user, language = _user(call), call.object().get("translationLanguage")
    if not isinstance(language, str):
        raise _invalid("translationLanguage")
    user.push["language"] = language
    return {"data": {"language": language}}


@routes.add("GET", "/users/{username}/notification/language")
def get_language(call: Call) -> dict[str, JSON]:
    """Handle push.get_language; open: the value before one is set, here the empty string."""
    return {"data": {"language": _user(call).push.get("language", "")}}


# ---------------------------------------------------------------- templates


def _template(call: Call) -> dict[str, JSON]:
    name = call.params["name"]
    if name not in call.state.templates:
        raise Refusal(400, "EntityNotFoundException", f"{name} template is not exist")
    return call.state.templates[name]


@routes.add("POST", "/notification/template", quota="push.templates")
def create_template(call: Call) -> dict[str, JSON]:
    """Handle push.templates.create; open: a name that is in use, which is replaced here."""
    body, now = call.object(), call.state.milliseconds()
    name = body.get("name")
    if not isinstance(name, str) or not api_limits.PUSH_TEMPLATE_NAME.fullmatch(name):
        raise _invalid("name")
    for key in ("title_pattern", "content_pattern"):
        if not isinstance(body.get(key), str):
            raise _invalid(key)
    template = {
        "name": name,
        "createAt": now,
        "updateAt": now,
        "title_pattern": body["title_pattern"],
        "content_pattern": body["content_pattern"],
    }
    call.state.templates[name] = template
    return {"data": dict(template)}


@routes.add("GET", "/notification/template/{name}", quota="push.templates")
def get_template(call: Call) -> dict[str, JSON]:
    """Handle push.templates.get."""
    return {"data": dict(_template(call))}


@routes.add("PUT", "/notification/template/{name}", quota="push.templates")
def update_template(call: Call) -> dict[str, JSON]:
    """Handle push.templates.update; open: its body and its answer, the same as for create."""
    template, body = _template(call), call.object()
    template.update({k: body[k] for k in ("title_pattern", "content_pattern") if k in body})
    template["updateAt"] = call.state.milliseconds()
    return {"data": dict(template)}


@routes.add("DELETE", "/notification/template/{name}", quota="push.templates")
def delete_template(call: Call) -> dict[str, JSON]:
    """Handle push.templates.delete; the answer is the deleted template."""
    return {"data": call.state.templates.pop(_template(call)["name"])}


@routes.add("PUT", "/users/{username}/notification/template", auth="user")
def choose_template(call: Call) -> dict[str, JSON]:
    """Handle push.templates.set_for_user; open: an unknown template, which is accepted here."""
    user, name = _user(call), call.object().get("templateName")
    if not isinstance(name, str) or not name:
        raise _invalid("templateName")
    user.push["template"] = name
    return {"data": {"templateName": name}}


@routes.add("GET", "/users/{username}/notification/template", auth="user")
def get_chosen_template(call: Call) -> dict[str, JSON]:
    """Handle push.templates.get_for_user; open: its answer, the same as for set_for_user."""
    name = _user(call).push.get("template")
    return {"data": {"templateName": name} if name else {}}


@routes.add(
    "GET",
    "/push/data/offline-push/begin/{begin}/end/{end}",
    quota="push.statistics",
    envelope=False,
)
def get_statistics(call: Call) -> dict[str, JSON]:
    """Handle push.get_statistics; the emulator pushes nothing, so there are no counts."""
    call.needs("push_statistics", Refusal(403, "forbidden_op", ""))
    return {"status": "OK", "data": {}}
