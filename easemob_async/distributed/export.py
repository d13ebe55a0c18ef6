"""The export of a job to the journal of a local one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path

from easemob_async.distributed.database import Database
from easemob_async.distributed.reading import read_chunks, read_rejected
from easemob_async.errors import JournalError
from easemob_async.fanout.deduplication import open_journal
from easemob_async.fanout.journal.lock import side_file
from easemob_async.fanout.journal.rows import FAILED, Settled
from easemob_async.fanout.journal.writer import Verdict
from easemob_async.transport.cancel_scopes import cancelled_once


async def export(
    database: Database, job: int, identity: Mapping[str, str], path: Path, *, accepted: bool
) -> None:
    """Write a journal with all calls of a job and their outcomes.

    It has its name only when it is complete: by a part of one a job would send again to the rest.

    Raises:
        JournalError: the file exists, or cannot be written; the job was purged meanwhile.
    """
    if await asyncio.to_thread(path.exists):
        raise JournalError(f"{path}: the file exists; a job is exported to a new one")
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        await _write(database, job, identity, part, accepted=accepted)
        side_file(part).replace(side_file(path))
        part.replace(path)
    finally:
        for left in (part, side_file(part)):
            left.unlink(missing_ok=True)


async def _write(
    database: Database, job: int, identity: Mapping[str, str], path: Path, *, accepted: bool
) -> None:
    journal = await open_journal(path, identity)
    counts = {"accepted": 1} if accepted else {}
    try:
        async for chunk in read_chunks(database, job):
            for call in chunk.calls:
                number, written = journal.departs(call.targets)
                if call.state is not None:
                    verdict = Verdict(call.state, call.reason, tuple(call.exceptions))
                    written = journal.settle(number, verdict, counts)
                    counts = {}
                await written
        rejected: list[Settled] = []
        async for outcome in read_rejected(database, job):
            rejected.append(Settled(outcome.target, FAILED, str(outcome.error)))
            if len(rejected) >= _AT_ONCE:
                await journal.note(rejected, ())
                rejected = []
        if rejected:
            await journal.note(rejected, ())
    finally:
        with cancelled_once():
            await asyncio.to_thread(journal.close)


_AT_ONCE = 5_000
