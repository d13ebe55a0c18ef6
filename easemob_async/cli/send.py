"""The command ``easemob send``: one message to all targets in a file."""

from __future__ import annotations

import asyncio
import functools
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from shlex import quote
from typing import Any, BinaryIO, Final

import attrs
import click

from easemob_async import (
    EasemobClient,
    FanoutJob,
    FanoutReport,
    InvalidArgumentError,
    JournalError,
    Message,
    OutcomeStatus,
    Progress,
)
from easemob_async.cli.commands import INTERRUPTED, Command
from easemob_async.cli.detect import FORMATS, HEAD, whole
from easemob_async.cli.message import message_options, read_json, read_message, with_text_file
from easemob_async.cli.progress import job_progress, print_report
from easemob_async.cli.queues import queue_of, queue_option, watch
from easemob_async.cli.run import confirm, err, out, with_client
from easemob_async.cli.show import show, wants_json
from easemob_async.cli.targets import (
    Item,
    Reading,
    Write,
    chosen,
    count_lines,
    first_odd,
    read_stream,
    writer,
)
from easemob_async.cli.template import Template

# Without a journal, an id that repeats one of this many ids before it is skipped.
_DEDUPE: Final = 100_000
ASKED_FROM: Final = 10_000
"""A job with more targets asks for confirmation, if it runs in a terminal."""
# Among this many targets, those that cannot be usernames are counted before the job starts.
_LOOKED_AT: Final = 100_000


@click.command(cls=Command)
@click.argument("targets", type=click.File("rb"))
@click.option(
    "--to",
    "kind",
    type=click.Choice(["users", "groups", "rooms"]),
    default="users",
    show_default=True,
    help="The kind of the targets.",
)
@message_options
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="The number of calls at the same time.",
)
@click.option(
    "--pace",
    type=click.Choice(["even", "burst"]),
    default="even",
    show_default=True,
    help="even: spread the calls, so that other calls of the app hardly wait; burst: send as fast "
    "as the quota allows.",
)
@click.option(
    "--journal",
    type=click.Path(dir_okay=False),
    help="A file that records every call and its result: run the same command again to resume.",
)
@queue_option
@click.option("--job-id", metavar="ID", help="With --queue: a name for the job in the queue.")
@click.option("--detach", is_flag=True, help="With --queue: do not wait for the end of the job.")
@click.option(
    "--on-unknown",
    type=click.Choice(["report", "resend"]),
    default="report",
    show_default=True,
    help="With a journal: only report the targets whose result is unknown, or send to them again.",
)
@click.option(
    "--retry-failed", is_flag=True, help="With a journal: send again to the targets that failed."
)
@click.option(
    "--keep-message-ids",
    is_flag=True,
    help="With a journal: keep the message ids, for `easemob job status --sent`.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="The format of TARGETS: ids, one per line; CSV; JSON Lines, one object per line; a JSON "
    "array; Excel (.xlsx). Detected by default.",
)
@click.option(
    "--encoding", metavar="NAME", help="The encoding: utf-8, gbk ... Detected by default."
)
@click.option(
    "--delimiter",
    metavar="SIGN",
    help="The character between the columns of CSV, or `tab`. Detected by default.",
)
@click.option(
    "--header/--no-header",
    "header",
    default=None,
    help="Whether the first line holds the column names; without it they are 1, 2 ... Detected by "
    "default.",
)
@click.option(
    "--id-column", metavar="NAME", help="The name of the column of ids. Detected by default."
)
@click.option(
    "--only", multiple=True, metavar="ID", help="For a test: send only to this id; may be repeated."
)
@click.option(
    "--limit", type=click.IntRange(min=1), help="For a test: send to at most this many targets."
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Send nothing: show the first message, the number of calls and the time they take.",
)
@click.option(
    "--failed-to",
    type=click.Path(dir_okay=False, writable=True),
    help="Write the ids of failed targets to this file; with status and reason if its name ends in "
    ".csv or .jsonl.",
)
@click.option(
    "--yes",
    is_flag=True,
    help=f"Do not ask for confirmation before sending to more than {ASKED_FROM:,} targets.",
)
@with_client
async def send(
    client: EasemobClient,
    targets: BinaryIO,
    kind: str,
    workers: int,
    pace: Any,
    journal: str | None,
    url: str | None,
    job_id: str | None,
    detach: bool,
    on_unknown: Any,
    retry_failed: bool,
    keep_message_ids: bool,
    form: Any,
    encoding: str | None,
    delimiter: str | None,
    header: bool | None,
    id_column: str | None,
    only: tuple[str, ...],
    limit: int | None,
    dry_run: bool,
    failed_to: str | None,
    yes: bool,
    **options: Any,
) -> int:
    """Send one message to every id in a file.

    TARGETS is the file, with one id per line, or "-" for standard input. It may also be CSV, JSON,
    JSON Lines or Excel (.xlsx): then {name} in the message is replaced by the value in the column
    `name`, so that each target gets its own message. Write {{ and }} for literal braces.

    The job keeps the app's quotas and reports the outcome of every target. "Sent" means accepted by
    the service. The exit status is 0 only if every target was sent, now or earlier. Ctrl-C stops
    the job after the calls in progress; with --journal, the same command resumes it.

    With --queue and --job-id the job is sent by `easemob worker`, on any number of machines.
    """
    options = with_text_file(options)
    read_message(options)
    if job_id is None and (detach or _is_given("url")):
        raise click.UsageError("--queue and --detach need --job-id")
    if job_id is not None and (journal is not None or keep_message_ids):
        raise click.UsageError("--journal and --keep-message-ids do not go with --queue")
    if job_id is not None and detach and failed_to is not None:
        raise click.UsageError("--failed-to does not go with --detach")
    if (
        journal is None
        and (retry_failed or on_unknown != "report" or keep_message_ids)
        and (job_id is None)
    ):
        raise click.UsageError("--retry-failed, --on-unknown and --keep-message-ids need --journal")
    if failed_to is not None and failed_to in (targets.name, journal):
        raise click.UsageError(f"--failed-to would overwrite {failed_to}: choose another file")
    template = Template(options)
    ext = read_json(options["ext"], "--ext")
    tell = functools.cache(lambda note: err.print(note, style="yellow", markup=False))
    reading = Reading(targets.name, template, form, encoding, delimiter, header, id_column, tell)
    seen = _First(None if template.fields else template.fill({}))

    total = None
    if targets.seekable():
        reading, total = _look_at(targets, reading, kind)

    def items(file: BinaryIO) -> Iterator[Item]:
        return seen.watching(chosen(reading.items(file), only, limit))

    total = _expected(total, only, limit)
    if not dry_run and not yes and total is not None and total > ASKED_FROM and _can_ask(targets):
        confirm(f"Send to {total:,} {kind}?")
    fanout = client.fanout
    starts: dict[str, Callable[..., FanoutJob]] = {
        "users": fanout.to_users,
        "groups": fanout.to_groups,
        "rooms": fanout.to_rooms,
    }
    start = functools.partial(
        starts[kind],
        items(targets) if targets.seekable() else read_stream(targets, items),
        None if template.fields else template.fill({}),
        sender=options["sender"],
        ext=ext,
        workers=workers,
        pace=pace,
        dedupe=None if journal is not None and not dry_run else _DEDUPE,
        journal=journal,
        # A journal belongs to one job; the job id stands for the template, as the messages differ.
        job_id=template.fingerprint() if journal is not None and template.fields else None,
        on_unknown=on_unknown,
        retry_failed=retry_failed,
        keep_message_ids=keep_message_ids,
    )
    if dry_run:
        plan = await start().plan()
        if not wants_json():
            click.echo(seen.words())
        show(plan, f"nothing was sent: {plan}")
        return 0 if plan.read and not plan.failed else 1
    with writer(failed_to) as write:
        if job_id is not None:
            return await _hand_over(start(), url, job_id, write, detach=detach)
        return await finish(
            start, journal, write, lambda: job_progress(err, f"Sending to {kind}", total)
        )


class _First:
    """The first target of a job with its message, which a dry run shows."""

    def __init__(self, constant: Message | None) -> None:
        self._constant = constant
        self._found: tuple[str, Message] | None = None

    def watching(self, items: Iterator[Item]) -> Iterator[Item]:
        for item in items:
            if self._found is None:
                message = self._constant if isinstance(item, str) else item[1]
                if message is not None and not isinstance(message, Exception):
                    self._found = item if isinstance(item, str) else item[0], message
            yield item

    def words(self) -> str:
        if self._found is None:
            return "no target has a valid message"
        target, message = self._found
        body = json.dumps({"type": message.type, **message.to_wire()}, ensure_ascii=False)
        return f"the first message, to {target}: {body}"


async def _hand_over(
    job: FanoutJob, url: str | None, job_id: str, write: Write | None, *, detach: bool
) -> int:
    """Submit a job to a queue, and wait for its end unless it is detached."""
    async with queue_of(url) as queue:
        queued = await queue.submit(job, job_id)
        if detach:
            report = await queued.report()
            show(report, f"{job_id}: {report.read:,} targets; easemob job watch {quote(job_id)}")
            return 0
        try:
            report = await watch(queued)
        except asyncio.CancelledError:
            named = quote(job_id)
            err.print(
                f"the job goes on: easemob job watch {named}; easemob job stop {named}",
                markup=False,
            )
            return INTERRUPTED
        _account(report, None)
        if write is not None:
            async for outcome in queued.outcomes(OutcomeStatus.FAILED):
                write(outcome.target, outcome.status.value, str(outcome.error))
        if report.error is not None:
            err.print(f"stopped: {report.error}", style="red", markup=False)
        return exit_status(report)


def _is_given(option: str) -> bool:
    """Return whether an option was given in the command itself, not in the environment."""
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


def _look_at(targets: BinaryIO, reading: Reading, kind: str) -> tuple[Reading, int | None]:
    """Detect the format of a file, count its targets and warn about odd ones."""
    found = reading.kind(targets.read(HEAD))
    if reading.encoding is None:
        found = whole(targets, found, targets.name)
        reading = attrs.evolve(
            reading, encoding=None if found.format == "excel" else found.encoding
        )
    targets.seek(0)
    if found.note:
        reading.tell(found.note)
    total = count_lines(targets, found)
    if total is None:  # an array or a workbook: its targets are counted by reading it
        total = sum(1 for _ in reading.items(targets))
        targets.seek(0)
    if kind == "users":
        odd, first = first_odd(reading.items(targets), _LOOKED_AT)
        targets.seek(0)
        if odd:
            err.print(
                f"{odd:,} of the targets cannot be usernames; the first is {first[:80]!r}",
                style="yellow",
                markup=False,
            )
    return reading, total


def _expected(total: int | None, only: tuple[str, ...], limit: int | None) -> int | None:
    """Return the largest possible number of targets; ``None`` if it is unknown."""
    known = [n for n in (total, len(set(only)) or None, limit) if n is not None]
    return min(known, default=None)


def _can_ask(targets: BinaryIO) -> bool:
    """Return whether standard input is a terminal, and not the list of targets."""
    return sys.stdin is not None and sys.stdin.isatty() and targets.name != "<stdin>"


async def finish(
    start: Callable[..., FanoutJob],
    journal: str | None,
    write: Write | None,
    watched: Callable[[], AbstractContextManager[Callable[[Progress], None]]],
) -> int:
    """Run a job to its end, print its report, and return the exit status."""
    job: FanoutJob | None = None
    try:
        with watched() as progress:  # removed before the report is printed
            job = start(progress=progress)
            if write is None or journal is not None:
                await job
            else:
                async for outcome in job:
                    if outcome.status is OutcomeStatus.FAILED:
                        write(outcome.target, outcome.status.value, str(outcome.error))
    except asyncio.CancelledError:
        unfinished = 0
        if job is not None:
            _account(job.report, write)
            unfinished = job.report.unknown
        ended = (
            f"{unfinished:,} targets are unknown"
            if unfinished
            else "the calls in progress were completed"
        )
        err.print(f"stopped: {ended}, the rest was not sent")
        if journal is not None:
            err.print(
                "to resume, run the same command again; state: easemob job status "
                f"{quote(journal)}",
                markup=False,
            )
        return INTERRUPTED
    except Exception as error:
        if job is not None and job.report.read and not isinstance(error, JournalError):
            _account(job.report, write)
        elif job is not None and job.report.read:
            _account(job.report, None)
        raise
    _account(job.report, write)
    return exit_status(job.report)


def _account(report: FanoutReport, write: Write | None) -> None:
    if wants_json():
        show(report)
    else:
        print_report(out, report)
    if write is not None and report.journal is not None:
        for outcome in report.iter_failed():  # including those of earlier runs
            write(outcome.target, outcome.status.value, str(outcome.error))


def exit_status(report: FanoutReport) -> int:
    """Return 0 if every target was sent, else 1.

    Raises:
        InvalidArgumentError: the job had no targets.
    """
    if not report.read:
        raise InvalidArgumentError("send: no targets were found; check TARGETS, --only and --limit")
    return 0 if report.complete else 1
