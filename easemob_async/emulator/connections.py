"""Connections: what the HTTP library refuses is answered like every other refusal, in JSON."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import HttpVersion11, web

from easemob_async.emulator.refusal import Refusal

_log: Final = logging.getLogger("easemob_async.emulator")
Refused = Callable[[Refusal], web.Response]
"""Makes the answer of a refusal."""
Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""Answers a request."""
# The contents are unpacked by `bodies.unpacked`: the HTTP library cannot go on with a connection
# after one that is broken.
_OPTIONS: Final[Mapping[str, Any]] = {"access_log": None, "auto_decompress": False}


def defect(request: web.BaseRequest) -> Refusal:
    """Log the current exception, a defect of the emulator, and return the refusal to answer."""
    _log.exception("a defect of the emulator: %s %s", request.method, request.path)
    return Refusal(400, "web_application", "the emulator cannot handle this request")


def make_runner(serve: Serve, refused: Refused, largest_body: int) -> web.ServerRunner:
    """Make a server whose answers are all in JSON, those of the HTTP library as well.

    Args:
        serve: answers each request.
        refused: makes the answer of a refusal.
        largest_body: the largest number of bytes of a body, as it is sent.
    """
    return web.ServerRunner(_Server(serve, refused, largest_body), shutdown_timeout=1)


class _Server(web.Server):
    def __init__(self, serve: Serve, refused: Refused, largest_body: int) -> None:
        loop = asyncio.get_running_loop()

        async def guarded(request: Any) -> web.StreamResponse:
            try:
                if "Expect" in request.headers:
                    await _continue(request)
                return await serve(request)
            except web.HTTPException as error:
                if error.status < 400:  # a redirection
                    raise
                text = error.text or error.reason
                return refused(Refusal(error.status, "web_application", text))
            except ConnectionError:
                raise
            except Exception:
                return refused(defect(request))

        def made(
            message: Any, payload: Any, connection: Any, writer: Any, task: Any
        ) -> web.Request:
            return web.Request(
                message, payload, connection, writer, task, loop, client_max_size=largest_body
            )

        super().__init__(guarded, request_factory=made)
        self._refused = refused

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, self._refused)


async def _continue(request: web.Request) -> None:
    """Ask for the body, which the client sends only then."""
    expected = request.headers["Expect"]
    if expected.lower() != "100-continue":
        raise web.HTTPExpectationFailed(text=f"Unknown Expect: {expected!a}")
    if request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # of the answer itself nothing has been sent yet


class _Connection(web.RequestHandler):
    """A connection that answers malformed HTTP in JSON, and logs no client's mistakes."""

    def __init__(self, server: _Server, refused: Refused) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **_OPTIONS)
        self._refused = refused

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that is not valid HTTP; the connection is closed."""
        # open: the service's own answer; the nearest error is that of other requests outside the
        # API
        words = (message or "").partition("\n")[0].strip(" :\r") or "Bad Request"
        answer = self._refused(Refusal(400, "web_application", words))
        answer.force_close()
        return answer

    def log_exception(self, *args: Any, **options: Any) -> None:
        """Log nothing loud: a client that breaks off or talks no HTTP is no defect."""
        _log.debug(*args, **options)
