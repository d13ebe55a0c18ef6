"""Showing a job: a bar while it runs, a table when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from easemob_async import FanoutReport, OutcomeStatus
from easemob_async import Progress as JobProgress

_COLOURS = {
    OutcomeStatus.SENT: "green",
    OutcomeStatus.FAILED: "red",
    OutcomeStatus.UNKNOWN: "yellow",
    OutcomeStatus.SKIPPED: "dim",
    OutcomeStatus.NOT_SENT: "yellow",
}


@contextmanager
def job_progress(
    console: Console, title: str, total: int | None
) -> Iterator[Callable[[JobProgress], None]]:
    """Draw a bar; gives what a job calls with its progress."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(title, total=total, rate="")

        def update(progress: JobProgress) -> None:
            report = progress.report
            done = report.read - report.not_sent
            bar.update(task, completed=done, rate=f"{progress.rate:,.0f}/s")

        yield update


def report_table(report: FanoutReport) -> Table:
    """Give the account of a job as a table that adds up."""
    table = Table(title=None, show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    for status in OutcomeStatus:
        number = getattr(report, status.value)
        colour = _COLOURS[status] if number else "dim"
        table.add_row(f"[{colour}]{number:,}[/]", f"[{colour}]{status.value.replace('_', ' ')}[/]")
    table.add_row(f"[bold]{report.read:,}[/]", "[bold]targets read[/]")
    table.add_row(f"{report.calls:,}", f"calls in {report.seconds:.1f} s")
    for reason, number in report.reasons.items():
        table.add_row(f"{number:,}", reason.replace("[", "\\["))
    return table
