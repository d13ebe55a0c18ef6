"""What a process relies on: the account that it knows is there, and its clock did not step."""

from __future__ import annotations

from collections.abc import Iterable

from easemob_async.shared.protocol import DAY, SECOND, LimitKey, Reply
from easemob_async.shared.store_clock import StoreClock


class Reliance:
    """The generation of the account that a process knows, and its view of the store's clock."""

    def __init__(self) -> None:
        self.known = ""
        """The generation that it knows; ``""`` for none."""
        self.stepped = False
        """Whether the store's clock stepped in that generation: the store has to be told."""
        self._clock = StoreClock()
        self._lost_at: float | None = None

    def lost(self, reply: Reply, asked: float, answered: float) -> bool:
        """Take in a reply; return whether the account that was relied on is gone.

        It is when the clock stepped, too: holds may have ended early.

        Args:
            reply: the reply.
            asked: when the request departed, by a clock of the process that only goes forward.
            answered: when the reply arrived.
        """
        known = self.known
        if reply.generation != known:
            self.known = reply.generation
            self._clock.forget()
        self.stepped = self._clock.stepped(reply.now, asked, answered)
        lost = self.stepped or (bool(known) and reply.generation != known)
        if lost:
            self._lost_at = answered
        return lost

    def closed(self, limits: Iterable[LimitKey], now: float) -> tuple[LimitKey, int] | None:
        """Return the last of the limits to open after a loss, and in how many microseconds.

        The store closes a lost account too, by its own clock. But that clock may step once more
        between the last word of the lost account and the first of the new one, and no process sees
        it; so each waits for a window by its own clock as well.

        Args:
            limits: the limits in question.
            now: the time by the process's clock.
        """
        closing = [limit for limit in limits if limit.window != DAY]
        if self._lost_at is None or not closing:
            return None
        last = max(closing, key=lambda limit: limit.window)
        wait = last.window - int((now - self._lost_at) * SECOND)
        return (last, wait) if wait > 0 else None
