"""The export of a job to the journal of a local one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from easemob_async.distributed.database import Database
from easemob_async.distributed.reading import read_chunks, read_rejected
from easemob_async.errors import JournalError
from easemob_async.fanout.journal.rows import FAILED, Settled
from easemob_async.fanout.journal.writer import Journal, Verdict


async def export(
    database: Database, job: int, identity: Mapping[str, str], path: Path, *, accepted: bool
) -> None:
    """Write a journal with all calls of a job and their outcomes.

    Raises:
        JournalError: the file exists, or cannot be written.
    """
    if await asyncio.to_thread(path.exists):
        raise JournalError(f"{path}: the file exists; a job is exported to a new one")
    journal = await asyncio.to_thread(Journal, path, identity)
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
        await asyncio.to_thread(journal.close)


_AT_ONCE = 5_000
