"""The event loop that a client, or an account that clients share, belongs to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from easemob_async.errors import ConfigurationError


class LoopBinding:
    """The loop of the first use, until it is closed; then that of the next."""

    def __init__(self, in_use: str) -> None:
        """Bind to no loop yet.

        Args:
            in_use: what to say when another loop has it that is not closed.
        """
        self._in_use = in_use
        self.loop: asyncio.AbstractEventLoop | None = None

    def enter(self, loop: asyncio.AbstractEventLoop, on_move: Callable[[], None]) -> None:
        """Bind to a loop.

        Args:
            loop: the running one.
            on_move: called before another loop, which is closed by now, is left.

        Raises:
            ConfigurationError: it belongs to another loop that is not closed.
        """
        if loop is self.loop:
            return
        if self.loop is not None:
            if not self.loop.is_closed():
                raise ConfigurationError(self._in_use)
            on_move()
        self.loop = loop


def close_socket(transport: asyncio.Transport) -> None:
    """Close the socket of a transport whose event loop is closed and can no longer do it."""
    with contextlib.suppress(RuntimeError):  # it is marked as closed; the loop takes no callback
        transport.abort()
    plain: Any = getattr(getattr(transport, "_ssl_protocol", None), "_transport", transport)
    if getattr(plain, "_sock", None) is not None:
        plain._sock.close()
        plain._sock = None
