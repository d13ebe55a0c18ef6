"""Readers of request bodies: JSON, forms and files."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import File

try:
    import orjson
except ImportError:  # the extra ``speed`` is not installed
    orjson = None  # type: ignore[assignment]

_MESSAGE_PATHS: Final = ("/messages/users", "/messages/chatgroups", "/messages/chatrooms")
_JSON_TYPES: Final = ("application/json", "application/octet-stream")
_DEEPEST: Final = 500
_TOO_DEEP: Final = "the JSON is nested too deeply"
# open: how many lists and objects the service takes; far more than any request has
_MOST_INNER: Final = 20_000
# Of a form, so that no upload takes long to read.
_MOST_PARTS: Final = 100
_LONGEST_HEAD: Final = 8 * 1024
_ESCAPED_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_LONG_NUMBER: Final = re.compile(rb"[0-9]{19}")
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")


def _json(request: web.Request, path: str, content: bytes) -> JSON:
    """Read JSON, whatever the ``Content-Type`` says: ``curl -d`` says that it is a form."""
    if not content.strip():
        return None
    try:
        return decoded(content)
    except ValueError as error:
        looks_so = content.lstrip()[:1] in (b"{", b"[")
        if request.content_type not in _JSON_TYPES and not looks_so:
            raise Refusal(415, "web_application", "Unsupported Media Type") from None
        if path.startswith(_MESSAGE_PATHS):
            description = "Request body is invalid. Please check body is correct."
            raise Refusal(400, "invalid_request_body", description) from None
        raise Refusal(400, "json_parse", str(error)) from None


def decoded(content: bytes) -> JSON:
    """Decode JSON to values that can be encoded again.

    Raises:
        ValueError: the content is not JSON, has a number that JSON cannot express, or has more
            lists and objects, or more of them inside each other, than the emulator can handle.
    """
    inner = content.count(b"[") + content.count(b"{")
    if inner > _MOST_INNER:
        raise ValueError("the JSON has too many lists and objects")
    try:
        value = _loads(content)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if inner > _DEEPEST and _is_deep(value):
        raise ValueError(_TOO_DEEP)
    if _ESCAPED_SURROGATE.search(content):
        # Half a surrogate pair is not text. open: what the service makes of it
        return json.loads(clean(json.dumps(value, ensure_ascii=False)))
    return value


def _loads(content: bytes) -> JSON:
    # `orjson` has no integers of more than 64 bits, and is otherwise stricter.
    if orjson is not None and not _LONG_NUMBER.search(content):
        try:
            return orjson.loads(content)
        except ValueError:
            pass
    return _DECODER.decode(content.decode(json.detect_encoding(content), "surrogatepass"))


def clean(text: str) -> str:
    """Return a text without halves of surrogate pairs, which cannot be encoded."""
    return text if text.isascii() else _HALF_PAIR.sub("\ufffd", text)


def _no_number(name: str) -> JSON:
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text[:20])


_DECODER: Final = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)


def _is_deep(value: JSON) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(level)


def _form(request: web.Request, path: str, content: bytes) -> JSON:
    """Read a form, with the fields of the query.

    open: fields in the query, which other clients send in place of a body
    """
    given = clean(request.rel_url.raw_query_string)
    fields = dict(parse_qsl(given, keep_blank_values=True))
    kind = request.headers.get("Content-Type", "")
    if request.content_type == "application/x-www-form-urlencoded":
        text = content.decode("utf-8", "replace")
        fields.update(parse_qsl(text, keep_blank_values=True))
    elif content or not fields:
        description = f"Content-Type '{kind}' is not supported."
        raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", description)
    return fields


def _file(request: web.Request, path: str, content: bytes) -> File | None:
    """Return the part ``file`` of a form; ``None`` if it is missing."""
    boundary = _BOUNDARY.search(request.headers.get("Content-Type", ""))
    parts = _parts(content, boundary[1]) if boundary else ()
    for disposition, data in islice(parts, _MOST_PARTS):
        found = _parameters(disposition)
        if found.get("name") == "file":
            return File(clean(found.get("filename") or "file"), data)
    return None


_BOUNDARY: Final = re.compile('boundary="?([^";,]+)', re.IGNORECASE)


def _parts(content: bytes, boundary: str) -> Iterator[tuple[str, bytes]]:
    """Read the parts of a multipart body: the headers of each, and its content byte for byte."""
    mark = b"--" + boundary.strip().encode("utf-8", "surrogateescape")
    # Some clients that write forms by hand end lines with a bare line feed.
    line = b"\n" if mark + b"\n" in content[: len(mark) + 4096] else b"\r\n"
    mark, content = line + mark, line + content
    at = content.find(mark)
    while at >= 0:
        begin = at + len(mark)
        at = content.find(mark, begin)
        if at < 0 or content.startswith(b"--", begin):
            return
        # Behind the mark there may be blanks, and then there is a line break.
        begin = content.find(line, begin, at)
        end = content.find(line * 2, begin, at) if begin >= 0 else -1
        if end >= 0:
            head = content[begin : min(end, begin + _LONGEST_HEAD)].decode("utf-8", "replace")
            found = _DISPOSITION.search(head)
            yield found[1] if found else "", content[end + len(line) * 2 : at]


_DISPOSITION: Final = re.compile(
    "^content-disposition:((?:.|\n[ \t])*)", re.IGNORECASE | re.MULTILINE
)


def _parameters(disposition: str) -> dict[str, str]:
    """Return the parameters of a ``Content-Disposition``."""
    found = {}
    for name, quoted, bare in _PARAMETER.findall(" ".join(disposition.split())):
        value = _ESCAPED.sub(r"\1", quoted) or bare.strip()
        if name.endswith("*"):  # as RFC 5987 writes what is not ASCII: utf-8''%e4%bd%a0
            charset, _, text = value.partition("'")
            try:
                value = unquote(text.partition("'")[2], charset or "utf-8")
            except LookupError:  # a charset that is none
                continue
        found[name.rstrip("*").lower()] = value
    return found


_PARAMETER: Final = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))')
_ESCAPED: Final = re.compile(r"\\(.)")


def unpacked(request: web.Request, content: bytes, most: int) -> bytes:
    """Return a content without its ``Content-Encoding``.

    Raises:
        ValueError: it is not encoded as it says, or not in a way that the emulator knows.
        OverflowError: it is larger than `most`.
    """
    if "Content-Encoding" not in request.headers:
        return content
    for coding in reversed(request.headers["Content-Encoding"].lower().split(",")):
        name = coding.strip()
        if name in ("gzip", "x-gzip", "deflate"):
            content = _inflated(content, most)
        elif name not in ("", "identity"):
            raise ValueError(f"the Content-Encoding {name!r} is not supported")
    return content


def _inflated(content: bytes, most: int) -> bytes:
    """Return the unpacked content: of gzip or zlib by its head, else of bare deflate."""
    wrapped = content[:2] == b"\x1f\x8b" or content[:1] == b"\x78"
    reader = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
    try:
        found = reader.decompress(content, most + 1)
    except zlib.error:
        raise ValueError("the content cannot be read") from None
    if len(found) > most:
        raise OverflowError
    if not reader.eof:
        raise ValueError("the content cannot be read")
    return found


READERS: Final[Mapping[str, Callable[[web.Request, str, bytes], JSON]]] = {
    "json": _json,
    "form": _form,
    "file": _file,
}
"""The readers by the body format of a route."""
