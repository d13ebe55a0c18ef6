"""The progress of a job: a bar in a terminal, else a line now and then."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from easemob_async import FanoutReport
from easemob_async import Progress as JobProgress
from easemob_async.cli.progress import _lines
from easemob_async.emulator import Emulator
from tests.cli.shell import FAST, Shell
from tests.cli.terminal import Terminal, screen


def test_in_a_terminal_the_report_stands_below_the_bar(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("".join(f"u{n}\n" for n in range(6000)) + "bad\tone\n")
    terminal = Terminal(["send", str(path), "--text", "x", *FAST], sh.env)
    assert terminal.end() == 1
    shown = screen(terminal.seen)
    bars = [n for n, line in enumerate(shown) if "Sending to users" in line]
    assert len(bars) == 1
    assert "elapsed 0:00:" in shown[bars[0]]
    assert "left" in shown[bars[0]]
    assert "1 failed" in shown[bars[0]]
    sent = [n for n, line in enumerate(shown) if re.fullmatch(r"\s*6,000\s+sent", line)]
    assert len(sent) == 1
    assert sent[0] > bars[0]


def test_without_a_terminal_progress_is_a_line_now_and_then() -> None:
    now = 0.0
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    update = _lines(console, "Sending to users", 50_000, lambda: now)
    for second in range(12):
        now = float(second)
        report = FanoutReport(read=1000 * second, sent=990 * second, failed=10 * second)
        update(JobProgress(report, 1000.0))
    assert shown.getvalue().splitlines() == [
        "Sending to users: 5,000 of 50,000, 50 failed, 1,000/s, about 0:00:45 left",
        "Sending to users: 10,000 of 50,000, 100 failed, 1,000/s, about 0:00:40 left",
    ]
