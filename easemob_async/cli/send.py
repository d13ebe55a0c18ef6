"""``easemob send``: one message to everybody in a file."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any, BinaryIO, Final

import click

from easemob_async import (
    EasemobClient,
    FanoutJob,
    FanoutReport,
    InvalidArgumentError,
    OutcomeStatus,
)
from easemob_async.cli.message import message_options, read_json, read_message
from easemob_async.cli.progress import job_progress, report_table
from easemob_async.cli.run import INTERRUPTED, err, out, with_client
from easemob_async.cli.show import show, wants_json
from easemob_async.cli.targets import (
    FORMATS,
    Write,
    count_lines,
    format_of,
    parser,
    read_stream,
    writer,
)
from easemob_async.cli.template import Template

# Without a journal, an id that came up among so many before it is skipped.
_DEDUPE: Final = 100_000


@click.command()
@click.argument("targets", type=click.File("rb"))
@click.option(
    "--to",
    "kind",
    type=click.Choice(["users", "groups", "rooms"]),
    default="users",
    show_default=True,
    help="What the targets are.",
)
@message_options
@click.option("--workers", type=click.IntRange(min=1), default=16, show_default=True)
@click.option(
    "--pace",
    type=click.Choice(["even", "burst"]),
    default="even",
    show_default=True,
    help="even: leave room for other calls of the app; burst: as fast as the quota lets go.",
)
@click.option(
    "--journal",
    type=click.Path(dir_okay=False),
    help="A file that knows what left and what came back: run the same line again to go on.",
)
@click.option(
    "--on-unknown",
    type=click.Choice(["report", "resend"]),
    default="report",
    show_default=True,
    help="With a journal: what becomes of who may or may not have been sent to.",
)
@click.option("--retry-failed", is_flag=True, help="With a journal: try who failed again.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="What TARGETS is: ids, one a line; CSV with a line of column names; JSON Lines, an object "
    "a line. By the ending of its name when it is not given.",
)
@click.option("--id-column", metavar="NAME", help="Where the id is; `id` or the first, if not.")
@click.option(
    "--dry-run", is_flag=True, help="Send nothing: tell the calls, and the time they take."
)
@click.option(
    "--failed-to",
    type=click.Path(dir_okay=False, writable=True),
    help="Write the ids that failed to this file; with status and reason if it is .csv or .jsonl.",
)
@with_client
async def send(
    client: EasemobClient,
    targets: BinaryIO,
    kind: str,
    workers: int,
    pace: Any,
    journal: str | None,
    on_unknown: Any,
    retry_failed: bool,
    form: str | None,
    id_column: str | None,
    dry_run: bool,
    failed_to: str | None,
    **options: Any,
) -> int:
    """Send one message to every id in TARGETS, a file with one id a line ("-" for stdin).

    TARGETS may be CSV or JSON Lines, too: then {name} in the message stands for what the column
    `name` of the row has, and each gets a message of their own. {{ and }} are braces.

    Inside the app's quotas, with a report of what became of every target. "Sent" means accepted by
    the service. Exit status 0 only when every target was sent, now or before. Ctrl-C stops after
    the calls on their way; with --journal, the same line goes on from there.
    """
    read_message(options)
    if failed_to is not None and failed_to in (targets.name, journal):
        raise click.UsageError(f"--failed-to would overwrite {failed_to}")
    template = Template(options)
    ext = read_json(options["ext"], "--ext")
    form = format_of(targets.name, form)
    parse = parser(form, id_column, template if template.fields else None)
    total = count_lines(targets, form)
    fanout = client.fanout
    starts: dict[str, Callable[..., FanoutJob]] = {
        "users": fanout.to_users,
        "groups": fanout.to_groups,
        "rooms": fanout.to_rooms,
    }
    start = functools.partial(
        starts[kind],
        read_stream(targets, parse) if total is None else parse(targets),
        None if template.fields else template.fill({}),
        sender=options["sender"],
        ext=ext,
        workers=workers,
        pace=pace,
        dedupe=None if journal is not None and not dry_run else _DEDUPE,
        journal=journal,
        # What is sent is part of what a job is; a template is in no message alone.
        job_id=template.fingerprint() if journal is not None and template.fields else None,
        on_unknown=on_unknown,
        retry_failed=retry_failed,
    )
    if dry_run:
        plan = await start().plan()
        show(plan, f"nothing was sent: {plan}")
        return 0 if plan.read and not plan.failed else 1
    with writer(failed_to) as write, job_progress(err, f"Sending to {kind}", total) as progress:
        return await finish(start(progress=progress), journal, write)


async def finish(job: FanoutJob, journal: str | None, write: Write | None) -> int:
    """Run a job to its end, print its report, and give the exit status."""
    try:
        if write is None or journal is not None:
            await job
        else:
            async for outcome in job:
                if outcome.status is OutcomeStatus.FAILED:
                    write(outcome.target, outcome.status.value, str(outcome.error))
    except asyncio.CancelledError:
        _account(job.report, write)
        err.print("stopped: calls that were on their way are done, no other left")
        if journal is not None:
            err.print(f"run the same line again to go on; `easemob job status {journal}` tells")
        return INTERRUPTED
    except Exception:
        if job.report.read:
            _account(job.report, write)
        raise
    _account(job.report, write)
    return exit_status(job.report)


def _account(report: FanoutReport, write: Write | None) -> None:
    if wants_json():
        show(report)
    else:
        out.print(report_table(report))
    if write is not None and report.journal is not None:
        for outcome in report.iter_failed():  # also of earlier runs
            write(outcome.target, outcome.status.value, str(outcome.error))


def exit_status(report: FanoutReport) -> int:
    """0 only when every target was sent, and there was one."""
    if not report.read:
        raise InvalidArgumentError("send: no targets were given")
    return 0 if report.complete else 1
