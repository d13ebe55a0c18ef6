"""Which hosts serve an app: the emulator names itself, as the client has reached it.

Source: agora.yaml, ``discovery``
"""

from __future__ import annotations

import re
from collections.abc import Container
from ipaddress import ip_address
from typing import Final

from aiohttp import web
from yarl import URL

from easemob_async.emulator.bodies import clean
from easemob_async.emulator.refusal import JSON, Refusal

PATH: Final = "/easemob/server.json"
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_PORTS: Final = {"http": 80, "https": 443}


def hosts(request: web.Request, apps: Container[str], own_url: str) -> JSON:
    """Return the answer to the question which hosts serve an app.

    Args:
        request: the request.
        apps: the App Keys of the emulator.
        own_url: the emulator's URL, for a request that does not tell by which name it came.

    Raises:
        Refusal: the query names no app of the emulator.
    """
    key = clean(request.query.get("app_key", ""))
    if key not in apps:  # open: the answer for an unknown app; the nearest is that of the API
        text = f"Could not find application for {key} from URI: {PATH.strip('/')}"
        raise Refusal(404, "organization_application_not_found", text)
    return {
        "deploy_name": "emulator",
        "file_version": "1",
        "rest": {"hosts": [_host(*_reached(request, own_url))]},
    }


def _reached(request: web.Request, own_url: str) -> tuple[str, str, int]:
    """Return scheme, host and port by which the client has reached the emulator."""
    found = _HOST.fullmatch(request.headers.get("Host", ""))
    if found is None or int(found[2] or 1) not in range(1, 65536):
        own = URL(own_url)
        return own.scheme, own.host or "", own.port or 0
    port = int(found[2] or _PORTS[request.scheme])
    return request.scheme, found[1].strip("[]"), port


def _host(scheme: str, name: str, port: int) -> dict[str, JSON]:
    try:
        ip_address(name)
    except ValueError:
        return {"protocol": scheme, "domain": name, "port": port}
    return {"protocol": scheme, "ip": name, "port": port}
