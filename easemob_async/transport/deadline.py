"""The time limits of calls: `asyncio.timeout` for one task, at a fraction of its cost."""

from __future__ import annotations

import asyncio
from typing import Final, Self

_ROUNDING: Final = 0.001
"""Seconds by which a loop may ring early: some round their timers to milliseconds."""


class Deadline:
    """The latest end of a call, which is cancelled then, or earlier by `expire`.

    Every way out of the call leads over `ends`, which tells whether the cancellation was this
    deadline's own. A task that was cancelled from outside as well stays cancelled.
    """

    __slots__ = ("_before", "_calls", "_expired", "_over", "_task", "at")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        calls: dict[Deadline, None],
        at: float | None,
    ) -> None:
        """Begin to wait.

        Args:
            loop: the running loop.
            calls: where it stands as long as the call is not over.
            at: the time on the loop's clock; ``None`` if it ends only by `expire`.
        """
        task = asyncio.current_task(loop)
        assert task is not None
        self.at = at
        """The time on the loop's clock; ``None`` for no limit."""
        self._task = task
        self._before = task.cancelling()
        self._expired = self._over = False
        self._calls = calls
        calls[self] = None

    def expire(self) -> None:
        """End the call in the next turn of the loop, unless it has ended by then."""
        self._task.get_loop().call_soon(self.expire_now)

    def expire_now(self) -> None:
        """End the call, unless it has ended; only the loop itself may ask for this."""
        if not (self._expired or self._over):
            self._expired = True
            self._task.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End; raise `TimeoutError` where this deadline has cancelled the task."""
        if self.ends() and kind is asyncio.CancelledError:
            raise TimeoutError

    def ends(self) -> bool:
        """End; return whether this deadline, and nobody else, has cancelled the task."""
        self._over = True
        self._calls.pop(self, None)
        if not self._expired:
            return False
        self._expired = False
        return self._task.uncancel() <= self._before


class Deadlines:
    """The calls that are not over, each with its deadline.

    Calls with the same time limit end in the order in which they began, so that one timer is enough
    for all of them: a timer for each call would cost more than the rest of its deadline.
    """

    def __init__(self) -> None:
        self._calls: dict[float | None, dict[Deadline, None]] = {}
        self._timers: dict[float, asyncio.TimerHandle] = {}

    def begin(self, loop: asyncio.AbstractEventLoop, seconds: float | None) -> Deadline:
        """Begin to wait for a call of the current task.

        Args:
            loop: the running loop.
            seconds: the time limit of the call; ``None`` for none.
        """
        calls = self._calls.get(seconds)
        if calls is None:
            calls = self._calls[seconds] = {}
        if seconds is None:
            return Deadline(loop, calls, None)
        at = loop.time() + seconds
        if seconds not in self._timers:
            self._timers[seconds] = loop.call_at(at, self._ring, loop, seconds)
        return Deadline(loop, calls, at)

    def expire(self) -> None:
        """End every call in the next turn of the loop; no call may begin after that."""
        for timer in self._timers.values():
            timer.cancel()
        for calls in self._calls.values():
            for deadline in calls:
                deadline.expire()

    def are_over(self) -> bool:
        """Return whether every call is over."""
        return not any(self._calls.values())

    def forget(self) -> None:
        """Forget all calls, whose loop is closed."""
        self._timers.clear()
        self._calls.clear()

    def _ring(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        calls, now = self._calls[seconds], loop.time()
        following = now + seconds  # no call that begins from now on ends before
        for deadline in calls:
            assert deadline.at is not None
            if deadline.at > now + _ROUNDING:
                following = deadline.at
                break
            deadline.expire_now()
        if calls:
            self._timers[seconds] = loop.call_at(following, self._ring, loop, seconds)
        else:
            del self._timers[seconds], self._calls[seconds]
