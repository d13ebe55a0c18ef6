"""One exchange on a connection of our own session, without what a call never needs of aiohttp.

`ClientSession.request` merges URLs and headers, looks for cookies, credentials and redirects, and
makes a request, a writer and a response: half of the cost of a call. This module takes a connection
from the session's connector, writes the request, and lets aiohttp's parser read the answer. It
leans on parts of aiohttp that are not documented, as no other module does: it is used only with
versions that it was tested with (`TESTED`), and the tests run both ways.
"""

from __future__ import annotations

import logging
import os
import re
from functools import cached_property
from typing import Any, Final

import aiohttp
from aiohttp import ClientResponseError, ClientSession, ClientTimeout, ConnectionTimeoutError
from aiohttp.client_reqrep import ClientRequest, ConnectionKey
from aiohttp.connector import Connection
from aiohttp.helpers import TimerNoop
from aiohttp.http import HttpProcessingError
from aiohttp.streams import StreamReader
from yarl import URL

from easemob_async.models.tokens import Token
from easemob_async.transport.departure import Departure, WatchedConnection

TESTED: Final = re.compile(r"3\.14\.[0-9]+")
"""The versions of aiohttp whose undocumented parts are as they are used here."""
SWITCH: Final = "EASEMOB_DIRECT"
"""An environment variable that is ``0`` to send every call by the session."""
_REQUEST: Final = ClientSession._request
_LOG: Final = logging.getLogger("easemob_async")


def is_usable(version: str = aiohttp.__version__) -> bool:
    """Return whether calls may be sent directly with this version of aiohttp."""
    if os.environ.get(SWITCH) == "0":
        return False
    if TESTED.fullmatch(version):
        return True
    _LOG.info("aiohttp %s: calls go through its session, which costs more", version)
    return False


def is_replaced() -> bool:
    """Return whether a test has put something else in place of aiohttp's requests."""
    return ClientSession._request is not _REQUEST


class DirectConnection(WatchedConnection):
    """A connection that is resumed only where it was paused: aiohttp asks for it at each piece."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on reading."""
        if self._reading_paused:
            super().resume_reading(resume_parser)


class _Destination(ClientRequest):
    """Tells the connector where to connect to, always the same; it is never sent itself."""

    @cached_property
    def connection_key(self) -> ConnectionKey:
        """What connections to the host are kept under."""
        return super().connection_key


class DirectWire:
    """Sends requests over the connections of a session of our own, to one host."""

    def __init__(self, session: ClientSession, url: URL, headers: bytes) -> None:
        """Make what all requests share.

        Args:
            session: the session.
            url: the app's URL.
            headers: the lines of the headers that all requests have.
        """
        assert session.connector is not None
        self._connector = session.connector
        self._to = _Destination("GET", url, loop=session._loop, session=session)
        self._path = url.raw_path
        self._headers = f"Host: {url.host_port_subcomponent}\r\n".encode() + headers
        self._token: Token | None = None
        self._authorized = b""
        self._reading: dict[str, Any] = {
            "timer": TimerNoop(),
            "read_until_eof": True,
            "auto_decompress": True,
            "read_bufsize": session._read_bufsize,
            "timeout_ceil_threshold": self._connector._timeout_ceil_threshold,
            "max_line_size": session._max_line_size,
            "max_field_size": session._max_field_size,
            "max_headers": session._max_headers,
        }

    def encode(
        self, method: str, target: str, token: Token | None, content_type: bytes, body: bytes
    ) -> bytes:
        """Return a request as it is written.

        Args:
            method: the HTTP method.
            target: path and query below the app's URL.
            token: the token, if the request carries one.
            content_type: the line of this header, or nothing.
            body: the body.
        """
        if token is None:
            headers = self._headers
        else:
            if token is not self._token:
                line = f"Authorization: Bearer {token.value}\r\n".encode()
                self._token, self._authorized = token, self._headers + line
            headers = self._authorized
        if body or method != "GET":
            start = f"{method} {self._path}{target} HTTP/1.1\r\nContent-Length: {len(body)}\r\n"
        else:
            start = f"{method} {self._path}{target} HTTP/1.1\r\n"
        return b"".join((start.encode(), headers, content_type, b"\r\n", body))

    async def send(
        self, request: bytes, departure: Departure, limits: ClientTimeout
    ) -> tuple[Connection, Any, StreamReader]:
        """Send a request.

        Args:
            request: what is written.
            departure: the departure of the request.
            limits: the limits for the connection, and between two pieces of the answer.

        Returns:
            The connection, to be released after the content, the head and the content.

        Raises:
            ClientError: there is no connection, or it broke.
        """
        try:
            connection = await self._connector.connect(self._to, [], limits)
        except TimeoutError:
            raise ConnectionTimeoutError(f"Connection timeout to host {self._to.url}") from None
        try:
            protocol = connection.protocol
            assert protocol is not None
            protocol.set_response_params(read_timeout=limits.sock_read, **self._reading)
            await departure.take(protocol)
            assert protocol.transport is not None
            protocol.transport.write(request)
            protocol.start_timeout()
            while True:
                message, content = await protocol.read()
                if not 100 <= message.code < 200 or message.code == 101:
                    return connection, message, content
        except HttpProcessingError as error:
            connection.close()
            raise ClientResponseError(
                self._to.request_info, (), status=error.code, message=error.message
            ) from None
        except BaseException:
            connection.close()
            raise
