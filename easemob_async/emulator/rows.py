"""A mapping that notes which of its rows may have changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import ItemsView, Iterable, Mapping, ValuesView
from functools import cache
from typing import Any, Final, cast

_ABSENT: Final = object()


class Rows(dict[Any, Any]):
    """A mapping that notes which of its rows may have changed: each row that was handed out.

    A row is a dict or an object that others change in place, so that reading is not told from
    changing. Whoever walks over `values` or `items` may have changed all rows, unless the rows are
    `walked` only to be read.
    """

    walked = False
    """Whether whoever walks over the rows changes none."""

    noted: dict[Any, bool]
    """The keys of the rows in the order of the changes, and whether each row is new."""
    all_noted = True
    """Whether all rows may have changed."""

    def take(self) -> tuple[dict[Any, bool], bool]:
        """Return what is noted, and begin to note anew."""
        noted, self.noted = self.noted, {}
        everything, self.all_noted = self.all_noted, False
        return noted, everything

    def note(self, key: Any) -> None:
        """Note that a row may have changed."""
        self.noted.setdefault(key, False)

    def peek(self, key: Any) -> Any:
        """Return a row without a note; ``None`` if there is none."""
        return dict.get(self, key)

    def __getitem__(self, key: Any) -> Any:
        value = super().__getitem__(key)
        self.note(key)
        return value

    def __setitem__(self, key: Any, value: Any) -> None:
        if key not in self:
            self.noted.pop(key, None)
            self.noted[key] = True
        self.note(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self.noted[key] = False

    def get(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            return default
        return self[key]

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: Any, default: Any = _ABSENT) -> Any:
        if key not in self and default is not _ABSENT:
            return default
        value = super().__getitem__(key) if key in self else super().pop(key)
        del self[key]
        return value

    def popitem(self) -> tuple[Any, Any]:
        key, value = super().popitem()
        self.noted[key] = False
        return key, value

    def update(self, rows: Any = (), /, **more: Any) -> None:
        for key, value in dict(rows, **more).items():
            self[key] = value

    def __ior__(self, rows: Mapping[Any, Any] | Iterable[tuple[Any, Any]]) -> Rows:  # type: ignore[override,misc]
        self.update(rows)
        return self

    def clear(self) -> None:
        self.all_noted = True
        super().clear()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        self.all_noted |= not self.walked
        return super().values()

    def items(self) -> ItemsView[Any, Any]:  # type: ignore[override]
        self.all_noted |= not self.walked
        return super().items()


def noting(mapping: dict[Any, Any], *, walked: bool) -> Rows:
    """Return the rows of a mapping as `Rows` that treat keys as the mapping does."""
    rows = _kind(type(mapping))()
    rows.walked, rows.noted = walked, {}
    if isinstance(mapping, defaultdict):
        rows.default_factory = mapping.default_factory
    dict.update(rows, mapping)
    return cast(Rows, rows)


@cache
def _kind(kind: type[dict[Any, Any]]) -> type[Any]:
    return Rows if kind is dict else type(f"{kind.__name__}Rows", (kind, Rows), {})
