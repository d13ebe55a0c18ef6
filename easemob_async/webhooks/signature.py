"""The signature of posts; it proves only that the sender of a post knows the secret."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final


class Signature(StrEnum):
    """The result of a check of a post's signature."""

    GOOD = "good"
    """The signature was made with one of the secrets."""
    FORGED = "forged"
    """The signature was made with none of the secrets."""
    MISSING = "missing"
    """The post has no signature, or lacks a field that the signature is made of."""


def sign(call_id: str | bytes, secret: str, timestamp: int | str) -> str:
    """Return the ``security`` field of a post: the MD5 of call id, secret and timestamp, joined."""
    if isinstance(call_id, bytes):
        text = call_id + f"{secret}{timestamp}".encode("utf-8", "surrogatepass")
    else:
        text = f"{call_id}{secret}{timestamp}".encode("utf-8", "surrogatepass")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def spellings(spelt: str) -> list[bytes]:
    """Return the spellings of a ``callId`` with half a surrogate pair that may have been signed.

    The half pairs become ``?`` or U+FFFD, one for each or one for several in a row, or stay as the
    bytes of the post.

    Args:
        spelt: the id, with escaped half pairs and bytes that are not UTF-8 as lone surrogates.
    """
    found = [
        b"".join(
            bytes([ord(sign) - 0xDC00])
            if "\udc80" <= sign <= "\udcff"
            else sign.encode("utf-8", "surrogatepass")
            for sign in spelt
        ),
        spelt.encode("utf-8", "surrogatepass"),
    ]
    for replacement in ("?", "\ufffd"):
        found.append(_LONE.sub(replacement, spelt).encode())
        found.append(_LONE_RUN.sub(replacement, spelt).encode())
        found.append(_LONE.sub(replacement, _RAW_HALF.sub(replacement, spelt)).encode())
    return list(dict.fromkeys(found))


_RAW_HALF: Final = re.compile("\udced[\udca0-\udcbf][\udc80-\udcbf]")
"""Half a pair in raw CESU-8: three bytes, each read as a byte that is not UTF-8."""
_LONE: Final = re.compile("[\ud800-\udfff]")
_LONE_RUN: Final = re.compile("[\ud800-\udfff]+")


def check_signature(
    payload: Mapping[str, Any],
    secrets: Sequence[str],
    spelt: Callable[[], str | None] | None = None,
) -> Signature:
    """Compare the signature of a post with the signature of every secret, in constant time.

    Args:
        payload: the post.
        secrets: the secrets of all rules.
        spelt: returns the ``callId`` as it is spelt in the post, if that is not valid text.
    """
    call_id, timestamp = payload.get("callId"), payload.get("timestamp")
    security = payload.get("security")
    if not security or not call_id or timestamp is None:
        return Signature.MISSING
    if (
        not isinstance(security, str)
        or not isinstance(call_id, str)
        or not isinstance(timestamp, (int, str))
        or isinstance(timestamp, bool)
    ):
        return Signature.FORGED
    given = security.encode("utf-8", "surrogatepass")
    good = False
    ids: Sequence[str | bytes] = (call_id,)
    if "\ufffd" in call_id and spelt is not None:
        ids = (call_id, *spellings(spelt() or call_id))
    for one in ids:
        for secret in secrets:  # check all secrets, so that the time does not depend on the match
            good |= hmac.compare_digest(sign(one, secret, timestamp).encode(), given)
    return Signature.GOOD if good else Signature.FORGED
