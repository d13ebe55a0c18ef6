"""The display of a job: a progress bar while it runs, a table at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from easemob_async import FanoutReport, OutcomeStatus
from easemob_async import Progress as JobProgress

_EVERY: Final = 5.0
"""Seconds between two lines of progress."""
# From so many columns on, a terminal has room for the title and the time, and for the bar.
_WIDE: Final = 76
_WIDEST: Final = 120
_COLOURS = {
    OutcomeStatus.SENT: "green",
    OutcomeStatus.FAILED: "red",
    OutcomeStatus.UNKNOWN: "yellow",
    OutcomeStatus.SKIPPED: "dim",
    OutcomeStatus.NOT_SENT: "yellow",
}


Notes = Callable[..., str]
"""A function of a report, and of the marks before and after what is bad."""


@contextmanager
def job_progress(
    console: Console, title: str, total: int | None, notes: Notes | None = None
) -> Iterator[Callable[[JobProgress], None]]:
    """Draw a progress bar, or print a line every few seconds if the output is not a terminal.

    Yields the progress callback of the job.

    Args:
        console: where to.
        title: what is shown before.
        total: the number of targets, if it is known.
        notes: returns what is to be noted of a report; by default its failed and unknown targets.
    """
    notes = notes or bad
    if not console.is_terminal:
        yield _lines(console, title, total, notes=notes)
        return
    with Progress(*_columns(console.width), console=console) as bar:
        task = bar.add_task(title, total=total, rate="", failed="")

        def update(progress: JobProgress) -> None:
            report = progress.report
            bar.update(
                task,
                completed=report.read - report.not_sent,
                rate=f"{progress.rate:,.0f}/s",
                failed=notes(report, "[red]", "[/]"),
            )

        yield update


def _columns(width: int) -> Iterator[ProgressColumn]:
    """Yield the columns for which a terminal has room; the counts come first."""
    if width >= _WIDE:
        yield SpinnerColumn()
        yield TextColumn("{task.description}")
    if width >= _WIDEST:
        yield BarColumn()
    yield MofNCompleteColumn()
    yield TextColumn("{task.fields[failed]}")
    yield TextColumn("{task.fields[rate]}")
    if width >= _WIDE:
        yield TextColumn("elapsed")
        yield TimeElapsedColumn()
    yield TextColumn("left")
    yield TimeRemainingColumn()


def _lines(
    console: Console,
    title: str,
    total: int | None,
    clock: Callable[[], float] = time.monotonic,
    notes: Notes | None = None,
) -> Callable[[JobProgress], None]:
    last = clock()
    notes = notes or bad

    def update(progress: JobProgress) -> None:
        nonlocal last
        if clock() - last < _EVERY:
            return
        last = clock()
        report = progress.report
        done = report.read - report.not_sent
        parts = [f"{done:,} of {total:,}" if total else f"{done:,}", notes(report)]
        parts.append(f"{progress.rate:,.0f}/s")
        if total and progress.rate > 0 and total > done:
            left = timedelta(seconds=round((total - done) / progress.rate))
            parts.append(f"about {left} left")
        line = f"{title}: {', '.join(part for part in parts if part)}"
        console.print(line, markup=False)

    return update


def bad(report: FanoutReport, begin: str = "", end: str = "") -> str:
    """Return the numbers of failed and unknown targets so far, in words."""
    counts = [(report.failed, "failed"), (report.unknown, "unknown")]
    words = ", ".join(f"{number:,} {word}" for number, word in counts if number)
    return f"{begin}{words}{end}" if words else ""


def print_report(console: Console, report: FanoutReport) -> None:
    """Print the report of a job as a table, without blanks at the ends of its lines."""
    with console.capture() as table:
        console.print(_table(report))
    for line in table.get().splitlines():
        console.out(line.rstrip(), highlight=False)


def _table(report: FanoutReport) -> Table:
    table = Table(title=None, show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    for status in OutcomeStatus:
        number = getattr(report, status.value)
        colour = _COLOURS[status] if number else "dim"
        table.add_row(f"[{colour}]{number:,}[/]", f"[{colour}]{status.value.replace('_', ' ')}[/]")
    table.add_row(f"[bold]{report.read:,}[/]", "[bold]targets read[/]")
    table.add_row(f"{report.calls:,}", f"calls in {report.seconds:.1f} s")
    if report.failed_before:
        table.add_row(
            f"[red]{report.failed_before:,}[/]", "[red]of the skipped targets failed earlier[/]"
        )
    for reason, number in report.reasons.items():
        table.add_row(f"{number:,}", reason.replace("[", "\\["))
    return table
