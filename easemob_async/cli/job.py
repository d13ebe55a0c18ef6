"""The command group ``easemob job``: jobs in a queue, and the journals of local ones."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Any

import click

from easemob_async.cli.commands import Group
from easemob_async.cli.progress import print_report
from easemob_async.cli.queues import line, queue_of, queue_option, with_queue
from easemob_async.cli.queues import watch as watch_job
from easemob_async.cli.run import confirm, err, out, run
from easemob_async.cli.show import show, wants_json
from easemob_async.distributed import JobQueue, JobReport, QueuedJob
from easemob_async.fanout.journal.reader import count_last, read_job, read_last
from easemob_async.fanout.journal.rows import FAILED, SENT, UNKNOWN

_NAMES = {SENT: "sent", FAILED: "failed", UNKNOWN: "unknown"}


@click.group(cls=Group)
def job() -> None:
    """Watch and control jobs, and read their journals.

    A job in a queue is named by its id, with --queue or EASEMOB_QUEUE.
    """


@job.command()
@click.argument("job")
@queue_option
@click.option("--failed", is_flag=True, help="List the failed targets, with the reasons.")
@click.option("--unknown", is_flag=True, help="List the targets with an unknown result.")
@click.option("--sent", is_flag=True, help="List the sent targets, with the message ids.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one answer per line.")
@click.pass_context
def status(
    ctx: click.Context,
    job: str,
    url: str | None,
    failed: bool,
    unknown: bool,
    sent: bool,
    as_json: bool,
) -> None:
    """Count or list the targets of a job.

    JOB is the path of a journal, or the id of a job in a queue. The job may be running.
    """
    ctx.meta["json"] = as_json
    listed = [s for s, on in ((FAILED, failed), (UNKNOWN, unknown), (SENT, sent)) if on]
    source = ctx.get_parameter_source("url")
    named = source is click.core.ParameterSource.COMMANDLINE
    queued = bool(url) and (named or not Path(job).exists())

    async def work() -> None:
        if queued:
            async with queue_of(url) as queue:
                await _status(queue.job(job), listed)
        else:
            _journal_status(Path(job), listed)

    run(work())


async def _status(job: QueuedJob, listed: list[int]) -> None:
    for state in listed:
        async for outcome in job.outcomes(_NAMES[state]):
            show(outcome, f"{outcome.target}\t{outcome.error or ''}")
    if not listed:
        _account(await job.report())


def _journal_status(journal: Path, listed: list[int]) -> None:
    for state in listed:
        for item in read_last(journal, state):
            row = {"target": item.target, "status": _NAMES[state]}
            more = {"reason": item.reason, "message_id": item.message_id}
            told = f"{item.target}\t{item.reason or item.message_id or ''}"
            show(row | {name: text for name, text in more.items() if text is not None}, told)
    if listed:
        return
    kind = read_job(journal)["kind"]
    counts = count_last(journal)
    named = {name: counts[state] for state, name in _NAMES.items()}
    if wants_json():
        show({"kind": kind, **named})
        return
    click.echo(f"{kind}: {sum(counts.values()):,} targets were tried")
    for name, number in named.items():
        click.echo(f"{number:10,}  {name}")


@job.command("list")
@with_queue
async def list_(queue: JobQueue) -> None:
    """List the jobs of a queue."""
    for one in await queue.jobs():
        report = await one.report()
        show(report, line(report))


@job.command()
@click.argument("job_id")
@with_queue
async def watch(queue: JobQueue, job_id: str) -> int:
    """Show the progress of a job until its end: workers, rate, time left, takeovers."""
    return _account(await watch_job(queue.job(job_id)))


@job.command()
@click.argument("job_id")
@with_queue
async def stop(queue: JobQueue, job_id: str) -> None:
    """Stop a job on all machines, after the calls in progress."""
    await queue.job(job_id).stop()
    report = await queue.job(job_id).report()
    more = f"; easemob job resume {quote(job_id)}" if report.state == "stopped" else ""
    show(report, f"{job_id}: {report.state}{more}")


@job.command()
@click.argument("job_id")
@click.option("--retry-failed", is_flag=True, help="Send again to the targets that failed.")
@click.option(
    "--on-unknown",
    type=click.Choice(["report", "resend"]),
    help="Only report the targets whose result is unknown, or send to them again; as submitted, if "
    "not given.",
)
@with_queue
async def resume(queue: JobQueue, job_id: str, retry_failed: bool, on_unknown: Any) -> None:
    """Let a job go on after a stop, or try some of its targets again."""
    await queue.job(job_id).resume(retry_failed=retry_failed or None, on_unknown=on_unknown)
    report = await queue.job(job_id).report()
    show(report, f"{job_id}: {report.state}")


@job.command()
@click.argument("job_id")
@click.argument("journal", type=click.Path(dir_okay=False))
@with_queue
async def export(queue: JobQueue, job_id: str, journal: str) -> None:
    """Write the outcomes of a job to a new journal, with which it can go on in one process."""
    await queue.job(job_id).export(journal)
    show({"exported": journal}, f"{job_id}: exported to {journal}")


@job.command()
@click.argument("job_id")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@with_queue
async def purge(queue: JobQueue, job_id: str, yes: bool) -> None:
    """Delete a job that does not run, with all that is known of its targets."""
    if not yes:
        confirm(f"Delete job {job_id} with all its outcomes?")
    await queue.job(job_id).purge()
    show({"purged": job_id}, f"{job_id}: deleted")


def _account(report: JobReport) -> int:
    """Print the report of a job, and return the exit status."""
    if wants_json():
        show(report)
    else:
        print_report(out, report)
        err.print(line(report), markup=False)
    return 0 if report.complete else 1
