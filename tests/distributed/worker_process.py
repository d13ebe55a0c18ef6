"""A worker in a process of its own, which may stop itself at a point that a test names.

``python -m tests.distributed.worker_process '{"url": ..., "point": ...}'``
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from easemob_async import EasemobClient, Quotas
from easemob_async.distributed import JobQueue, claims
from easemob_async.distributed import worker as worker_module
from easemob_async.distributed.database import Database
from easemob_async.distributed.record import ChunkRecord
from easemob_async.distributed.writer import Writer
from easemob_async.fanout.runner import Runner
from tests.conftest import FAST


class Point:
    """The point at which the process stops itself, once: as if its machine was frozen there."""

    def __init__(self) -> None:
        self.passed = False

    def reach(self) -> None:
        if not self.passed:
            self.passed = True
            os.kill(os.getpid(), signal.SIGSTOP)


def before_the_record(point: Point) -> None:
    put = Writer.put

    def patched(self: Writer, *values: object, can_wait: bool = True) -> Any:
        if values[0] == "depart":
            point.reach()
        return put(self, *values, can_wait=can_wait)

    Writer.put = patched  # type: ignore[method-assign]


def after_the_record(point: Point) -> None:
    write = Writer._write

    async def patched(self: Writer, batch: list[Any]) -> Any:
        problem = await write(self, batch)
        if any(order.values[0] == "depart" for order in batch):
            point.reach()
        return problem

    Writer._write = patched  # type: ignore[method-assign]


def after_the_request(point: Point) -> None:
    departs = ChunkRecord._departs

    async def patched(self: ChunkRecord, number: int, order: Any) -> None:
        await departs(self, number, order)
        asyncio.get_running_loop().call_later(0.2, point.reach)

    ChunkRecord._departs = patched  # type: ignore[method-assign]


def after_the_answer(point: Point) -> None:
    settle = Runner._settle_sent

    async def patched(self: Runner, *values: Any) -> None:
        point.reach()
        await settle(self, *values)

    Runner._settle_sent = patched  # type: ignore[method-assign,assignment]


POINTS = {
    made.__name__: made
    for made in (before_the_record, after_the_record, after_the_request, after_the_answer)
}


def leave_the_ledger_out() -> None:
    """Send as an engine alone would: a chunk is delivered again until its task has ended."""

    async def nothing() -> None: ...

    def departs(self: Any, targets: Sequence[str], again: Sequence[str] = ()) -> Any:
        return 1, asyncio.ensure_future(nothing())

    def settle(self: Any, *values: Any) -> Any:
        return asyncio.ensure_future(nothing())

    async def release(database: Database, key: tuple[int, int, int]) -> str:
        await database.rows(
            "UPDATE @schema@.chunks SET done = true, sent = size WHERE job = %s AND number = %s",
            *key[:2],
        )
        await database.rows(
            "UPDATE @schema@.jobs SET ended_at = now() WHERE id = %s AND NOT EXISTS "
            "(SELECT FROM @schema@.chunks WHERE job = id AND NOT done)",
            key[0],
        )
        return "done"

    ChunkRecord.departs = departs  # type: ignore[method-assign]
    ChunkRecord.settle = settle  # type: ignore[method-assign,assignment]
    ChunkRecord.withdraw = settle  # type: ignore[method-assign,assignment]
    worker_module.release = release  # type: ignore[attr-defined]
    assert claims.release is not release


async def main(given: dict[str, Any]) -> None:
    async with (
        JobQueue(
            given["url"], schema=given["schema"], lease=timedelta(seconds=given["lease"])
        ) as queue,
        EasemobClient(
            "acme#shop",
            client_id="id",
            client_secret="secret",
            base_url=given["base_url"],
            quotas=Quotas(enabled=False),
            retry=FAST,
        ) as client,
    ):
        work = asyncio.create_task(queue.work(client, concurrency=given["concurrency"]))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await work


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    logging.basicConfig(level=logging.WARNING)
    if given["point"] is not None:
        POINTS[given["point"]](Point())
    if given["without_ledger"]:
        leave_the_ledger_out()
    asyncio.run(main(given))
