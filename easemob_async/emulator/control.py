"""Control over HTTP, below ``/_emulator/``: for tests in other languages, and for the page."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Final, TypeVar
from urllib.parse import unquote

import attrs
from aiohttp import web

from easemob_async import api_limits
from easemob_async.emulator.addresses import is_loopback
from easemob_async.emulator.app import App
from easemob_async.emulator.bodies import decoded, unpacked
from easemob_async.emulator.redaction import redact
from easemob_async.emulator.refusal import JSON
from easemob_async.emulator.routes import as_number
from easemob_async.emulator.state import Clock, Group, User
from easemob_async.emulator.traffic import as_json, show_posted

Row = TypeVar("Row")

PREFIX: Final = "/_emulator"
KEY_HEADER: Final = "X-Emulator-Key"
"""The header that carries the control key."""
HEARTBEAT: Final = 15.0
"""The seconds after which a comment is sent to a reader of the events, if nothing happens."""
_LARGEST_BODY: Final = 1024 * 1024
_MOST_ROWS: Final = 1_000
_TYPES: Final[Mapping[str, str]] = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
    "txt": "text/plain",
}
_FILE: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.([a-z0-9]+)")
_HEADERS: Final[Mapping[str, str]] = {"Cache-Control": "no-store"}
_PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'",
    "Referrer-Policy": "no-referrer",  # the address may have the key
    "X-Content-Type-Options": "nosniff",
}
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


class Wrong(Exception):  # noqa: N818 - it is an answer, not an error of the emulator
    """An answer to a wrong request."""

    def __init__(
        self, text: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.headers = dict(headers or {})


@attrs.define
class Control:
    """What answers the requests to the control paths of an emulator."""

    apps: Mapping[str, App]
    """The apps by their App Keys; the first is the one that a request means by default."""
    clock: Clock
    """The clock of all apps."""
    host: str
    """The address that the emulator listens on."""
    key: str | None
    """The key that requests need if the host is not a loopback address."""
    started: int = 0
    """When the emulator was started, in Unix milliseconds."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to a control path."""
        if request.rel_url.raw_path == PREFIX:
            raise web.HTTPFound(f"{PREFIX}/{request.rel_url.raw_path_qs.removeprefix(PREFIX)}")
        try:
            path, endpoint, params = _find(request)
            self._guard(request, path)
            body = await _body(request, endpoint.fields)
            done = endpoint.handler(Request(self, self._app(request), request, params, body))
            if isinstance(done, Awaitable):
                done = await done
            return done if isinstance(done, web.StreamResponse) else _answered(done)
        except Wrong as wrong:
            return _answered({"error": str(wrong)}, wrong.status, wrong.headers)

    def _guard(self, request: web.Request, path: str) -> None:
        """Refuse a request from elsewhere without the key, and those of other sites' pages."""
        # The page's files have no data, and scripts cannot load each other with a key.
        if path in ("health", "page/{file}"):
            return
        if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.method != "GET":
            raise Wrong("the page of another site must not control the emulator", 403)
        if is_loopback(self.host):
            return
        if not self.key:
            raise Wrong(
                "the emulator can be reached from other machines; to control it, start it with "
                "--control-key KEY (in Python: control_key=...)",
                403,
            )
        given = request.headers.get(KEY_HEADER) or request.query.get("key", "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self.key.encode()):
            raise Wrong(f"the control key is wrong; send the header {KEY_HEADER} or ?key=", 403)

    def _app(self, request: web.Request) -> App:
        key = request.query.get("app")
        if not key:
            return next(iter(self.apps.values()))
        if key not in self.apps:
            raise Wrong(f"there is no app {key!r:.100}; there are: {', '.join(self.apps)}", 404)
        return self.apps[key]


@attrs.frozen
class Request:
    """A request to control an app."""

    control: Control
    """The emulator's control."""
    app: App
    """The app that the query chose, else the first."""
    http: web.Request
    """The request."""
    params: Mapping[str, str]
    """The parameters in the path, decoded."""
    body: Mapping[str, JSON]
    """The body; empty for a request without a body."""

    def number(self, name: str, default: int, most: int | None = None) -> int:
        """Return a number of the query; a value above `most` counts as `most`."""
        text = self.http.query.get(name)
        number = default if not text else as_number(text)
        if number is None:
            raise Wrong(f"{name} must be a whole number from 0, not {text!r:.40}")
        return number if most is None else min(number, most)

    def text(self, name: str) -> str:
        """Return a text of the body that must be there."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise Wrong(f"{name} must be a text, not {_shown(value)}")
        return value

    def optional(self, name: str, default: str) -> str:
        """Return a text of the body, or the default if it is missing."""
        value = self.body.get(name)
        return default if value is None else self.text(name)

    def flag(self, name: str, default: bool) -> bool:
        """Return ``true`` or ``false`` of the body, or the default if it is missing."""
        value = self.body.get(name)
        if not isinstance(value, bool | None):
            raise Wrong(f"{name} must be true or false, not {_shown(value)}")
        return default if value is None else value

    def float(self, name: str, default: float | None = None) -> float:
        """Return a number of the body, or the default if it is missing."""
        value = self.body.get(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
            raise Wrong(f"{name} must be a number, not {_shown(value)}")
        return value

    def user(self) -> User:
        """Return the user in the path."""
        return self.find_user(self.params["username"])

    def find_user(self, name: str) -> User:
        """Return a user of the app."""
        user = self.app.state.users.get(name.lower())
        if user is None:
            raise Wrong(f"the user {name!r} does not exist", 404)
        return user

    def place(self, kind: str) -> Group:
        """Return the group or the room in the path."""
        places, name = _places(self.app, kind), self.params["id"]
        place = places.get(name)
        if place is None:
            raise Wrong(f"the {kind.removesuffix('s')} {name!r} does not exist", 404)
        return place


def _shown(value: JSON) -> str:
    return "missing" if value is None else f"{as_json(value):.40}"


Handler = Callable[[Request], JSON | Awaitable[web.StreamResponse]]
"""A function that returns the answer, or its JSON."""


@attrs.frozen
class Endpoint:
    """A control path with a method."""

    handler: Handler
    """The function that answers."""
    fields: Sequence[str]
    """The fields that the body may have."""


ENDPOINTS: Final[dict[str, dict[str, Endpoint]]] = {}
"""The endpoints by the path below ``/_emulator/`` and the method."""


def _on(method: str, path: str, *fields: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        ENDPOINTS.setdefault(path, {})[method] = Endpoint(handler, fields)
        return handler

    return register


def is_control(raw_path: str) -> bool:
    """Return whether a path is one of the control paths."""
    return raw_path == PREFIX or raw_path.startswith(PREFIX + "/")


def _answered(
    value: JSON, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.Response(
        status=status,
        text=as_json(value),
        content_type="application/json",
        headers={**_HEADERS, **(headers or {})},
    )


def _find(request: web.Request) -> tuple[str, Endpoint, Mapping[str, str]]:
    segments = request.rel_url.raw_path.removeprefix(PREFIX + "/").split("/")
    for path, methods in ENDPOINTS.items():
        names = path.split("/")
        pairs = list(zip(names, segments, strict=False))
        fits = all(s if n.startswith("{") else n == s for n, s in pairs)
        if len(names) != len(segments) or not fits:
            continue
        method = "GET" if request.method == "HEAD" else request.method
        if method not in methods:
            allowed = ", ".join(methods)
            text = f"{request.method} is not allowed here; allowed: {allowed}"
            raise Wrong(text, 405, {"Allow": allowed})
        params = {n[1:-1]: unquote(s) for n, s in pairs if n.startswith("{")}
        return path, methods[method], params
    raise Wrong(f"there is no {request.rel_url.raw_path}", 404)


async def _body(request: web.Request, fields: Sequence[str]) -> Mapping[str, JSON]:
    if not request.can_read_body:
        return {}
    too_large = Wrong(f"the body is larger than {_LARGEST_BODY} bytes", 413)
    if (request.content_length or 0) > _LARGEST_BODY:
        raise too_large
    try:
        content = unpacked(request, await request.read(), _LARGEST_BODY)
    except (web.HTTPRequestEntityTooLarge, OverflowError):
        raise too_large from None
    except (web.RequestPayloadError, ValueError):
        raise Wrong("the body cannot be read") from None
    if len(content) > _LARGEST_BODY:
        raise too_large
    if not content.strip():
        return {}
    try:
        value = decoded(content)
    except ValueError as error:
        raise Wrong(f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Wrong("the body must be a JSON object")
    unknown = ", ".join(f"{name:.40}" for name in value if name not in fields)
    if unknown:
        raise Wrong(f"unknown fields: {unknown}; known here: {', '.join(fields) or 'none'}")
    return value


# ---------------------------------------------------------------- the emulator and the app


@_on("GET", "health")
def _health(request: Request) -> JSON:
    control = request.control
    try:
        number = version("easemob-async")
    except PackageNotFoundError:
        number = "unknown"
    return {
        "status": "ok",
        "version": number,
        "apps": list(control.apps),
        "started": control.started,
        "now": int(control.clock() * 1000),
    }


@_on("GET", "state")
def _state(request: Request) -> JSON:
    app, state = request.app, request.app.state
    return {
        "app": app.app_key,
        "client_id": state.client_id,
        "client_secret": state.client_secret,
        "users": len(state.users),
        "groups": len(state.groups),
        "rooms": len(state.rooms),
        "messages": state.delivered,
        "tokens": len(state.tokens),
        "online": len(app.online),
        "requests": app.traffic.total,
        "refusals": app.quotas.refusals,
        "webhooks": {
            "rules": len(app.webhooks.rules),
            "posted": app.webhooks.total,
            "suspended_until": _suspended_until(app),
        },
    }


def _suspended_until(app: App) -> int:
    return int(app.webhooks.suspended_until * 1000)


@_on("DELETE", "state")
def _reset(request: Request) -> JSON:
    request.app.reset()
    return {"reset": True}


@_on("GET", "clock")
def _clock(request: Request) -> JSON:
    clock = request.control.clock
    return {"now": int(clock() * 1000), "real": clock.real}


@_on("PUT", "clock", "now", "advance")
def _set_clock(request: Request) -> JSON:
    clock = request.control.clock
    if ("now" in request.body) == ("advance" in request.body):
        raise Wrong("send now (Unix milliseconds) or advance (seconds)")
    try:
        if "now" in request.body:
            clock.set(request.float("now") / 1000)
        else:
            clock.advance(request.float("advance"))
    except ValueError as error:
        raise Wrong(str(error)) from None
    return _clock(request)


@_on("DELETE", "clock")
def _reset_clock(request: Request) -> JSON:
    request.control.clock.reset()
    return _clock(request)


@_on("POST", "tokens/expire", "username")
def _expire(request: Request) -> JSON:
    name = request.body.get("username")
    username = None if name is None else request.find_user(request.text("username")).username
    return {"expired": request.app.expire_tokens(username)}


@_on("GET", "quotas")
def _quotas(request: Request) -> JSON:
    quotas = request.app.quotas
    return {"scale": quotas.scale, "quotas": [attrs.asdict(usage) for usage in quotas.usage()]}


# ---------------------------------------------------------------- users


def _show_user(app: App, user: User) -> dict[str, JSON]:
    state = app.state
    return {
        "username": user.username,
        "nickname": user.nickname,
        "created": user.created,
        "activated": user.activated,
        "online": bool(user.devices),
        "devices": user.devices,
        "received": state.total_received(user.username),
        "pushed": len(state.pushed.get(user.username, ())),
    }


@_on("GET", "users")
def _users(request: Request) -> JSON:
    wanted = request.http.query.get("q", "").lower()
    users = _all(request.app.state.users)
    if wanted:
        users = [u for u in users if wanted in u.username or wanted in (u.nickname or "").lower()]
    return {
        "total": len(users),
        "users": [_show_user(request.app, user) for user in _page(request, users)],
    }


def _all(rows: dict[str, Row]) -> Sequence[Row]:
    """Return all rows, only to read them: none of them is written to the state file again."""
    return list(dict.values(rows))


def _page(request: Request, rows: Sequence[Row]) -> Sequence[Row]:
    offset = request.number("offset", 0)
    return rows[offset : offset + request.number("limit", 100, _MOST_ROWS)]


@_on("POST", "users", "username", "password")
def _add_user(request: Request) -> JSON:
    name, password = request.text("username").lower(), request.optional("password", "secret")
    if not api_limits.USERNAME.fullmatch(name):
        raise Wrong(f"the username {name!r:.80} is not allowed by the service")
    if name in request.app.state.users:
        raise Wrong(f"the user {name!r} exists already")
    request.app.add_user(name, password=password)
    return {"username": name}


@_on("GET", "users/{username}/messages")
def _user_messages(request: Request) -> JSON:
    return _messages(request, request.user().username)


def _messages(request: Request, target: str) -> JSON:
    """Return the newest messages of a mailbox, or those before a message."""
    rows = request.app.received(target)
    total, before = len(rows), request.http.query.get("before")
    if before:
        number = as_number(before)
        if number is None:
            raise Wrong(f"before must be the id of a message, not {before!r:.40}")
        rows = [row for row in rows if int(row["id"]) < number]
    limit = request.number("limit", 100, _MOST_ROWS)
    return {"total": total, "messages": rows[len(rows) - min(limit, len(rows)) :]}


@_on("GET", "users/{username}/pushes")
def _pushes(request: Request) -> JSON:
    return {"pushes": request.app.pushed(request.user().username)}


@_on("PUT", "users/{username}/online", "device_id", "device_name")
def _log_in(request: Request) -> JSON:
    user = request.user()
    device_id = request.optional("device_id", "web_1")
    request.app.log_in(user.username, device_id, request.optional("device_name", "browser"))
    return _show_user(request.app, user)


@_on("DELETE", "users/{username}/online")
def _log_out(request: Request) -> JSON:
    user = request.user()
    request.app.log_out(user.username)
    return _show_user(request.app, user)


@_on("POST", "say", "sender", "target", "body", "chat_type", "ext")
async def _say(request: Request) -> web.StreamResponse:
    body, ext = request.body.get("body"), request.body.get("ext")
    if not isinstance(body, str | dict):
        raise Wrong(f"body must be a text or an object, not {_shown(body)}")
    if not isinstance(ext, dict | None):
        raise Wrong(f"ext must be an object, not {_shown(ext)}")
    try:
        said = await request.app.say(
            request.text("sender"),
            request.text("target"),
            body,
            chat_type=request.optional("chat_type", "chat"),
            ext=ext,
        )
    except ValueError as error:
        raise Wrong(str(error)) from None
    return _answered(attrs.asdict(said))


# ---------------------------------------------------------------- groups and rooms


def _places(app: App, kind: str) -> dict[str, Group]:
    return app.state.groups if kind == "groups" else app.state.rooms


def _name(place: Group) -> str:
    return str(place.settings.get("groupname", place.settings.get("name", "")))


def _show_place(app: App, place: Group) -> dict[str, JSON]:
    return {
        "id": place.group_id,
        "name": _name(place),
        "owner": place.owner,
        "members": len(place.members) + 1,
        "created": place.created,
        "disabled": place.disabled,
        "muted": place.mute_all,
        "received": app.state.total_received(place.group_id),
    }


def _list_places(request: Request, kind: str) -> JSON:
    wanted = request.http.query.get("q", "").lower()
    places = _all(_places(request.app, kind))
    if wanted:
        places = [p for p in places if wanted in p.group_id or wanted in _name(p).lower()]
    rows = [_show_place(request.app, place) for place in _page(request, places)]
    return {"total": len(places), kind: rows}


def _get_place(request: Request, kind: str) -> JSON:
    place = request.place(kind)
    return {
        **_show_place(request.app, place),
        "usernames": place.everybody,
        "admins": place.admins,
        "settings": place.settings,
    }


@_on("GET", "groups")
def _groups(request: Request) -> JSON:
    return _list_places(request, "groups")


@_on("GET", "groups/{id}")
def _group(request: Request) -> JSON:
    return _get_place(request, "groups")


@_on("GET", "groups/{id}/messages")
def _group_messages(request: Request) -> JSON:
    return _messages(request, request.place("groups").group_id)


@_on("GET", "rooms")
def _rooms(request: Request) -> JSON:
    return _list_places(request, "rooms")


@_on("GET", "rooms/{id}")
def _room(request: Request) -> JSON:
    return _get_place(request, "rooms")


@_on("GET", "rooms/{id}/messages")
def _room_messages(request: Request) -> JSON:
    return _messages(request, request.place("rooms").group_id)


# ---------------------------------------------------------------- faults


@_on("GET", "faults")
def _faults(request: Request) -> JSON:
    return {"faults": [attrs.asdict(fault) for fault in request.app.faults]}


@_on(
    *("POST", "faults"),
    *("method", "path", "status", "body", "headers", "times", "processed"),
)
def _add_fault(request: Request) -> JSON:
    path, status = request.text("path"), request.body.get("status")
    if not path.startswith("/"):
        raise Wrong(f"path must begin with /, not {path!r:.40}: the path below the app")
    if isinstance(status, bool) or not (
        status is None or (isinstance(status, int) and 200 <= status <= 599)
    ):
        raise Wrong(f"status must be a number from 200 to 599 or null, not {_shown(status)}")
    times = request.float("times", 1)
    if times < 1 or times != int(times):
        raise Wrong(f"times must be a whole number from 1, not {_shown(times)}")
    request.app.fail(
        request.text("method").upper(),
        path,
        status=status,
        body=request.body.get("body"),
        headers=_fault_headers(request.body.get("headers")),
        times=int(times),
        processed=request.flag("processed", False),
    )
    return _faults(request)


def _fault_headers(value: JSON) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Wrong(f"headers must be an object of texts, not {_shown(value)}")
    for name, text in value.items():
        fine = isinstance(text, str) and _HEADER_VALUE.fullmatch(text)
        if not fine or not _HEADER_NAME.fullmatch(name):
            raise Wrong(f"the header {name!r:.40} is not allowed: {_shown(text)}")
        if name.lower() in ("content-type", "content-length", "transfer-encoding"):
            raise Wrong(f"the header {name} follows from the body; leave it out")
    return value


@_on("DELETE", "faults")
def _clear_faults(request: Request) -> JSON:
    request.app.faults.clear()
    return _faults(request)


# ---------------------------------------------------------------- requests and webhooks


def _newest(request: Request, rows: Iterable[Row], number: Callable[[Row], int]) -> list[Row]:
    """Return the newest rows first, or those before a number."""
    before, limit = request.number("before", 0), request.number("limit", 100, _MOST_ROWS)
    found: list[Row] = []
    for row in rows:
        if len(found) == limit:
            break
        if not before or number(row) < before:
            found.append(row)
    return found


@_on("GET", "requests")
def _requests(request: Request) -> JSON:
    traffic = request.app.traffic
    rows = _newest(request, reversed(traffic.requests), lambda seen: seen.number)
    return {"total": traffic.total, "requests": [traffic.show(seen) for seen in rows]}


@_on("GET", "webhooks")
def _webhooks(request: Request) -> JSON:
    webhooks = request.app.webhooks
    rows = _newest(request, reversed(webhooks.posted), lambda posted: posted.number)
    return {
        "rules": [
            {
                "url": redact(rule.url, request.app.secrets()),
                "before_delivery": rule.before_delivery,
                "deliver_on_failure": rule.deliver_on_failure,
                "wait": rule.wait,
            }
            for rule in webhooks.rules
        ],
        "suspended_until": _suspended_until(request.app),
        "total": webhooks.total,
        "posted": [show_posted(posted, request.app.secrets()) for posted in rows],
    }


@_on(
    *("POST", "webhooks"),
    *("url", "secret", "before_delivery", "deliver_on_failure", "wait"),
)
def _add_webhook(request: Request) -> JSON:
    url, wait = request.text("url"), request.float("wait", 0.2)
    if not 0 < wait <= 60:
        raise Wrong(f"wait must be more than 0 and at most 60 seconds, not {wait}")
    try:
        request.app.add_webhook(
            url,
            secret=request.text("secret"),
            before_delivery=request.flag("before_delivery", False),
            deliver_on_failure=request.flag("deliver_on_failure", True),
            wait=wait,
        )
    except ValueError as error:
        raise Wrong(str(error)) from None
    return _webhooks(request)


@_on("DELETE", "webhooks")
def _remove_webhooks(request: Request) -> JSON:
    request.app.webhooks.clear()
    return _webhooks(request)


@_on("GET", "events")
async def _events(request: Request) -> web.StreamResponse:
    """Send the events of the app until the reader goes away or the emulator stops."""
    feed = request.app.traffic.feed
    response = web.StreamResponse(
        headers={**_HEADERS, "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
    )
    subscriber = feed.subscribe()
    try:
        await response.prepare(request.http)
        await response.write(b": the events of the emulator\n\n")
        while not subscriber.closed and request.http.method == "GET":
            text = await subscriber.take(HEARTBEAT)
            await response.write((text or ": nothing new\n\n").encode())
    except ConnectionError:  # the reader went away
        pass
    finally:
        feed.subscribers.remove(subscriber)
    return response


# ---------------------------------------------------------------- the page


@_on("GET", "")
def _index(request: Request) -> JSON:
    return _file("index.html")


@_on("GET", "page/{file}")
def _page_file(request: Request) -> JSON:
    return _file(request.params["file"])


def _file(name: str) -> web.Response:
    matched = _FILE.fullmatch(name)
    content_type = _TYPES.get(matched.group(1)) if matched else None
    file = files("easemob_async.emulator") / "page" / name if content_type else None
    if file is None or not file.is_file():
        raise Wrong(f"the page has no file {name!r:.80}", 404)
    text = content_type in ("text/html", "text/css", "text/javascript", "text/plain")
    return web.Response(
        body=file.read_bytes(),
        content_type=content_type,
        charset="utf-8" if text else None,
        headers=_PAGE_HEADERS,
    )
