"""The command group ``easemob queue``: the tables of a job queue."""

from __future__ import annotations

import click

from easemob_async.cli.commands import Group
from easemob_async.cli.queues import line, with_queue
from easemob_async.cli.show import show
from easemob_async.distributed import JobQueue


@click.group(cls=Group)
def queue() -> None:
    """Set up a queue of jobs for several machines.

    It is a PostgreSQL database (14 or newer). Submit a job with `easemob send --queue`, and send it
    with `easemob worker` on as many machines as you like.
    """


@queue.command()
@click.option(
    "--accept-failover",
    is_flag=True,
    help="Go on in a database that took over from another; only if it misses no commit: what "
    "departed and is missing is sent twice.",
)
@with_queue
async def install(queue: JobQueue, accept_failover: bool) -> None:
    """Make the tables of the queue, or bring them up to date."""
    await queue.install(accept_failover=accept_failover)
    show({"installed": True}, f"the queue at {queue.place}: ready")


@queue.command()
@with_queue
async def status(queue: JobQueue) -> None:
    """Show the jobs of the queue, and who works on them."""
    for job in await queue.jobs():
        report = await job.report()
        show(report, line(report))
