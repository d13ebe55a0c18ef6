"""The text in which a row of the state is stored: JSON, with a name before what JSON has not.

``{"~User": {...}}`` is a user, ``{"~tuple": [...]}`` a tuple, ``{"~blob": id}`` the content of a
file, and ``{"~dict": [[key, value], ...]}`` a dict with keys that are no strings or begin with a
tilde.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from easemob_async.emulator import state as states
from easemob_async.emulator.blobs import Blob
from easemob_async.emulator.refusal import JSON

CLASSES: Final[Mapping[str, type]] = {
    kind.__name__: kind
    for kind in vars(states).values()
    if isinstance(kind, type) and attrs.has(kind) and kind is not states.State
}
"""The classes whose instances the state consists of, by their names."""
_NAMES: Final = {kind: f"~{name}" for name, kind in CLASSES.items()}
_FIELDS: Final = {
    name: [(field.name, field.alias or field.name) for field in attrs.fields(kind)]
    for name, kind in CLASSES.items()
}
_KNOWN: Final = {name: {alias for _, alias in fields} for name, fields in _FIELDS.items()}


def encode(value: Any) -> str:
    """Return a value as text.

    Raises:
        TypeError: a part of the value is of a class that cannot be stored.
    """
    return json.dumps(_encoded(value), separators=(",", ":"))


def _encoded(value: Any) -> JSON:
    kind = type(value)
    if value is None or isinstance(value, str | int | float):
        return value
    if kind is list:
        return [_encoded(item) for item in value]
    if isinstance(value, dict):
        if all(type(key) is str and key[:1] != "~" for key in value):
            return {key: _encoded(item) for key, item in value.items()}
        return {"~dict": [[_encoded(key), _encoded(item)] for key, item in value.items()]}
    if kind is tuple:
        return {"~tuple": [_encoded(item) for item in value]}
    if kind is Blob:
        return {"~blob": value.blob_id}
    name = _NAMES.get(kind)
    if name is None:
        raise TypeError(f"a value of {kind.__name__} cannot be stored")
    return {name: {alias: _encoded(getattr(value, own)) for own, alias in _FIELDS[name[1:]]}}


def decode(text: str, blob: Callable[[str], Blob]) -> Any:
    """Return the value of a text; `blob` returns the content of a file by its id.

    Fields that a class no longer has are left out, and its new ones have their defaults.
    """

    def decoded(found: dict[str, JSON]) -> Any:
        name = next(iter(found), "")
        if name[:1] != "~":
            return found
        inner = found[name]
        if name == "~dict":
            return dict(inner)
        if name == "~tuple":
            return tuple(inner)
        if name == "~blob":
            return blob(inner)
        known = _KNOWN[name[1:]]
        return CLASSES[name[1:]](**{key: item for key, item in inner.items() if key in known})

    return json.loads(text, object_hook=decoded)
