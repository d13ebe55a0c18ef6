"""Options of a request: fields with the service's names, rules for their values, and encoding."""

from __future__ import annotations

import math
import types
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from easemob_async.errors import InvalidArgumentError
from easemob_async.wire.fields import WIRE

_RULES: Final = "easemob_async.rules"
_SEND: Final = "easemob_async.send"


@attrs.frozen(kw_only=True)
class Rules:
    """The rules of an option's value."""

    least: int | timedelta | None = None
    """The least value of a number or a duration; the fewest characters of a text."""
    most: int | timedelta | None = None
    """The largest value of a number or a duration; the most characters of a text; the most entries
    of a list or a mapping."""
    width: int | None = None
    """The largest width of a text, in which a wide character (Chinese, for example) counts as 2."""
    each: Rules | None = None
    """The rules of each item of a list."""
    required_for: Mapping[str, Sequence[object]] = {}
    """Other options, with their values for which this option is required."""
    rule: Callable[[Any, Any], str | None] | None = None
    """A rule of another kind: takes the value and the object, returns the error or ``None``."""


def option(
    name: str,
    *,
    default: Any = attrs.NOTHING,
    least: int | timedelta | None = None,
    most: int | timedelta | None = None,
    width: int | None = None,
    each: Rules | None = None,
    required_for: Mapping[str, Sequence[object]] = {},
    rule: Callable[[Any, Any], str | None] | None = None,
    send: Callable[[Any], object] | None = None,
) -> Any:
    """Declare an option of a request; an option that is ``None`` is not sent.

    Args:
        name: its name in the request; a dotted name is a path into nested objects.
        default: its default.
        least: see `Rules`.
        most: see `Rules`.
        width: see `Rules`.
        each: see `Rules`.
        required_for: see `Rules`.
        rule: see `Rules`.
        send: returns the value that is sent, if it is another one: a ``timedelta`` in seconds.
            ``None``: the option is not sent.
    """
    rules = Rules(
        least=least, most=most, width=width, each=each, required_for=required_for, rule=rule
    )
    return attrs.field(default=default, metadata={WIRE: (name,), _RULES: rules, _SEND: send})


def checked(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Check each field of a class against its annotation and its rules, when an object is made."""
    return [field.evolve(validator=_check) for field in fields]


def _check(options: attrs.AttrsInstance, field: attrs.Attribute[Any], value: object) -> None:
    owner = type(options)
    rules = field.metadata.get(_RULES, Rules())
    if value is None and field.default is None:
        problem = _missing(options, rules)
    else:
        kinds = _kinds(_hints(owner)[field.name])
        if not any(_is(value, kind) for kind in kinds):
            problem = f"must be {' or '.join(map(_named, kinds))}, not {_shown(value)}"
        else:
            problem = _broken(value, rules)
            if problem is None and rules.rule is not None:
                problem = rules.rule(value, options)
    if problem is not None:
        raise InvalidArgumentError(f"{owner.__name__}: {field.name} {problem}")


def _missing(options: attrs.AttrsInstance, rules: Rules) -> str | None:
    for name, values in rules.required_for.items():
        if getattr(options, name) in values:
            return f"is required for {name} {getattr(options, name)!r}"
    return None


def _shown(value: object) -> str:
    return type(value).__name__ if attrs.has(type(value)) else f"{value!r:.80}"


@cache
def _hints(owner: type) -> Mapping[str, Any]:
    return get_type_hints(owner)


def _kinds(hint: Any) -> Sequence[Any]:
    if get_origin(hint) in (Union, types.UnionType):
        return [kind for kind in get_args(hint) if kind is not types.NoneType]
    return [hint]


def _is(value: object, kind: Any) -> bool:
    origin = get_origin(kind) or kind
    if origin is Literal:
        return any(value == choice and type(value) is type(choice) for choice in get_args(kind))
    if origin is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if origin is float:
        if isinstance(value, float):
            return math.isfinite(value)
        return isinstance(value, int) and not isinstance(value, bool)
    if origin is datetime:
        return isinstance(value, datetime) and value.utcoffset() is not None
    if isinstance(origin, type) and issubclass(origin, Sequence) and origin is not str:
        (item,) = get_args(kind)
        return (
            isinstance(value, Sequence)
            and not isinstance(value, str | bytes | bytearray | memoryview)
            and all(_is(one, item) for one in value)
        )
    return isinstance(value, origin)


_NAMES: Final[Mapping[Any, str]] = {
    str: "a string",
    int: "an int",
    float: "a finite number",
    bool: "a bool",
    datetime: "an aware datetime",
    timedelta: "a timedelta",
}


def _named(kind: Any) -> str:
    origin = get_origin(kind) or kind
    if origin is Literal:
        choices = get_args(kind)
        return f"{'one of ' if len(choices) > 1 else ''}{', '.join(map(repr, choices))}"
    if origin is Mapping:
        return "a mapping (a JSON object)"
    if origin is Sequence:
        return f"a list of {_named(get_args(kind)[0]).removeprefix('an ').removeprefix('a ')}s"
    return _NAMES.get(origin, f"{'an' if origin.__name__[0] in 'AEIOU' else 'a'} {origin.__name__}")


# Durations are sent as numbers, which are not negative; times in Unix time or in UTC.
_BOUNDS: Final[Mapping[type, tuple[Any, Any]]] = {
    timedelta: (timedelta(0), None),
    datetime: (datetime(1970, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
}


def _broken(value: object, rules: Rules) -> str | None:
    """Return the rule that a value breaks, or ``None``."""
    if isinstance(value, int | float | timedelta | datetime):
        return _outside(value, rules)
    size = len(value) if isinstance(value, Sequence | Mapping) else 0
    too_many = isinstance(rules.most, int) and size > rules.most
    if isinstance(value, str):
        if isinstance(rules.least, int) and size < rules.least:
            return f"has {size} characters; at least {rules.least} must be given"
        if too_many:
            return f"has {size} characters; at most {rules.most} are allowed"
        if rules.width is not None and text_width(value) > rules.width:
            return (
                f"has {text_width(value)} characters, a Chinese character counts as two; at most "
                f"{rules.width} are allowed"
            )
    elif too_many:
        return f"has {size} entries; at most {rules.most} are allowed"
    elif isinstance(value, Sequence):
        for index, item in enumerate(value):
            problem = _broken(item, rules.each or Rules())
            if problem is not None:
                return f"at index {index} {problem}"
    return None


def _outside(value: Any, rules: Rules) -> str | None:
    of_kind = (bounds for kind, bounds in _BOUNDS.items() if isinstance(value, kind))
    least, most = next(of_kind, (None, None))
    least = least if rules.least is None else rules.least
    most = most if rules.most is None else rules.most
    if (least is None or value >= least) and (most is None or value <= most):
        return None
    if most is None:
        return f"must be at least {least}, not {value}"
    if least is None:
        return f"must be at most {most}, not {value}"
    return f"must be from {least} to {most}, not {value}"


def text_width(text: str) -> int:
    """Return the length of a text in which a wide character, a Chinese one for example, is 2."""
    # open: "a Chinese character counts as two" does not say what other wide characters count
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def to_wire(value: Any) -> Any:
    """Return options as the JSON that is sent: under the service's names, without ``None``."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_wire(item) for item in value]
    if not attrs.has(type(value)):
        return value
    found: dict[str, Any] = {}
    for field in attrs.fields(type(value)):
        item = getattr(value, field.name)
        send = field.metadata.get(_SEND)
        if item is not None and send is not None:
            item = send(item)
        if item is None:
            continue
        *path, name = field.metadata[WIRE][0].split(".") if WIRE in field.metadata else [field.name]
        place = found
        for key in path:
            place = place.setdefault(key, {})
        place[name] = to_wire(item)
    return found
