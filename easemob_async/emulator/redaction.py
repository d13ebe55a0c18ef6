"""The removal of passwords, secrets and tokens from what the emulator shows of requests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_plus

BLOT: Final = "***"

_WORDS: Final = r"password|passwd|secret|token|authorization|credential|certificate"
_SECRET_KEY: Final = re.compile(rf"(?i){_WORDS}|^pin$")
_SHORTEST_KNOWN: Final = 8  # shorter ones would remove parts of any text
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?$)', re.DOTALL)
_WHOLE_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_COLON: Final = re.compile(r"\s*:\s*")
_BRACKET: Final = re.compile(r'[\[\]{}]|"(?:[^"\\]|\\.)*(?:"|\\?$)', re.DOTALL)
_SCALAR: Final = re.compile(r"[^\s,\]}]*")
_SHOWN: Final = ("", "null", "true", "false")
# password=x in forms and URLs; the name may be escaped: %70assword
_PARAMETER: Final = re.compile(r"(?<![^?&\s\"'])([^?&=\s\"']+)=([^&\s\"'#]*)")
_PROSE: Final = re.compile(
    rf"(?i)((?:{_WORDS})\w*\\*[\"']?\s*[:=]\s*)"
    r"""("(?:[^"\\]|\\.)*(?:"|\\?$)|'(?:[^'\\]|\\.)*(?:'|\\?$)|"""
    r"""\\*["']?(?:Bearer\s+)?[^\s,;&"'\\}\]]+)""",
    re.DOTALL,
)
_HALF_ESCAPE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?$")
_TOKEN: Final = re.compile(r"YWMt[\w-]*|007e[\w+/]{20,}=*|(?i:(?<=\bBearer )\s*)[\w.~+/=-]+")


def redact(text: str, known: Iterable[str] = (), *, cut: bool = False) -> str:
    """Return a text with passwords, secrets and tokens replaced by ``***``.

    They are found by the names before them, in JSON and in forms, and tokens of the service by
    their beginning.

    Args:
        text: the text: JSON, a form or anything else.
        known: secrets that are replaced wherever they are, if they have 8 characters or more.
        cut: whether the end of the text is missing.
    """
    whole = not cut and _is_json(text)
    text = _in_json(text)
    if not whole:
        text = _PROSE.sub(_after_name, text)
    text = _PARAMETER.sub(_parameter, text)
    text = _TOKEN.sub(BLOT, text)
    for secret in sorted(known, key=len, reverse=True):
        if len(secret) >= _SHORTEST_KNOWN:
            for spelling in {secret, json.dumps(secret)[1:-1]}:
                text = text.replace(spelling, BLOT)
                if cut:
                    text = _without_beginning(text, spelling)
    return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _in_json(text: str) -> str:
    """Replace the values under secret names in JSON, also where the JSON ends too early."""
    done: list[str] = []
    at = 0
    while (found := _STRING.search(text, at)) is not None:
        done.append(text[at : found.start()])
        at = found.end()
        content = _content(found.group())
        colon = _COLON.match(text, at)
        if colon is None:
            done.append(_nested(found.group(), content))
            continue
        done.append(found.group() + colon.group())
        at = colon.end()
        if _SECRET_KEY.search(content):
            end = _value_end(text, at)
            value = text[at:end]
            done.append(value if value in _SHOWN else f'"{BLOT}"')
            at = end
    return "".join([*done, text[at:]])


def _content(quoted: str) -> str:
    """Return the content of a string of JSON, also of one that ends too early."""
    whole = quoted if _WHOLE_STRING.fullmatch(quoted) else _HALF_ESCAPE.sub(r"\1", quoted) + '"'
    try:
        return str(json.loads(whole, strict=False))
    except ValueError:  # an escape that JSON does not have
        return quoted.strip('"')


def _nested(quoted: str, content: str) -> str:
    """Return a string of JSON; if it holds JSON itself, without the secrets there."""
    if not content.lstrip().startswith(("{", "[")):
        return quoted
    inner = _in_json(content)
    return quoted if inner == content else json.dumps(inner)


def _value_end(text: str, start: int) -> int:
    """Return where the value ends that begins at `start`."""
    if text[start : start + 1] == '"':
        found = _STRING.match(text, start)
    elif text[start : start + 1] in ("{", "["):
        depth = 0
        for token in _BRACKET.finditer(text, start):
            depth += 1 if token.group() in "{[" else -1 if token.group() in "}]" else 0
            if depth == 0:
                return token.end()
        return len(text)
    else:
        found = _SCALAR.match(text, start)
    return len(text) if found is None else found.end()


def _after_name(found: re.Match[str]) -> str:
    done = found.group(2).strip("\"'\\") == BLOT
    return found.group() if done else f"{found.group(1)}{BLOT}"


def _parameter(found: re.Match[str]) -> str:
    secret = found.group(2) and _SECRET_KEY.search(unquote_plus(found.group(1)))
    return f"{found.group(1)}={BLOT}" if secret else found.group()


def _without_beginning(text: str, secret: str) -> str:
    """Return a text without the beginning of a secret at its end."""
    for length in range(len(secret) - 1, 3, -1):
        if text.endswith(secret[:length]):
            return text[:-length]
    return text
