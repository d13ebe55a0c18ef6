"""Reading what became of the targets of a job, chunk by chunk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import chain
from typing import Final

import attrs

from easemob_async.distributed.chunks import read_names
from easemob_async.distributed.database import Database
from easemob_async.errors import EasemobError, JournalError
from easemob_async.fanout.journal.rows import FAILED, STATE_OF
from easemob_async.outcomes import Outcome, OutcomeStatus

_STATUS: Final = {state: status for status, state in STATE_OF.items()}
_REJECTED_AT_ONCE: Final = 5_000


@attrs.frozen
class SentCall:
    """A call that departed."""

    targets: Sequence[str]
    """Its targets."""
    state: int | None
    """Its state; ``None`` while it is in flight."""
    reason: str | None
    """The reason of the state, unless it was sent."""
    exceptions: Sequence[tuple[str, int, str | None]]
    """The targets with another state, each with its state and reason."""

    def outcomes(self) -> list[Outcome]:
        """Return the outcome of each target."""
        own = {target: (state, reason) for target, state, reason in self.exceptions}
        alike = self.state, self.reason
        return [outcome(target, *own.get(target, alike)) for target in self.targets]


@attrs.frozen
class SentChunk:
    """A chunk, and what was sent of it."""

    calls: Sequence[SentCall]
    """The calls that departed and were not withdrawn."""
    open: Sequence[str]
    """The targets that are in no call."""


def outcome(target: str, state: int | None, reason: str | None) -> Outcome:
    """Return the outcome of a target in a state."""
    if state is None:
        return Outcome(target, OutcomeStatus.NOT_SENT)
    status = _STATUS[state]
    if status is OutcomeStatus.SENT:
        return Outcome(target, status)
    return Outcome(target, status, None, EasemobError(reason or status.value))


async def read_chunks(database: Database, job: int) -> AsyncIterator[SentChunk]:
    """Yield the chunks of a job, in order.

    Raises:
        JournalError: the job was purged meanwhile: what is missing is not known.
    """
    chunk = 0
    while names := await database.value(_NAMES, job, chunk):
        yield _chunk(
            read_names(names),
            await database.rows(_CALLS, job, chunk),
            await database.rows(_EXCEPTIONS, job, chunk),
        )
        chunk += 1
    if await database.value(_CHUNKS, job) != chunk:
        raise _purged()


async def read_rejected(database: Database, job: int) -> AsyncIterator[Outcome]:
    """Yield the targets that broke a rule, or whose message did.

    Raises:
        JournalError: the job was purged meanwhile.
    """
    last = "(0,0)"
    while rows := await database.rows(_REJECTED, job, last, _REJECTED_AT_ONCE):
        for _, target, reason in rows:
            yield outcome(target, FAILED, reason)
        last = rows[-1][0]
    if await database.value(_CHUNKS, job) is None:
        raise _purged()


def _purged() -> JournalError:
    return JournalError("the job was purged while it was read: what was read of it is not all")


def _chunk(
    names: list[str],
    calls: Sequence[tuple[int, int, Sequence[int], Sequence[int], int | None, str | None]],
    exceptions: Sequence[tuple[int, int, int, int, str | None]],
) -> SentChunk:
    own: dict[tuple[int, int], list[tuple[str, int, str | None]]] = {}
    for epoch, number, position, own_state, why in exceptions:
        own.setdefault((epoch, number), []).append((names[position], own_state, why))
    left: list[str | None] = list(names)
    read = []
    for epoch, number, starts, ends, state, reason in calls:
        parts = [names[start:end] for start, end in zip(starts, ends, strict=True)]
        for start, end in zip(starts, ends, strict=True):
            left[start:end] = [None] * (end - start)
        targets = parts[0] if len(parts) == 1 else list(chain.from_iterable(parts))
        read.append(SentCall(targets, state, reason, own.get((epoch, number), ())))
    return SentChunk(read, [name for name in left if name is not None])


_NAMES: Final = "SELECT names FROM @schema@.targets WHERE job = %s AND chunk = %s"
# No row without the job: a purge takes both.
_CHUNKS: Final = """
SELECT (SELECT count(*) FROM @schema@.targets WHERE job = id) FROM @schema@.jobs WHERE id = %s
"""
_CALLS: Final = """
SELECT epoch, number, array_agg(lower(part)), array_agg(upper(part)), state,
    coalesce(reason, kind)
FROM @schema@.calls, unnest(positions) AS part
WHERE job = %s AND chunk = %s AND state IS DISTINCT FROM 4
GROUP BY job, chunk, epoch, number ORDER BY epoch, number
"""
_EXCEPTIONS: Final = """
SELECT epoch, number, position, state, reason FROM @schema@.exceptions
WHERE job = %s AND chunk = %s ORDER BY position
"""
_REJECTED: Final = """
SELECT ctid::text, target, reason FROM @schema@.rejected
WHERE job = %s AND ctid > %s::tid ORDER BY rejected.ctid LIMIT %s
"""
