"""Whether a post comes from the service; it proves that its sender knows the secret, no more."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any


class Signature(StrEnum):
    """What a signature says of a post."""

    GOOD = "good"
    FORGED = "forged"
    """It was made with none of the secrets."""
    MISSING = "missing"
    """There is none, or not what it is made of."""


def sign(call_id: str, secret: str, timestamp: int | str) -> str:
    """Give the ``security`` field of a post: the MD5 of the three, one after the other."""
    text = f"{call_id}{secret}{timestamp}".encode("utf-8", "surrogatepass")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def check_signature(payload: Mapping[str, Any], secrets: Sequence[str]) -> Signature:
    """Compare a post's signature with those of every secret, in constant time."""
    call_id, timestamp = payload.get("callId"), payload.get("timestamp")
    security = payload.get("security")
    if not security or not call_id or timestamp is None:
        return Signature.MISSING
    if (
        not isinstance(security, str)
        or not isinstance(call_id, str)
        or not isinstance(timestamp, int | str)
        or isinstance(timestamp, bool)
    ):
        return Signature.FORGED
    given = security.encode("utf-8", "surrogatepass")
    good = False
    for secret in secrets:  # all of them, so that time does not tell which
        good |= hmac.compare_digest(sign(call_id, secret, timestamp).encode(), given)
    return Signature.GOOD if good else Signature.FORGED
