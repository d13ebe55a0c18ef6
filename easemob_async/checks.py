"""Checks of arguments before any I/O; errors name operation, argument and value."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from easemob_async.errors import InvalidArgumentError

_SHOWN = 80
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")
_LINE_END: Final = re.compile("[\u2028\u2029]")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")

Item = TypeVar("Item")


def fail(operation: str, problem: str) -> InvalidArgumentError:
    """Make the error for an argument."""
    return InvalidArgumentError(f"{operation}: {problem}", operation=operation)


def reference_problem(value: object) -> str | None:
    """Say why a value cannot be the id of a user, group or room, or nothing.

    The rule for new usernames does not bind references: ids may be older than it.
    """
    if not isinstance(value, str):
        return f"must be a string, not {type(value).__name__}"
    if not value:
        return "must not be empty"
    return id_problem(value)


def id_problem(text: str) -> str | None:
    """Say why a text, or several in one, cannot be an id, or nothing."""
    if text.isprintable():
        return None
    if _LINE_END.search(text):
        return "must not hold line ends"
    return text_problem(text)


def text_problem(text: str) -> str | None:
    """Say why a text cannot stand in a header or a file name, or nothing.

    Blanks of any kind and joiners are fine: names that people really have hold them.
    """
    if text.isprintable():
        return None
    if _HALF_PAIR.search(text):
        return "must not hold half a surrogate pair, which is no text"
    if _CONTROL.search(text):
        return "must not hold control characters (line ends, tabs and the like)"
    return None


def reference(operation: str, name: str, value: object) -> str:
    """Check that a value can be the id of a user, group or room.

    Raises:
        InvalidArgumentError: it cannot.
    """
    problem = reference_problem(value)
    if problem:
        raise fail(operation, f"{name} {_shown(value)} {problem}")
    return str(value)


def references(
    operation: str,
    name: str,
    values: Iterable[str],
    *,
    most: int | None = None,
    least: int = 1,
    hint: str = "",
) -> list[str]:
    """Check a list of ids; ids that are given twice are kept once.

    Raises:
        InvalidArgumentError: a plain string, too few, too many, or one that cannot be an id.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise fail(operation, f"{name} must be a list of ids, not a {type(values).__name__}")
    found = list(dict.fromkeys(reference(operation, name, value) for value in values))
    if len(found) < least:
        raise fail(operation, f"{name} is empty; name at least one")
    if most is not None and len(found) > most:
        raise fail(operation, f"{name} has {len(found)} ids, at most {most} go into a call{hint}")
    return found


def items(operation: str, name: str, values: object, kind: type[Item]) -> Iterable[Item]:
    """Check that a list holds nothing but one kind of things.

    Raises:
        InvalidArgumentError: it is no list, or holds something else.
    """
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise fail(operation, f"{name} must be a list, not a {type(values).__name__}")
    for value in values:
        if not isinstance(value, kind):
            raise fail(operation, f"{name} must hold {kind.__name__}, not {_shown(value)}")
        yield value


def mapping(operation: str, name: str, value: object) -> None:
    """Check that a value maps names to something.

    Raises:
        InvalidArgumentError: it does not, or is empty.
    """
    if not isinstance(value, Mapping) or not value:
        raise fail(operation, f"{name} must be a mapping, with at least one entry")


def joined(operation: str, name: str, values: Iterable[str]) -> str:
    """Join ids by commas.

    Raises:
        InvalidArgumentError: one holds a comma, and would be taken for several.
    """
    ids = list(values)
    for value in ids:
        if "," in value:
            raise fail(operation, f"{name} {_shown(value)} must not hold a comma")
    return ",".join(ids)


def text(
    operation: str,
    name: str,
    value: object,
    *,
    most: int | None = None,
    least: int = 0,
    most_bytes: int | None = None,
) -> str:
    """Check a text's length, in characters or in bytes of UTF-8.

    Raises:
        InvalidArgumentError: not a string, too short or too long. A secret's value is not shown.
    """
    if not isinstance(value, str):
        raise fail(operation, f"{name} must be a string, not {type(value).__name__}")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise fail(operation, f"{name} is not valid Unicode text") from None
    if len(value) < least:
        problem = "must not be empty" if least == 1 else f"must have at least {least} characters"
        raise fail(operation, f"{name} {problem}")
    if most is not None and len(value) > most:
        raise fail(operation, f"{name} has {len(value)} characters, at most {most} are allowed")
    if most_bytes is not None and size > most_bytes:
        raise fail(operation, f"{name} has {size} bytes, at most {most_bytes} are allowed")
    return value


def number(operation: str, name: str, value: object, *, least: int, most: int | None = None) -> int:
    """Check a whole number.

    Raises:
        InvalidArgumentError: not an int, or outside of the range.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise fail(operation, f"{name} must be an int, not {_shown(value)}")
    if value < least or (most is not None and value > most):
        bounds = f"from {least} to {most}" if most is not None else f"at least {least}"
        raise fail(operation, f"{name} must be {bounds}, not {value}")
    return value


def page_size(operation: str, limit: int | None, most: int) -> int:
    """Check the size of a page; not given, it is the documented maximum."""
    return most if limit is None else number(operation, "limit", limit, least=1, most=most)


def member(operation: str, name: str, enum: type[StrEnum], value: str | None) -> str | None:
    """Check that a value is one of a fixed set, given as the enum or as its literal string.

    Raises:
        InvalidArgumentError: lists what is allowed.
    """
    if value is None:
        return None
    try:
        return enum(value).value
    except ValueError:
        allowed = ", ".join(repr(str(item)) for item in enum)
        raise fail(operation, f"{name} {_shown(value)} must be one of {allowed}") from None


def milliseconds(operation: str, name: str, value: datetime | None) -> int | None:
    """Give a time as Unix milliseconds.

    Raises:
        InvalidArgumentError: not an aware ``datetime``.
    """
    if value is None:
        return None
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise fail(operation, f"{name} must be an aware datetime, not {_shown(value)}")
    return round(value.timestamp() * 1000)


def no_duplicates(operation: str, name: str, values: Collection[str]) -> None:
    """Refuse a list that names something twice.

    Raises:
        InvalidArgumentError: names the first such value.
    """
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise fail(operation, f"{name} {_shown(value)} is given twice")
        seen.add(value)


def chunks(items: list[Item], size: int) -> Iterable[list[Item]]:
    """Cut a list into parts of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
