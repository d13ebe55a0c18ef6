"""The request that a handler gets, the files in requests and answers, and the table of routes."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import lru_cache
from typing import Any, Final, Literal
from urllib.parse import unquote

import attrs

from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.state import BEIJING, State
from easemob_async.emulator.usernames import fold_parameters


@attrs.define
class Call:
    """A request, as a handler sees it."""

    state: State
    """The state of the app."""
    method: str
    """The HTTP method."""
    path: str
    """The path without the part of the app."""
    params: Mapping[str, str]
    """The parameters in the path, decoded."""
    query: Mapping[str, str]
    """The parameters in the query."""
    body: JSON
    """The decoded body; ``None`` for a request without a body."""
    username: str | None = None
    """The user of the user token; ``None`` for an app token or no token."""
    has_token: bool = False
    """Whether the request carries a valid token."""
    time_zone: tzinfo = BEIJING
    """The time zone of the cluster: Beijing time in China, UTC for an app of Agora Chat."""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    """The headers."""
    root: str = ""
    """The URL of the app, as the request has it."""

    @property
    def is_room(self) -> bool:
        """Whether the path names a room, not a group."""
        return "room_id" in self.params

    @property
    def shown_query(self) -> dict[str, JSON]:
        """The query as answers show it under ``params``: each value in a list."""
        return {name: [value] for name, value in self.query.items()}

    def is_on(self, header: str) -> bool:
        """Return whether a header is true; open: 1, which is how PHP prints true."""
        return self.headers.get(header, "").lower() in ("true", "1")

    def needs(self, feature: str, refusal: Refusal) -> None:
        """Refuse the request if a feature is not enabled for the app."""
        if feature in self.state.switched_off:
            raise refusal

    def names(self, key: str = "usernames", *, most: int, too_many: Refusal) -> list[str]:
        """Return a list of ids from the body without duplicates, or refuse the request."""
        found = self.object().get(key)
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
            # open: the answer to a missing list
            raise Refusal(400, "invalid_parameter", f"{key} must be provided")
        if len(found) > most:
            raise too_many
        return list(dict.fromkeys(found))

    def object(self, error: str = "json_parse", description: str = "not a JSON object") -> Any:
        """Return the body as a JSON object, or refuse the request."""
        if not isinstance(self.body, dict):
            raise Refusal(400, error, description)
        return self.body

    def refuse_above(self, name: str, most: int, refusal: Refusal) -> None:
        """Refuse the request if a number in the query is above `most`."""
        number = as_number(self.query.get(name))
        if number is not None and number > most:
            raise refusal

    def whole_number(self, name: str, default: int, most: int, *, least: int = 1) -> int:
        """Return a number from the query; a value above `most` counts as `most`.

        open: 0 where the least is 1, which counts as not given here, as clients in Go send it
        """
        text = self.query.get(name)
        if text is None:
            return default
        number = as_number(text)
        # open: the answer to a value that is not a number; the nearest error is illegal_argument
        if number == 0 < least:
            return default
        if number is None or number < least:
            raise Refusal(400, "illegal_argument", f"{name} is not legal")
        return min(number, most)


def as_number(value: JSON, least: int = 0) -> int | None:
    """Read a whole number, or a string with one; ``None`` for any other value.

    It has at most 19 digits, as a 64-bit integer has. open: a float without a fraction, which
    clients in languages with one type of numbers send, is a whole number; so is a string, which
    the service itself prints for many numbers.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:  # str() has a limit as well
        return None
    text = str(value)
    number = int(text) if _NUMBER.fullmatch(text) else None
    return None if number is None or number < least else number


_NUMBER: Final = re.compile("-?[0-9]{1,19}")
_TOO_LARGE: Final = 10**19


def as_flag(value: JSON) -> bool | None:
    """Read a bool, or a string with one; ``None`` for any other value.

    open: the strings ``"true"`` and ``"false"``, which the service itself prints for some bools.
    """
    if isinstance(value, bool):
        return value
    return _FLAGS.get(value) if isinstance(value, str) else None


_FLAGS: Final = {"true": True, "false": False}


Handler = Callable[[Call], Any]
"""A function that returns the answer's fields besides the common ones, or `Content`."""
Auth = Literal["app", "user", "none", "optional"]
"""The token that a route requires; ``user``: a token of the user in the path, or an app token."""
BodyKind = Literal["json", "form", "file"]


@attrs.frozen
class Content:
    """An answer that is a file."""

    data: bytes | Callable[[], bytes]
    """The content of the file, or the function that makes it; the function runs in a thread."""


@attrs.frozen
class File:
    """A request body that is a file."""

    name: str
    """The file name."""
    data: bytes
    """The content of the file."""


@attrs.frozen
class Route:
    """A method and a path with their handler and their quota."""

    method: str
    """The HTTP method."""
    path: str
    """The path with parameters, such as ``/users/{username}``."""
    handler: Handler
    """The function that answers requests."""
    auth: Auth
    """The token that a request must carry."""
    quota: str
    """The key of its limits in the table of quotas."""
    envelope: bool = True
    """Whether the answer has the common fields."""
    body: BodyKind = "json"
    """The format of the request body."""
    usernames: bool = True
    """Whether the body's usernames are put into lower case; not where other things have the names
    of their fields."""
    operations: tuple[str, ...] = ()
    """The ids of the operations that the handler's docstring names."""


class Routes:
    """The table of routes; a fixed segment takes precedence over a parameter."""

    def __init__(self) -> None:
        self._root: dict[object, Any] = {}
        self.find = lru_cache(maxsize=4096)(self._find)
        """Finds the route of a request and the parameters in its path, or raises a `Refusal`: 404
        for a path that the API does not have, 405 for a method that the path does not allow."""

    def add(
        self,
        method: str,
        path: str,
        *,
        auth: Auth = "app",
        quota: str = "default",
        envelope: bool = True,
        body: BodyKind = "json",
        usernames: bool = True,
    ) -> Callable[[Handler], Handler]:
        """Register a handler for a path like ``/users/{username}``."""

        def register(handler: Handler) -> Handler:
            node = self._root
            for segment in path.strip("/").split("/"):
                key: object = _PARAM if segment.startswith("{") else segment
                node = node.setdefault(key, {})
            names = [s[1:-1] for s in path.strip("/").split("/") if s.startswith("{")]
            methods = node.setdefault(_METHODS, {})
            operations = _operations(handler, path)
            route = Route(method, path, handler, auth, quota, envelope, body, usernames, operations)
            methods[method] = (route, names)
            return handler

        return register

    def _find(self, method: str, raw_path: str) -> tuple[Route, Mapping[str, str]]:
        segments = raw_path.strip("/").split("/")
        found = self._walk(self._root, segments, 0, ())
        if found is None:
            # open: the overview of status codes has 404 with a meaning, but no error name
            raise Refusal(404, "web_application", "no such API on the server")
        methods, values = found
        if method not in methods:
            raise Refusal(405, "Method Not Allowed", f"{method} is not allowed here")
        route, names = methods[method]
        return route, fold_parameters(dict(zip(names, values, strict=True)))

    def _walk(
        self, node: dict[object, Any], segments: list[str], begin: int, values: tuple[str, ...]
    ) -> tuple[dict[str, Any], tuple[str, ...]] | None:
        for at in range(begin, len(segments)):
            head = segments[at]
            fixed, parameter = node.get(head), node.get(_PARAM) if head else None
            if parameter is None:
                if fixed is None:
                    return None
                node = fixed
                continue
            if fixed is not None:
                found = self._walk(fixed, segments, at + 1, values)
                if found is not None:
                    return found
            values = (*values, unquote(head) if "%" in head else head)
            node = parameter
        methods = node.get(_METHODS)
        return None if methods is None else (methods, values)


_OPERATION: Final = re.compile(r"(?<![\w.])(?:\*|[a-z_]+)(?:\.[a-z_]+)+")


def _operations(handler: Handler, path: str) -> tuple[str, ...]:
    """Return the ids of operations in a docstring; ``*`` is ``chat_groups`` or ``chat_rooms``."""
    place = "chat_rooms" if path.startswith("/chatrooms") else "chat_groups"
    found = _OPERATION.findall(handler.__doc__ or "")
    return tuple(dict.fromkeys(name.replace("*", place) for name in found))


def paged(
    call: Call,
    rows: list[Any],
    default: int,
    most: int,
    *,
    size: str = "pagesize",
    number: str = "pagenum",
) -> list[Any]:
    """Return a page of a list that has numbered pages, the first being 1.

    open: the page 0, which some clients ask for first and is the first page here
    """
    length = call.whole_number(size, default, most)
    page = max(1, call.whole_number(number, 1, 10**9, least=0))
    return rows[(page - 1) * length : page * length]


def by_cursor(
    call: Call, rows: list[Any], default: int, most: int, *, name: str = "limit"
) -> tuple[list[Any], str | None]:
    """Return a page of a list that is paged by cursor, and the cursor of the next page."""
    size = call.whole_number(name, default, most)
    start = read_cursor(call) or 0
    page = rows[start : start + size]
    return page, make_cursor(start + size) if start + size < len(rows) else None


def make_cursor(position: int) -> str:
    """Return a position as an opaque cursor."""
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode().rstrip("=")


def read_cursor(call: Call) -> int | None:
    """Return the position in the cursor of a request, or refuse the request."""
    text = call.query.get("cursor")
    if not text:
        return None
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        decoded = ""
    position = as_number(decoded.removeprefix("at:"))
    if position is None:  # open: the answer to a damaged cursor
        raise Refusal(400, "illegal_argument", "cursor is not legal")
    return position


# No segment of a path is equal to them.
_PARAM: Final = object()
_METHODS: Final = object()
routes: Final = Routes()
"""All routes of the emulator; each module of handlers adds its routes when it is imported."""
