"""Usernames and ids in any case of letters: the service keeps them in lower case.

open: the ids of groups and rooms, which have only lower-case letters, are treated alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar, overload

from easemob_async.emulator.refusal import JSON

V = TypeVar("V")
D = TypeVar("D")

PARAMETERS: Final = frozenset(
    {
        *("username", "usernames", "friend", "blocked", "target", "key", "group_id", "room_id"),
        *("userId", "groupId"),
    }
)
"""The parameters of paths and queries that hold usernames or the ids of groups and rooms."""
FIELDS: Final = frozenset(
    {
        *("username", "usernames", "from", "to", "target", "targets", "user", "users", "owner"),
        *("members", "newowner", "newadmin", "superadmin", "check_list", "channel"),
        *("group_id", "groupid", "roomid"),
    }
)
"""The fields of bodies that hold usernames or the ids of groups and rooms."""
_ROWS: Final = ("msgs",)


def fold(name: str) -> str:
    """Return a username as the service keeps it: in lower case."""
    return name.lower()


def fold_parameters(given: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a path or a query with their usernames in lower case."""
    return {key: fold(text) if key in PARAMETERS else text for key, text in given.items()}


def fold_body(body: JSON) -> JSON:
    """Return a body with its usernames in lower case."""
    if isinstance(body, list):
        return [fold(row) if isinstance(row, str) else fold_body(row) for row in body]
    if not isinstance(body, dict):
        return body
    folded = dict(body)
    for key in FIELDS.intersection(body):
        folded[key] = _fold_value(body[key])
    for key in _ROWS:
        if isinstance(body.get(key), list | dict):
            folded[key] = fold_body(body[key])
    return folded


def _fold_value(value: JSON) -> JSON:
    if isinstance(value, list):
        return [item.lower() if isinstance(item, str) else item for item in value]
    return fold(value) if isinstance(value, str) else value


class ByUsername(dict[str, V]):
    """A mapping whose keys are usernames, found in any case of letters."""

    def __getitem__(self, key: str) -> V:
        return super().__getitem__(fold(key))

    def __setitem__(self, key: str, value: V) -> None:
        super().__setitem__(fold(key), value)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(fold(key))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and super().__contains__(fold(key))

    @overload
    def get(self, key: str, default: None = None, /) -> V | None: ...
    @overload
    def get(self, key: str, default: V, /) -> V: ...
    @overload
    def get(self, key: str, default: D, /) -> V | D: ...
    def get(self, key: str, default: Any = None, /) -> Any:
        """Return the value of a username, or the default."""
        return super().get(fold(key), default)

    @overload
    def pop(self, key: str, /) -> V: ...
    @overload
    def pop(self, key: str, default: V, /) -> V: ...
    @overload
    def pop(self, key: str, default: D, /) -> V | D: ...
    def pop(self, key: str, /, *default: Any) -> Any:
        """Remove a username, and return its value or the default."""
        return super().pop(fold(key), *default)


class Mailboxes(ByUsername[list[V]]):
    """The lists by usernames and the ids of groups and rooms; an unknown one has an empty list."""

    def __missing__(self, key: str) -> list[V]:
        made: list[V] = []
        self[key] = made
        return made
