"""The functions of the ledger, called as a worker calls them, and what must hold afterwards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from easemob_async.distributed.database import Database, ranges

LEASE = timedelta(seconds=30)
SERVICE = "http://127.0.0.1:1/acme/shop"
SENT, FAILED, UNKNOWN, WITHDRAWN = 1, 2, 3, 4


class Ledger:
    """A ledger with one job of one chunk, whose targets are ``u0``, ``u1``, ..."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.job = 0

    async def plan(self, size: int, *, sealed: bool = True, resend_unknown: bool = False) -> None:
        self.size = size
        self.job = await self.database.value(
            "INSERT INTO @schema@.jobs (name, state, service, queue, kind, identity, content, "
            "workers, pace, resend_unknown, retry_failed, read) "
            "VALUES ('spring', %s, %s, 'q', 'fanout.to_users', '{}', '{}', 4, 'even', %s, false, "
            "%s) RETURNING id",
            "running" if sealed else "planning",
            SERVICE,
            resend_unknown,
            size,
        )
        await self.database.rows(
            "INSERT INTO @schema@.chunks (job, number, size) VALUES (%s, 0, %s)", self.job, size
        )

    async def claim(
        self, worker: str = "a", *, service: str = SERVICE, lease: timedelta = LEASE
    ) -> tuple[str, int]:
        rows = await self.database.rows(
            "SELECT answer, epoch_ FROM @schema@.claim(%s, 0, %s, %s, %s)",
            self.job,
            worker,
            service,
            lease,
        )
        answer, epoch = rows[0]
        return answer, epoch

    async def apply(self, *orders: Sequence[object]) -> list[Any]:
        found: list[Any] = await self.database.value(
            "SELECT @schema@.apply(%s::jsonb, %s)", json.dumps(orders), LEASE
        )
        return found

    async def depart(self, epoch: int, number: int, positions: Sequence[int]) -> str:
        order = ["depart", self.job, 0, epoch, number, ranges(sorted(positions))]
        answer: str
        (answer,) = await self.apply(order)
        return answer

    async def withdraw(self, epoch: int, number: int) -> str:
        answer: str
        (answer,) = await self.apply(["withdraw", self.job, 0, epoch, number])
        return answer

    async def settle(
        self,
        epoch: int,
        number: int,
        state: int = SENT,
        exceptions: Sequence[tuple[int, int]] = (),
        counts: dict[str, int] | None = None,
    ) -> dict[str, int]:
        why = None if state == SENT else "why"
        each = [(position, own, "why", "kind") for position, own in exceptions]
        order = ["settle", self.job, 0, epoch, number, state, why, why, each, counts or {}]
        answer: dict[str, int]
        (answer,) = await self.apply(order)
        return answer

    async def release(self, epoch: int) -> str:
        answer: str = await self.database.value(
            "SELECT @schema@.release(%s, 0, %s)", self.job, epoch
        )
        return answer

    async def resume(self, *states: int) -> str:
        answer: str = await self.database.value(
            "SELECT @schema@.resume(%s, %s::smallint[])", self.job, list(states)
        )
        return answer

    async def lapse(self) -> None:
        """Let the lease of the chunk end."""
        await self.database.rows(
            "UPDATE @schema@.chunks SET leased_until = clock_timestamp() - interval '1 second'"
        )

    async def stop(self) -> None:
        await self.database.rows("UPDATE @schema@.jobs SET state = 'stopped'")

    async def state(self) -> dict[int, int | None]:
        """Return the state of each target that is in a call, and check that it is in one only."""
        calls = await self.database.rows(
            "SELECT epoch, number, lower(part), upper(part), state "
            "FROM @schema@.calls, unnest(positions) AS part WHERE state IS DISTINCT FROM 4"
        )
        own = {
            (epoch, number, position): state
            for epoch, number, position, state in await self.database.rows(
                "SELECT epoch, number, position, state FROM @schema@.exceptions"
            )
        }
        states: dict[int, int | None] = {}
        for epoch, number, start, end, state in calls:
            for position in range(start, end):
                assert position not in states, "a target is in two calls"
                states[position] = own.pop((epoch, number, position), state)
        assert not own, "an exception without its target"
        taken = await self.database.rows(
            "SELECT lower(part), upper(part) FROM @schema@.chunks, unnest(taken) AS part"
        )
        assert {n for start, end in taken for n in range(start, end)} == states.keys()
        return states

    async def tally(self) -> tuple[int, int, int]:
        """Return how many are sent, failed and unknown, as a report counts them."""
        rows = await self.database.rows(
            "SELECT coalesce(sum(sent), 0), coalesce(sum(failed), 0), coalesce(sum(unknown), 0) "
            "FROM @schema@.tallies"
        )
        sent, failed, unknown = rows[0]
        return sent, failed, unknown
