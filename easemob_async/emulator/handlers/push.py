"""Handlers of push.*."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from easemob_async import api_limits
from easemob_async.emulator.handlers.users import DISPLAY_STYLE, QUIET, show_profile
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, as_flag, as_number, by_cursor, routes
from easemob_async.emulator.state import PushLabel, User


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
    """Handle push.set_nickname and push.set_display_style, by the body.

    With the quiet hours as well, which the pages of 2023 had here and other clients send.
    """
    user, body = _user(call), call.object()
    quiet = _quiet_hours(body)
    if "nickname" in body:
        if (
            not isinstance(body["nickname"], str)
            or len(body["nickname"]) > api_limits.NICKNAME_LENGTH
        ):
            raise _invalid("nickname")
        user.nickname = body["nickname"]
    if DISPLAY_STYLE in body:
        if str(body[DISPLAY_STYLE]) not in ("0", "1"):
            raise _invalid(DISPLAY_STYLE)
        user.push[DISPLAY_STYLE] = int(body[DISPLAY_STYLE])
    user.push.update(quiet)
    user.modified = call.state.milliseconds()
    return {"path": "/users", "entities": [show_profile(user)]}


def _quiet_hours(body: dict[str, JSON]) -> dict[str, JSON]:
    """Return the fields of do not disturb as answers show them, or refuse the request.

    open: null and an empty text, which count as not given here
    """
    found: dict[str, JSON] = {}
    for key in QUIET:
        if body.get(key) in (None, ""):
            continue
        found[key] = _switch(body[key]) if key == QUIET[0] else _hour(body[key])
        if found[key] is None:
            raise _invalid(key)
    return found


def _switch(value: JSON) -> bool | None:
    """Read a bool; open: 0 and 1, which the PHP SDK sends."""
    number = as_number(value)
    return as_flag(value) if number is None else {0: False, 1: True}.get(number)


def _hour(value: JSON) -> str | None:
    hour = as_number(value)
    return None if hour is None or hour > 23 else str(hour)


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
        nickname = row.get("push_nickname") if isinstance(row, dict) else None
        if not isinstance(nickname, str):  # open: the text
            raise Refusal(400, "illegal_argument", "put user push nicknames illegal request body")
        if len(nickname) > api_limits.NICKNAME_LENGTH:
            description = f"{row.get('username')} push nickname length exceeds the limit"
            raise Refusal(400, "illegal_argument", description)
    done = []
    for row in rows:
        user = call.state.users.get(str(row.get("username")))
        if user is not None:  # open: unknown users, who are left out here
            user.nickname = row["push_nickname"]
            done.append({"push_nickname": user.nickname, "username": user.username})
    return {"path": "/push", "entities": done}


@routes.add("PUT", "/users/{username}/notification/{kind}/{key}", auth="user")
def set_settings(call: Call) -> dict[str, JSON]:
    """Handle push.set_settings; ignoreDuration is a duration here, but a time in the answer."""
    user, body = _user(call), call.object()
    kind, key = call.params["kind"], call.params["key"]
    settings = _settings(user, kind, key)
    everywhere = (kind, key) == ("user", user.username)
    if body.get("type") not in (None, ""):  # open: both count as not given here
        allowed = ("ALL", "AT", "NONE") if everywhere else ("DEFAULT", "ALL", "AT", "NONE")
        if body["type"] not in allowed:
            raise _invalid("type")
        settings["type"] = body["type"]
    if "ignoreInterval" in body:
        interval = body["ignoreInterval"]
        if interval and not api_limits.PUSH_IGNORE_INTERVAL.fullmatch(str(interval)):
            raise _invalid("ignoreInterval")
        settings["ignoreInterval"] = interval or ""
    if "ignoreDuration" in body:
        length = as_number(body["ignoreDuration"])
        if length is None or length > api_limits.PUSH_IGNORE_LONGEST:
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
    return {"path": "/users", "data": {"language": language}}


@routes.add("GET", "/users/{username}/notification/language")
def get_language(call: Call) -> dict[str, JSON]:
    """Handle push.get_language; open: the value before one is set, here the empty string."""
    return {"path": "/users", "data": {"language": _user(call).push.get("language", "")}}


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
    changed = {k: body[k] for k in ("title_pattern", "content_pattern") if k in body}
    for key, pattern in changed.items():
        if not isinstance(pattern, str):
            raise _invalid(key)
    template.update(changed)
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
    return {"path": "/users", "data": {"templateName": name}}


@routes.add("GET", "/users/{username}/notification/template", auth="user")
def get_chosen_template(call: Call) -> dict[str, JSON]:
    """Handle push.templates.get_for_user; open: its answer, the same as for set_for_user."""
    name = _user(call).push.get("template")
    return {"path": "/users", "data": {"templateName": name} if name else {}}


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


# ---------------------------------------------------------------- instant push


def _instant(call: Call) -> None:
    """Refuse the request if instant push is not enabled; the names are in ``error``: open."""
    closed = Refusal(403, "ServiceNotOpenException", "push service not open")
    call.needs("instant_push", closed)


def _short(call: Call, data: JSON, **more: JSON) -> dict[str, JSON]:
    """Return an answer with the short envelope of instant push."""
    return {"timestamp": call.state.milliseconds(), "data": data, **more, "duration": 0}


def _label(call: Call) -> PushLabel:
    _instant(call)
    name = call.params["name"]
    if name not in call.state.push_labels:
        raise _no_label(name)
    return call.state.push_labels[name]


def _no_label(name: str) -> Refusal:
    return Refusal(400, "ResourceNotFoundException", f"push label not exists of {name}")


@routes.add("POST", "/push/label", quota="push.labels", envelope=False)
def create_label(call: Call) -> dict[str, JSON]:
    """Handle push.labels.create."""
    _instant(call)
    body, labels = call.object(), call.state.push_labels
    name, description = body.get("name"), body.get("description", "")
    if not isinstance(name, str) or not api_limits.PUSH_LABEL_NAME.fullmatch(name):
        raise _invalid("name")
    most = api_limits.PUSH_LABEL_DESCRIPTION_LENGTH
    if not isinstance(description, str) or len(description) > most:
        raise _invalid("description")
    if name in labels:
        # open: the answer to a name that is taken; this text stands for moderation lists
        raise _invalid("name, the label already exists")
    if len(labels) >= api_limits.PUSH_LABELS:
        raise _limit()
    label = labels[name] = PushLabel(name, description, call.state.milliseconds())
    return _short(call, _show_label(label, count=False))


def _limit() -> Refusal:
    return Refusal(403, "LimitException", "limit request")


def _show_label(label: PushLabel, *, count: bool = True) -> dict[str, JSON]:
    shown: dict[str, JSON] = {"name": label.name, "description": label.description}
    if count:
        shown["count"] = len(label.users)
    return {**shown, "createdAt": label.created}


@routes.add("GET", "/push/label", quota="push.labels", envelope=False)
def list_labels(call: Call) -> dict[str, JSON]:
    """Handle push.labels.list, the newest first; open: where the cursor is, here at the top."""
    _instant(call)
    labels = list(reversed(call.state.push_labels.values()))
    most = api_limits.PUSH_LABELS_PER_PAGE
    page, cursor = by_cursor(call, labels, most, most)
    more = {} if cursor is None else {"cursor": cursor}
    return _short(call, [_show_label(label) for label in page], **more)


@routes.add("GET", "/push/label/{name}", quota="push.labels", envelope=False)
def get_label(call: Call) -> dict[str, JSON]:
    """Handle push.labels.get."""
    return _short(call, _show_label(_label(call)))


@routes.add("DELETE", "/push/label/{name}", quota="push.labels", envelope=False)
def delete_label(call: Call) -> dict[str, JSON]:
    """Handle push.labels.delete; open: a label that has users, which is deleted here."""
    del call.state.push_labels[_label(call).name]
    return _short(call, "success")


@routes.add("POST", "/push/label/{name}/user", quota="push.label_users", envelope=False)
def add_to_label(call: Call) -> dict[str, JSON]:
    """Handle push.labels.users.add_many; open: the reasons, and users who do not exist."""
    label, now = _label(call), call.state.milliseconds()
    success, fail = [], {}
    for name in _label_users(call):
        user = call.state.users.get(name)
        if user is None:
            fail[name] = "appUser not exists"
        elif len(label.users) >= api_limits.PUSH_LABEL_USERS and user.username not in label.users:
            fail[name] = "limit request"
        else:
            label.users.setdefault(user.username, now)
            success.append(name)
    return _short(call, {"success": success, "fail": fail})


@routes.add("DELETE", "/push/label/{name}/user", quota="push.label_users", envelope=False)
def remove_from_label(call: Call) -> dict[str, JSON]:
    """Handle push.labels.users.remove_many; open: a user without the label, who fails here."""
    label = _label(call)
    success, fail = [], {}
    for name in _label_users(call):
        if label.users.pop(name, None) is None:
            fail[name] = "user is not under the label"
        else:
            success.append(name)
    return _short(call, {"success": success, "fail": fail})


def _label_users(call: Call) -> list[str]:
    return call.names(most=api_limits.PUSH_LABEL_USERS_PER_CALL, too_many=_limit())


@routes.add("GET", "/push/label/{name}/user", quota="push.label_users", envelope=False)
def list_label(call: Call) -> dict[str, JSON]:
    """Handle push.labels.users.list; open: the last page, here one without a cursor."""
    rows = [{"username": name, "created": time} for name, time in _label(call).users.items()]
    most = api_limits.PUSH_LABEL_USERS_PER_PAGE
    page, cursor = by_cursor(call, rows, most, most)
    return _short(call, page, **({} if cursor is None else {"cursor": cursor}))


@routes.add("GET", "/push/label/{name}/user/{username}", quota="push.label_users", envelope=False)
def get_label_user(call: Call) -> dict[str, JSON]:
    """Handle push.labels.users.get; open: data for a user without the label, here ``{}``."""
    label, name = _label(call), call.params["username"]
    time = label.users.get(name)
    return _short(call, {} if time is None else {"username": name, "created": time})


_VENDOR_ONLY: Final = 2


def _push(call: Call) -> tuple[dict[str, JSON], int]:
    """Return the notification and the strategy of a request, or refuse the request."""
    _instant(call)
    body = call.object()
    message = body.get("pushMessage")
    _check_notification(message)
    return message, _strategy(body)


def _check_notification(message: JSON) -> None:
    # open: whether title and content may be missing, which the service has defaults for
    wrong = Refusal(400, "MessageException", "bad_request")
    if not isinstance(message, dict) or not message:
        raise wrong
    if not all(isinstance(message.get(key, ""), str) for key in ("title", "content")):
        raise wrong


def _strategy(body: dict[str, JSON]) -> int:
    strategy = as_number(body.get("strategy", _VENDOR_ONLY))
    if strategy is None or strategy > api_limits.PUSH_STRATEGY_LAST:
        raise _invalid("strategy")
    return strategy


def _deliver(call: Call, username: str, message: dict[str, JSON], strategy: int) -> str | None:
    """Push to a user; return the reason if that is not possible."""
    user = call.state.users.get(username)
    if user is None:
        return "appUser not exists"
    bound, online = bool(user.push.get("bindings")), bool(user.devices)
    channels = (  # by strategy
        "vendor" if bound else "easemob",
        "easemob",
        "vendor" if bound else None,
        "vendor" if bound and not online else "easemob",
        "easemob" if online else None,
    )
    channel = channels[strategy]
    if channel is None:
        # open: the reason for a user who is offline
        return "no push binding" if strategy == _VENDOR_ONLY else "user is offline"
    push = {"channel": channel, "strategy": strategy, "pushMessage": message}
    call.state.pushed[user.username].append(push)
    return None


@routes.add("POST", "/push/sync/{target}", quota="push.slow", envelope=False)
def push_sync(call: Call) -> dict[str, JSON]:
    """Handle push.send_to_user_sync."""
    reason = _deliver(call, call.params["target"], *_push(call))
    if reason is not None:
        return _short(call, [{"pushStatus": "FAIL", "desc": reason}])
    return _short(call, [{"pushStatus": "SUCCESS", "data": {"message": "Success"}}])


@routes.add("POST", "/push/async/{target}", quota="push.async", envelope=False)
def push_async(call: Call) -> dict[str, JSON]:
    """Handle push.send_to_user."""
    _deliver(call, call.params["target"], *_push(call))
    return _short(call, [{"pushStatus": "ASYNC_SUCCESS", "data": "", "desc": "success"}])


@routes.add("POST", "/push/single", quota="push.labels", envelope=False)
def push_to_users(call: Call) -> dict[str, JSON]:
    """Handle push.send_to_users; open: users who do not exist, who are accepted here."""
    _instant(call)
    targets = call.names("targets", most=api_limits.USERS_PER_PUSH, too_many=_invalid("targets"))
    message, strategy = _push(call)
    if not targets:
        raise _invalid("targets")
    for target in targets:
        _deliver(call, target, message, strategy)
    rows = [{"id": t, "pushStatus": "ASYNC_SUCCESS", "desc": "async success."} for t in targets]
    return _short(call, rows)


@routes.add("POST", "/push/list/label", quota="push.label_tasks", envelope=False, usernames=False)
def push_to_label(call: Call) -> dict[str, JSON]:
    """Handle push.send_to_label; open: an unknown label, refused here as where it is read."""
    _instant(call)
    targets = call.names("targets", most=1, too_many=_invalid("targets"))
    if len(targets) != 1:
        raise _invalid("targets")
    label = call.state.push_labels.get(targets[0])
    if label is None:
        raise _no_label(targets[0])
    message, strategy = _push(call)
    task = _task(call)
    for name in label.users:
        _deliver(call, name, message, strategy)
    return _short(call, {"taskId": task})


@routes.add("POST", "/push/task", quota="push.tasks", envelope=False)
def push_to_all(call: Call) -> dict[str, JSON]:
    """Handle push.send_to_all."""
    message, strategy = _push(call)
    task = _task(call)
    for name in call.state.users:
        _deliver(call, name, message, strategy)
    return _short(call, task)


def _task(call: Call) -> int:
    """Return the id of a new task; the emulator does not wait for the start of a task."""
    start = call.object().get("startDate")
    if start is not None:
        try:
            # open: the time zone of the server; that of the file names of the history
            at = datetime.strptime(start, "%Y-%m-%d %H:%M:%S").replace(tzinfo=call.time_zone)
        except (TypeError, ValueError):
            raise _invalid("startDate") from None
        ahead = at.timestamp() - int(call.state.now())
        if not api_limits.PUSH_TASK_SOONEST <= ahead <= api_limits.PUSH_TASK_LATEST:
            raise _invalid("startDate")
    return int(call.state.new_message_id())


@routes.add("POST", "/push/message", quota="push.slow", envelope=False, usernames=False)
def store_notification(call: Call) -> dict[str, JSON]:
    """Handle push.notifications.create."""
    _instant(call)
    message = call.object()
    _check_notification(message)
    number = int(call.state.new_message_id())
    own = {"appkey": f"{call.state.org}#{call.state.app}", "timestamp": call.state.milliseconds()}
    call.state.push_notifications[number] = {**message, **own}
    return _short(call, number)


def _stored(call: Call, number: JSON) -> dict[str, JSON]:
    _instant(call)
    id_ = as_number(number)
    found = None if id_ is None else call.state.push_notifications.get(id_)
    if found is None:  # open: the answer to an unknown id; that of an unknown label is used
        raise Refusal(400, "ResourceNotFoundException", f"push message not exists of {number}")
    return found


@routes.add("GET", "/push/message/{notification_id}", quota="push.slow", envelope=False)
def get_notification(call: Call) -> dict[str, JSON]:
    """Handle push.notifications.get."""
    return _short(call, _stored(call, call.params["notification_id"]))


@routes.add("POST", "/push/task/broadcast", quota="push.slow", envelope=False)
def push_stored(call: Call) -> dict[str, JSON]:
    """Handle push.notifications.send_to_all."""
    body = call.object()
    stored, strategy = _stored(call, body.get("pushMsgId")), _strategy(body)
    message = {key: value for key, value in stored.items() if key not in ("appkey", "timestamp")}
    for name in call.state.users:
        _deliver(call, name, message, strategy)
    return _short(call, int(call.state.new_message_id()))
