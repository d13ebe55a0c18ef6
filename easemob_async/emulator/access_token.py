"""The emulator's own reader of AccessToken2, the tokens that Agora's apps sign themselves.

It takes any bytes: what is no token, or is signed by somebody else, is a `NotAToken`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import zlib
from collections.abc import Mapping
from typing import Final

import attrs

PREFIX: Final = "007"
"""What every token begins with."""
CHAT: Final = 5
USER: Final = 1
"""The privilege of a chat user."""
APP: Final = 2
"""The privilege of an app in chat."""
_FIELDS: Final[Mapping[int, int]] = {1: 2, 2: 1, CHAT: 1}
"""The number of fields of each service: RTC, RTM and chat."""
_LARGEST: Final = 1024 * 1024


class NotAToken(Exception):  # noqa: N818 - it is a finding, not an error of the emulator
    """A text that is no AccessToken2, or one that another app has signed."""


@attrs.frozen
class Service:
    """A service that a token is for."""

    privileges: Mapping[int, int]
    """What the holder may do, by its number, and when that ends, in Unix seconds."""
    fields: tuple[str, ...]
    """The fields of the service: of chat the UUID of the user, empty in a token of the app."""


@attrs.frozen
class AccessToken:
    """A token whose signature is good."""

    issued_at: int
    """When it begins to be valid, in Unix seconds."""
    expires_at: int
    """When it ends, in Unix seconds."""
    services: Mapping[int, Service]
    """The services that it is for, by their numbers."""


def read(token: str, app_id: str, app_certificate: str) -> AccessToken:
    """Read a token.

    Raises:
        NotAToken: the text is none, or another app's, or not signed with the certificate.
    """
    reader = _Reader(_unpacked(token))
    signature, signed = reader.content(), reader.rest()
    named = reader.text()
    if named != app_id:
        raise NotAToken("it is another app's")
    began, lasts, salt = (reader.take(4) for _ in range(3))
    inner = hmac.digest(began, app_certificate.encode(), "sha256")
    wanted = hmac.digest(hmac.digest(salt, inner, "sha256"), signed, "sha256")
    if not hmac.compare_digest(signature, wanted):
        raise NotAToken("it is not signed with the app's certificate")
    issued_at = int.from_bytes(began, "little")
    services = dict(reader.service(issued_at) for _ in range(reader.number(2)))
    if reader.rest():
        raise NotAToken("something stands behind its end")
    return AccessToken(issued_at, issued_at + int.from_bytes(lasts, "little"), services)


def _unpacked(token: str) -> bytes:
    """Return the content of a token, which is packed; a small one may hold very much."""
    packer = zlib.decompressobj()
    try:
        if not token.startswith(PREFIX):
            raise NotAToken(f"it does not begin with {PREFIX}")
        packed = base64.b64decode(token.removeprefix(PREFIX).encode("ascii"), validate=True)
        content = packer.decompress(packed, _LARGEST)
    except (binascii.Error, UnicodeEncodeError, zlib.error):
        raise NotAToken("it cannot be unpacked") from None
    if not packer.eof or packer.unused_data:
        raise NotAToken("it does not end where it should, or is too large")
    return content


class _Reader:
    """Reads numbers and texts, one after the other, from bytes that may end anywhere."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def rest(self) -> bytes:
        """Return what was not read yet."""
        return self._data[self._at :]

    def take(self, size: int) -> bytes:
        found = self._data[self._at : self._at + size]
        if len(found) < size:
            raise NotAToken("it ends too early")
        self._at += size
        return found

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def content(self) -> bytes:
        return self.take(self.number(2))

    def text(self) -> str:
        try:
            return self.content().decode()
        except UnicodeDecodeError:
            raise NotAToken("a text in it is not UTF-8") from None

    def service(self, issued_at: int) -> tuple[int, Service]:
        """Return the number of the next service, and what the token says of it."""
        kind = self.number(2)
        if kind not in _FIELDS:  # where its fields end is not known
            raise NotAToken(f"the service {kind} is not known")
        privileges = {self.number(2): issued_at + self.number(4) for _ in range(self.number(2))}
        return kind, Service(privileges, tuple(self.text() for _ in range(_FIELDS[kind])))
