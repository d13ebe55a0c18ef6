"""What the commands of a job queue share: the queue from an option, and the display of its jobs."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final

import click

from easemob_async import FanoutReport, Progress, SharedStoreError
from easemob_async.cli.progress import bad, job_progress
from easemob_async.cli.run import err, run
from easemob_async.distributed import JobQueue, JobReport, QueuedJob

_EVERY: Final = 0.5

queue_option = click.option(
    "--queue",
    "url",
    metavar="URL",
    envvar="EASEMOB_QUEUE",
    help="The PostgreSQL of the queue, postgresql://...; safer in the environment, if it holds a "
    "password. [env: EASEMOB_QUEUE]",
)


def queue_of(url: str | None, **options: Any) -> JobQueue:
    """Return the queue of an option.

    Raises:
        click.UsageError: there is none.
    """
    if not url:
        raise click.UsageError("--queue is missing: pass it, or set EASEMOB_QUEUE")
    return JobQueue(url, **options)


def with_queue(function: Callable[..., Awaitable[int | None]]) -> Callable[..., None]:
    """Turn a coroutine function that takes a queue and returns an exit status into a command."""

    @queue_option
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, one answer per line.")
    @functools.wraps(function)
    def command(url: str | None, as_json: bool, **arguments: Any) -> None:
        click.get_current_context().meta["json"] = as_json

        async def work() -> int | None:
            async with queue_of(url) as queue:
                return await function(queue, **arguments)

        run(work())

    return command


async def watch(job: QueuedJob) -> JobReport:
    """Show the progress of a job until it is done or stopped, and return its report."""
    report = await job.report()
    before, settled = asyncio.get_running_loop().time(), _settled(report)
    rate = report.rate
    with job_progress(err, job.job_id, report.read, notes) as update:
        while report.state in ("planning", "running"):
            await asyncio.sleep(_EVERY)
            try:
                report = await job.report()
            except SharedStoreError as error:
                err.print(f"{error}; waiting for it", style="yellow", markup=False)
                continue
            now = asyncio.get_running_loop().time()
            if _settled(report) != settled:
                rate = (_settled(report) - settled) / (now - before)
                before, settled = now, _settled(report)
            update(Progress(report, rate))
    return report


def notes(report: FanoutReport, begin: str = "", end: str = "") -> str:
    """Return the workers and takeovers of a job, with its failed and unknown targets, in words."""
    words = [bad(report, begin, end)]
    if isinstance(report, JobReport):
        words.append(_number(report.workers, "worker") if report.workers else "no worker")
        if report.takeovers:
            words.append(_number(report.takeovers, "takeover"))
    return ", ".join(word for word in words if word)


def line(report: JobReport) -> str:
    """Return the state of a job as a line."""
    done = _settled(report)
    words = f"{report.job_id}: {report.state}, {done:,} of {report.read:,}, {notes(report)}"
    return f"{words}; {report.error}" if report.error else words


def _settled(report: FanoutReport) -> int:
    return report.read - report.not_sent


def _number(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
