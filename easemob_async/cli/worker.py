"""The command ``easemob worker``: send the jobs of a queue."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta

import click

from easemob_async import EasemobClient
from easemob_async.cli.commands import Command
from easemob_async.cli.queues import queue_of, queue_option
from easemob_async.cli.run import err, with_client


@click.command(cls=Command)
@queue_option
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="The number of parts of jobs, of some 12 000 targets each, that are sent at the same "
    "time.",
)
@click.option(
    "--lease",
    type=click.FloatRange(min=1, max=86_400),
    default=30.0,
    show_default=True,
    help="The seconds for which a worker that gives no sign of life keeps what it has.",
)
@with_client
async def worker(client: EasemobClient, url: str | None, concurrency: int, lease: float) -> None:
    """Send the jobs of a queue, on as many machines as you like.

    It sends the jobs of its own app, on its own service. SIGTERM and Ctrl-C end it after the calls
    in progress; other workers go on with the rest. While the database is away it waits.
    """
    if math.isnan(lease):
        raise click.UsageError("--lease must be a number of seconds")
    async with queue_of(url, lease=timedelta(seconds=lease)) as queue:
        err.print(f"the queue at {queue.place}: working; Ctrl-C stops", markup=False)
        try:
            await queue.work(client, concurrency=concurrency)
        except asyncio.CancelledError:
            err.print("stopped: the calls in progress were completed")
