"""The results of calls on many items: an outcome for each item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import attrs

from easemob_async.errors import ResponseError

T_co = TypeVar("T_co", covariant=True)


@attrs.frozen
class BatchOutcome(Generic[T_co]):
    """The outcome of one item."""

    item: str
    """The item as it was given, e.g. a username or a group id."""
    value: T_co | None = None
    """The service's answer for the item, if it was accepted."""
    reason: str | None = None
    """The service's reason, if the item was refused."""
    error: ResponseError | None = None
    """The error if the answer does not contain the outcome; the item may have been processed."""

    @property
    def ok(self) -> bool:
        """Whether the item was accepted."""
        return self.reason is None and self.error is None


@attrs.frozen
class BatchResult(Generic[T_co]):
    """The outcomes of all items, in the order in which the items were given.

    An item that the service refuses is an outcome. A failure of a whole request is raised instead;
    the error's ``partial`` has the outcomes before it.
    """

    outcomes: Sequence[BatchOutcome[T_co]] = ()
    """One outcome for each item that was handled."""

    @property
    def ok(self) -> bool:
        """Whether every item was accepted."""
        return all(outcome.ok for outcome in self.outcomes)

    @property
    def succeeded(self) -> Mapping[str, T_co | None]:
        """The values of the accepted items, by item."""
        return {outcome.item: outcome.value for outcome in self.outcomes if outcome.ok}

    @property
    def failed(self) -> Mapping[str, str]:
        """The reasons of the items that were refused or are missing in the answer, by item."""
        return {o.item: o.reason or str(o.error) for o in self.outcomes if not o.ok}

    def __getitem__(self, item: str) -> BatchOutcome[T_co]:
        for outcome in self.outcomes:
            if outcome.item == item:
                return outcome
        raise KeyError(item)

    def __iter__(self) -> Iterator[BatchOutcome[T_co]]:
        return iter(self.outcomes)

    def __len__(self) -> int:
        return len(self.outcomes)
