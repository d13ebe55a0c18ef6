"""The command group ``easemob job``: the content of a journal."""

from __future__ import annotations

from pathlib import Path

import click

from easemob_async import EasemobError
from easemob_async.cli.commands import Group
from easemob_async.cli.run import err
from easemob_async.cli.show import show
from easemob_async.fanout.journal.reader import count_last, read_job, read_last
from easemob_async.fanout.journal.rows import FAILED, SENT, UNKNOWN

_NAMES = {SENT: "sent", FAILED: "failed", UNKNOWN: "unknown"}


@click.group(cls=Group)
def job() -> None:
    """Read the journals of jobs."""


@job.command()
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--failed", is_flag=True, help="List the failed targets, with the reasons.")
@click.option("--unknown", is_flag=True, help="List the targets with an unknown result.")
@click.option("--sent", is_flag=True, help="List the sent targets, with the message ids.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one answer per line.")
@click.pass_context
def status(
    ctx: click.Context, journal: Path, failed: bool, unknown: bool, sent: bool, as_json: bool
) -> None:
    """Count or list the targets in the journal of a job.

    The job may be running.
    """
    ctx.meta["json"] = as_json
    try:
        listed = [s for s, on in ((FAILED, failed), (UNKNOWN, unknown), (SENT, sent)) if on]
        for state in listed:
            for item in read_last(journal, state):
                show(item, f"{item.target}\t{item.reason or item.message_id or ''}")
        if listed:
            return
        kind = read_job(journal)["kind"]
        counts = count_last(journal)
    except EasemobError as error:
        err.print(f"[red]error:[/] {error}", markup=True)
        raise SystemExit(1) from None
    named = {name: counts[state] for state, name in _NAMES.items()}
    if as_json:
        show({"kind": kind, **named})
        return
    click.echo(f"{kind}: {sum(counts.values()):,} targets were tried")
    for name, number in named.items():
        click.echo(f"{number:10,}  {name}")
