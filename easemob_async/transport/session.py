"""The session pool, and the body that makes every attempt ours.

aiohttp sends GET, PUT and DELETE a second time by itself when a kept-alive connection dies before
the answer: two ``DELETE /users?limit=10``, and the caller sees one 200. So every request carries a
`OneShotBody`, also when it is empty: its first write is the departure, and a second is refused.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

from aiohttp import (
    ClientConnectionResetError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    hdrs,
)
from aiohttp.abc import AbstractStreamWriter
from aiohttp.connector import Connection
from aiohttp.payload import BytesPayload
from yarl import URL

from easemob_async.config import PoolOptions, Timeouts
from easemob_async.errors import ClientClosedError, ConfigurationError, EasemobError

# The request's own headers say what the content is.
_NO_TYPE: Final = "application/json"

_AT_ONCE: Final = sys.version_info < (3, 12)

OnDeparture = Callable[[], Awaitable[None]]


class OneShotBody(BytesPayload):
    """A request body that is written once; the first write is the request's departure."""

    def __init__(self, value: bytes, on_departure: OnDeparture | None = None) -> None:
        super().__init__(value, content_type=_NO_TYPE)
        self._on_departure = on_departure
        self.departed = False
        """Whether the request left: before that it surely was not processed."""
        self.refused: EasemobError | None = None
        """Why it was not let go: aiohttp would tell it as a broken connection."""

    @property
    def content(self) -> bytes:
        """What is to be written."""
        return self._value

    async def depart(self) -> None:
        """Take note that the request leaves now.

        Raises:
            RuntimeError: it left before.
        """
        if self._consumed:
            raise RuntimeError("a request is never sent twice by itself")
        self._consumed = True
        if self._on_departure is not None:
            try:
                await self._on_departure()
            except EasemobError as error:
                self.refused = error
                raise
        self.departed = True

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write headers and body, once."""
        transport = getattr(writer, "transport", None)
        if transport is not None and transport.is_closing():
            raise ClientConnectionResetError("the connection was closed before the request left")
        await self.depart()
        if self._value:
            await writer.write(self._value)
        else:
            writer.send_headers()


class OneShotRequest(ClientRequest):
    """Writes a request at once, where aiohttp would start a task for its body.

    For empty bodies always; for others before Python 3.12, where a task waits for the next turn of
    the event loop before it writes anything.
    """

    _aside: OneShotBody | None = None

    def update_body_from_data(self, body: Any, _stacklevel: int = 3) -> None:
        """Keep a body aside that departs with the headers."""
        if not isinstance(body, OneShotBody) or (body.size and not _AT_ONCE):
            super().update_body_from_data(body, _stacklevel)
            return
        self._aside = body
        super().update_body_from_data(None, _stacklevel)
        if body.size:
            self.headers[hdrs.CONTENT_LENGTH] = str(body.size)

    async def send(self, conn: Connection) -> ClientResponse:
        """Write the request to a connection."""
        body, transport = self._aside, conn.transport
        if body is None or transport is None:
            return await super().send(conn)
        if transport.is_closing():
            raise ClientConnectionResetError("the connection was closed before the request left")
        await body.depart()
        response = await super().send(conn)
        if body.size:
            transport.write(body.content)
        return response


class SessionPool:
    """One `aiohttp.ClientSession`, made when first needed, in the event loop that needs it."""

    def __init__(
        self, options: PoolOptions, url: URL, session: ClientSession | None = None
    ) -> None:
        self._options = options
        self._url = url
        self._theirs = session
        self._session: ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the pool was closed for good."""
        return self._closed

    def enter_loop(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Bind to a loop; tell whether it is another than before.

        Raises:
            ClientClosedError: the client was closed.
            ConfigurationError: the client is in use in another loop that is not closed.
        """
        if self._closed:
            raise ClientClosedError("the client is closed; make a new one")
        if loop is self._loop:
            return False
        if self._loop is not None and not self._loop.is_closed():
            raise ConfigurationError(
                "the client is in use in another event loop; make one client for each loop"
            )
        moved = self._loop is not None
        if moved and self._theirs is not None:
            raise ConfigurationError(
                "the session that was given belongs to an event loop that is closed"
            )
        self._loop = loop
        self._session = None
        return moved

    def session(self) -> ClientSession:
        """Give the session.

        Raises:
            ConfigurationError: the caller's own session cannot be used.
        """
        if self._session is None:
            self._session = self._checked() if self._theirs is not None else self._make()
        elif self._theirs is not None and self._theirs.closed:
            raise ClientClosedError("the session that was given is closed")
        return self._session

    async def close(self) -> None:
        """Close the session, unless it is the caller's. Closing twice is fine."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None and session is not self._theirs:
            await session.close()

    def _make(self) -> ClientSession:
        options = self._options
        session = ClientSession(
            connector=TCPConnector(
                limit=options.limit, keepalive_timeout=options.keepalive, ssl=options.ssl
            ),
            cookie_jar=DummyCookieJar(),
            request_class=OneShotRequest,
            timeout=ClientTimeout(total=None),
            # Not aiohttp's own trust_env: with it a .netrc would send its password along.
            proxy=options.proxy or self._proxy_of_environment(),
        )
        # No public switch exists; the one-shot body holds also without this.
        session._retry_connection = False
        return session

    def _proxy_of_environment(self) -> str | None:
        if not self._options.trust_env or proxy_bypass(self._url.host or ""):
            return None
        return getproxies().get(self._url.scheme)

    def _checked(self) -> ClientSession:
        session = self._theirs
        assert session is not None
        if session.closed:
            raise ClientClosedError("the session that was given is closed")
        if session.trust_env:
            raise ConfigurationError(
                "the session that was given has trust_env=True: a .netrc could send a password in "
                "place of the service's token"
            )
        if session.auth is not None:
            raise ConfigurationError(
                "the session that was given has an auth of its own; it would take the place of the "
                "service's token"
            )
        if hdrs.AUTHORIZATION in session.headers:
            raise ConfigurationError(
                "the session that was given sends an Authorization header of its own"
            )
        if getattr(session, "_loop", self._loop) is not self._loop:  # `loop` itself is deprecated
            raise ConfigurationError("the session that was given belongs to another event loop")
        return session


def wire_timeout(timeouts: Timeouts, *, whole: bool = False) -> ClientTimeout:
    """Give aiohttp's part of the time limits.

    The whole call's is kept by the transport; ``whole`` has aiohttp keep it.
    """
    return ClientTimeout(
        total=timeouts.total if whole else None,
        sock_connect=timeouts.connect,
        sock_read=timeouts.read,
        connect=None,
    )
