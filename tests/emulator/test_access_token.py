"""The emulator's reader of AccessToken2: it reads what the client builds, and takes any bytes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from easemob_async.agora import Service, access_token
from easemob_async.emulator.access_token import NotAToken, read
from tests.agora_tokens import (
    APP_ID,
    CERTIFICATE,
    NAMES,
    TOKENS,
    VECTORS,
    any_services,
    built,
    packed,
    seconds,
    unpacked,
)

GOOD = unpacked(VECTORS[2]["token"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["salt"]))
def test_the_tokens_of_the_official_sdk_are_read(vector: Mapping[str, Any]) -> None:
    found = read(vector["token"], APP_ID, CERTIFICATE)
    assert found.issued_at == vector["issued_at"]
    assert found.expires_at == vector["issued_at"] + vector["expires_in"]
    for said in vector["services"]:
        known = TOKENS["fields"][said["type"]]
        service = found.services[known["type"]]
        assert service.fields == tuple(said[name] for name in NAMES[said["type"]])
        assert service.privileges == {
            known["privileges"][name]: vector["issued_at"] + lasts
            for name, lasts in said["privileges"].items()
        }
    assert len(found.services) == len(vector["services"])


@given(any_services(), seconds, seconds, st.integers(-(2**31), 2**32 - 1))
def test_what_the_client_builds_is_read(
    services: Sequence[Service], issued_at: int, expires_in: int, salt: int
) -> None:
    token = access_token(
        APP_ID, CERTIFICATE, services, issued_at=issued_at, expires_in=expires_in, salt=salt
    )
    found = read(token, APP_ID, CERTIFICATE)
    assert (found.issued_at, found.expires_at) == (issued_at, issued_at + expires_in)
    assert {
        kind: ({n: end - issued_at for n, end in s.privileges.items()}, list(s.fields))
        for kind, s in found.services.items()
    } == {service.type: (service.privileges, service.fields) for service in services}


@pytest.mark.parametrize(
    ("app_id", "certificate"),
    [(APP_ID[::-1], CERTIFICATE), (APP_ID, CERTIFICATE[::-1]), (APP_ID, "")],
)
def test_another_apps_token_is_refused(app_id: str, certificate: str) -> None:
    with pytest.raises(NotAToken):
        read(built(VECTORS[0]), app_id, certificate)


@given(st.binary(max_size=300))
def test_any_content_is_a_token_or_none(content: bytes) -> None:
    with pytest.raises(NotAToken):
        read(packed(content), APP_ID, CERTIFICATE)


@given(st.text(max_size=100))
@example("")
@example("é")
@example("=")
@example("eJw")
@example(base64.b64encode(b"not packed").decode())
@example(base64.urlsafe_b64encode(zlib.compress(bytes(range(256)))).decode())
@example(VECTORS[0]["token"][3:-8])
@example(VECTORS[0]["token"][3:] + "AAAA")
def test_any_text_is_a_token_or_none(text: str) -> None:
    for token in (text, f"007{text}"):
        with pytest.raises(NotAToken):
            read(token, APP_ID, CERTIFICATE)


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_token_with_a_changed_byte_is_refused(at: int, change: int) -> None:
    changed = bytes([*GOOD[:at], GOOD[at] ^ change, *GOOD[at + 1 :]])
    with pytest.raises(NotAToken):
        read(packed(changed), APP_ID, CERTIFICATE)


@pytest.mark.parametrize("size", range(0, len(GOOD), 7))
def test_a_token_that_ends_too_early_is_refused(size: int) -> None:
    with pytest.raises(NotAToken):
        read(packed(GOOD[:size]), APP_ID, CERTIFICATE)


@pytest.mark.parametrize(
    "behind",
    [
        struct.pack("<H", 0xFFFF),  # services that are not there
        struct.pack("<HHH", 1, 5, 0xFFFF),  # privileges that are not there
        struct.pack("<HHHH", 1, 5, 0, 0xFFFF),  # a text that is not there
        struct.pack("<HHH", 1, 99, 0),  # a service that nobody knows
        struct.pack("<HHHH", 1, 5, 0, 2) + b"\xff\xfe",  # a text that is not UTF-8
        struct.pack("<HHHH", 1, 5, 0, 0) + b"more",
    ],
)
def test_a_signed_token_may_be_nonsense(behind: bytes) -> None:
    with pytest.raises(NotAToken):
        read(signed(behind), APP_ID, CERTIFICATE)


def signed(behind: bytes) -> str:
    """Return a token with a good signature and anything in place of its services."""
    began, salt = struct.pack("<I", 5), struct.pack("<I", 7)
    body = struct.pack("<H", 32) + APP_ID.encode() + began + struct.pack("<I", 9) + salt + behind
    key = hmac.digest(began, CERTIFICATE.encode(), hashlib.sha256)
    signature = hmac.digest(hmac.digest(salt, key, hashlib.sha256), body, hashlib.sha256)
    return packed(struct.pack("<H", 32) + signature + body)


def test_a_small_token_that_would_fill_the_memory_is_refused() -> None:
    packer, pieces = zlib.compressobj(9), []
    for _ in range(256):
        pieces.append(packer.compress(bytes(2**20)))
    bomb = b"".join([*pieces, packer.flush()])
    assert len(bomb) < 2**19
    with pytest.raises(NotAToken, match="too large"):
        read("007" + base64.b64encode(bomb).decode(), APP_ID, CERTIFICATE)
