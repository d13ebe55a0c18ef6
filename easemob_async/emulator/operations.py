"""Which operation a request is, where several have the same method and path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from easemob_async.emulator.refusal import JSON
from easemob_async.emulator.routes import Call, Route


def operation_of(route: Route, call: Call) -> str:
    """Return the id of the operation that a request is; empty if the route has none."""
    for name in route.operations[1:]:
        if _SIGNS[name](call):
            return name
    return next(iter(route.operations), "")


def _field(call: Call, name: str) -> JSON:
    return call.body.get(name) if isinstance(call.body, dict) else None


def _several(call: Call) -> bool:
    return "," in call.params.get("usernames", "")


def _row_count(call: Call) -> int | None:
    return len(call.body) if isinstance(call.body, list) else None


# The operations of a route besides the first in its docstring, and what they are recognised by.
_SIGNS: Final[Mapping[str, Callable[[Call], bool]]] = {
    "chat_groups.blocklist.remove_many": _several,
    "chat_groups.members.remove_many": _several,
    "chat_groups.transfer_owner": lambda call: _field(call, "newowner") is not None,
    "chat_rooms.blocklist.remove_many": _several,
    "chat_rooms.members.remove_many": _several,
    "chat_rooms.transfer_owner": lambda call: _field(call, "newowner") is not None,
    "files.download_thumbnail": lambda call: call.is_on("thumbnail"),
    "push.set_display_style": lambda call: (
        _field(call, "nickname") is None and _field(call, "notification_display_style") is not None
    ),
    "tokens.create_user_token": lambda call: _field(call, "grant_type") == "inherit",
    "tokens.create_user_token_with_password": lambda call: _field(call, "grant_type") == "password",
    "users.create": lambda call: _row_count(call) == 1,
    "users.create_many": lambda call: (_row_count(call) or 0) > 1,
}
