"""Planning a job: its targets are read once, made unique, checked, and written in chunks.

Nobody sends before the plan is sealed. A planner that dies leaves an unsealed plan, which the next
one drops.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import attrs

from easemob_async.checks import fail
from easemob_async.distributed.chunks import CHUNK, Chunk, read_names
from easemob_async.distributed.database import Database
from easemob_async.distributed.engine import Engine, queue_of
from easemob_async.distributed.uniqueness import Uniqueness
from easemob_async.errors import JournalError
from easemob_async.fanout.job import JobParts
from easemob_async.fanout.packing import Packer, PlannedCall
from easemob_async.fanout.planner import Planner
from easemob_async.fanout.report import kind_of
from easemob_async.fanout.settings import JobOptions, Settings
from easemob_async.fanout.source import Source
from easemob_async.outcomes import Outcome
from easemob_async.wire.codec import whole_text

_WRITTEN_AT_ONCE: Final = 8
_READ_AT_ONCE: Final = 8
_TIMEOUT: Final = 120.0
_NAME_LENGTH: Final = 200


def is_name(job_id: object) -> bool:
    """Return whether a job may have a name: up to 200 printable characters."""
    return isinstance(job_id, str) and 0 < len(job_id) <= _NAME_LENGTH and job_id.isprintable()


def check(job_id: str, settings: Settings) -> None:
    """Check that a job can be handed over.

    Raises:
        InvalidArgumentError: an option means nothing to a job on several machines.
    """
    options: JobOptions = settings.options
    name = "JobQueue.submit"
    if not is_name(job_id):
        raise fail(name, f"job_id must be a printable name, not {job_id!r:.80}")
    if options.journal is not None:
        raise fail(name, "the job has a journal; the database of the queue is its journal")
    if options.progress is not None:
        raise fail(name, "the job has a progress function, which no worker can call; see `report`")
    if callable(options.on_unknown):
        raise fail(name, "on_unknown must be 'report' or 'resend': no worker can call a function")
    if options.job_id is not None:
        raise fail(name, "the job has a job_id of its own; pass it to `submit` alone")


async def plan(
    database: Database, engine: Engine, job_id: str, parts: JobParts, source: Source
) -> None:
    """Write the plan of a job and seal it.

    Raises:
        InvalidArgumentError: there is a job of that name.
        JournalError: another process plans it, or took this plan away.
    """
    database = database.another(timeout=_TIMEOUT)
    try:
        if not await database.value(_LOCK, job_id):
            raise JournalError(f"JobQueue.submit: another process is submitting job {job_id!r}")
        if await database.value(_SEALED, job_id):
            raise fail(
                "JobQueue.submit",
                f"job {job_id!r} is in the queue already; see `easemob job status`, or "
                f"`queue.job({job_id!r})`, and its `resume()`",
            )
        await database.rows("DELETE FROM @schema@.jobs WHERE name = %s", job_id)
        with tempfile.TemporaryDirectory(prefix="easemob-plan-") as folder:
            planned = _Plan(database, await _new_job(database, job_id, parts))
            await planned.write(parts.settings, source, Path(folder))
        await planned.seal(engine, source.read)
    finally:
        database.close()
        await source.close()


async def _new_job(database: Database, job_id: str, parts: JobParts) -> int:
    settings, service = parts.settings, parts.transport.service
    options = settings.options
    job: int = await database.value(
        _NEW,
        job_id,
        service,
        queue_of(service),
        settings.name,
        json.dumps(settings.identity()),
        None if settings.constant is None else settings.constant.decode(),
        options.workers,
        options.pace,
        options.on_unknown == "resend",
        options.retry_failed,
    )
    return job


@attrs.define
class _Rejected:
    rows: list[tuple[str, str, str]] = attrs.field(factory=list)

    def add(self, outcome: Outcome) -> None:
        reason = whole_text(str(outcome.error)).replace("\0", "\ufffd")
        target = whole_text(outcome.target).replace("\0", "\ufffd")
        self.rows.append((target, reason, kind_of(reason, target)))


class _Plan:
    """The plan of one job while it is written."""

    def __init__(self, database: Database, job: int) -> None:
        self._database = database
        self._job = job
        self._chunk = Chunk()
        self._full: list[Chunk] = []
        self._rejected = _Rejected()
        self._written = 0
        self._rejections = 0
        self._skipped = 0

    async def write(self, settings: Settings, source: Source, folder: Path) -> None:
        """Read all targets, and write them in chunks."""

        async def content(item: Any) -> bytes | None:
            own = isinstance(item, tuple) and len(item) == 2 and item[1] is not None
            return settings.encoder.encode(item[1]) if own else None

        uniqueness = Uniqueness(folder, content, self._names)
        packer = Packer(settings.name, CHUNK, look_ahead=CHUNK, dedupe=None)
        planner = Planner(settings, source, packer, uniqueness)
        try:
            over = False
            while not over:
                step = await planner.next()
                over = step.over
                self._skipped += len(step.skipped)
                for outcome in step.settled:
                    self._rejected.add(outcome)
                if step.call is not None:
                    self._add(step.call, settings)
                    planner.call_is_over()
                if len(self._full) >= _WRITTEN_AT_ONCE or len(self._rejected.rows) >= CHUNK:
                    await self._flush()
            self._cut()
            await self._flush()
        finally:
            uniqueness.close()

    async def seal(self, engine: Engine, read: int) -> None:
        """Let workers begin."""
        seal = self._database.sql(_SEAL)
        counts = (read, self._skipped, self._rejections, self._job)

        async def command(connection: Any) -> None:
            async with connection.transaction():
                cursor = await connection.execute(seal, counts)
                if not cursor.rowcount:
                    raise _taken_away()
                await engine.defer(connection, self._job)

        await self._database.run(command)

    def _add(self, call: PlannedCall, settings: Settings) -> None:
        content = None if call.content is settings.constant else call.content
        left = call.targets
        while left:
            left = self._chunk.add(left, content)
            if self._chunk.full:
                self._cut()

    def _cut(self) -> None:
        if self._chunk.names:
            self._full.append(self._chunk)
            self._chunk = Chunk()

    async def _flush(self) -> None:
        """Write the full chunks, and the targets that were rejected."""
        chunks, self._full = self._full, []
        rejected, self._rejected = self._rejected.rows, _Rejected()
        job, first = self._job, self._written
        sql = self._database.sql

        async def command(connection: Any) -> None:
            async with connection.transaction(), connection.cursor() as cursor:
                async with cursor.copy(sql(_COPY_CHUNKS)) as copy:
                    for number, chunk in enumerate(chunks, first):
                        await copy.write_row((job, number, len(chunk.names)))
                async with cursor.copy(sql(_COPY_TARGETS)) as copy:
                    copy.set_types(["int8", "int4", "text", "text"])
                    for number, chunk in enumerate(chunks, first):
                        await copy.write_row((job, number, *chunk.row()))
                async with cursor.copy(sql(_COPY_REJECTED)) as copy:
                    for row in rejected:
                        await copy.write_row((job, *row))

        try:
            await self._database.run(command)
        except JournalError as error:
            if "foreign key" not in str(error):
                raise
            raise _taken_away() from None
        self._written += len(chunks)
        self._rejections += len(rejected)

    async def _names(self) -> AsyncIterator[list[str]]:
        """Yield the targets that were let through, chunk by chunk."""
        self._cut()
        await self._flush()
        for first in range(0, self._written, _READ_AT_ONCE):
            rows = await self._database.rows(_NAMES, self._job, first, first + _READ_AT_ONCE)
            for (names,) in rows:
                yield await asyncio.to_thread(read_names, names)


def _taken_away() -> JournalError:
    return JournalError("JobQueue.submit: the plan was dropped meanwhile; submit the job again")


_LOCK: Final = "SELECT pg_try_advisory_lock(hashtextextended('@schema@.' || %s, 0))"
_SEALED: Final = "SELECT name FROM @schema@.jobs WHERE name = %s AND state <> 'planning'"
_NEW: Final = """
INSERT INTO @schema@.jobs (
    name, service, queue, kind, identity, content, workers, pace, resend_unknown, retry_failed
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
"""
_COPY_CHUNKS: Final = "COPY @schema@.chunks (job, number, size) FROM STDIN"
_COPY_TARGETS: Final = (
    "COPY @schema@.targets (job, chunk, names, contents) FROM STDIN (FORMAT BINARY)"
)
_COPY_REJECTED: Final = "COPY @schema@.rejected (job, target, reason, kind) FROM STDIN"
_NAMES: Final = """
SELECT names FROM @schema@.targets WHERE job = %s AND chunk >= %s AND chunk < %s ORDER BY chunk
"""
_SEAL: Final = """
UPDATE @schema@.jobs SET
    state = 'running', read = %s, skipped = %s, rejected = %s, sealed_at = clock_timestamp(),
    ended_at = CASE
        WHEN NOT EXISTS (SELECT FROM @schema@.chunks WHERE job = id) THEN clock_timestamp()
    END
WHERE id = %s AND state = 'planning'
"""
