"""Tokens of Agora's apps: the facts' vectors, and services of any kind."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st

from easemob_async.agora import LARGEST_SECONDS, Service, ServiceType, access_token
from tests import facts_reader as facts

APP_ID: Final = "0123456789abcdef0123456789ABCDEF"
CERTIFICATE: Final = "fedcba9876543210fedcba9876543210"
TOKENS: Final[Mapping[str, Any]] = facts.read("agora")["access_token_2"]
VECTORS: Final[Sequence[Mapping[str, Any]]] = TOKENS["vectors"]
NAMES: Final = {"chat": ["user_id"], "rtc": ["channel", "uid"], "rtm": ["user_id"]}


def service(said: Mapping[str, Any]) -> Service:
    """Return a service as the facts name it."""
    known = TOKENS["fields"][said["type"]]
    privileges = {known["privileges"][name]: for_ for name, for_ in said["privileges"].items()}
    fields = [said[name] for name in NAMES[said["type"]]]
    return Service(ServiceType(known["type"]), privileges, fields)


def built(vector: Mapping[str, Any]) -> str:
    """Return the token of a vector, built by the client."""
    return access_token(
        vector["app_id"],
        vector["app_certificate"],
        [service(said) for said in vector["services"]],
        issued_at=vector["issued_at"],
        expires_in=vector["expires_in"],
        salt=vector["salt"],
    )


def unpacked(token: str) -> bytes:
    """Return what a token holds: two builds of zlib may pack it differently."""
    return zlib.decompress(base64.b64decode(token.removeprefix("007"), validate=True))


def packed(content: bytes) -> str:
    """Return a token with any content."""
    return "007" + base64.b64encode(zlib.compress(content)).decode()


seconds = st.integers(0, LARGEST_SECONDS)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@st.composite
def any_services(draw: st.DrawFn) -> list[Service]:
    """Draw services of different types, with any privileges and texts."""
    kinds = draw(st.lists(st.sampled_from(ServiceType), unique=True))
    return [
        Service(
            kind,
            draw(st.dictionaries(st.integers(0, 0xFFFF), seconds, max_size=6)),
            [draw(texts) for _ in NAMES[kind.name.lower()]],
        )
        for kind in kinds
    ]
