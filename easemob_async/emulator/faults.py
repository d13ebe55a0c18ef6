"""What goes wrong on purpose."""

from __future__ import annotations

import json
from collections.abc import Mapping

import attrs
from aiohttp import web

from easemob_async.emulator.refusal import JSON


@attrs.define
class Fault:
    """Something that goes wrong on purpose; see `Emulator.fail`."""

    method: str
    path: str
    times: int
    status: int | None
    body: JSON
    headers: Mapping[str, str]
    processed: bool

    def answer(self, request: web.Request) -> web.StreamResponse:
        """Fail a request."""
        if self.status is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        text = self.body if isinstance(self.body, str) else None
        body = text.encode() if text is not None else dumps(self.body or {})
        return web.Response(
            status=self.status,
            body=body,
            headers=self.headers,
            content_type="text/html" if text is not None else "application/json",
        )


def take_fault(faults: list[Fault], method: str, path: str) -> Fault | None:
    """Take the fault that a request meets; one that was met often enough is gone."""
    for fault in faults:
        if fault.method in ("*", method) and path.startswith(fault.path):
            fault.times -= 1
            if fault.times <= 0:
                faults.remove(fault)
            return fault
    return None


def dumps(value: JSON) -> bytes:
    """Encode an answer."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
