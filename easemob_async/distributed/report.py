"""The report of a job on several machines, counted by the database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import attrs

from easemob_async.distributed.database import Database
from easemob_async.errors import InvalidArgumentError, JournalError
from easemob_async.outcomes import FanoutReport, JournalEntries, OutcomeStatus

JobState = Literal["planning", "running", "stopped", "done"]

_REASONS_KEPT: Final = 20
_OTHER: Final = "other reasons"


def _elsewhere(journal: Path | None, status: OutcomeStatus) -> JournalEntries:
    raise JournalError(
        "the outcomes of this job are in the database of its queue; iterate them: "
        "async for outcome in queue.job(...).outcomes(...)"
    )


@attrs.frozen(kw_only=True)
class JobReport(FanoutReport):
    """The report of a job in a queue. ``sent + failed + unknown + skipped + not_sent == read``.

    Its targets are iterated by `QueuedJob.outcomes`.
    """

    job_id: str = ""
    """The name of the job."""
    state: JobState = "planning"
    """``"planning"`` until all targets are in the database, then ``"running"``, and ``"done"`` or
    ``"stopped"``."""
    error: str | None = None
    """Why it was stopped, if that was an error."""
    workers: int = 0
    """The number of workers that send it now."""
    takeovers: int = 0
    """How often a worker went on with what another had left behind."""
    time_left: timedelta | None = None
    """The time until its end at the present rate, if that is known."""
    _entries: Callable[[Path | None, OutcomeStatus], JournalEntries] = attrs.field(
        default=_elsewhere, eq=False, repr=False
    )

    def __str__(self) -> str:
        lines = [super().__str__(), f"{self.state}; {self.workers} workers"]
        if self.takeovers:
            lines[1] += f", {self.takeovers} takeovers"
        if self.time_left is not None:
            lines[1] += f"; about {timedelta(seconds=round(self.time_left.total_seconds()))} left"
        if self.error is not None:
            lines[1] += f"; {self.error}"
        return "\n".join(lines)


async def read_report(database: Database, job_id: str) -> JobReport:
    """Count what became of the targets of a job.

    Raises:
        InvalidArgumentError: there is no such job.
    """
    rows = await database.rows(_REPORT, job_id)
    if not rows:
        raise no_job(job_id)
    (job, state, error, read, skipped, rejected, seconds, workers, takeovers, *counts) = rows[0]
    sent, failed, unknown, calls = map(int, counts)
    failed += rejected
    settled = sent + failed + unknown + skipped
    left = None
    if state == "running" and seconds > 0 and settled > skipped:
        with contextlib.suppress(OverflowError):  # longer than a timedelta can say
            left = timedelta(seconds=(read - settled) * seconds / (settled - skipped))
    return JobReport(
        read=read,
        sent=sent,
        failed=failed,
        unknown=unknown,
        skipped=skipped,
        not_sent=read - settled,
        calls=calls,
        seconds=seconds,
        reasons=await _reasons(database, job),
        job_id=job_id,
        state=state,
        error=error,
        workers=workers,
        takeovers=takeovers,
        time_left=left,
    )


def no_job(job_id: str) -> InvalidArgumentError:
    """Return the error that there is no job of that name."""
    return InvalidArgumentError(
        f"there is no job {job_id!r} in the queue; see `easemob job list`, or `queue.jobs()`"
    )


async def _reasons(database: Database, job: int) -> Mapping[str, int]:
    found = await database.rows(_REASONS, job, job, job, job)
    reasons = {kind: int(number) for kind, number in found[:_REASONS_KEPT]}
    if rest := sum(int(number) for _, number in found[_REASONS_KEPT:]):
        reasons[_OTHER] = rest
    return reasons


# What is done was counted; only what is open is counted now.
_REPORT: Final = """
SELECT j.id,
    CASE WHEN j.state = 'running' AND j.ended_at IS NOT NULL THEN 'done' ELSE j.state END,
    j.error, j.read, j.skipped, j.rejected,
    coalesce(extract(
        epoch FROM coalesce(j.ended_at, clock_timestamp()) - j.sealed_at
    ), 0)::double precision,
    c.workers, c.takeovers, c.sent, c.failed, c.unknown, c.calls
FROM @schema@.jobs AS j, LATERAL (
    SELECT
        count(DISTINCT c.worker) FILTER (WHERE c.leased_until > clock_timestamp()) AS workers,
        coalesce(sum(c.takeovers), 0) AS takeovers,
        coalesce(sum(CASE WHEN c.done THEN c.sent ELSE t.sent END), 0) AS sent,
        coalesce(sum(CASE WHEN c.done THEN c.failed ELSE t.failed END), 0) AS failed,
        coalesce(sum(CASE WHEN c.done THEN c.unknown ELSE t.unknown END), 0) AS unknown,
        coalesce(sum(CASE WHEN c.done THEN c.calls ELSE t.calls END), 0) AS calls
    FROM @schema@.chunks AS c LEFT JOIN LATERAL (
        SELECT * FROM @schema@.tallies WHERE job = c.job AND chunk = c.number
    ) AS t ON NOT c.done AND c.epoch > 0
    WHERE c.job = j.id
) AS c
WHERE j.name = %s
"""
_REASONS: Final = """
SELECT kind, sum(size) FROM (
    SELECT kind, size FROM @schema@.calls WHERE job = %s AND kind IS NOT NULL AND state <> 4
    UNION ALL
    SELECT c.kind, -1 FROM @schema@.exceptions AS e
    JOIN @schema@.calls AS c USING (job, chunk, epoch, number)
    WHERE job = %s AND c.kind IS NOT NULL
    UNION ALL
    SELECT kind, 1 FROM @schema@.exceptions WHERE job = %s AND kind IS NOT NULL
    UNION ALL
    SELECT kind, 1 FROM @schema@.rejected WHERE job = %s
) AS parts
GROUP BY kind HAVING sum(size) > 0 ORDER BY 2 DESC, 1
"""
