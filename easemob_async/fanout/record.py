"""The record of a job's calls: what a call needs before it departs, and what becomes of it.

A local job's is its journal; that of a job on several machines is the ledger in a database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container, Mapping, Sequence
from typing import Protocol

from easemob_async.fanout.journal.rows import Settled
from easemob_async.fanout.journal.writer import Verdict


class Record(Protocol):
    """The record of a job's calls; what it returns is done when the record is durable.

    Raises:
        JournalError: it cannot be written; a call must not be sent then.
    """

    def departs(
        self, targets: Sequence[str], again: Sequence[str] = ()
    ) -> tuple[int, asyncio.Future[None]]:
        """Record that a call is sent; return its number, and what to await before it is."""
        ...

    def withdraw(self, call: int) -> asyncio.Future[None]:
        """Record that a call was certainly not processed."""
        ...

    def settle(
        self, call: int, verdict: Verdict, counts: Mapping[str, int] | None = None
    ) -> asyncio.Future[None]:
        """Record the outcome of a call, and the counts of the job."""
        ...

    def settle_unsent(
        self,
        targets: Sequence[str],
        verdict: Verdict,
        counts: Mapping[str, int],
        again: Sequence[str],
    ) -> asyncio.Future[None]:
        """Record the outcome of targets that no longer need their own call."""
        ...

    def note(self, settled: list[Settled], again: Container[str]) -> asyncio.Future[None]:
        """Record targets that were settled without a call."""
        ...
