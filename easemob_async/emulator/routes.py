"""What a handler gets and gives: one request, a refusal, and the table of routes."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import unquote

import attrs

from easemob_async.emulator.refusal import JSON, Refusal

if TYPE_CHECKING:
    from easemob_async.emulator.state import State


@attrs.define
class Call:
    """One request, as a handler sees it."""

    state: State
    method: str
    path: str
    """Below the app's URL."""
    params: Mapping[str, str]
    """What stands in the path, decoded."""
    query: Mapping[str, str]
    body: JSON
    """Decoded; ``None`` when there is none."""
    username: str | None = None
    """Whose token it carries; ``None`` for the app's and for none."""
    has_token: bool = False
    headers: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def is_room(self) -> bool:
        """Whether the place in the path is a room, not a group."""
        return "room_id" in self.params

    def needs(self, feature: str, refusal: Refusal) -> None:
        """Refuse what the app does not have switched on."""
        if feature in self.state.switched_off:
            raise refusal

    def names(self, key: str = "usernames", *, most: int, too_many: Refusal) -> list[str]:
        """Give a list of ids of the body, or refuse."""
        found = self.object().get(key)
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
            # open: what a list that is missing gives
            raise Refusal(400, "invalid_parameter", f"{key} must be provided")
        if len(found) > most:
            raise too_many
        return list(dict.fromkeys(found))

    def object(self, error: str = "json_parse", description: str = "not a JSON object") -> Any:
        """Give the body as an object, or refuse."""
        if not isinstance(self.body, dict):
            raise Refusal(400, error, description)
        return self.body

    def whole_number(self, name: str, default: int, most: int, *, least: int = 1) -> int:
        """Give a number of the query; what is above the most counts as the most."""
        text = self.query.get(name)
        if text is None:
            return default
        # open: what a value that is no number gives; the nearest row is illegal_argument
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise Refusal(400, "illegal_argument", f"{name} is not legal")
        return min(int(text), most)


Handler = Callable[[Call], Any]
"""Gives the fields of the answer beside the common envelope, or `Content`."""
Auth = Literal["app", "user", "none", "optional"]
"""``user``: the user's own token, or the app's."""
BodyKind = Literal["json", "form", "file"]


@attrs.frozen
class Content:
    """An answer that is a file."""

    data: bytes


@attrs.frozen
class File:
    """A body that is a file."""

    name: str
    data: bytes


@attrs.frozen
class Route:
    """A method and a path with its handler and its quota."""

    method: str
    path: str
    handler: Handler
    auth: Auth
    quota: str
    """The name of its line in the table of quotas."""
    envelope: bool = True
    """Whether the answer has the common fields."""
    body: BodyKind = "json"


class Routes:
    """The table of routes; a fixed segment goes before a parameter."""

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
            Refusal: 404 for a path that is not of the API, 405 for a method that it does not take.
        """
        segments = raw_path.strip("/").split("/")
        found = self._walk(self._root, segments, [])
        if found is None:
            # open: the status overview gives 404 and a meaning, no name
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
    """Give a page of a list that goes by number, from 1."""
    size = call.whole_number("pagesize", default, most)
    number = call.whole_number("pagenum", 1, 10**9)
    return rows[(number - 1) * size : number * size]


def by_cursor(
    call: Call, rows: list[Any], default: int, most: int, *, name: str = "limit"
) -> tuple[list[Any], str | None]:
    """Give a page of a list that goes by cursor, and the next one's."""
    size = call.whole_number(name, default, most)
    start = read_cursor(call) or 0
    page = rows[start : start + size]
    return page, make_cursor(start + size) if start + size < len(rows) else None


def make_cursor(position: int) -> str:
    """Give a position as a cursor: nobody outside is to read anything into it."""
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode().rstrip("=")


def read_cursor(call: Call) -> int | None:
    """Read the cursor of a request, or refuse."""
    text = call.query.get("cursor")
    if not text:
        return None
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        return int(decoded.removeprefix("at:"))
    except ValueError:
        # open: what a damaged cursor gives
        raise Refusal(400, "illegal_argument", "cursor is not legal") from None


_PARAM: Final = "{}"
_METHODS: Final = "{methods}"
routes: Final = Routes()
"""Every route of the emulator; the modules of handlers add theirs when they are loaded."""
