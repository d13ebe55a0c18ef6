"""Targets from a file: a row that cannot be sent fails alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from easemob_async.emulator import Emulator
from tests.cli.shell import FAST, Shell
from tests.cli.target_files import HEADED, csv_of, excel


@pytest.mark.parametrize(
    ("name", "content", "arguments", "words"),
    [
        ("a.csv", "id,name\nu1,Ann\n", ["--text", "Hi {nam}"], "no column nam; it has id, name"),
        ("a.csv", "x,y\n1,2\n", ["--text", "x", "--id-column", "id"], "no column id"),
        ("a.csv", 'id\nu1\n"u2\n', ["--text", "x"], "is not CSV"),
        ("a.txt", "u1\n", ["--text", "Hi {name}"], "no columns to fill {name}"),
        ("a.txt", "u1\n", ["--text", "Hi", "--failed-to", "a.txt"], "would overwrite"),
        ("a.txt", "u1\n", ["--text", "Hi", "--failed-to", "no/where"], "No such file"),
    ],
)
def test_input_that_cannot_work_sends_nothing(
    sh: Shell,
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: str,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(content)
    result = sh("send", name, *arguments, *FAST)
    assert result.returncode != 0
    assert words in result.stderr
    assert emulator.state.delivered == 0
    assert (tmp_path / name).read_text() == content


def test_columns_without_names_have_numbers(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(csv_of(header=None))
    assert sh("send", str(path), "--no-header", "--text", "Hi {2}", *FAST).returncode == 0
    assert emulator.received("user000001")[0]["body"]["msg"] == "Hi 李雷"


ROWS_THAT_FAIL: dict[str, tuple[str, str, str]] = {
    "a row without its name": ("a.csv", "id,name\nu1,\nu2,Wu\n", "no value for {name}"),
    "a row with a comma too many": ("a.csv", "name,id\nLi, Ann,u1\nWu,u2\n", "3 values for 2"),
    "two files in one": ("a.csv", "id,name\nu2,Wu\nid,name\n", "the column names are repeated"),
    "a row without an id": ("a.csv", "id,name\n,Li\nu2,Wu\n", "no id in 'id'"),
    "an object without it": (
        "a.jsonl",
        '{"name":"a","id":"u2"}\n{"name":"b","uid":"u1"}\n',
        "no id",
    ),
    "an id that is none": (
        "a.json",
        '[{"id":"u2","name":"x"},{"id":["u1"],"name":"y"}]',
        "not an id",
    ),
    "an id that is a fraction": (
        "a.json",
        '[{"id":"u2","name":"x"},{"id":1.5,"name":""}]',
        "not an id",
    ),
    "an id that is true": ("a.json", '[{"id":"u2","name":"x"},{"id":true,"name":""}]', "not an id"),
}


@pytest.mark.parametrize(("name", "text", "why"), ROWS_THAT_FAIL.values(), ids=ROWS_THAT_FAIL)
def test_a_row_that_cannot_be_sent_fails_alone(
    sh: Shell, emulator: Emulator, tmp_path: Path, name: str, text: str, why: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    result = sh("send", str(path), "--text", "Hi {name}!", *FAST)
    assert result.returncode == 1
    assert why in result.stdout.replace("\n", " ")
    assert emulator.state.delivered == 1
    assert emulator.received("u2")


def test_only_the_first_sheet_is_read_and_that_is_said(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "a.xlsx"
    excel(path, {"Sheet": [["u1"]], "Empty": [], "More": [["u2"]]})
    result = sh("send", str(path), "--no-header", "--text", "x", *FAST)
    assert result.returncode == 0
    assert "only its first sheet (Sheet) is read, not More\n" in result.stderr


def test_numbers_are_ids_too(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[12, " u1 ", {"id": 13}]')
    assert sh("send", str(path), "--text", "x", *FAST).returncode == 0
    assert [len(emulator.received(user)) for user in ("12", "13", "u1")] == [1, 1, 1]


def test_no_module_of_excel_is_said_with_its_extra(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    excel(path, {"Sheet": HEADED})
    code = (
        "import sys; sys.modules['openpyxl'] = None\n"
        "from easemob_async.cli import main\n"
        f"sys.argv = ['easemob', 'send', {str(path)!r}, '--text', 'x', '--token', 't']\n"
        "sys.argv += ['--app-key', 'a#b']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'easemob-async[excel]'" in done.stderr
