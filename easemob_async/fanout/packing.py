"""The packing of checked targets into calls that are as full as allowed, without I/O."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import attrs

from easemob_async.checks import fail, joined_ids, reference_problem
from easemob_async.errors import InvalidArgumentError
from easemob_async.fanout.settings import Settings
from easemob_async.ids import Ids
from easemob_async.outcomes import Outcome, OutcomeStatus
from easemob_async.quotas import Limit

_PARTS: Final = 10
# Of so many units, one that is not used is hardly missed.
_MANY: Final = 100


@attrs.define(eq=False)
class PlannedCall:
    """One request: its targets, and the message that all of them get. Nothing changes it."""

    targets: Sequence[str]
    """The targets without duplicates, in the order of the source."""
    content: bytes
    """The encoded message with its options, without the targets."""


def call_sizes(most: int, limits: Sequence[Limit]) -> tuple[int, int]:
    """Return the numbers of targets of a full call, and of the smallest part of one that leaves.

    A part is at least a tenth of a full call: calls must not crumble. Where a single unit is hardly
    missed it has two targets or more; else the units that single calls give back one by one would
    go out one by one.

    Args:
        most: the maximum number of targets of a call.
        limits: the limits in force.
    """
    counted = [limit for limit in limits if limit.unit == "messages"]
    if not counted:
        return most, most
    capacity = min(counted, key=lambda limit: limit.units / limit.per.total_seconds()).units
    full = min(most, *(limit.units for limit in counted))
    if 0 < capacity % full < full / _PARTS:
        # What full calls leave of a window is too little for a part: equal calls leave nothing.
        full = math.ceil(capacity / math.ceil(capacity / full))
    least = max(math.ceil(full / _PARTS), 2 if capacity >= _MANY else 1)
    return full, min(full, least)


class Packer:
    """A packer of targets into calls; targets that break a rule are settled immediately.

    Targets with the same content share calls. At most `look_ahead` targets wait for others with the
    same content; beyond that the content that has waited longest is sent in a smaller call.
    """

    def __init__(self, operation: str, size: int, *, look_ahead: int, dedupe: int | None) -> None:
        self._operation = operation
        self._size = size
        self._look_ahead = look_ahead
        self._dedupe = dedupe
        self._recent: OrderedDict[str, None] = OrderedDict()
        # The waiting targets of each content, in order, without duplicates.
        self._waiting: dict[bytes, dict[str, None]] = {}
        self._held = 0

    @property
    def holds_some(self) -> bool:
        """Whether targets wait."""
        return bool(self._held)

    @property
    def wanted(self) -> int:
        """The number of targets that would make the next call full, if all have one content."""
        if len(self._waiting) == 1:
            return max(1, self._size - self._held)
        return self._size

    def whole(
        self, targets: list[str], content: bytes, *, distinct: bool = False
    ) -> PlannedCall | None:
        """Plan a full call in one step if no target waits and none breaks a rule; else ``None``.

        Args:
            targets: the targets.
            content: the content of all of them.
            distinct: whether it is known that they are.
        """
        if self._held or self._dedupe or len(targets) != self._size:
            return None
        joined = joined_ids(targets)
        if joined is None or not (distinct or len(set(targets)) == len(targets)):
            return None
        return PlannedCall(Ids(targets, joined), content)

    def check(self, target: object) -> Outcome | None:
        """Check a target before its content is made; return the outcome of a bad or double one."""
        problem = reference_problem(target)
        if problem is not None:
            return rejected(target, fail(self._operation, f"target {target!r:.80} {problem}"))
        assert isinstance(target, str)
        if self._dedupe and target in self._recent:
            return Outcome(target, OutcomeStatus.SKIPPED)
        return None

    def add(self, target: str, content: bytes) -> PlannedCall | Outcome | None:
        """Add a target; return a call when one is full, or the outcome of a duplicate."""
        if self._dedupe:
            self._recent[target] = None
            if len(self._recent) > self._dedupe:
                self._recent.popitem(last=False)
        waiting = self._waiting.setdefault(content, {})
        if target in waiting:
            return Outcome(target, OutcomeStatus.SKIPPED)
        waiting[target] = None
        self._held += 1
        if len(waiting) >= self._size:
            return self._release(content)
        return self.flush() if self._held >= self._look_ahead else None

    def put_back(self, call: PlannedCall) -> list[Outcome]:
        """Put targets for which a call had no room before all that wait; return duplicates."""
        waiting = self._waiting.pop(call.content, {})
        merged = dict.fromkeys(call.targets) | waiting
        self._waiting = {call.content: merged} | self._waiting
        self._held += len(merged) - len(waiting)
        return [Outcome(t, OutcomeStatus.SKIPPED) for t in call.targets if t in waiting]

    def flush(self) -> PlannedCall | None:
        """Return a call of the targets that waited longest; ``None`` if no target waits."""
        return self._release(next(iter(self._waiting))) if self._waiting else None

    def held(self) -> list[str]:
        """Remove and return the waiting targets, since the job was stopped."""
        targets = [target for waiting in self._waiting.values() for target in waiting]
        self._waiting.clear()
        self._held = 0
        return targets

    def _release(self, content: bytes) -> PlannedCall:
        waiting = self._waiting.pop(content)
        targets = list(waiting)
        kept = targets[self._size :]
        if kept:  # with those that were put back, more wait than a call takes
            self._waiting[content] = dict.fromkeys(kept)
        call = PlannedCall(targets[: self._size], content)
        self._held -= len(call.targets)
        return call


def rejected(target: object, error: Exception) -> Outcome:
    """Settle a target as failed, since it or its message breaks a rule."""
    name = target if isinstance(target, str) else repr(target)
    return Outcome(name, OutcomeStatus.FAILED, error=error)


def make_packer(settings: Settings, limits: Sequence[Limit]) -> Packer:
    """Return the packer of a job."""
    full, _ = call_sizes(settings.send.most_targets, limits)
    return Packer(
        settings.name,
        full,
        look_ahead=settings.options.workers * settings.send.most_targets,
        dedupe=settings.options.dedupe,
    )


def refuse_string(operation: str, targets: object) -> None:
    """Refuse a plain string as targets: every letter would be a target.

    Raises:
        InvalidArgumentError: the targets are a string, or not iterable.
    """
    if isinstance(targets, str | bytes) or not (
        hasattr(targets, "__iter__") or hasattr(targets, "__aiter__")
    ):
        raise InvalidArgumentError(
            f"{operation}: targets must be an iterable of ids, not a {type(targets).__name__}",
            operation=operation,
        )
