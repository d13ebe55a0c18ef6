"""The removal of secrets from texts that are shown, by names of keys and by known values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache

BLOT = "***"

# Lower case, without `_` and `-`: access_token, share-secret, newPassword, Authorization ...
_SECRET_KEYS = frozenset(
    {
        "accesstoken",
        "appcertificate",
        "authorization",
        "clientsecret",
        "devicetoken",
        "newpassword",
        "oldpassword",
        "password",
        "pin",
        "secret",
        "sharesecret",
        "thumbsecret",
        "token",
    }
)
_KEY_WORDS = (
    r"access_?token|app_?certificate|authorization|client_?secret|device_?token|"
    r"(?:new|old)?_?password|"
    r"share[-_]?secret|thumb_?secret|secret|token"
)
# Shorter values ("1", "ab") would remove half of any text.
_SHORTEST_KNOWN = 3


def is_secret_key(key: str) -> bool:
    """Check whether a key with this name holds a secret."""
    return key.lower().replace("_", "").replace("-", "") in _SECRET_KEYS


def secrets_in(value: object) -> set[str]:
    """Return all strings under a secret key, at any depth."""
    found: set[str] = set()
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, Mapping):
            for key, inner in item.items():
                if isinstance(inner, str) and isinstance(key, str) and is_secret_key(key):
                    found.add(inner)
                else:
                    left.append(inner)
        elif isinstance(item, Sequence) and not isinstance(item, str | bytes):
            left.extend(item)
    return found


@lru_cache(maxsize=256)
def _spellings(secret: str) -> re.Pattern[str]:
    """Return a pattern that matches a secret as written in JSON (also nested), a URL or HTML.

    Letters and digits match themselves; any other character may be escaped, and a run of spaces may
    have changed to other spaces.
    """
    parts = re.findall(r"\s+|.", secret, re.DOTALL)
    pattern = "".join(re.escape(p) if p.isascii() and p.isalnum() else _escaped(p) for p in parts)
    if len(secret) >= _SHORTEST_KNOWN:
        return re.compile(pattern)
    return re.compile(rf"(?<!\w){pattern}(?!\w)")


def _escaped(part: str) -> str:
    if part.isspace():  # one blank may have become another, or several one
        return f"(?:{_any_blank()})+"
    return _spellings_of(part)


@cache
def _any_blank() -> str:
    blanks = [chr(number) for number in range(0x3001) if chr(number).isspace()]
    return "|".join([r"\s", r"\\+[tnrfbv]", r"\+", *map(_spellings_of, blanks)])


def _spellings_of(part: str) -> str:
    from html.entities import codepoint2name  # for these patterns alone

    number = ord(part)
    units = part.encode("utf-16-be")
    escapes = r"\\+u".join(units[n : n + 2].hex() for n in range(0, len(units), 2))
    found = [
        rf"\\*{re.escape(part)}" if part != "\\" else r"\\+",
        rf"(?i:\\+u{escapes})",
        rf"&#0*{number};",
        rf"(?i:&#x0*{number:x};)",
        "(?i:" + "".join(f"%{byte:02x}" for byte in part.encode("utf-8", "surrogatepass")) + ")",
    ]
    if number in codepoint2name:
        found.append(f"&{codepoint2name[number]};")
    if number > 127:  # the text may have been read in another encoding
        found.append("\ufffd+")
        found.append(re.escape(part.encode("utf-8", "surrogatepass").decode("latin-1")))
    return f"(?:{'|'.join(found)})"


def redact(text: str, known: Iterable[str] = ()) -> str:
    """Replace secrets by ``***``: known values everywhere, others by the key before them."""
    for secret in sorted(known, key=len, reverse=True):
        if secret:
            text = _spellings(secret).sub(BLOT, text)
    for pattern in _text_patterns():
        text = pattern.sub(rf"\1{BLOT}", text)
    return text


@cache
def _text_patterns() -> tuple[re.Pattern[str], ...]:
    """Compile the patterns when the first text is redacted: most programs never show one."""
    return (
        # \"key\": \"value\": JSON inside a string of JSON
        re.compile(
            rf"""(?i)((?<!\\)\\+["']\b(?:{_KEY_WORDS})\\+["']\s*[:=]\s*\\+["'])(?:(?!(?<!\\)\\["']).)*"""
        ),
        # "key": "value": the whole value, including escaped characters
        re.compile(rf"""(?i)(["']\b(?:{_KEY_WORDS})["']\s*[:=]\s*")(?:\\.|[^"\\])*"""),
        re.compile(rf"""(?i)(["']\b(?:{_KEY_WORDS})["']\s*[:=]\s*')(?:\\.|[^'\\])*"""),
        # key=value and key: value, in query strings and in prose
        re.compile(
            rf"""(?i)(\\?["']?\b(?:{_KEY_WORDS})\\?["']?\s*[:=]\s*\\?["']?)(?:Bearer\s+)?"""
            r"""([^"'\\\s,;&}\]]+)"""
        ),
        re.compile(r"(?i)(\bBearer\s+)([A-Za-z0-9._~+/=-]{8,})"),
        # AccessToken2: 007 and what zlib has packed, in base64
        re.compile(r"(\b007)(e[AFJN][A-Za-z0-9+/]{20,}=*)"),
        # "the same user ann has a different password, the passwords are x, y" (users.create_many)
        re.compile(r"(?i)(\bpasswords? (?:are|is) )(.+)"),
        # https://user:password@proxy
        re.compile(r"(://)([^/\s@'\"]+)(?=@)"),
        # Signed URLs of stored files
        re.compile(
            r"(?i)([?&](?:signature|sig|expires|x-amz-[a-z-]+|x-oss-[a-z-]+|ossaccesskeyid|"
            r"security-token|share-secret)=)([^&\s\"']+)"
        ),
    )
