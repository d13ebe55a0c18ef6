"""The state of the limits as the store told it last."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from easemob_async.shared.protocol import SLOT, LimitKey, LimitState

_REMEMBERED: Final = 1000
"""Limits that are remembered: many are counted for each user."""
_LOG: Final = logging.getLogger("easemob_async")


class States:
    """The limits that a process used, and their states."""

    def __init__(self) -> None:
        self.of: OrderedDict[LimitKey, LimitState] = OrderedDict()
        """The state of each."""
        self._warned: set[LimitKey] = set()

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
