"""JSON text and Python values; the same results with `orjson` and without."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from easemob_async.errors import InvalidArgumentError

try:
    import orjson
except ModuleNotFoundError:  # the `speed` extra is not installed
    orjson = None  # type: ignore[assignment]

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1
_UINT64_MAX: Final = 2**64 - 1
_DEEPEST: Final = 1024

JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]


def std_dumps(value: object) -> bytes:
    """Encode as compact UTF-8 JSON with the standard library."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def std_loads(data: bytes) -> Any:
    """Decode with the standard library, as strictly as `orjson` does.

    Raises:
        ValueError: not JSON, not UTF-8, NaN, a lone surrogate.
    """
    text = data.decode("utf-8")
    try:
        value = json.loads(text, parse_int=_parse_int, parse_constant=_refuse_constant)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None
    if text.count("[") + text.count("{") > _DEEPEST:
        _refuse_deep(value)
    return value


def _refuse_deep(value: Any) -> None:
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, list | dict)]:
        depth += 1
        if depth > _DEEPEST:
            raise ValueError("JSON is nested too deeply")
        level = [
            item
            for parent in level
            for item in (parent.values() if isinstance(parent, dict) else parent)
        ]


def _parse_int(digits: str) -> int | float:
    value = int(digits) if len(digits) < 25 else float(digits)
    return value if INT64_MIN <= value <= _UINT64_MAX else float(digits)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


dumps: Callable[[object], bytes] = std_dumps if orjson is None else orjson.dumps
"""Encode as compact UTF-8 JSON. Values are checked before: see `checked_json`."""
loads: Callable[[bytes], Any] = std_loads if orjson is None else orjson.loads
"""Decode JSON; a `ValueError` when it is not."""


def checked_json(value: object, where: str) -> JSON:
    """Check and copy a caller's JSON: string keys, finite numbers, integers of 64 bits, valid text.

    Args:
        value: anything made of dicts, lists, tuples, strings, numbers, bools and None.
        where: what it is, for the error: ``"ext"``.

    Raises:
        InvalidArgumentError: says which part is not JSON.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidArgumentError(f"{where}: not valid Unicode text") from None
        return str(value)
    if isinstance(value, int):
        if not INT64_MIN <= value <= INT64_MAX:
            raise InvalidArgumentError(f"{where}: {value} does not fit into 64 bits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidArgumentError(f"{where}: {value} is not a finite number")
        return float(value)
    if isinstance(value, Mapping):
        copy: dict[str, JSON] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise InvalidArgumentError(f"{where}: the key {key!r} is not a string")
            checked_json(key, f"{where}: a key")
            copy[str(key)] = checked_json(item, f"{where}[{key!r}]")
        return copy
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [checked_json(item, f"{where}[{index}]") for index, item in enumerate(value)]
    raise InvalidArgumentError(f"{where}: a {type(value).__name__} is not JSON")
