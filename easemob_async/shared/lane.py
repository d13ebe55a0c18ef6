"""One connection of a store: opened when needed, one command at a time, dropped when in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

C = TypeVar("C")
R = TypeVar("R")

TIMEOUT: Final = 2.0
"""Seconds that a command of a store may take."""


class Lane(Generic[C]):
    """The connection of a store object.

    A command that fails, is cancelled or takes too long leaves it unknown what the server did and
    what it still has to say, so the connection is dropped, and the next command opens another.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[C]],
        drop: Callable[[C], None],
        timeout: float | None = TIMEOUT,
        has_ended: Callable[[C], bool] = lambda connection: False,
    ) -> None:
        """Open no connection yet.

        Args:
            connect: opens a connection.
            drop: closes one without waiting for its server.
            timeout: the seconds that a command may take, with the connection if there is none.
            has_ended: whether a connection that was idle is of no use any longer.
        """
        self._connect = connect
        self._drop = drop
        self._timeout = timeout
        self._has_ended = has_ended
        self._connection: C | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: asyncio.Lock

    async def run(self, command: Callable[[C], Awaitable[R]]) -> R:
        """Carry out a command.

        Raises:
            TimeoutError: the server took too long.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            if self._loop is not None and self._loop.is_closed():
                self.close()  # what is in a loop that runs is that loop's
            self._loop, self._turn, self._connection = loop, asyncio.Lock(), None
        async with self._turn:
            try:
                if self._connection is not None and self._has_ended(self._connection):
                    self.close()
                async with asyncio.timeout(self._timeout):
                    if self._connection is None:
                        self._connection = await self._connect()
                    return await command(self._connection)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Drop the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._drop(connection)
