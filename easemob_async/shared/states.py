"""The state of the limits as the store told it last."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from easemob_async.shared.protocol import SLOT, LimitKey, LimitState

_REMEMBERED: Final = 1000
"""Limits that are remembered: many are counted for each user."""
_ASKED_ABOUT: Final = 100
_RECENT: Final = 60.0
"""Seconds for which the state of a limit that was used is asked for, of so many limits at most."""
_LOG: Final = logging.getLogger("easemob_async")


class States:
    """The limits that a process used, and their states."""

    def __init__(self) -> None:
        self.of: OrderedDict[LimitKey, LimitState] = OrderedDict()
        """The state of each."""
        self._used_at: OrderedDict[LimitKey, float] = OrderedDict()
        self._warned: set[LimitKey] = set()

    def use(self, limits: Iterable[LimitKey], now: float) -> None:
        """Note that limits are used."""
        for limit in limits:
            self._used_at[limit] = now
            self._used_at.move_to_end(limit)
        while len(self._used_at) > _ASKED_ABOUT:
            self._used_at.popitem(last=False)

    def recent(self, now: float) -> list[LimitKey]:
        """Return the limits that were used lately."""
        return [
            limit
            for limit, at in self._used_at.items()
            if now - at < _RECENT and limit.window != SLOT
        ]

    def note(self, limits: Sequence[LimitKey], states: Sequence[LimitState]) -> None:
        """Take in what the store told."""
        for limit, state in zip(limits, states, strict=True):
            if limit.window != SLOT:
                self.of[limit] = state
                self._compare(limit, state.capacity)
        while len(self.of) > _REMEMBERED:
            self.of.popitem(last=False)

    def _compare(self, limit: LimitKey, lowest: int) -> None:
        if lowest < limit.capacity and limit not in self._warned:
            self._warned.add(limit)
            _LOG.warning(
                "%s: another process is configured with %d units, this one with %d; the lower "
                "counts while both are alive",
                limit.name,
                lowest,
                limit.capacity,
            )
