"""Encoding and decoding of JSON, with the same results with `orjson` and without it."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]  # missing in the type stubs
from typing import Any, Final

from easemob_async.checks import exact
from easemob_async.errors import InvalidArgumentError

try:
    import orjson
except ModuleNotFoundError:  # the `speed` extra is not installed
    orjson = None  # type: ignore[assignment]

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1
_UINT64_MAX: Final = 2**64 - 1
_DEEPEST: Final = 1024
_LEVELS: Final = 200
_PATH_SHOWN: Final = 80

JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]


def _parse_int(digits: str) -> int | float:
    value = int(digits) if len(digits) < 25 else float(digits)
    return value if INT64_MIN <= value <= _UINT64_MAX else float(digits)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


# `json.dumps` and `json.loads` with arguments would make these anew for every value.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_DECODER: Final = json.JSONDecoder(parse_int=_parse_int, parse_constant=_refuse_constant)


def std_dumps(value: object) -> bytes:
    """Encode a value as compact UTF-8 JSON with the standard library."""
    return _ENCODER.encode(value).encode()


def std_loads(data: bytes) -> Any:
    """Decode JSON with the standard library, as strictly as `orjson` does.

    Raises:
        ValueError: the data is not JSON or not UTF-8, or contains NaN or a lone surrogate.
    """
    text = data.decode("utf-8")
    try:
        value = _DECODER.decode(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None
    if text.count("[") + text.count("{") > _DEEPEST:
        _refuse_deep(value, _DEEPEST)
    return value


def _refuse_deep(value: Any, most: int) -> None:
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, list | dict)]:
        depth += 1
        if depth > most:
            raise ValueError("JSON is nested too deeply")
        level = [
            item
            for parent in level
            for item in (parent.values() if isinstance(parent, dict) else parent)
        ]


dumps: Callable[[object], bytes] = std_dumps if orjson is None else orjson.dumps
"""Encode a value as compact UTF-8 JSON. Check the value before: see `checked_json`."""
loads: Callable[[bytes], Any] = std_loads if orjson is None else orjson.loads
"""Decode JSON; raise `ValueError` if the data is not JSON."""


def read(data: bytes) -> Any:
    """Decode JSON from outside: strictly first, then leniently if that fails.

    Raises:
        ValueError: the data is not JSON, even when it is read leniently.
    """
    try:
        return loads(data)
    except ValueError:
        return read_leniently(data)


def read_leniently(data: bytes) -> Any:
    """Decode data that is nearly JSON, so that one damaged nickname does not fail a whole page.

    Half a surrogate pair and bytes that are not UTF-8 become U+FFFD; NaN, Infinity and numbers
    that are too large become ``None``; a raw control character in a string is kept; a byte order
    mark is skipped. Nesting is allowed up to 1 000 levels.

    Raises:
        ValueError: the data is not JSON, even when it is read leniently.
    """
    text = mended(data.decode("utf-8-sig", "replace"))
    begin = len(text) - len(text.lstrip(_BLANKS))
    value, end = read_first(text, begin)
    if text[end:].strip(_BLANKS):
        raise ValueError("there is more text after the JSON value")
    return value


def read_first(text: str, at: int) -> tuple[Any, int]:
    """Decode leniently the JSON value at a position of a text; return it and its end.

    Half pairs that are written as escapes are not replaced: call `mended` before.

    Raises:
        ValueError: there is no value at the position, or the text ends inside it.
    """
    try:
        value, end = _LENIENT(text, at)
    except RecursionError:
        scan = _Scanner(text, at)
        return scan.value(), scan.at
    if text.count("[", at, end) + text.count("{", at, end) > _NEST_MOST:
        _refuse_deep(value, _NEST_MOST)  # the depth that Python reads differs between versions
    return value, end


def mended(text: str) -> str:
    """Return JSON text in which U+FFFD replaces each half of a surrogate pair."""
    return _ESCAPE.sub(_whole_pair, text) if "\\u" in text else text


# Matches the escapes of a string one by one, so that an escaped backslash does not start one.
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?"
    r"|u[dD][c-fC-F][0-9a-fA-F]{2}|.)",
    re.DOTALL,
)
_HALF_PAIR_LENGTH: Final = 6


def _whole_pair(escape: re.Match[str]) -> str:
    found = escape.group()
    half = len(found) == _HALF_PAIR_LENGTH and found[1] == "u" and found[2] in "dD"
    return "\\ufffd" if half else found


def _parse_float(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def _parse_any_int(digits: str) -> int | float | None:
    value = _parse_int(digits)
    return value if math.isfinite(value) else None


_LENIENT: Final = json.JSONDecoder(
    strict=False,
    parse_constant=lambda _: None,
    parse_int=_parse_any_int,
    parse_float=_parse_float,
).raw_decode


_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")
_BLANKS: Final = " \t\n\r"
_BLANK: Final = re.compile(f"[{_BLANKS}]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS: Final = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": None,
    "Infinity": None,
    "-Infinity": None,
}
_NEST_MOST: Final = 1000


def read_cut(data: bytes, *, spelt: bool = False) -> tuple[Any, bool]:
    """Decode leniently; values that are nested too deeply become ``None``.

    Args:
        data: the JSON.
        spelt: whether to keep half pairs and bytes that are not UTF-8, as lone surrogates.

    Returns:
        The value, and whether a part of it was left out.

    Raises:
        ValueError: the data is not JSON, even when it is read leniently.
    """
    if not spelt:
        with contextlib.suppress(ValueError):  # enough for most posts, and much faster
            return read_leniently(data), False
    text = data.decode("utf-8", "surrogateescape" if spelt else "replace").removeprefix("\ufeff")
    scan = _Scanner(text, 0, cuts=True, mends=not spelt)
    value = scan.value()
    if text[scan.at :].strip(_BLANKS):
        raise ValueError("there is more text after the JSON value")
    return value, scan.was_cut


_SIGNS: Final = re.compile(r'["\[\]{}]')


class _Scanner:
    """A JSON reader with its own stack, which works at any depth of nesting."""

    def __init__(self, text: str, at: int, *, cuts: bool = False, mends: bool = True) -> None:
        self._text = text
        self._cuts = cuts
        self._mends = mends
        self.at = at
        self.was_cut = False

    def value(self) -> Any:
        """Read a value of any kind."""
        root: list[Any] = []
        stack: list[tuple[list[Any] | dict[str, Any], str | None]] = [(root, None)]
        while True:
            found, opened = self._leaf_or_opening()
            if opened and not self._take("]" if isinstance(found, list) else "}"):
                if len(stack) <= _NEST_MOST:
                    stack.append((found, self._key() if isinstance(found, dict) else None))
                    continue
                if not self._cuts:
                    raise ValueError("JSON is nested too deeply")
                self._pass_over()
                found = None
            while True:
                into, key = stack.pop()
                if isinstance(into, dict):
                    assert key is not None
                    into[key] = found
                else:
                    into.append(found)
                if into is root:
                    return found
                if self._take(","):
                    stack.append((into, self._key() if isinstance(into, dict) else None))
                    break
                self._expect("}" if isinstance(into, dict) else "]")
                found = into

    def _leaf_or_opening(self) -> tuple[Any, bool]:
        self._skip()
        text, at = self._text, self.at
        first = text[at : at + 1]
        if first == "[":
            self.at += 1
            return [], True
        if first == "{":
            self.at += 1
            return {}, True
        if first == '"':
            return self._string(), False
        number = _NUMBER.match(text, at)
        if number is not None:
            self.at = number.end()
            return _number(number), False
        for word, meaning in _WORDS.items():
            if text.startswith(word, at):
                self.at += len(word)
                return meaning, False
        raise ValueError(f"not a JSON value at character {at}")

    def _string(self) -> str:
        value, self.at = scanstring(self._text, self.at + 1, False)
        return _HALF_PAIR.sub("\ufffd", value) if self._mends else str(value)

    def _pass_over(self) -> None:
        """Skip the list or object that was opened last."""
        self.was_cut = True
        deep = 1
        while deep:
            sign = _SIGNS.search(self._text, self.at)
            if sign is None:
                raise ValueError("JSON ends in the middle")
            self.at = sign.end()
            if sign.group() == '"':
                _, self.at = scanstring(self._text, self.at, False)
            else:
                deep += 1 if sign.group() in "[{" else -1

    def _key(self) -> str:
        self._skip()
        if self._text[self.at : self.at + 1] != '"':
            raise ValueError(f"expected a key at character {self.at}")
        key = self._string()
        self._expect(":")
        return key

    def _take(self, sign: str) -> bool:
        self._skip()
        if self._text[self.at : self.at + 1] != sign:
            return False
        self.at += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise ValueError(f"expected {sign!r} at character {self.at}")

    def _skip(self) -> None:
        blank = _BLANK.match(self._text, self.at)
        assert blank is not None
        self.at = blank.end()


def _number(found: re.Match[str]) -> int | float | None:
    fraction, exponent = found.groups()
    digits = found.group()
    value = _parse_int(digits) if fraction is None and exponent is None else float(digits)
    return value if math.isfinite(value) else None


def whole_text(text: str) -> str:
    """Return text that every encoding accepts: half a surrogate pair is written as an escape."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def checked_json(value: object, where: str) -> JSON:
    """Check and copy a caller's JSON: string keys, finite numbers, 64-bit integers, valid text.

    It may be nested up to 200 levels: encoders know no more than 250.

    Args:
        value: dicts, lists, tuples, strings, numbers, bools and ``None``.
        where: the name of the value for the error, e.g. ``"ext"``.

    Raises:
        InvalidArgumentError: a part of the value is not JSON; the error names it.
    """
    try:
        return _copied(value)
    except _NotJSONError as error:
        path, more = error.path[:_PATH_SHOWN], "..." if error.path[_PATH_SHOWN:] else ""
        problem = f"{where}{path}{more}: {error}"
    raise InvalidArgumentError(problem)


class _NotJSONError(Exception):
    path = ""
    """Where the part is; put together on the way out, since nearly all values are good."""


def _copied(value: object, levels: int = _LEVELS) -> JSON:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        if not INT64_MIN <= value <= INT64_MAX:
            raise _NotJSONError(f"{value} must be an integer of at most 64 bits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _NotJSONError(f"{value} must be a finite number")
        return float(value)
    if not levels:
        raise _NotJSONError(f"is nested more than {_LEVELS} levels deep, or contains itself")
    if isinstance(value, dict | Mapping):  # a dict is known without the slow check
        copy: dict[str, JSON] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise _NotJSONError(f"the key {key!r} must be a string")
            name = _text(key, "a key: ")
            try:
                copy[name] = _copied(item, levels - 1)
            except _NotJSONError as error:
                error.path = f"[{key!r}]{error.path}"
                raise
        return copy
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        items: list[JSON] = []
        for index, item in enumerate(value):
            try:
                items.append(_copied(item, levels - 1))
            except _NotJSONError as error:
                error.path = f"[{index}]{error.path}"
                raise
        return items
    raise _NotJSONError(
        f"a {type(value).__name__} is not JSON; use dict, list, str, int, float, bool or None"
    )


def _text(value: str, what: str = "") -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _NotJSONError(f"{what}must be valid Unicode text") from None
    return exact(value)
