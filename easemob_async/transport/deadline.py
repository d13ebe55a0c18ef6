"""The time limits of calls: `asyncio.timeout` for one task, at a fraction of its cost."""

from __future__ import annotations

import asyncio
from typing import Final, Self

_IDLE: Final = 64
"""So many time limits that no call has any longer are kept, before they are looked for."""
_ROUNDING: Final = 0.001
"""Seconds by which a loop may ring early: some round their timers to milliseconds."""


class Deadline:
    """The latest end of a call, which is cancelled then, or earlier by `expire`.

    Every way out of the call leads over `end`, which tells whether the cancellation was this
    deadline's own. A task that was cancelled from outside as well stays cancelled.
    """

    __slots__ = ("_before", "_expired", "_group", "_over", "_task", "at")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        group: dict[Deadline, None],
        at: float | None,
    ) -> None:
        """Begin to wait.

        Args:
            loop: the running loop.
            group: an ordered set, in which it stands as long as the call is not over.
            at: the time on the loop's clock; ``None`` if it ends only by `expire`.
        """
        task = asyncio.current_task(loop)
        assert task is not None
        self.at = at
        """The time on the loop's clock; ``None`` for no limit."""
        self._task = task
        self._before = task.cancelling()
        self._expired = self._over = False
        self._group = group
        group[self] = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End; raise `TimeoutError` where this deadline has cancelled the task."""
        if self.end() and kind is asyncio.CancelledError:
            raise TimeoutError

    def expire(self) -> None:
        """End the call in the next turn of the loop, unless it has ended by then."""
        self._task.get_loop().call_soon(self._expire)

    def end(self) -> bool:
        """End; return whether this deadline, and nobody else, has cancelled the task.

        Ending it again changes nothing, and returns false.
        """
        self._over = True
        self._group.pop(self, None)
        if not self._expired:
            return False
        self._expired = False
        return self._task.uncancel() <= self._before

    def _expire(self) -> None:
        if not (self._expired or self._over):
            self._expired = True
            self._task.cancel()


class Deadlines:
    """The calls that are not over, each with its deadline.

    Calls with the same time limit end in the order in which they began, so that one timer is enough
    for such a group: a timer for each call would cost more than the rest of its deadline.
    """

    def __init__(self) -> None:
        # By their time limits; each group is an ordered set.
        self._groups: dict[float | None, dict[Deadline, None]] = {}
        self._timers: dict[float, asyncio.TimerHandle] = {}
        self._most_groups = _IDLE

    def begin(self, loop: asyncio.AbstractEventLoop, seconds: float | None) -> Deadline:
        """Begin to wait for a call of the current task.

        Args:
            loop: the running loop.
            seconds: the time limit of the call; ``None`` for none.
        """
        group = self._groups.get(seconds)
        if group is None:
            group = self._new_group(seconds)
        if seconds is None:
            return Deadline(loop, group, None)
        at = loop.time() + seconds
        if seconds not in self._timers:
            self._timers[seconds] = loop.call_at(at, self._ring, loop, seconds)
        return Deadline(loop, group, at)

    def expire(self) -> None:
        """End every call in the next turn of the loop; no call may begin after that."""
        for timer in self._timers.values():
            timer.cancel()
        for group in self._groups.values():
            for deadline in group:
                deadline.expire()

    def are_over(self) -> bool:
        """Return whether every call is over."""
        return not any(self._groups.values())

    def forget(self) -> None:
        """Forget all calls, whose loop is closed."""
        self._timers.clear()
        self._groups.clear()

    def _new_group(self, seconds: float | None) -> dict[Deadline, None]:
        # Where each call has a limit of its own, each would leave a timer that waits for nothing.
        if len(self._groups) >= self._most_groups:
            for limit in [limit for limit, group in self._groups.items() if not group]:
                del self._groups[limit]
                if limit is not None and (timer := self._timers.pop(limit, None)) is not None:
                    timer.cancel()
            self._most_groups = _IDLE + 2 * len(self._groups)
        group = self._groups[seconds] = {}
        return group

    def _ring(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        group, now = self._groups[seconds], loop.time()
        following = now + seconds  # no call that begins from now on ends before
        for deadline in group:
            assert deadline.at is not None
            if deadline.at > now + _ROUNDING:
                following = deadline.at
                break
            deadline.expire()  # not in here: what one of them raises is not the others' concern
        if group:
            self._timers[seconds] = loop.call_at(following, self._ring, loop, seconds)
        else:
            del self._timers[seconds], self._groups[seconds]
