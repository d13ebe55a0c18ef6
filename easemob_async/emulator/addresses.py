"""The addresses of this machine: which a server that listens on all of them is reached by."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

# Addresses of the documentation's networks (RFC 5737, RFC 3849): nothing is ever sent to them.
_ELSEWHERE: Final = ("192.0.2.1", "2001:db8::1")


def is_loopback(host: str) -> bool:
    """Return whether only this machine can connect to an address to listen on."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def reached_by(host: str) -> Sequence[str]:
    """Return the addresses by which a server is reached that listens on an address.

    They are those of this machine, loopback first, for ``"0.0.0.0"`` and ``"::"``; else the
    address itself.
    """
    try:
        listening = ip_address(host)
    except ValueError:
        return [host]
    if not listening.is_unspecified:
        return [host]
    loopback = "127.0.0.1" if listening.version == 4 else "::1"
    family = socket.AF_INET if listening.version == 4 else socket.AF_INET6
    own = (address for address in _candidates(family) if _is_own(address, family))
    return list(dict.fromkeys([loopback, *own]))


def url_host(host: str) -> str:
    """Return an address as it is written in a URL."""
    return f"[{host}]" if ":" in host else host


def _candidates(family: socket.AddressFamily) -> Iterator[str]:
    """Yield what may be an address of this machine, the one that it talks to others with first."""
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((_ELSEWHERE[family == socket.AF_INET6], 9))  # chooses a route, sends nothing
        yield str(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        for found in socket.getaddrinfo(socket.gethostname(), None, family, socket.SOCK_STREAM):
            yield str(found[4][0])


def _is_own(text: str, family: socket.AddressFamily) -> bool:
    """Return whether others can connect to an address, and it is one of this machine."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
        if address.is_loopback or address.is_link_local or address.is_unspecified:
            return False
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((text, 0))  # only an address of this machine can be bound
    except (OSError, ValueError):
        return False
    return True
