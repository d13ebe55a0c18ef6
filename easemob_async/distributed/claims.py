"""Claiming a chunk, and giving it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import attrs

from easemob_async.distributed.chunks import read_contents, read_names
from easemob_async.distributed.database import Database
from easemob_async.distributed.lease import Lease, Moment
from easemob_async.fanout.fanout import SENDS
from easemob_async.fanout.pacing import Pace
from easemob_async.fanout.settings import Encoded, JobOptions, Settings


@attrs.frozen
class Claim:
    """A chunk that a worker has."""

    key: tuple[int, int, int]
    """Its job, its number, and the epoch in which it was claimed."""
    settings: Settings
    """The settings of its job."""
    names: Sequence[str]
    """All of its targets."""
    open: Sequence[str | tuple[str, Encoded]]
    """Those that are in no call, with their own messages if they have any."""
    counts: Mapping[str, int]
    """The counts of refusals of the job."""
    lease: Lease
    """How long the worker has it."""


@attrs.frozen
class _Ready:
    """The encoder of messages that were encoded when the job was planned."""

    job: str

    def encode(self, message: Any) -> bytes:
        raise TypeError(f"{self.job}: a planned message is encoded already")

    def placeholder(self) -> bytes:
        return b"{}"


async def claim(
    database: Database, job: int, chunk: int, *, worker: str, service: str, lease: timedelta
) -> Claim | None:
    """Claim a chunk; return ``None`` if there is nothing to do, or somebody else does it.

    Raises:
        SharedStoreError: the database is away.
    """
    asked = Moment.now()
    answer, epoch, taken = (await database.rows(_CLAIM, job, chunk, worker, service, lease))[0]
    if answer != "claimed":
        return None
    kind, content, workers, pace, accepted, alone, early, names_text, contents = (
        await database.rows(_LOAD, job, chunk)
    )[0]
    names = read_names(names_text)
    own = read_contents(contents, len(names))
    closed = bytearray(len(names))
    for part in taken:
        closed[part.lower : part.upper] = b"\1" * (part.upper - part.lower)
    return Claim(
        (job, chunk, epoch),
        _settings(kind, content, workers, pace),
        names,
        [
            name if message is None else (name, Encoded(message))
            for name, message, is_closed in zip(names, own, closed, strict=True)
            if not is_closed
        ],
        {"accepted": int(accepted), "refused alone": alone, "ended early": early},
        Lease(lease, asked),
    )


async def release(database: Database, key: tuple[int, int, int]) -> str:
    """Return a chunk; say whether it is ``done``, still ``open``, or was taken over.

    Raises:
        SharedStoreError: the database is away.
    """
    answer: str = await database.value("SELECT @schema@.release(%s, %s, %s)", *key)
    return answer


def _settings(kind: str, content: str | None, workers: int, pace: Pace) -> Settings:
    return Settings(
        kind,
        SENDS[kind],
        _Ready(kind),
        constant=None if content is None else content.encode(),
        make_body=None,
        options=JobOptions(
            journal=None,
            job_id=None,
            workers=workers,
            pace=pace,
            dedupe=None,
            on_unknown="report",
            retry_failed=False,
            keep_message_ids=False,
            progress=None,
        ),
        journal=None,
    )


_CLAIM: Final = "SELECT answer, epoch_, taken_ FROM @schema@.claim(%s, %s, %s, %s, %s)"
_LOAD: Final = """
SELECT kind, content, workers, pace, accepted, refused_alone, ended_early, names, contents
FROM @schema@.jobs JOIN @schema@.targets ON job = id WHERE id = %s AND chunk = %s
"""
