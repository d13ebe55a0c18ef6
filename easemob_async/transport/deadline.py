"""The time limit of a call: `asyncio.timeout` for one task, at a fraction of its cost."""

from __future__ import annotations

import asyncio


class Deadline:
    """The latest end of a call, which is cancelled then, or earlier by `expire`.

    Every way out of the call leads over `ends`, which tells whether the cancellation was this
    deadline's own. A task that was cancelled from outside as well stays cancelled.
    """

    __slots__ = ("_before", "_expired", "_handle", "_loop", "_over", "_task", "at")

    def __init__(self, loop: asyncio.AbstractEventLoop, at: float | None) -> None:
        """Begin to wait.

        Args:
            loop: the running loop.
            at: the time on the loop's clock; ``None`` if it ends only by `expire`.
        """
        task = asyncio.current_task(loop)
        assert task is not None
        self.at = at
        """The time on the loop's clock; ``None`` for no limit."""
        self._loop = loop
        self._task = task
        self._before = task.cancelling()
        self._expired = self._over = False
        self._handle: asyncio.Handle | None = None
        if at is not None:
            self._handle = loop.call_at(at, self._expire)

    def expire(self) -> None:
        """End the call in the next turn of the loop, unless it has ended by then."""
        if not (self._expired or self._over):
            if self._handle is not None:
                self._handle.cancel()
            self._handle = self._loop.call_soon(self._expire)

    def ends(self) -> bool:
        """End; return whether this deadline, and nobody else, has cancelled the task."""
        self._over = True
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if not self._expired:
            return False
        self._expired = False
        return self._task.uncancel() <= self._before

    def _expire(self) -> None:
        self._handle = None
        self._expired = True
        self._task.cancel()
