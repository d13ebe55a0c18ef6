"""Checks of arguments before any I/O; the errors name the operation, argument and value."""

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
_PRINTABLE: Final = bytes(range(0x20, 0x7F))
ID_SEPARATOR: Final = "\n"
"""Separates ids in a text: no id contains it, since it is a control character."""
_SEPARATOR: Final = ID_SEPARATOR.encode()

Item = TypeVar("Item")


def fail(operation: str, problem: str) -> InvalidArgumentError:
    """Return the error for an invalid argument."""
    return InvalidArgumentError(f"{operation}: {problem}", operation=operation)


def exact(text: str) -> str:
    """Return the characters of a text as a plain `str`.

    ``str()`` of a member of a ``class Name(str, Enum)`` is ``"Name.ANN"``, and the hash of one is
    that of its name: such a text would name another user, or the same one twice.
    """
    return text if type(text) is str else str.__str__(text)


def reference_problem(value: object) -> str | None:
    """Return the reason why a value cannot be the id of a user, group or room, or ``None``.

    The rule for new usernames does not apply here: existing ids may be older than the rule.
    """
    if not isinstance(value, str):
        return f"must be a string, not {type(value).__name__}"
    if not value:
        return "must not be empty"
    return id_problem(value)


def id_problem(text: str) -> str | None:
    """Return the reason why a text, or several joined texts, cannot be an id, or ``None``."""
    if text.isprintable():
        return None
    if _LINE_END.search(text):
        return "must not contain line breaks"
    return text_problem(text)


def text_problem(text: str) -> str | None:
    """Return the reason why a text cannot be part of a header or a file name, or ``None``.

    Spaces of any kind and joiners are allowed: real names contain them.
    """
    if text.isprintable():
        return None
    if _HALF_PAIR.search(text):
        return "must not contain half a surrogate pair, which is not valid text"
    if _CONTROL.search(text):
        return "must not contain control characters (line breaks, tabs and the like)"
    return None


def reference(operation: str, name: str, value: object) -> str:
    """Check that a value can be the id of a user, group or room, and return it.

    Raises:
        InvalidArgumentError: the value cannot be an id.
    """
    problem = reference_problem(value)
    if problem:
        raise fail(operation, f"{name} {_shown(value)} {problem}")
    assert isinstance(value, str)
    return exact(value)


def references(
    operation: str,
    name: str,
    values: Iterable[str],
    *,
    most: int | None = None,
    least: int = 1,
    hint: str = "",
) -> list[str]:
    """Check a list of ids and return it without duplicates.

    Raises:
        InvalidArgumentError: the list is a plain string, has too few or too many ids, or contains
            a value that cannot be an id.
    """
    if isinstance(values, str | bytes) or not isinstance(values, list | Iterable):
        raise fail(operation, f"{name} must be a list of ids, not a {type(values).__name__}")
    listed = list(values)
    if len(listed) == 1 >= least:  # as in most calls; the checks of many cost twice as much
        return [reference(operation, name, listed[0])]
    if joined_ids(listed) is None:
        for value in listed:
            reference(operation, name, value)  # raises for the first that is not sound
    if list(map(type, listed)).count(str) < len(listed):
        listed = list(map(exact, listed))
    found = list(dict.fromkeys(listed))
    if len(found) < least:
        raise fail(operation, f"{name} is empty; pass at least one id")
    if most is not None and len(found) > most:
        raise fail(operation, f"{name} has {len(found)} ids; a call takes at most {most}{hint}")
    return found


def joined_ids(values: list[str]) -> str | None:
    """Return ids joined by `ID_SEPARATOR`; ``None`` if one of the values cannot be an id.

    Of many ids this takes a fraction of the time of a check of each.
    """
    try:
        joined = ID_SEPARATOR.join(values)
    except TypeError:
        return None
    separators = len(values) - 1
    if joined.isascii():  # the usual ids; of 600 `isprintable` would cost five times as much
        sound = joined.encode().translate(None, _PRINTABLE) == _SEPARATOR * separators
    else:
        sound = joined.count(ID_SEPARATOR) == separators and not id_problem("".join(values))
    return joined if sound and all(values) else None


def items(operation: str, name: str, values: object, kind: type[Item]) -> Iterable[Item]:
    """Check that all items of a list have one type, and return them one after the other.

    Raises:
        InvalidArgumentError: the value is not a list, or an item has another type.
    """
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise fail(operation, f"{name} must be a list, not a {type(values).__name__}")
    for value in values:
        if not isinstance(value, kind):
            raise fail(operation, f"{name} must contain only {kind.__name__}, not {_shown(value)}")
        yield value


def mapping(operation: str, name: str, value: object) -> None:
    """Check that a value is a mapping with at least one entry.

    Raises:
        InvalidArgumentError: the value is not a mapping, or is empty.
    """
    if not isinstance(value, Mapping) or not value:
        raise fail(operation, f"{name} must be a mapping with at least one entry")


def joined(operation: str, name: str, values: Iterable[str]) -> str:
    """Return ids joined by commas.

    Raises:
        InvalidArgumentError: an id contains a comma, which would separate two ids.
    """
    ids = list(map(exact, values))
    for value in ids:
        if "," in value:
            raise fail(operation, f"{name} {_shown(value)} must not contain a comma")
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
    """Check the length of a text, in characters or in bytes of UTF-8, and return the text.

    Raises:
        InvalidArgumentError: the value is not a string, too short or too long. The error does not
            show the value, which may be a secret.
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
        raise fail(operation, f"{name} has {len(value)} characters; at most {most} are allowed")
    if most_bytes is not None and size > most_bytes:
        raise fail(operation, f"{name} has {size} bytes; at most {most_bytes} are allowed")
    return exact(value)


def number(operation: str, name: str, value: object, *, least: int, most: int | None = None) -> int:
    """Check an integer and return it.

    Raises:
        InvalidArgumentError: the value is not an int, or is outside the range.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise fail(operation, f"{name} must be an int, not {_shown(value)}")
    if value < least or (most is not None and value > most):
        bounds = f"from {least} to {most}" if most is not None else f"at least {least}"
        raise fail(operation, f"{name} must be {bounds}, not {value}")
    return value


def flag(operation: str, name: str, value: bool | None) -> bool | None:
    """Check that a value is a bool, or ``None``, and return it.

    Raises:
        InvalidArgumentError: it is something else, which JSON or a query would send as it is.
    """
    if value is not None and not isinstance(value, bool):
        raise fail(operation, f"{name} must be True or False, not {_shown(value)}")
    return value


def cursor(operation: str, value: str | None) -> str | None:
    """Check that a position in a list is a string, as pages have it, or ``None``; return it."""
    return None if value is None else text(operation, "cursor", value)


def page_size(operation: str, limit: int | None, most: int) -> int:
    """Check and return the size of a page; by default it is the documented maximum."""
    return most if limit is None else number(operation, "limit", limit, least=1, most=most)


def member(operation: str, name: str, enum: type[StrEnum], value: str | None) -> str | None:
    """Check that a value, the enum or its literal string, is in a fixed set, and return it.

    Raises:
        InvalidArgumentError: the value is not in the set; the error lists the allowed values.
    """
    if value is None:
        return None
    try:
        return enum(value).value
    except ValueError:
        allowed = ", ".join(repr(str(item)) for item in enum)
        raise fail(operation, f"{name} {_shown(value)} must be one of {allowed}") from None


def milliseconds(operation: str, name: str, value: datetime | None) -> int | None:
    """Return a time as Unix milliseconds.

    Raises:
        InvalidArgumentError: the value is not an aware ``datetime``.
    """
    if value is None:
        return None
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise fail(operation, f"{name} must be an aware datetime, not {_shown(value)}")
    return round(value.timestamp() * 1000)


def no_duplicates(operation: str, name: str, values: Collection[str]) -> None:
    """Check that a list has no duplicates.

    Raises:
        InvalidArgumentError: a value is given twice; the error names the first such value.
    """
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise fail(operation, f"{name} {_shown(value)} is given twice")
        seen.add(value)


def chunks(items: list[Item], size: int) -> Iterable[list[Item]]:
    """Split a list into parts of at most `size` items."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
