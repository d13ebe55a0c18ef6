"""What a process relies on: the account that it knows is there, and its clock did not step."""

from __future__ import annotations

from easemob_async.shared.protocol import Reply
from easemob_async.shared.store_clock import StoreClock


class Reliance:
    """The generation of the account that a process knows, and its view of the store's clock."""

    def __init__(self) -> None:
        self.known = ""
        """The generation that it knows; ``""`` for none."""
        self.stepped = False
        """Whether the store's clock stepped in that generation: the store has to be told."""
        self._clock = StoreClock()

    def lost(self, reply: Reply, asked: float, answered: float) -> bool:
        """Take in a reply; return whether the account that was relied on is gone.

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
        return bool(known) and reply.generation != known
