"""AccessToken2, the tokens that Agora's apps sign themselves: services, privileges, a signature.

Source: agora.yaml, ``access_token_2``
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

import attrs

LARGEST_SECONDS = 2**32 - 1
"""The largest number of seconds that a token can express."""
LONGEST_TEXT = 2**16 - 1
"""The largest size of a text in a token, in bytes of UTF-8."""


class ServiceType(IntEnum):
    """The services that a token can be for, by their numbers."""

    RTC = 1
    RTM = 2
    CHAT = 5


class ChatPrivilege(IntEnum):
    """What the holder of a token may do in chat, by its number."""

    USER = 1
    APP = 2


@attrs.frozen
class Service:
    """A service in a token."""

    type: ServiceType
    """Which service it is."""
    privileges: Mapping[int, int]
    """What the holder may do, by its number, and for how many seconds."""
    fields: Sequence[str]
    """The fields of the service: of chat the user's UUID, which is empty in an app token."""


def access_token(
    app_id: str,
    app_certificate: str,
    services: Iterable[Service],
    *,
    issued_at: int,
    expires_in: int,
    salt: int,
) -> str:
    """Return a signed token.

    Args:
        app_id: the App ID.
        app_certificate: the App Certificate, which signs the token and is not in it.
        services: the services that the token is for.
        issued_at: when the token begins to be valid, in Unix seconds.
        expires_in: how long the token is valid, in seconds.
        salt: any 32 bits, also as a negative number.
    """
    salted = _long(salt & 0xFFFF_FFFF)
    ordered = sorted(services, key=lambda service: service.type)
    body = b"".join(
        (
            *(_text(app_id), _long(issued_at), _long(expires_in), salted, _short(len(ordered))),
            *map(_service, ordered),
        )
    )
    key = _signed(salted, _signed(_long(issued_at), app_certificate.encode()))
    signature = _signed(key, body)
    packed = zlib.compress(_short(len(signature)) + signature + body)
    return "007" + base64.b64encode(packed).decode()


def _service(service: Service) -> bytes:
    privileges = sorted(service.privileges.items())
    return b"".join(
        (
            *(_short(service.type), _short(len(privileges))),
            *(_short(number) + _long(seconds) for number, seconds in privileges),
            *map(_text, service.fields),
        )
    )


def _signed(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def _short(number: int) -> bytes:
    return struct.pack("<H", number)


def _long(number: int) -> bytes:
    return struct.pack("<I", number)


def _text(text: str) -> bytes:
    content = text.encode()
    return _short(len(content)) + content
