"""Asking the service which hosts serve an app. The answer decides where credentials go.

So it is asked by https, and takes hosts with https alone, unless ``allow_http`` says otherwise.

Source: agora.yaml, ``discovery``
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote

from aiohttp import ClientError, ClientTimeout
from yarl import URL

from easemob_async.config import AppKey, is_loopback
from easemob_async.errors import ConfigurationError, ConnectError, EasemobError
from easemob_async.transport.downloads import PIECE
from easemob_async.transport.failures import words_of
from easemob_async.transport.session import SessionPool
from easemob_async.wire import codec
from easemob_async.wire.redaction import redact

TAKES: Final = 10.0
"""Seconds after which no answer is waited for."""
LARGEST: Final = 1024 * 1024
"""The largest size of an answer, in bytes."""
_OK: Final = 200
_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?")
_DIGITS: Final = re.compile("[0-9]{1,5}")
_HEADERS: Final = {
    "Accept": "application/json",
    # A connection of the pool takes no request of a call after one of another kind.
    "Connection": "close",
}


async def ask_for_hosts(
    pool: SessionPool, url: URL, app_key: AppKey, *, allow_http: bool
) -> Sequence[str]:
    """Ask which hosts serve an app; return their URLs, at least one.

    Raises:
        ConnectError: there is no usable answer.
        ConfigurationError: all hosts are ones that are not allowed.
    """
    question = URL(f"{url}?app_key={quote(str(app_key), safe='')}", encoded=True)
    content = b""
    try:
        async with (
            asyncio.timeout(TAKES),
            pool.session().get(
                question,
                headers=_HEADERS,
                allow_redirects=False,
                raise_for_status=False,
                timeout=ClientTimeout(total=None),
            ) as response,
        ):
            async for piece in response.content.iter_chunked(PIECE):
                content += piece
                if len(content) > LARGEST:
                    break
            status = response.status
            response.close()
        problem = f"it answered {status}" if status != _OK else ""
    except EasemobError:
        raise
    # aiohttp raises RuntimeError and ValueError as well: a closed session, an odd answer.
    except (ClientError, OSError, RuntimeError, ValueError) as error:
        problem = f"it cannot be asked ({redact(words_of(error))})"
    if not problem:
        return read_hosts(content, str(url), allow_http=allow_http)
    raise ConnectError(f"{url}: {problem}; base_url may name a host instead")


def read_hosts(content: bytes, asked: str, *, allow_http: bool) -> Sequence[str]:
    """Read the URLs of hosts in an answer; an entry that names none is left out.

    Args:
        content: the answer.
        asked: who gave it, for errors.
        allow_http: whether a host with http is taken that is not this machine.

    Raises:
        ConnectError: the answer names no host.
        ConfigurationError: it names only hosts with http, which are not allowed.
    """
    try:
        answer = codec.read(content) if len(content) <= LARGEST else None
    except ValueError:
        answer = None
    rest: Any = answer.get("rest") if isinstance(answer, Mapping) else None
    rows: Any = rest.get("hosts") if isinstance(rest, Mapping) else None
    found = [url for url in map(_url, rows if isinstance(rows, list) else ()) if url is not None]
    taken = [
        str(url)
        for url in dict.fromkeys(found)
        if url.scheme == "https" or allow_http or is_loopback(url.host or "")
    ]
    if taken:
        return taken
    if found:
        raise ConfigurationError(
            f"{asked}: it names only hosts with http ({found[0]}), which would send the token "
            "unencrypted; use base_url with https, or allow_http=True (in the command line: "
            "--allow-http) inside a trusted network"
        )
    raise ConnectError(f"{asked}: it names no host; base_url may name one instead")


def _url(row: object) -> URL | None:
    """Return the URL of a host; ``None`` if it is not one."""
    if not isinstance(row, Mapping):
        return None
    scheme = str(row.get("protocol")).lower()
    host = _host(row.get("domain") or row.get("ip"))
    if scheme not in _PORTS or host is None:
        return None
    port = _port(row.get("port"), _PORTS[scheme])
    return None if port is None else URL.build(scheme=scheme, host=host, port=port)


def _host(name: object) -> str | None:
    if not isinstance(name, str) or "%" in name:
        return None
    try:
        return str(ip_address(name))
    except ValueError:
        return name if _NAME.fullmatch(name) and len(name) <= 253 else None


def _port(value: object, default: int) -> int | None:
    """Read a port, a number or its digits; a missing one and -1 are the protocol's own."""
    if value in (None, "", -1, "-1"):
        return default
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    return value if type(value) is int and 1 <= value <= 65_535 else None
