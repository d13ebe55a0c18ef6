"""One example of the facts, taken apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from easemob_async import EasemobClient


class Example:
    """What stands in its path, its query and its body."""

    def __init__(self, path: Mapping[str, str], query: Mapping[str, str], body: Any) -> None:
        self.path = path
        self.query = query
        self.body = body

    @property
    def limit(self) -> int | None:
        limit = self.query.get("limit") or self.query.get("pagesize")
        return int(limit) if limit else None


Call = Callable[[EasemobClient, Example], Awaitable[Any]]
