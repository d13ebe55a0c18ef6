"""Messages with placeholders: each row gets its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from easemob_async.emulator import Emulator
from tests.cli.shell import FAST, Shell
from tests.cli.target_files import PEOPLE, rows


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("by_stdin", [False, True])
def test_each_row_gets_its_own_message(
    sh: Shell, emulator: Emulator, tmp_path: Path, name: str, by_stdin: bool
) -> None:
    path = tmp_path / name
    path.write_text(PEOPLE[name], encoding="utf-8")
    source = ["-", "--format", path.suffix[1:]] if by_stdin else [str(path)]
    text = "Hi {name}, {{{left}}} left"
    stdin = PEOPLE[name] if by_stdin else ""
    result = sh("send", *source, "--text", text, *FAST, stdin=stdin)
    assert result.returncode == 0, result.stderr
    assert [emulator.received(f"u{n}")[0]["body"]["msg"] for n in (1, 2, 3)] == [
        "Hi Ann, {2, or 3} left",
        "Hi Bob, {4} left",
        "Hi Éva, {{}} left",
    ]


def test_a_row_that_cannot_be_filled_fails_alone(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path, failed = tmp_path / "people.jsonl", tmp_path / "failed.csv"
    path.write_text(
        rows('{"id": "u1", "n": 1}', "{rubbish", "[]", '{"id": "u2"}', '{"id": 3, "n": 0}')
    )
    result = sh("send", str(path), "--text", "{n}", "--failed-to", str(failed), *FAST)
    assert result.returncode == 1
    assert "2  sent" in result.stdout
    assert "3  failed" in result.stdout
    assert emulator.received("3")[0]["body"]["msg"] == "0"
    lines = failed.read_text().splitlines()
    assert lines[0] == "id,status,reason"
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["", "failed"],
        ["", "failed"],
        ["u2", "failed"],
    ]
    assert lines[2].partition("failed,")[2].startswith("line 3: ")
    assert "the row has no value for {n}" in lines[3]


def test_a_journal_belongs_to_one_template(sh: Shell, tmp_path: Path) -> None:
    path, journal = tmp_path / "people.csv", tmp_path / "sale.db"
    path.write_text(PEOPLE["people.csv"])
    line = ("send", str(path), "--journal", str(journal), *FAST)
    assert sh(*line, "--text", "Hi {name}").returncode == 0
    other = sh(*line, "--text", "Bye {name}")
    assert other.returncode == 1
    assert "of another job: it differs in job_id" in other.stderr
    again = sh(*line, "--text", "Hi {name}")
    assert again.returncode == 0
    assert "3  skipped" in again.stdout
