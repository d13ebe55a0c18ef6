"""What a call on many items answers: an outcome for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import attrs

from easemob_async.errors import ResponseError

T_co = TypeVar("T_co", covariant=True)


@attrs.frozen
class BatchOutcome(Generic[T_co]):
    """What became of one item."""

    item: str
    """The item, as it was given: a username, a group id."""
    value: T_co | None = None
    """What the service made of it, where it was accepted."""
    reason: str | None = None
    """The service's reason, where it was refused."""
    error: ResponseError | None = None
    """Set where the answer does not say what became of it: it may have been done."""

    @property
    def ok(self) -> bool:
        """Whether it was accepted."""
        return self.reason is None and self.error is None


@attrs.frozen
class BatchResult(Generic[T_co]):
    """An outcome for each item, in the order in which they were given.

    An item that the service refuses is data; a failure of a whole call is raised instead, with
    what was settled before it in the error's ``partial``.
    """

    outcomes: Sequence[BatchOutcome[T_co]] = ()
    """One for each item that was settled."""

    @property
    def ok(self) -> bool:
        """Whether every item was accepted."""
        return all(outcome.ok for outcome in self.outcomes)

    @property
    def succeeded(self) -> Mapping[str, T_co | None]:
        """What was accepted, by item."""
        return {outcome.item: outcome.value for outcome in self.outcomes if outcome.ok}

    @property
    def failed(self) -> Mapping[str, str]:
        """The reason of each item that was refused, or of which the answer does not tell."""
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
