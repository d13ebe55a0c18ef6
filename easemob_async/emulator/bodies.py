"""Readers of request bodies: JSON, forms and files."""

from __future__ import annotations

import email
import email.policy
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import File

_MESSAGE_PATHS: Final = ("/messages/users", "/messages/chatgroups", "/messages/chatrooms")
_DEEPEST: Final = 500
_TOO_DEEP: Final = "the JSON is nested too deeply"
_ESCAPED_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")


def _json(request: web.Request, path: str, content: bytes) -> JSON:
    if not content:
        return None
    if request.content_type not in ("application/json", "application/octet-stream"):
        raise Refusal(415, "web_application", "Unsupported Media Type")
    try:
        return decoded(content)
    except ValueError as error:
        if path.startswith(_MESSAGE_PATHS):
            description = "Request body is invalid. Please check body is correct."
            raise Refusal(400, "invalid_request_body", description) from None
        raise Refusal(400, "json_parse", str(error)) from None


def decoded(content: bytes) -> JSON:
    """Decode JSON to values that can be encoded again.

    Raises:
        ValueError: the content is not JSON, has a number that JSON cannot express, or is nested
            deeper than the emulator can handle.
    """
    try:
        value = json.loads(content, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if content.count(b"[") + content.count(b"{") > _DEEPEST and _is_deep(value):
        raise ValueError(_TOO_DEEP)
    if _ESCAPED_SURROGATE.search(content):
        # Half a surrogate pair is not text. open: what the service makes of it
        return json.loads(_HALF_PAIR.sub("\ufffd", json.dumps(value, ensure_ascii=False)))
    return value


def _no_number(name: str) -> JSON:
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text[:20])


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
    if request.content_type != "application/x-www-form-urlencoded":
        kind = request.headers.get("Content-Type", "")
        description = f"Content-Type '{kind}' is not supported."
        raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", description)
    return dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))


def _file(request: web.Request, path: str, content: bytes) -> File | None:
    """Return the part ``file`` of a form; ``None`` if it is missing."""
    kind = request.headers.get("Content-Type", "")
    parsed = email.message_from_bytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + content, policy=email.policy.HTTP
    )
    for part in parsed.iter_parts() if parsed.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "file":
            data = part.get_payload(decode=True)
            return File(part.get_filename() or "file", data if isinstance(data, bytes) else b"")
    return None


READERS: Final[Mapping[str, Callable[[web.Request, str, bytes], JSON]]] = {
    "json": _json,
    "form": _form,
    "file": _file,
}
"""The readers by the body format of a route."""
