"""One example of the facts, taken apart, and how it becomes a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from easemob_async import EasemobClient


class Example:
    """The values of an example's path, its query and its body."""

    def __init__(self, path: Mapping[str, str], query: Mapping[str, str], body: Any) -> None:
        self.path = path
        self.query = query
        self.body = body

    @property
    def limit(self) -> int | None:
        """The size of a page, if the example sends one."""
        sizes = (self.query.get(name) for name in ("limit", "pagesize", "pageSize"))
        return next((int(size) for size in sizes if size), None)

    @property
    def username(self) -> str:
        """The user of the path."""
        names = ("username", "owner_username", "userId")
        return next(self.path[name] for name in names if name in self.path)


Call = Callable[[EasemobClient, Example], Awaitable[Any]]


def joined(*tables: Mapping[str, Call]) -> Mapping[str, Call]:
    """Return several tables of calls as one.

    Raises:
        ValueError: an operation has a call in two of them.
    """
    found: dict[str, Call] = {}
    for table in tables:
        twice = sorted(found.keys() & table.keys())
        if twice:
            raise ValueError(f"{', '.join(twice)}: each operation has one call, not two")
        found.update(table)
    return found
