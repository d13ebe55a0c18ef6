"""Decoding of JSON values to attrs classes, by an explicit table.

================  ===========================================================
type              accepted values
================  ===========================================================
``str``           a string, an integer
``Id``            as ``str``; the app's own prefix (``org#app_``) is removed
``Jid``           as ``Id``; the name of the chat server and the device are removed as well
``bool``          a bool, ``"true"``/``"false"``, 0/1
``int, float``    a number or its decimal string
``datetime``      Unix milliseconds, as a number or a string, or ISO 8601; aware, in UTC
``Seconds``       Unix seconds, as a number or a string; decoded to a ``datetime``
``timedelta``     seconds, as a number or a string
``Minutes``       minutes, as a number or a string; decoded to a ``timedelta``
``Enum | str``    the enum, or the plain string if the value is unknown
================  ===========================================================

A dotted field name is a path into nested objects. null is the same as missing, in lists and maps
too; unknown fields are ignored. Any other value is an error that names the field. Data is decoded
fast; only to explain a failure is it decoded again with detailed validation.
"""

from __future__ import annotations

import math
import re
import types
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final, Union, get_args, get_origin

import attrs
import cattrs
from cattrs.cols import list_structure_factory, mapping_structure_factory
from cattrs.gen import make_dict_structure_fn, override

from easemob_async.wire.fields import OBJECTS, READ, WHOLE, WIRE, Id, Jid, Minutes, Seconds

Hook = Callable[[Any, Any], Any]
Path = tuple[str, ...]

_LISTS: Final[tuple[Any, ...]] = (list, tuple)
_DICTS: Final[tuple[Any, ...]] = (dict,)
_JUST_STR: Final[set[type]] = {str}

id_prefix: Final[ContextVar[str]] = ContextVar("easemob_async_id_prefix", default="")
"""The prefix (``org#app_``) of the app whose answer is decoded."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,25}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,25}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?")
_APP: Final = re.compile(r"[^#@/]+#[^_@/]+_")
_SERVER: Final = re.compile(r"@(conference\.)?easemob\.com(/.*)?\Z", re.DOTALL)


def _shown(value: object) -> str:
    # Never the value: it may be a secret.
    return "null" if value is None else type(value).__name__


def _str(value: object, _: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"must be a string, not {_shown(value)}")


def _id(value: object, _: object) -> str:
    text = _str(value, _)
    prefix = id_prefix.get()
    return text.removeprefix(prefix) if prefix else text


def _jid(value: object, _: object) -> str:
    return bare_name(value if isinstance(value, str) else _str(value, _), id_prefix.get())


def bare_name(text: str, prefix: str) -> str:
    """Return the name in a `Jid`: without the app, the chat server and the device.

    Args:
        text: the id.
        prefix: the prefix of the app: see `id_prefix`.
    """
    if prefix and text.startswith(prefix):
        name = text[len(prefix) :]
    else:
        # An id of another app, as in some examples.
        app = _APP.match(text) if "#" in text else None
        if app is None:
            return text  # a plain username, which may look like an address
        name = text[app.end() :]
    return _SERVER.sub("", name)


# The values for true and false where a bool is expected, and more words for success and failure.
_BOOLS: Final[Mapping[object, bool]] = {
    True: True,  # 1 as well
    False: False,  # 0 as well
    "true": True,
    "false": False,
}
_VERDICTS: Final[Mapping[object, bool]] = {
    **_BOOLS,
    **dict.fromkeys(("success", "ok"), True),
    **dict.fromkeys(("failure", "fail", "failed"), False),
}


def verdict(value: object) -> bool | None:
    """Read whether a request was successful, in any spelling of the service.

    Returns:
        ``None`` if the value says neither.
    """
    if isinstance(value, str):
        return _VERDICTS.get(value.lower())
    return _VERDICTS.get(value) if isinstance(value, bool | int | float) else None


def _bool(value: object, _: object) -> bool:
    found = _BOOLS.get(value) if isinstance(value, bool | int | str) else None
    if found is None:
        raise ValueError(f"must be true or false, not {_shown(value)}")
    return found


def _int(value: object, _: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    raise ValueError(f"must be an integer, not {_shown(value)}")


def _float(value: object, _: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        number = float(value)  # type: ignore[arg-type]
        if math.isfinite(number):
            return number
    raise ValueError(f"must be a finite number, not {_shown(value)}")


def _datetime(value: object, _: object) -> datetime:
    try:
        if isinstance(value, str) and "T" in value:
            return datetime.fromisoformat(value).astimezone(UTC)
        number = value if type(value) is int else _int(value, _)
        return _EPOCH + number * _MILLISECOND  # half the price of making a timedelta of it
    except (ValueError, OverflowError):
        raise ValueError(f"must be a time in milliseconds, not {_shown(value)}") from None


def _seconds(value: object, _: object) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=_int(value, _))
    except (ValueError, OverflowError):
        raise ValueError(f"must be a time in seconds, not {_shown(value)}") from None


def _timedelta(value: object, _: object) -> timedelta:
    try:
        return timedelta(seconds=_float(value, _))
    except (ValueError, OverflowError):
        raise ValueError(f"must be a number of seconds, not {_shown(value)}") from None


def _minutes(value: object, _: object) -> timedelta:
    try:
        return timedelta(minutes=_float(value, _))
    except (ValueError, OverflowError):
        raise ValueError(f"must be a number of minutes, not {_shown(value)}") from None


# The hooks of the types that are not made of others.
_PLAIN: Final[Mapping[Any, Hook]] = {
    str: _str,
    bool: _bool,
    int: _int,
    float: _float,
    datetime: _datetime,
    timedelta: _timedelta,
    Id: _id,
    Jid: _jid,
    Seconds: _seconds,
    Minutes: _minutes,
}


def _members(kind: object) -> list[Any]:
    """Return the members of a union without ``None``: null is the same as missing."""
    if get_origin(kind) not in (Union, types.UnionType):
        return []
    return [member for member in get_args(kind) if member is not types.NoneType]


def _enum_or_str(kind: object) -> type[StrEnum] | None:
    """Return ``E`` of ``E | str`` or ``E | str | None``."""
    members = _members(kind)
    enums = [m for m in members if isinstance(m, type) and issubclass(m, StrEnum)]
    return enums[0] if len(members) == 2 and str in members and len(enums) == 1 else None


def _enum_or_str_hook(kind: object) -> Hook:
    enum = _enum_or_str(kind)
    assert enum is not None
    known = {member.value: member for member in enum}

    def structure(value: object, _: object) -> str:
        text = value if type(value) is str else _str(value, _)
        return known.get(text, text)

    return structure


def _class_hook(
    converter: cattrs.Converter, cls: type[attrs.AttrsInstance], *, detailed: bool
) -> Hook:
    """Return the hook of a class: one loop over its fields.

    It decodes the fields itself, which is fast, or only finds their values and lets cattrs decode
    these, which explains a failure.
    """
    # The fields by where their values are: the whole object, a text or another value under a name,
    # a value inside of another object, the first of several names. `key` is the argument's name.
    whole: list[tuple[str, Hook, Any]] = []
    texts: list[tuple[str, str]] = []
    usual: list[tuple[str, str, Hook, Any]] = []
    inner: list[tuple[str, str, str, str, Hook, Any]] = []
    others: list[tuple[str, Sequence[tuple[str, Path | None]], Hook, Any]] = []
    renamed: dict[str, Any] = {}
    for field in attrs.fields(attrs.resolve_types(cls)):
        names: tuple[str, ...] = field.metadata.get(WIRE, (field.name,))
        own = _own_hook(field)
        renamed[field.name] = override(rename=names[0], struct_hook=own)
        key: str = names[0]
        hook: Hook = _unchanged
        of: Any = None
        if not detailed:
            key, hook, of = field.alias, own or converter.get_structure_hook(field.type), field.type
        paths = [(name, _path(name)) for name in names]
        match paths:
            case [(_, ())]:
                whole.append((key, hook, of))
            case [(name, None)] if hook is _str:
                texts.append((key, name))
            case [(name, None)]:
                usual.append((key, name, hook, of))
            case [(name, (first, second))]:
                inner.append((key, name, first, second, hook, of))
            case _:
                others.append((key, paths, hook, of))
    explain: Any = make_dict_structure_fn(cls, converter, **renamed) if detailed else None
    gather = getattr(cls, "__from_wire__", None)

    def structure(value: object, kind: object) -> object:
        if not isinstance(value, OBJECTS):
            raise ValueError(f"must be an object, not {_shown(value)}")
        given = value
        if gather is not None:
            given = gather({key: item for key, item in value.items() if item is not None})
        found: dict[str, Any] = {}
        for key, hook, of in whole:
            found[key] = hook(value, of)
        for key, name in texts:  # most fields of most classes: a text needs no call
            item = given.get(name)
            if item is not None:
                found[key] = item if type(item) is str else _str(item, str)
        for key, name, hook, of in usual:
            item = given.get(name)
            if item is not None:
                found[key] = hook(item, of)
        for key, name, first, second, hook, of in inner:
            item = value.get(first)
            item = item.get(second) if isinstance(item, OBJECTS) else None
            if item is None:
                item = given.get(name)
            if item is not None:
                found[key] = hook(item, of)
        for key, names, hook, of in others:
            for name, path in names:
                item = None if path is None else _at(value, path)
                if item is None:
                    item = given.get(name)
                if item is not None:
                    found[key] = hook(item, of)
                    break
        return cls(**found) if explain is None else explain(found, kind)

    return structure


def _unchanged(value: object, _: object) -> object:
    return value


def _own_hook(field: attrs.Attribute[Any]) -> Hook | None:
    """Return the hook of a field, if it is another than the one that cattrs finds for its type."""
    read: Callable[[Any], object] | None = field.metadata.get(READ)
    if read is not None:
        return lambda value, _: read(value)
    if field.metadata.get(WIRE) == (WHOLE,):
        return _unchanged
    # The hook of cattrs for ``X | None`` looks for null, which is the same as missing.
    members = _members(field.type)
    return _PLAIN.get(members[0]) if len(members) == 1 else None


def _path(name: str) -> Path | None:
    """Return the path that a name is; ``None`` for the name of a field of the object itself."""
    if name == WHOLE:
        return ()
    return tuple(name.split(".")) if "." in name else None


def _at(value: object, path: Path) -> object:
    for key in path:
        if not isinstance(value, OBJECTS):
            return None
        value = value.get(key)
    return value


def _list_hook(converter: cattrs.Converter, kind: Any) -> Hook:
    # cattrs iterates over any value: a string would become a list of letters.
    as_tuple = get_origin(kind) is tuple
    as_list: Any = types.GenericAlias(list, get_args(kind)[:1])
    inner = list_structure_factory(as_list, converter)

    def structure(value: object, _: object) -> object:
        if not isinstance(value, list):
            raise ValueError(f"must be a list, not {_shown(value)}")
        if None in value:  # a null is a missing entry; the others are kept
            value = [item for item in value if item is not None]
        items = inner(value, kind)
        return tuple(items) if as_tuple else items

    return structure


def _dict_hook(converter: cattrs.Converter, kind: Any) -> Hook:
    inner = mapping_structure_factory(kind, converter)
    plain = get_args(kind) == (str, str)

    def structure(value: object, _: object) -> object:
        if not isinstance(value, dict):
            raise ValueError(f"must be an object, not {_shown(value)}")
        if plain and set(map(type, value.values())) <= _JUST_STR:
            return value
        return inner({k: item for k, item in value.items() if item is not None}, kind)

    return structure


def _make(*, detailed: bool) -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=detailed)
    for kind, hook in _PLAIN.items():
        converter.register_structure_hook(kind, hook)
    converter.register_structure_hook_factory(
        lambda kind: _enum_or_str(kind) is not None, _enum_or_str_hook
    )
    converter.register_structure_hook_factory(
        lambda kind: get_origin(kind) in _LISTS, lambda kind: _list_hook(converter, kind)
    )
    converter.register_structure_hook_factory(
        lambda kind: get_origin(kind) in _DICTS, lambda kind: _dict_hook(converter, kind)
    )
    converter.register_structure_hook_factory(
        attrs.has, lambda cls: _class_hook(converter, cls, detailed=detailed)
    )
    return converter


# Each is made when it is first needed: the detailed one after a failure only.
_converter: Final = cache(_make)


@cache
def _hook(kind: Any) -> Hook:
    hook: Hook = _converter(detailed=False).get_structure_hook(kind)
    return hook


class DecodeError(ValueError):
    """A value that does not have the expected type; the message names the fields."""


def structure(value: object, kind: Any) -> Any:
    """Decode a value to a type.

    Raises:
        DecodeError: the value does not fit; the error names each wrong field, never its value.
    """
    try:
        return _hook(kind)(value, kind)
    except Exception:
        problems = _problems(value, kind)
    raise DecodeError(problems)


def _problems(value: object, kind: Any) -> str:
    """Decode a value again, to name every field that is wrong."""
    try:
        _converter(detailed=True).structure(value, kind)
    except Exception as error:
        return "; ".join(dict.fromkeys(_explain(error)))
    return "cannot be decoded"


def _explain(error: BaseException, path: str = "") -> list[str]:
    if isinstance(error, cattrs.BaseValidationError):
        found: list[str] = []
        notes = {
            id(inner): note
            for inner in error.exceptions
            for note in getattr(inner, "__notes__", ())
            if hasattr(note, "type")
        }
        for inner in error.exceptions:
            note = notes.get(id(inner))
            name = getattr(note, "name", None)
            if name is None:
                index = getattr(note, "index", None)
                step = f"[{index}]" if isinstance(index, int) else f".{index}" if index else ""
            else:
                step = f".{_wire_name(error.cl, name)}"
            found += _explain(inner, path + step)
        return found
    if isinstance(error, KeyError):
        field = path or f".{error.args[0]}"
        return [f"{field.lstrip('.')} is missing"]
    return [f"{path.lstrip('.') or 'it'} {error}"]


def _wire_name(cls: type, name: str) -> str:
    field = attrs.fields_dict(cls).get(name) if attrs.has(cls) else None
    names: tuple[str, ...] = field.metadata.get(WIRE, (name,)) if field else (name,)
    return names[0]
