"""The request that a handler gets, the files in requests and answers, and the table of routes."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal
from urllib.parse import unquote

import attrs

from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.state import State


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
    headers: Mapping[str, str] = attrs.field(factory=dict)
    """The headers."""

    @property
    def is_room(self) -> bool:
        """Whether the path names a room, not a group."""
        return "room_id" in self.params

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
        """Return a number from the query; a value above `most` counts as `most`."""
        text = self.query.get(name)
        if text is None:
            return default
        number = as_number(text)
        # open: the answer to a value that is not a number; the nearest error is illegal_argument
        if number is None or number < least:
            raise Refusal(400, "illegal_argument", f"{name} is not legal")
        return min(number, most)


def as_number(value: JSON) -> int | None:
    """Read a whole number, or a string with one; ``None`` for any other value.

    It has at most 19 digits, as a 64-bit integer has.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return int(text) if _NUMBER.fullmatch(text) else None


_NUMBER: Final = re.compile("[0-9]{1,19}")


Handler = Callable[[Call], Any]
"""A function that returns the answer's fields besides the common ones, or `Content`."""
Auth = Literal["app", "user", "none", "optional"]
"""The token that a route requires; ``user``: a token of the user in the path, or an app token."""
BodyKind = Literal["json", "form", "file"]


@attrs.frozen
class Content:
    """An answer that is a file."""

    data: bytes
    """The content of the file."""


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


class Routes:
    """The table of routes; a fixed segment takes precedence over a parameter."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}

    def add(
        self,
        method: str,
        path: str,
        *,
        auth: Auth = "app",
        quota: str = "default",
        envelope: bool = True,
        body: BodyKind = "json",
    ) -> Callable[[Handler], Handler]:
        """Register a handler for a path like ``/users/{username}``."""

        def register(handler: Handler) -> Handler:
            node = self._root
            for segment in path.strip("/").split("/"):
                key = _PARAM if segment.startswith("{") else segment
                node = node.setdefault(key, {})
            names = [s[1:-1] for s in path.strip("/").split("/") if s.startswith("{")]
            methods = node.setdefault(_METHODS, {})
            route = Route(method, path, handler, auth, quota, envelope, body)
            methods[method] = (route, names)
            return handler

        return register

    def find(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]]:
        """Find the route of a request.

        Raises:
            Refusal: 404 for a path that the API does not have, 405 for a method that the path does
                not allow.
        """
        segments = raw_path.strip("/").split("/")
        found = self._walk(self._root, segments, [])
        if found is None:
            # open: the overview of status codes has 404 with a meaning, but no error name
            raise Refusal(404, "web_application", "no such API on the server")
        methods, values = found
        if method not in methods:
            raise Refusal(405, "Method Not Allowed", f"{method} is not allowed here")
        route, names = methods[method]
        return route, dict(zip(names, values, strict=True))

    def _walk(
        self, node: dict[str, Any], segments: list[str], values: list[str]
    ) -> tuple[dict[str, Any], list[str]] | None:
        if not segments:
            methods = node.get(_METHODS)
            return None if methods is None else (methods, values)
        head, *rest = segments
        if head in node:
            found = self._walk(node[head], rest, values)
            if found is not None:
                return found
        if _PARAM in node and head:
            return self._walk(node[_PARAM], rest, [*values, unquote(head)])
        return None


def paged(call: Call, rows: list[Any], default: int, most: int) -> list[Any]:
    """Return a page of a list that has numbered pages, the first being 1."""
    size = call.whole_number("pagesize", default, most)
    number = call.whole_number("pagenum", 1, 10**9)
    return rows[(number - 1) * size : number * size]


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


_PARAM: Final = "{}"
_METHODS: Final = "{methods}"
routes: Final = Routes()
"""All routes of the emulator; each module of handlers adds its routes when it is imported."""
