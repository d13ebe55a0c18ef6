"""Keeping secrets out of everything that is shown: by the names of keys, and by known values."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, quote_plus

BLOT = "***"

# Lower case, without `_` and `-`: access_token, share-secret, newPassword, Authorization ...
_SECRET_KEYS = frozenset(
    {
        "accesstoken",
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
    r"access_?token|authorization|client_?secret|device_?token|(?:new|old)?_?password|"
    r"share[-_]?secret|thumb_?secret|secret|token"
)
_TEXT_PATTERNS = (
    # \"key\": \"value\": JSON inside a string of JSON
    re.compile(
        rf"""(?i)(\\+["']\b(?:{_KEY_WORDS})\\+["']\s*[:=]\s*\\+["'])(?:(?!(?<!\\)\\["']).)*"""
    ),
    # "key": "value": all of it, with what is escaped in it
    re.compile(rf"""(?i)(["']\b(?:{_KEY_WORDS})["']\s*[:=]\s*")(?:\\.|[^"\\])*"""),
    re.compile(rf"""(?i)(["']\b(?:{_KEY_WORDS})["']\s*[:=]\s*')(?:\\.|[^'\\])*"""),
    # key=value and key: value, in query strings, in prose
    re.compile(
        rf"""(?i)(\\?["']?\b(?:{_KEY_WORDS})\\?["']?\s*[:=]\s*\\?["']?)(?:Bearer\s+)?"""
        r"""([^"'\\\s,;&}\]]+)"""
    ),
    re.compile(r"(?i)(\bBearer\s+)([A-Za-z0-9._~+/=-]{8,})"),
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
# Shorter values ("1", "ab") would blot out half of any text.
_SHORTEST_KNOWN = 3


def is_secret_key(key: str) -> bool:
    """Tell whether a key of this name holds a secret."""
    return key.lower().replace("_", "").replace("-", "") in _SECRET_KEYS


def secrets_in(value: object) -> set[str]:
    """Collect every string that stands under a secret key, at any depth."""
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


def spellings(secret: str) -> set[str]:
    """Return how a secret may stand in a text that repeats it: as in JSON, in a URL, in HTML."""
    found = {secret, quote(secret, safe=""), quote_plus(secret), html.escape(secret)}
    found.add(repr(secret)[1:-1])
    for ascii_only in (True, False):
        once = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        found |= {once, once.replace("/", "\\/"), json.dumps(once)[1:-1]}
    return found


def redact(text: str, known: Iterable[str] = ()) -> str:
    """Blot out secrets: the known values wherever they stand, others by what stands before them."""
    all_known = {spelt for secret in known for spelt in spellings(secret)}
    for secret in sorted(all_known, key=len, reverse=True):
        if len(secret) >= _SHORTEST_KNOWN:
            text = text.replace(secret, BLOT)
        elif secret:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", BLOT, text)
    for pattern in _TEXT_PATTERNS:
        text = pattern.sub(rf"\1{BLOT}", text)
    return text
