"""Faults: requests that fail on purpose."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from aiohttp import web

from easemob_async.emulator.answers import dumps
from easemob_async.emulator.refusal import JSON


@attrs.define
class Fault:
    """A deliberate failure of requests; see `Emulator.fail`."""

    method: str
    """The method of the requests; ``"*"`` for any."""
    path: str
    """The beginning of their path, without the part of the app."""
    times: int
    """The number of requests that are still to fail."""
    status: int | None
    """The status code of the answer; ``None`` closes the connection without an answer."""
    body: JSON
    """The JSON or the text of the answer."""
    headers: Mapping[str, str]
    """The headers of the answer."""
    processed: bool
    """Whether the request is processed before it fails."""

    def answer(self, request: web.Request) -> web.StreamResponse:
        """Return the failure as an answer, or close the connection."""
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
    """Return the fault that matches a request; remove it once it has been used up."""
    for fault in faults:
        if fault.method in ("*", method) and path.startswith(fault.path):
            fault.times -= 1
            if fault.times <= 0:
                faults.remove(fault)
            return fault
    return None
