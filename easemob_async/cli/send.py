"""``easemob send``: one message to everybody in a file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO

import click

from easemob_async import EasemobClient, FanoutJob, FanoutReport, InvalidArgumentError
from easemob_async.cli.message import message_options, read_json, read_message
from easemob_async.cli.progress import job_progress, report_table
from easemob_async.cli.run import INTERRUPTED, err, out, with_client

# Without a journal, an id that came up among so many before it is skipped.
_DEDUPE = 100_000
_READ_AT_ONCE = 600


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
    **options: Any,
) -> int:
    """Send one message to every id in TARGETS, a file with one id a line ("-" for stdin).

    Inside the app's quotas, with a report of what became of every target. "Sent" means accepted by
    the service. Exit status 0 only when every target was sent, now or before. Ctrl-C stops after
    the calls on their way; with --journal, the same line goes on from there.
    """
    message = read_message(options)
    ext = read_json(options["ext"], "--ext")
    total = count_lines(targets)
    fanout = client.fanout
    starts: dict[str, Callable[..., FanoutJob]] = {
        "users": fanout.to_users,
        "groups": fanout.to_groups,
        "rooms": fanout.to_rooms,
    }
    with job_progress(err, f"Sending to {kind}", total) as progress:
        job = starts[kind](
            read_stream(targets) if total is None else read_ids(targets),
            message,
            sender=options["sender"],
            ext=ext,
            workers=workers,
            pace=pace,
            dedupe=None if journal is not None else _DEDUPE,
            journal=journal,
            on_unknown=on_unknown,
            retry_failed=retry_failed,
            progress=progress,
        )
        return await finish(job, journal)


async def finish(job: FanoutJob, journal: str | None) -> int:
    """Run a job to its end, print its report, and give the exit status."""
    try:
        report = await job
    except asyncio.CancelledError:
        out.print(report_table(job.report))
        err.print("stopped: calls that were on their way are done, no other left")
        if journal is not None:
            err.print(f"run the same line again to go on; `easemob job status {journal}` tells")
        return INTERRUPTED
    except Exception:
        if job.report.read:
            out.print(report_table(job.report))
        raise
    out.print(report_table(report))
    return exit_status(report)


def exit_status(report: FanoutReport) -> int:
    """0 only when every target was sent, and there was one."""
    if not report.read:
        raise InvalidArgumentError("send: no targets were given")
    return 0 if report.complete else 1


def read_ids(lines: BinaryIO) -> Iterator[str]:
    """Give one id a line; blank lines are passed over."""
    for line in lines:
        try:
            target = line.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            target = line.decode("latin-1").strip() + "\0"  # a target that fails, and says so
        if target:
            yield target


async def read_stream(lines: BinaryIO) -> AsyncIterator[str]:
    """Give one id a line of a stream that may be slow, as standard input is.

    It is read in a thread that nobody waits for: Ctrl-C ends the command while it blocks.
    """
    loop = asyncio.get_running_loop()
    parts: asyncio.Queue[list[str]] = asyncio.Queue(2)

    def read() -> None:
        # A file object of its own: Python aborts when it ends while somebody reads its stdin.
        ids = read_ids(os.fdopen(os.dup(lines.fileno()), "rb"))
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            while part := list(islice(ids, _READ_AT_ONCE)):
                asyncio.run_coroutine_threadsafe(parts.put(part), loop).result()
            asyncio.run_coroutine_threadsafe(parts.put([]), loop).result()

    threading.Thread(target=read, name="easemob-targets", daemon=True).start()
    while part := await parts.get():
        for target in part:
            yield target


def count_lines(lines: BinaryIO) -> int | None:
    """Count the targets of a file; ``None`` for a stream that can be read only once."""
    if not lines.seekable():
        return None
    try:
        total = sum(1 for line in lines if line.strip())
        lines.seek(0)
    except OSError:
        return None
    return total
