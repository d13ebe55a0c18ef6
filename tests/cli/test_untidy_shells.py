"""Shells as they are: closed streams, full disks, narrow terminals, files of odd lines."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from easemob_async import FanoutReport, Progress
from easemob_async.cli.progress import job_progress, print_report
from easemob_async.emulator import Emulator
from tests.cli.shell import EASEMOB, Shell

FAST = ("--quota-scale", "1000")


REPORT = FanoutReport(read=60_000, sent=18_000, not_sent=42_000)


def test_a_closed_standard_input_is_said_in_a_line(emulator: Emulator, sh: Shell) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *EASEMOB, "send", "-", "--text", "hi"],
        env=sh.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, "error: standard input is closed\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_help_that_cannot_be_written_is_said_in_a_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*EASEMOB, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["users get", "send", "job status", "contacts add"])
def test_no_argument_stands_among_the_options(command: str) -> None:
    done = subprocess.run(
        [*EASEMOB, *command.split(), "--help"], capture_output=True, text=True, timeout=60
    )
    options = done.stdout.partition("Options:")[2]
    assert all(line.strip().startswith("-") for line in options.splitlines() if line[:3] == "  -")
    assert not [line for line in options.splitlines() if line[2:3].isupper()]


def test_rows_without_an_id_have_none_in_the_file_of_failed_ones(sh: Shell, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"id":"u1"},{"id":null},{"id":3.5},{"id":"b\\u0001"},"u9"]')
    for ending in ("txt", "csv", "jsonl"):
        failed = tmp_path / f"failed.{ending}"
        done = sh("send", str(path), "--text", "hi", "--failed-to", str(failed), *FAST)
        assert done.returncode == 1
    assert (tmp_path / "failed.txt").read_text() == "b\x01\n"
    rows = list(csv.DictReader(io.StringIO((tmp_path / "failed.csv").read_text())))
    assert [row["id"] for row in rows] == ["", "", "b\x01"]
    assert [row["reason"].split(":")[0] for row in rows][:2] == ["line 2", "line 3"]
    lines = [json.loads(line) for line in (tmp_path / "failed.jsonl").read_text().splitlines()]
    assert lines == rows


def test_lines_that_are_not_of_the_encoding_say_so(sh: Shell, tmp_path: Path) -> None:
    path = tmp_path / "gbk.txt"
    path.write_bytes("user1\n\n张三\n李四\n".encode("gbk"))
    done = sh("send", str(path), "--text", "hi", "--encoding", "utf-8", *FAST)
    assert done.returncode == 1
    assert "2  InvalidArgumentError: …: not text in UTF-8; set --encoding" in done.stdout


def test_a_very_long_line_is_not_shown_as_a_whole(sh: Shell, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("u1\n" + "x" * 100_000 + "\nu2\n")
    done = sh("send", str(path), "--text", "hi", "--dry-run")
    assert "1 of the targets cannot be usernames" in done.stderr
    assert len(done.stderr) < 300


def test_a_journal_is_listed_in_words(sh: Shell, tmp_path: Path) -> None:
    targets, journal = tmp_path / "t.txt", tmp_path / "j.db"
    targets.write_text("u1\n")
    assert sh("send", str(targets), "--text", "hi", "--journal", str(journal)).returncode == 0
    done = sh("job", "status", str(journal), "--sent", "--json")
    assert json.loads(done.stdout) == {"target": "u1", "status": "sent"}


def drawn(width: int) -> str:
    """Return the last state of a progress bar."""
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=width, color_system=None)
    with job_progress(console, "Sending to users", 60_000) as update:
        update(Progress(REPORT, 315.0))
    return text.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_the_counts_are_seen_in_every_terminal(width: int) -> None:
    shown = drawn(width)
    assert "18000/60000" in shown
    assert "315/s" in shown
    assert ("Sending to users" in shown) == (width >= 76)


@pytest.mark.parametrize("terminal", [True, False])
def test_no_line_of_a_report_ends_with_blanks(terminal: bool) -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=100, color_system=None)
    print_report(console, REPORT)
    lines = text.getvalue().splitlines()
    assert lines[:2] == ["18,000  sent", "     0  failed"]
    assert [line for line in lines if line != line.rstrip()] == []
