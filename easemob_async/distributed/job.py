"""A job in a queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from os import PathLike
from pathlib import Path
from typing import Final, Literal

from easemob_async import checks
from easemob_async.distributed.database import Database
from easemob_async.distributed.engine import Engine
from easemob_async.distributed.export import export
from easemob_async.distributed.reading import outcome as outcome_of
from easemob_async.distributed.reading import read_chunks, read_rejected
from easemob_async.distributed.report import JobReport, no_job, read_report
from easemob_async.errors import EasemobError, InvalidArgumentError, SharedStoreError
from easemob_async.fanout.journal.rows import FAILED, UNKNOWN
from easemob_async.outcomes import Outcome, OutcomeStatus
from easemob_async.transport.cancel_scopes import cancelled_once

_POLL: Final = 0.5
_LONG: Final = 600.0
"""Seconds that a statement may take which looks at every call of a job."""


class QueuedJob:
    """A job in a queue, from whichever machine it is looked at."""

    def __init__(self, database: Database, engine: Engine, job_id: str) -> None:
        self._database = database
        self._engine = engine
        self.job_id = job_id
        """The name of the job."""

    def __repr__(self) -> str:
        return f"<QueuedJob {self.job_id!r} at {self._database.place}>"

    async def report(self) -> JobReport:
        """Count what became of the targets so far; those in flight count as not sent.

        Raises:
            InvalidArgumentError: there is no such job.
            SharedStoreError: the database cannot be reached.
        """
        return await read_report(self._database, self.job_id)

    async def wait(self) -> JobReport:
        """Wait until the job is done or was stopped; an outage of the database is waited out.

        Raises:
            EasemobError: an error stopped the job; its ``report`` has the counts.
        """
        while True:
            try:
                report = await self.report()
            except SharedStoreError:
                await asyncio.sleep(_POLL)
                continue
            if report.state == "stopped" and report.error is not None:
                failure = EasemobError(f"job {self.job_id!r} was stopped: {report.error}")
                failure.report = report
                raise failure
            if report.state in ("done", "stopped"):
                return report
            await asyncio.sleep(_POLL)

    async def stop(self) -> None:
        """Stop the job on all machines: calls in flight finish, no others are sent.

        Raises:
            InvalidArgumentError: there is no such job, or it is still planned.
        """
        await self._planned_id("stop")
        await self._database.rows(_STOP, self.job_id)

    async def resume(
        self,
        *,
        retry_failed: bool | None = None,
        on_unknown: Literal["report", "resend"] | None = None,
    ) -> None:
        """Let the job go on, after a stop or after its end.

        Args:
            retry_failed: whether to send again to targets that failed; as submitted, if not given.
            on_unknown: what to do about targets whose outcome is unknown: ``"report"`` or
                ``"resend"``; as submitted, if not given. Both are of this call alone.

        Raises:
            InvalidArgumentError: there is no such job, it is still planned, or an argument is
                neither of these.
        """
        checks.flag("QueuedJob.resume", "retry_failed", retry_failed)
        if on_unknown not in (None, "report", "resend"):
            raise InvalidArgumentError(
                f"QueuedJob.resume: on_unknown must be 'report' or 'resend', not {on_unknown!r}"
            )
        job = await self._planned_id("resume")
        resend, retry, state = (await self._database.rows(_OPTIONS, job))[0]
        resend = resend if on_unknown is None else on_unknown == "resend"
        retry = retry if retry_failed is None else retry_failed
        states = [FAILED] * retry + [UNKNOWN] * resend
        if states:
            # Nobody may have a chunk while its targets are opened again.
            await self._database.rows(_STOP, self.job_id)
        database = self._database.another(timeout=_LONG)
        try:
            while True:
                answer = await database.value(_RESUME, job, states)
                if answer != "busy":
                    break
                await asyncio.sleep(_POLL)
        except BaseException:
            if states and state == "running":  # it goes on as it was
                with cancelled_once():
                    await self._database.rows(_GO_ON, job)
            raise
        finally:
            database.close()
        await self._engine.defer_open(job)

    async def outcomes(
        self, status: OutcomeStatus | str | None = None
    ) -> AsyncGenerator[Outcome, None]:
        """Stream the targets with their outcomes, or those with one status, from the database.

        Targets in flight count as not sent; duplicates are only counted, in the report.
        """
        found_status = checks.member("QueuedJob.outcomes", "status", OutcomeStatus, status)
        wanted = None if found_status is None else OutcomeStatus(found_status)
        job = await self._id()
        async for chunk in read_chunks(self._database, job):
            found = [one for call in chunk.calls for one in call.outcomes()]
            found += [outcome_of(target, None, None) for target in chunk.open]
            for one in found:
                if wanted is None or one.status is wanted:
                    yield one
        if wanted in (None, OutcomeStatus.FAILED):
            async for one in read_rejected(self._database, job):
                yield one

    async def export(self, path: str | PathLike[str]) -> None:
        """Write a journal, with which the same job can go on in one process.

        Stop the job before: what is sent afterwards is not in the journal.

        Raises:
            JournalError: the file exists, or cannot be written.
        """
        job = await self._id()
        identity, accepted = (await self._database.rows(_IDENTITY, job))[0]
        await export(self._database, job, identity, Path(path), accepted=accepted)

    async def purge(self) -> None:
        """Delete the job with all that is known of its targets.

        Raises:
            InvalidArgumentError: it is running; stop it before.
        """
        state = (await self.report()).state
        if state == "running":
            raise InvalidArgumentError(f"job {self.job_id!r} is running; stop it before")
        database = self._database.another(timeout=_LONG)
        try:
            await database.rows(_PURGE, self.job_id)
        finally:
            database.close()

    async def _planned_id(self, what: str) -> int:
        job = await self._id()
        if await self._database.value(_STATE, job) == "planning":
            raise InvalidArgumentError(
                f"QueuedJob.{what}: job {self.job_id!r} is still planned: cancel its `submit`, or "
                "`purge` it; nothing of it was sent"
            )
        return job

    async def _id(self) -> int:
        job: int | None = await self._database.value(_ID, self.job_id)
        if job is None:
            raise no_job(self.job_id)
        return job


_ID: Final = "SELECT id FROM @schema@.jobs WHERE name = %s"
_STOP: Final = """
UPDATE @schema@.jobs SET state = 'stopped', error = NULL
WHERE name = %s AND state = 'running' AND ended_at IS NULL
"""
_STATE: Final = "SELECT state FROM @schema@.jobs WHERE id = %s"
_OPTIONS: Final = "SELECT resend_unknown, retry_failed, state FROM @schema@.jobs WHERE id = %s"
_GO_ON: Final = """
UPDATE @schema@.jobs SET state = 'running' WHERE id = %s AND state = 'stopped' AND error IS NULL
"""
_RESUME: Final = "SELECT @schema@.resume(%s, %s::smallint[])"
_IDENTITY: Final = "SELECT identity, accepted FROM @schema@.jobs WHERE id = %s"
_PURGE: Final = (
    "DELETE FROM @schema@.jobs WHERE name = %s AND NOT (state = 'running' AND ended_at IS NULL)"
)
