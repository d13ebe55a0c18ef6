"""What is done with a connection to PostgreSQL, whoever uses it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Sequence
from typing import Any

from easemob_async.transport.cancel_scopes import cancelled_once


async def value_of(connection: Any, statement: str, arguments: Sequence[object]) -> Any:
    """Return the one value that a statement returns."""
    cursor = await connection.execute(statement, arguments)
    return (await cursor.fetchone())[0]


async def uncancelled(connection: Any, work: Awaitable[Any]) -> Any:
    """Await work on a connection; if that is cancelled, cut the connection.

    By itself the driver asks the server to cancel the statement and waits for it, which takes for
    ever where the server does not answer.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        cut(connection)
        with cancelled_once():
            await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise


def cut(connection: Any) -> None:
    """Cut a connection, whoever is using it."""
    with contextlib.suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def drop(connection: Any) -> None:
    """Close a connection without waiting for its server."""
    connection.pgconn.finish()


def has_ended(connection: Any) -> bool:
    """Return whether the server has ended a connection while it was idle."""
    try:
        for _ in range(2):  # first what it said, then that it ended
            connection.pgconn.consume_input()
    except Exception:  # the driver's error, whose module may not be loaded
        return True
    return bool(connection.closed)
