"""``easemob job``: what a journal says."""

from __future__ import annotations

from pathlib import Path

import click

from easemob_async import EasemobError
from easemob_async.cli.run import err
from easemob_async.fanout.records import FAILED, SENT, UNKNOWN, count_last, read_job, read_last

_NAMES = {SENT: "sent", FAILED: "failed", UNKNOWN: "unknown"}


@click.group()
def job() -> None:
    """Look at the journals of jobs."""


@job.command()
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--failed", is_flag=True, help="List who failed, and why, in place of counting.")
@click.option("--unknown", is_flag=True, help="List who may or may not have been sent to.")
def status(journal: Path, failed: bool, unknown: bool) -> None:
    """Tell what the journal of a job says; it may be running meanwhile."""
    try:
        if failed or unknown:
            for item in read_last(journal, FAILED if failed else UNKNOWN):
                click.echo(f"{item.target}\t{item.reason or ''}")
            return
        kind = read_job(journal)["kind"]
        counts = count_last(journal)
    except EasemobError as error:
        err.print(f"[red]error:[/] {error}", markup=True)
        raise SystemExit(1) from None
    click.echo(f"{kind}: {sum(counts.values()):,} targets were tried")
    for state, name in _NAMES.items():
        click.echo(f"{counts[state]:10,}  {name}")
