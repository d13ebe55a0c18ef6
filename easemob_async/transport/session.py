"""The session pool, and the body that keeps aiohttp from sending a request twice.

aiohttp itself sends GET, PUT and DELETE a second time when a kept-alive connection dies before
the answer: two ``DELETE /users?limit=10``, and the caller sees one 200. So every request carries a
`OneShotBody`, also when it is empty: its first write is the departure, and a second is refused.
"""

from __future__ import annotations

import contextlib
import sys
import weakref
from collections.abc import Sequence
from typing import Any, Final, TypedDict, cast
from urllib.request import getproxies, proxy_bypass

from aiohttp import (
    ClientHandlerType,
    ClientMiddlewareType,
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
from aiohttp.http_writer import StreamWriter
from aiohttp.payload import BytesPayload
from yarl import URL

from easemob_async.checks import text_problem
from easemob_async.config import PoolOptions, Timeouts, parse_proxy
from easemob_async.errors import ClientClosedError, ConfigurationError
from easemob_async.transport.departure import Departure, WatchedConnection
from easemob_async.transport.direct import DirectConnection, DirectWire, is_replaced, is_usable
from easemob_async.transport.loops import LoopBinding, close_socket
from easemob_async.transport.uploads import StreamedBody

# Headers that each call sets; those of a session would break it.
_HEADERS_OF_OURS: Final = (
    hdrs.AUTHORIZATION,
    hdrs.CONTENT_ENCODING,
    hdrs.CONTENT_LENGTH,
    hdrs.CONTENT_TYPE,
    hdrs.EXPECT,
    hdrs.HOST,
    hdrs.TRANSFER_ENCODING,
)
_WRITES_BODY: Final = sys.version_info < (3, 12)


class RequestOptions(TypedDict, total=False):
    """Options of a request that depend on whose session it is sent by."""

    middlewares: Sequence[ClientMiddlewareType]
    skip_auto_headers: Sequence[str]


class OneShotBody(BytesPayload):
    """A request body that is written once; the first write is the request's departure."""

    def __init__(self, value: bytes, departure: Departure) -> None:
        super().__init__(value)
        self.departure = departure

    @property
    def content(self) -> bytes:
        """What is to be written."""
        return self._value

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write headers and body, once."""
        await self.departure.write_to(cast("StreamWriter", writer).protocol)
        if self._value:
            await writer.write(self._value)
        else:
            writer.send_headers()


class OneShotRequest(ClientRequest):
    """Takes the departure, and writes immediately where aiohttp would start a task for the body.

    For empty bodies always; for others before Python 3.12, where a task waits for the next turn of
    the event loop before it writes anything.
    """

    _aside: OneShotBody | None = None

    def update_body_from_data(self, body: Any, _stacklevel: int = 3) -> None:
        """Keep a body aside that departs with the headers."""
        if not isinstance(body, OneShotBody) or (body.size and not _WRITES_BODY):
            super().update_body_from_data(body, _stacklevel)
            return
        self._aside = body
        super().update_body_from_data(None, _stacklevel)
        if body.size:
            self.headers[hdrs.CONTENT_LENGTH] = str(body.size)

    async def send(self, conn: Connection) -> ClientResponse:
        """Write the request to a connection."""
        aside, protocol, transport = self._aside, conn.protocol, conn.transport
        body = self.body if aside is None else aside
        if isinstance(body, OneShotBody | StreamedBody) and protocol is not None:
            await body.departure.take(protocol)
        response = await super().send(conn)
        if aside is not None and aside.size and transport is not None:
            transport.write(aside.content)
        return response


def departing(departure: Departure) -> ClientMiddlewareType:
    """Make a request of the caller's own session depart as those of ours do: before it is sent."""

    async def depart_first(request: ClientRequest, go_on: ClientHandlerType) -> ClientResponse:
        send = request.send

        async def send_departed(conn: Connection) -> ClientResponse:
            if conn.protocol is not None:
                await departure.take(conn.protocol)
            return await send(conn)

        request.send = send_departed  # type: ignore[method-assign]
        return await go_on(request)

    return depart_first


class SessionPool:
    """One `aiohttp.ClientSession`, made when first needed, in the event loop that needs it."""

    def __init__(
        self,
        options: PoolOptions,
        url: URL,
        binding: LoopBinding,
        session: ClientSession | None = None,
    ) -> None:
        self._binding = binding
        self._options = options
        self._url = url
        self._theirs = session
        self._session: ClientSession | None = None
        self._direct: dict[str, DirectWire] = {}
        self._may_be_direct = session is None and is_usable()
        self._connections: weakref.WeakSet[WatchedConnection] = weakref.WeakSet()
        self._closed = False

    @property
    def size(self) -> int:
        """How many connections there are at the most."""
        return self._options.limit

    @property
    def max_answer_bytes(self) -> int:
        """How large an answer may be, unpacked."""
        return self._options.max_answer_bytes

    def is_closed(self) -> bool:
        """Return whether the pool was closed for good."""
        return self._closed

    def session(self) -> ClientSession:
        """Return the session.

        Raises:
            ClientClosedError: the client or the caller's own session is closed.
            ConfigurationError: the caller's own session cannot be used.
        """
        if self._closed:
            raise ClientClosedError("the client was closed meanwhile")
        if self._session is None:
            self._session = self._checked() if self._theirs is not None else self._make()
        elif self._theirs is not None and self._theirs.closed:
            raise ClientClosedError("the session that was given is closed")
        return self._session

    def direct(self, url: str, headers: bytes) -> DirectWire | None:
        """Return what sends requests without the session's own way, where that is possible.

        Args:
            url: the app's URL.
            headers: the lines of the headers that all requests have.

        Raises:
            ClientClosedError: the client is closed.
        """
        if not self._may_be_direct or is_replaced():
            return None
        wire = self._direct.get(url)
        if wire is None or self._closed or self._session is None:
            session = self.session()
            if session._default_proxy is not None:
                self._may_be_direct = False
                return None
            wire = self._direct[url] = DirectWire(session, URL(url, encoded=True), headers)
        return wire

    async def close(self) -> None:
        """Close the session, unless it is the caller's. Closing twice is fine."""
        self._closed = True
        loop = self._binding.loop
        if loop is not None and loop.is_closed():
            self._close_left_behind()
            return
        session, self._session, self._direct = self._session, None, {}
        if session is not None and session is not self._theirs:
            await session.close()

    def options(self, departure: Departure, *, own_type: bool) -> RequestOptions:
        """Return what a request needs to depart right; those of our own session do so anyway.

        Args:
            departure: the request's.
            own_type: whether its body knows best of what type it is.
        """
        if self._theirs is None:
            return {"middlewares": ()}
        return {
            "middlewares": (departing(departure),),
            "skip_auto_headers": () if own_type else (hdrs.CONTENT_TYPE,),
        }

    def _make(self) -> ClientSession:
        options = self._options
        connector = TCPConnector(
            limit=options.limit, keepalive_timeout=options.keepalive, ssl=options.ssl
        )
        connector._factory = self._connection  # type: ignore[assignment]  # no public way exists
        session = ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            request_class=OneShotRequest,
            timeout=ClientTimeout(total=None),
            # Not aiohttp's own trust_env: with it a .netrc would send its password along.
            proxy=options.proxy or self._proxy_of_environment(),
        )
        # No public switch exists; the one-shot body holds also without this.
        session._retry_connection = False
        return session

    def _connection(self) -> WatchedConnection:
        assert self._binding.loop is not None
        kind = DirectConnection if self._may_be_direct else WatchedConnection
        connection = kind(self._binding.loop)
        self._connections.add(connection)
        return connection

    def leave_closed_loop(self) -> None:
        """Leave an event loop that was closed without `close`: the next call is in another.

        Raises:
            ConfigurationError: the session is the caller's, and belongs to that loop.
        """
        if self._theirs is not None:
            raise ConfigurationError(
                "the session that was given belongs to an event loop that is closed"
            )
        self._close_left_behind()

    def _close_left_behind(self) -> None:
        session, self._session, self._direct = self._session, None, {}
        connections, self._connections = list(self._connections), weakref.WeakSet()
        if session is None or session is self._theirs:
            return
        if session.connector is not None:
            with contextlib.suppress(RuntimeError):  # calls waited for a connection in that loop
                session.connector._close()
        session.detach()
        for connection in connections:
            if connection.transport is not None:
                close_socket(connection.transport)

    def _proxy_of_environment(self) -> str | None:
        if not self._options.trust_env or proxy_bypass(self._url.host or ""):
            return None
        found = getproxies().get(self._url.scheme)
        return None if found is None else parse_proxy(found, f"{self._url.scheme.upper()}_PROXY")

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
                "the session that was given has an `auth`; it would replace the service's token"
            )
        own = [name for name in _HEADERS_OF_OURS if name in session.headers]
        if own:
            raise ConfigurationError(
                f"the session that was given sends {' and '.join(own)} with every request, which "
                "would take the place of what each call needs; make it without such headers"
            )
        for name, value in session.headers.items():
            problem = text_problem(f"{name}: {value}")
            if problem is not None:
                raise ConfigurationError(
                    f"the session that was given sends a header {name!r:.80} that {problem}"
                )
        loop = self._binding.loop
        if getattr(session, "_loop", loop) is not loop:  # `loop` itself is deprecated
            raise ConfigurationError("the session that was given belongs to another event loop")
        return session


def wire_timeout(timeouts: Timeouts, *, whole: bool = False) -> ClientTimeout:
    """Return the time limits that aiohttp keeps.

    The whole call's is kept by the transport; ``whole`` has aiohttp keep it.
    """
    return ClientTimeout(
        total=timeouts.total if whole else None,
        sock_connect=timeouts.connect,
        sock_read=timeouts.read,
        connect=None,
    )
