"""What became of many items or targets: an outcome for each, and the report of a job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Final, Generic, TypeVar

import attrs

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
    error: Exception | None = None
    """A `ResponseError`, if the answer does not contain the outcome; the item may have been
    processed."""

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


class OutcomeStatus(StrEnum):
    """The status of a target; every target that was read ends in exactly one status."""

    SENT = "sent"
    """Accepted by the service, with a message id."""
    FAILED = "failed"
    """Definitely not accepted: the service refused it, or the target or its body breaks a rule."""
    UNKNOWN = "unknown"
    """The request was sent and no definite answer arrived. It is never retried automatically: the
    service cannot distinguish a retry from a second message."""
    SKIPPED = "skipped"
    """A duplicate, or settled by an earlier run of the journal."""
    NOT_SENT = "not_sent"
    """Read, but the job was stopped before it was sent."""


@attrs.define
class Outcome:
    """The outcome of one target."""

    target: str
    """The target, as it was given."""
    status: OutcomeStatus
    """The status of the target."""
    message_id: str | None = None
    """The message's id, if it was sent."""
    error: Exception | None = None
    """The reason why it was not sent, or why its outcome is unknown."""


_READ_AT_ONCE: Final = 1000


class JournalEntries:
    """The outcomes in a journal, read as needed, with ``for`` or ``async for``.

    Each loop starts from the beginning.
    """

    def __init__(self, read: Callable[[], Iterator[Outcome]]) -> None:
        self._read = read

    def __iter__(self) -> Iterator[Outcome]:
        return self._read()

    async def __aiter__(self) -> AsyncGenerator[Outcome, None]:
        outcomes = iter(self)
        while part := await asyncio.to_thread(lambda: list(islice(outcomes, _READ_AT_ONCE))):
            for outcome in part:
                yield outcome


def _no_entries(journal: Path | None, status: OutcomeStatus) -> JournalEntries:
    raise LookupError("this report was not made by a job: it has no journal to read")


@attrs.frozen(kw_only=True)
class FanoutReport:
    """The report of a job. ``sent + failed + unknown + skipped + not_sent == read``."""

    read: int = 0
    """The number of targets read from the source."""
    sent: int = 0
    """The number of targets whose message the service accepted."""
    failed: int = 0
    """The number of targets whose message was definitely not accepted."""
    unknown: int = 0
    """The number of targets whose message may or may not have been accepted."""
    skipped: int = 0
    """The number of targets that are duplicates, or were settled by an earlier run."""
    not_sent: int = 0
    """The number of targets read before the job was stopped; while it runs, those in flight."""
    calls: int = 0
    """The number of requests that were answered or given up."""
    seconds: float = 0.0
    """The duration of the job in seconds."""
    reasons: Mapping[str, int] = attrs.field(factory=dict)
    """The number of targets for each reason of failed and unknown; rare reasons are counted
    together."""
    failed_before: int = 0
    """The number of skipped targets that failed in an earlier run; ``retry_failed=True`` sends to
    them again."""
    journal: Path | None = None
    """The path of the job's journal, if it has one."""
    _entries: Callable[[Path | None, OutcomeStatus], JournalEntries] = attrs.field(
        default=_no_entries, eq=False, repr=False
    )

    @property
    def complete(self) -> bool:
        """Whether every target that was read was sent to, in this run or before."""
        return self.sent + self.skipped == self.read and not self.failed_before

    @property
    def rate(self) -> float:
        """The number of targets settled per second."""
        return (self.read - self.not_sent) / self.seconds if self.seconds > 0 else 0.0

    def iter_sent(self) -> JournalEntries:
        """Stream the targets that were sent to, in this run or an earlier one, from the journal.

        The outcomes have the ids of the messages if the job ran with ``keep_message_ids=True``.

        Raises:
            JournalError: the job has no journal; iterate the job instead.
        """
        return self._entries(self.journal, OutcomeStatus.SENT)

    def iter_failed(self) -> JournalEntries:
        """Stream the targets that failed from the journal, with ``for`` or ``async for``.

        Raises:
            JournalError: the job has no journal; iterate the job instead.
        """
        return self._entries(self.journal, OutcomeStatus.FAILED)

    def iter_unknown(self) -> JournalEntries:
        """Stream the targets whose outcome is unknown from the journal; see `iter_failed`.

        Raises:
            JournalError: the job has no journal; iterate the job instead.
        """
        return self._entries(self.journal, OutcomeStatus.UNKNOWN)

    def __str__(self) -> str:
        counts = ", ".join(
            f"{getattr(self, status.value):,} {status.value.replace('_', ' ')}"
            for status in OutcomeStatus
        )
        lines = [f"{self.read:,} read: {counts}; {self.calls:,} calls, {self.seconds:.1f} s"]
        lines += [f"  {number:,} × {reason}" for reason, number in self.reasons.items()]
        return "\n".join(lines)
