"""The departure of a request: the moment at which it leaves, once, on a connection that is clean.

A server or proxy may write to an idle connection without a request: a second answer, a 408, a
goodbye. The next request on it would take those bytes for its own answer. So a connection is looked
at right before its request leaves: before the departure is recorded, and after that (it may have
waited for a disk or a database). One on which anything arrived is dropped.
"""

from __future__ import annotations

import asyncio
import select
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import ClientConnectionResetError
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_proto import ResponseHandler

OnDeparture = Callable[[], Awaitable[None]]

_HAS_POLL: Final = hasattr(select, "poll")
_TURNS: Final = 2
_USED: Final = "_easemob_used"
"""Marks a connection that has carried a request: also those of the caller's own session."""


class Latest:
    """The latest time at which a request may depart: past it, its quota is somebody else's.

    It is one of the process's clocks, and both have to agree: one stands still while the machine
    sleeps, and the other can be set.
    """

    __slots__ = ("_at", "_clock", "_wall", "_wall_clock")

    def __init__(
        self, at: float, clock: Callable[[], float], wall_clock: Callable[[], float] = time.time
    ) -> None:
        """Set it.

        Args:
            at: the time, on the clock.
            clock: the clock, which only goes forward.
            wall_clock: the wall clock.
        """
        self._at = at
        self._clock = clock
        self._wall_clock = wall_clock
        self._wall = wall_clock() + at - clock()

    @property
    def at(self) -> float:
        """The time, on the clock that only goes forward."""
        return self._at

    def has_passed(self) -> bool:
        """Return whether it has passed on one of the clocks."""
        return self._clock() >= self._at or self._wall_clock() >= self._wall


class WatchedConnection(ResponseHandler):
    """A connection of our own pool; it notes what arrives while no answer is expected."""

    expecting = False
    """Whether a request has left on it whose answer is not complete."""
    disturbed = False
    """Whether anything arrived that was not expected."""
    departure: Departure | None = None
    """The latest that left on it."""

    def data_received(self, data: bytes) -> None:
        """Take what arrives."""
        if not self.expecting and data:
            self.disturbed = True
        super().data_received(data)


class Departure:
    """The departure of one request: refused, or taken once."""

    __slots__ = (
        "_connection",
        "_is_closed",
        "_latest",
        "_on_departure",
        "_spent",
        "_written",
        "blocked_by",
        "left",
        "stale",
    )

    def __init__(
        self,
        is_closed: Callable[[], bool],
        on_departure: OnDeparture | None = None,
        latest: Latest | None = None,
    ) -> None:
        self._is_closed = is_closed
        self._latest = latest
        self._on_departure = on_departure
        self._connection: BaseProtocol | None = None
        self._spent = False
        self._written = False
        self.left = False
        """Whether the request left: before that it surely was not processed."""
        self.stale = False
        """Whether it did not leave because its kept-alive connection was used up."""
        self.blocked_by: Exception | None = None
        """Why `on_departure` did not let it leave: aiohttp would call it a broken connection."""

    def __deepcopy__(self, memo: object) -> Departure:
        # Tests that record requests copy them deeply: the departure stays one object.
        return self

    async def take(self, connection: BaseProtocol) -> None:
        """Let the request leave now.

        Raises:
            ClientConnectionResetError: the connection is not clean, or the client is closed.
            TimeoutError: it is too late to leave.
            RuntimeError: it left before.
        """
        if self._spent:
            raise RuntimeError("a request is never sent twice")
        self._spent = True
        if self._on_departure is not None:
            if self._doubt(connection, ask=False):
                await self._look_at(connection, ask=False)
            try:
                await self._on_departure()
            except Exception as error:
                self.blocked_by = error
                raise
        if self._doubt(connection):
            await self._look_at(connection)
        if self._latest is not None and self._latest.has_passed():
            raise TimeoutError("the time until which its quota is held has passed")
        if isinstance(connection, WatchedConnection):
            connection.expecting = True
            connection.departure = self
        self._connection = connection
        setattr(connection, _USED, True)
        self.left = True

    async def write_to(self, connection: BaseProtocol) -> None:
        """Let the request's body be written, once; it departs now if it did not before.

        Raises:
            ClientConnectionResetError: the connection is not clean, or the client is closed.
            RuntimeError: it was written before.
        """
        if self._written:
            raise RuntimeError("a request is never sent twice")
        self._written = True
        if not self.left:
            await self.take(connection)

    def answered(self, *, reusable: bool) -> None:
        """The answer is complete: whatever arrives from now on was not asked for.

        Args:
            reusable: whether other requests may leave on the connection.
        """
        connection, self._connection = self._connection, None
        # Another request may have left on it by now: then its answer is expected.
        if isinstance(connection, WatchedConnection) and connection.departure is self:
            connection.expecting = False
        if not reusable and isinstance(connection, ResponseHandler):
            connection.force_close()

    def _doubt(self, connection: BaseProtocol, *, ask: bool = True) -> bool:
        """Return whether a connection needs a look: the same conditions, without a coroutine.

        Nearly all need none, and a coroutine would cost more than the conditions.

        Args:
            connection: the connection.
            ask: whether to ask the system for what the loop has not read.
        """
        if self._is_closed() or _fault(connection) is not None:
            return True
        transport = connection.transport
        return ask and transport is not None and _readable(transport)

    async def _look_at(self, connection: BaseProtocol, *, ask: bool = True) -> None:
        """Refuse a connection that is not clean; `ask` the system for what the loop has not read.

        Raises:
            ClientConnectionResetError: it is not clean, or the client is closed.
        """
        if self._is_closed():
            raise ClientConnectionResetError("the client was closed before the request left")
        transport = connection.transport
        for _ in range(_TURNS):
            if not _is_writing(connection):
                break
            await asyncio.sleep(0)  # some loops write what a handshake ends with a turn later
        fault = _fault(connection)
        if fault is None and ask and transport is not None and _readable(transport):
            if transport.get_extra_info("ssl_object") is None:
                fault = "something arrived on it before the request left"
            else:
                # With TLS it may be a session ticket: two turns of the loop take it in.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                fault = _fault(connection)
        if fault is not None:
            self.stale = bool(getattr(connection, _USED, False))
            if transport is not None:
                transport.abort()
            raise ClientConnectionResetError(f"the connection was dropped: {fault}")


def _fault(connection: BaseProtocol) -> str | None:
    """Say why a request must not be written to a connection."""
    transport = connection.transport
    if transport is None or transport.is_closing():
        return "it was closed before the request left"
    if getattr(connection, "disturbed", False) or getattr(connection, "should_close", False):
        return "something arrived on it before the request left"
    if _is_writing(connection):
        return "an earlier request is still being written to it"
    return None


def _is_writing(connection: BaseProtocol) -> bool:
    transport = connection.transport
    return connection.writing_paused or (
        transport is not None and bool(transport.get_write_buffer_size())
    )


def _readable(transport: asyncio.Transport) -> bool:
    """Return whether something has arrived that the event loop has not read yet, or an end."""
    handle = transport.get_extra_info("socket")
    number = -1 if handle is None else handle.fileno()
    if number < 0:
        return False
    if _HAS_POLL:
        poll = select.poll()
        poll.register(number, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([number], [], [], 0)[0])
