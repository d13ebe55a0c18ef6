"""Files as people have them: read for what they are, or refused with one line; no guessing."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from easemob_async import FanoutReport, InvalidArgumentError
from easemob_async import Progress as JobProgress
from easemob_async.cli.detect import detect, has_header
from easemob_async.cli.progress import _lines
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from tests.cli.test_cli import EASEMOB, FAST, Shell, take_interrupts

ROWS = [("user000001", "李雷"), ("user000002", "韩梅梅"), ("user000003", "Ann, or Anna")]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with running(Emulator(quotas=100)) as emulator:
        yield emulator


@pytest.fixture
def sh(emulator: Emulator) -> Shell:
    return Shell(emulator)


def csv_of(delimiter: str = ",", header: str | None = "id,name") -> str:
    lines = [] if header is None else [header.replace(",", delimiter)]
    lines += [
        f'{user}{delimiter}"{name}"' if delimiter in name else f"{user}{delimiter}{name}"
        for user, name in ROWS
    ]
    return "\n".join(lines) + "\n"


def excel(path: Path, header: bool) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    if header:
        sheet.append(["id", "name"])
    for row in ROWS:
        sheet.append(list(row))
    book.save(path)


def put(path: Path, content: Any) -> Path:
    """Write a file: bytes, a text, or by a function that takes its path."""
    if callable(content):
        content(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


FILES: dict[str, tuple[str, Any, list[str]]] = {
    "csv": ("people.csv", csv_of(), []),
    "padded header": ("people.csv", csv_of(header=" id , name "), []),
    "capitals": ("people.csv", csv_of(header="ID,name"), []),
    "semicolons": ("people.csv", csv_of(";"), []),
    "tabs": ("people.tsv", csv_of("\t"), []),
    "bars": ("people.csv", csv_of("|"), []),
    "csv by another name": ("people.txt", csv_of(), []),
    "semicolons by another name": ("people.dat", csv_of(";"), []),
    "utf-8 with a mark": ("people.csv", csv_of().encode("utf-8-sig"), []),
    "utf-16": ("people.csv", csv_of("\t").encode("utf-16"), []),
    "CRLF": ("people.csv", csv_of().replace("\n", "\r\n"), []),
    "gbk, found out": ("people.csv", csv_of().encode("gbk"), []),
    "gbk, said": ("people.csv", csv_of().encode("gbk"), ["--encoding", "gbk"]),
    "gb18030": ("people.csv", csv_of().encode("gb18030"), ["--encoding", "gb18030"]),
    "a Chinese header": ("people.csv", csv_of(header="用户名,name"), []),
    "an id column by name": ("people.csv", csv_of(header="login,name"), ["--id-column", "login"]),
    "said to have a header": ("people.csv", csv_of(header="x,name"), ["--header"]),
    "json array": ("people.json", json.dumps([{"id": u, "name": n} for u, n in ROWS]), []),
    "json array by another name": (
        "people.txt",
        json.dumps([{"id": u, "name": n} for u, n in ROWS], ensure_ascii=False, indent=1),
        [],
    ),
    "json lines": (
        "people.jsonl",
        "".join(json.dumps({"id": u, "name": n}) + "\n" for u, n in ROWS),
        [],
    ),
    "json lines by another name": (
        "people.log",
        "".join(json.dumps({"name": n, "id": u}) + "\n" for u, n in ROWS),
        [],
    ),
    "an id column that is not the first": (
        "people.csv",
        "序号,name,用户ID\n" + "".join(f'{n},"{name}",{u}\n' for n, (u, name) in enumerate(ROWS)),
        [],
    ),
    "an id column by a name of its own": (
        "people.csv",
        "name,phone,easemob_id\n"
        + "".join(f'"{name}",139{n},{u}\n' for n, (u, name) in enumerate(ROWS)),
        [],
    ),
    "json with the id behind": (
        "people.json",
        json.dumps([{"name": n, "phone": "1", "uid": u} for u, n in ROWS]),
        [],
    ),
    "Excel's line of the separator": ("people.csv", "sep=;\n" + csv_of(";"), []),
    "Excel's line, under another name": ("people.txt", "sep=|\r\n" + csv_of("|"), []),
    "excel": ("people.xlsx", lambda path: excel(path, header=True), []),
    "excel by another name": ("people.data", lambda path: excel(path, header=True), []),
}


@pytest.mark.parametrize("which", FILES)
@pytest.mark.parametrize("by_stdin", [False, True])
def test_files_that_people_have_are_read_for_what_they_are(
    sh: Shell, emulator: Emulator, tmp_path: Path, which: str, by_stdin: bool
) -> None:
    name, content, arguments = FILES[which]
    path = put(tmp_path / name, content)
    with path.open("rb") as stdin:
        result = subprocess.run(
            [
                *EASEMOB,
                "send",
                "-" if by_stdin else str(path),
                "--text",
                "Hi {name}",
                *arguments,
                *FAST,
            ],
            stdin=stdin if by_stdin else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=sh.env,
            timeout=60,
            check=False,
        )
    assert result.returncode == 0, result.stderr
    got = {user: emulator.received(user)[0]["body"]["msg"] for user, _ in ROWS}
    assert got == {user: f"Hi {name}" for user, name in ROWS}
    assert emulator.state.delivered == 3
    if which == "gbk, found out" and not by_stdin:
        assert "--encoding gbk" in result.stderr


NO_HEADER: dict[str, tuple[str, Any, list[str]]] = {
    "a csv that plainly has none": ("people.csv", csv_of(header=None), []),
    "under another ending": ("people.txt", csv_of(header=None), []),
    "said to have none": ("people.csv", csv_of(header=None), ["--no-header"]),
    "excel": ("people.xlsx", lambda path: excel(path, header=False), []),
    "one column": ("people.csv", "".join(f"{u}\n" for u, _ in ROWS), []),
    "ids": ("people.txt", "".join(f"{u}\n" for u, _ in ROWS), []),
    "an array of ids": ("people.json", json.dumps([u for u, _ in ROWS]), []),
    "an array by another name": ("people.txt", json.dumps([u for u, _ in ROWS]), []),
    "lines of JSON strings": ("p.jsonl", "".join(json.dumps(u) + "\n" for u, _ in ROWS), []),
    "ids under a name": ("people.txt", "username\n" + "".join(f"{u}\n" for u, _ in ROWS), []),
    "ids under any name": (
        "people.txt",
        "members\n" + "".join(f"{u}\n" for u, _ in ROWS),
        ["--header"],
    ),
    "said to have none, though all are letters": (
        "people.csv",
        "".join(f"{u},{u}\n" for u, _ in ROWS),
        ["--no-header"],
    ),
    "the second column": ("people.csv", "".join(f"x,{u}\n" for u, _ in ROWS), ["--id-column", "2"]),
    "a mark that is said": (
        "people.txt",
        b"\xff\xfe" + "".join(f"{u}\n" for u, _ in ROWS).encode("utf-16-le"),
        ["--encoding", "utf-16-le"],
    ),
    "a country that is called ID": (
        "people.csv",
        "login,country\n" + "".join(f"{u},ID\n" for u, _ in ROWS),
        ["--id-column", "login"],
    ),
    "a role that is called as columns are": (
        "people.csv",
        "".join(f'{u},"{n}",user\n' for u, n in ROWS),
        [],
    ),
    "ids in utf-16": ("people.txt", "".join(f"{u}\n" for u, _ in ROWS).encode("utf-16"), []),
}


@pytest.mark.parametrize("which", NO_HEADER)
def test_nobody_is_lost_where_there_is_no_header(
    sh: Shell, emulator: Emulator, tmp_path: Path, which: str
) -> None:
    name, content, arguments = NO_HEADER[which]
    path = put(tmp_path / name, content)
    result = sh("send", str(path), "--text", "Hi", *arguments, *FAST)
    assert result.returncode == 0, result.stderr
    assert {user for user, _ in ROWS if emulator.received(user)} == {user for user, _ in ROWS}
    assert emulator.state.delivered == 3


def test_columns_without_names_have_numbers(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(csv_of(header=None))
    assert sh("send", str(path), "--no-header", "--text", "Hi {2}", *FAST).returncode == 0
    assert emulator.received("user000001")[0]["body"]["msg"] == "Hi 李雷"


REFUSED: dict[str, tuple[str, bytes, list[str], str]] = {
    "a header or a person": ("a.csv", b"ann,Li\nbob,Wu\n", [], "--header, or --no-header"),
    "old Excel": ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, [], "save it as .xlsx"),
    "a broken .xlsx": ("a.xlsx", b"PK\x03\x04 rubbish", [], "cannot be read"),
    "no .xlsx": ("a.xlsx", b"id\nann\n", [], "no Excel file"),
    "a picture": ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", [], "no UTF-8"),
    "binary": ("a.bin", b"abc\0\0\0def", [], "is no text"),
    "latin-1": ("a.csv", "id,name\nann,Jos\u00e9\n".encode("latin-1"), [], "--encoding"),
    "half a csv": ("a.txt", b"u1,Ann\nu2\nu3,Eve\n", [], "--format csv, or ids"),
    "JSON over lines": ("a.txt", b'{\n "id": "ann"\n}\n', [], "an object a line"),
    "an object of lists": ("a.json", b'{"users": ["ann"]}', ["--format", "json"], "an array"),
    "a broken array": ("a.json", b'["ann", ', [], "not JSON"),
    "an encoding that does not exist": ("a.csv", b"id\nu1\n", ["--encoding", "gbq"], "gbk"),
    "JSON over lines, by its ending": (
        "a.json",
        b'{\n "users": ["ann"]\n}\n',
        [],
        "an object a line",
    ),
    "JSON over lines, begun at once": (
        "a.json",
        b'{"id": "ann",\n "x": 1}\n',
        [],
        "an object a line",
    ),
    "JSON without an id": ("a.jsonl", b'{"name": "Li", "phone": "1"}\n', [], "say --id-column"),
    "two columns of ids": ("a.csv", b"username,uid\nu1,x1\n", [], "say --id-column"),
    "row numbers without a name": ("a.csv", b"1,ann\n2,bob\n3,eve\n", [], "say --id-column"),
    "what people are called": ("a.csv", "姓名,工号\n李雷,A001\n".encode(), [], "say --id-column"),
    "a name for an id": ("a.jsonl", b'{"name": "u1"}\n', [], "say --id-column"),
    "two delimiters": ("a.txt", b"u1;1,50\nu2;2,75\n", [], "say --delimiter"),
    "a list with a word above": ("a.txt", b"login\nu1\nu2\n", [], "--no-header"),
    "a list with a title": ("a.txt", "名单2024\nu1\nu2\n".encode(), [], "--no-header"),
    "a column of a list": ("a.txt", b"u1\nu2\n", ["--id-column", "x"], "--format csv"),
    "another mark": ("a.txt", b"\xef\xbb\xbfu1\n", ["--encoding", "gbk"], "mark of utf-8"),
    "utf-16 without a mark": ("a.txt", "u1\nu2\n".encode("utf-16-le"), [], "--encoding"),
    "three columns, two of one name": ("a.csv", b"id,name,id\nu1,x,u2\n", [], "two columns"),
    "row numbers": ("a.csv", "序号,登录名\n1,ann\n".encode(), [], "say --id-column"),
    "several ids in a line": ("a.txt", b"u1,u2,u3\nu4,u5,u6\n", [], "one a line"),
    "several ids in one line": ("a.txt", b"u1;u2;u3", [], "--no-header"),
    "names and a role": ("a.csv", b"ann,user\nbob,admin\n", [], "--no-header"),
    "a title above": ("a.csv", "会员名单,\n用户ID,name\nu1,Li\nu2,Wu\n".encode(), [], "remove"),
    "a title above, the ids behind": (
        "a.csv",
        "会员名单,\nname,用户ID\nLi,u1\n".encode(),
        [],
        "remove",
    ),
    "two columns of one name": (
        "a.csv",
        b"id,id\nu1,u2\n",
        ["--id-column", "id"],
        "two columns 'id'",
    ),
    "an encoding of no text": ("a.csv", b"id\nu1\n", ["--encoding", "base64"], "of text"),
    "another such": ("a.csv", b"id\nu1\n", ["--encoding", "undefined"], "of text"),
    "bytes that are not of it": ("a.txt", b"u1\nu2\n", ["--encoding", "utf-32"], "a.txt"),
    "a long delimiter": ("a.csv", b"id;;x\nu1;;2\n", ["--delimiter", ";;"], "one character"),
}


@pytest.mark.parametrize("which", REFUSED)
def test_what_would_go_to_the_wrong_people_is_refused_with_one_line(
    sh: Shell, emulator: Emulator, tmp_path: Path, which: str
) -> None:
    name, content, arguments, words = REFUSED[which]
    path = tmp_path / name
    path.write_bytes(content)
    result = sh("send", str(path), "--text", "Hi", *arguments, *FAST)
    assert result.returncode == 1
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert emulator.state.delivered == 0


ROWS_THAT_FAIL: dict[str, tuple[str, str, str]] = {
    "a row without its name": ("a.csv", "id,name\nu1,\nu2,Wu\n", "no value for {name}"),
    "a row with a comma too many": ("a.csv", "name,id\nLi, Ann,u1\nWu,u2\n", "3 values for 2"),
    "two files in one": ("a.csv", "id,name\nu2,Wu\nid,name\n", "the names of the columns again"),
    "a row without an id": ("a.csv", "id,name\n,Li\nu2,Wu\n", "no id in 'id'"),
    "an object without it": (
        "a.jsonl",
        '{"name":"a","id":"u2"}\n{"name":"b","uid":"u1"}\n',
        "no id",
    ),
    "an id that is none": (
        "a.json",
        '[{"id":"u2","name":"x"},{"id":["u1"],"name":"y"}]',
        "is no id",
    ),
    "an id that is a fraction": (
        "a.json",
        '[{"id":"u2","name":"x"},{"id":1.5,"name":""}]',
        "no id",
    ),
    "an id that is true": ("a.json", '[{"id":"u2","name":"x"},{"id":true,"name":""}]', "is no id"),
}


@pytest.mark.parametrize(("name", "text", "why"), ROWS_THAT_FAIL.values(), ids=ROWS_THAT_FAIL)
def test_a_row_that_cannot_be_sent_costs_itself_alone(
    sh: Shell, emulator: Emulator, tmp_path: Path, name: str, text: str, why: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    result = sh("send", str(path), "--text", "Hi {name}!", *FAST)
    assert result.returncode == 1
    assert why in result.stdout.replace("\n", " ")
    assert emulator.state.delivered == 1
    assert emulator.received("u2")


def test_where_the_ids_come_from_is_said(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,uid\nLi,u1\n")
    told = "a.csv: the ids are taken from the column 'uid'"
    for arguments in ([str(path)], [str(path), "--limit", "1"]):
        assert sh("send", *arguments, "--text", "x", *FAST).stderr.count(told) == 1
    result = sh("send", str(path), "--id-column", "uid", "--text", "x", *FAST)
    assert "are taken from" not in result.stderr


def test_only_the_first_sheet_is_read_and_that_is_said(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    from openpyxl import Workbook

    path = tmp_path / "a.xlsx"
    book = Workbook()
    book.active.append(["u1"])
    book.create_sheet("Empty")
    book.create_sheet("More").append(["u2"])
    book.save(path)
    result = sh("send", str(path), "--no-header", "--text", "x", *FAST)
    assert result.returncode == 0
    assert "only its first sheet (Sheet) is read, not More\n" in result.stderr


def test_numbers_are_ids_too(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[12, " u1 ", {"id": 13}]')
    assert sh("send", str(path), "--text", "x", *FAST).returncode == 0
    assert [len(emulator.received(user)) for user in ("12", "13", "u1")] == [1, 1, 1]


def test_gbk_that_comes_late_in_a_file_is_read_too(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f"u{n},Ann{n}\n" for n in range(8000))
    path.write_bytes(f"id,name\n{rows}last,韩梅梅\n".encode("gbk"))
    assert path.stat().st_size > 2 * 48 * 1024
    result = sh("send", str(path), "--text", "Hi {name}", "--only", "last", *FAST)
    assert result.returncode == 0, result.stdout
    assert "--encoding gbk" in result.stderr
    assert emulator.received("last")[0]["body"]["msg"] == "Hi 韩梅梅"


@pytest.mark.parametrize(
    "option", [["--retry-failed"], ["--on-unknown", "resend"], ["--keep-message-ids"]]
)
def test_what_needs_a_journal_says_so(sh: Shell, tmp_path: Path, option: list[str]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("u1\n")
    result = sh("send", str(path), "--text", "x", *option)
    assert result.returncode == 2
    assert "need --journal" in result.stderr.replace("\n", " ")


def test_targets_that_cannot_be_usernames_are_named_before(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("ann\n李雷\nbob smith\neve\n")
    result = sh("send", str(path), "--text", "Hi", *FAST)
    assert "2 of the targets cannot be usernames; the first is '李雷'" in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--text", ""], "the text is empty"),
        (["--text", "  \n"], "the text is empty"),
        (["--text", "Hi {name"], "'{' at character 4 is no placeholder"),
        (["--text", "Hi name}"], "'}' at character 8 is no placeholder"),
        (["--text", "Hi {}"], "'{}' at character 4 is no placeholder"),
        (["--text", "Hi {{name}"], "is no placeholder"),
        (["--text", "a", "--text-file", "TEXT"], "not both"),
        (["--text-file", "nowhere"], "does not exist"),
    ],
)
def test_a_message_that_nobody_can_mean_is_refused(
    sh: Shell, emulator: Emulator, tmp_path: Path, options: list[str], words: str
) -> None:
    path, text = tmp_path / "people.csv", tmp_path / "text.txt"
    path.write_text(csv_of())
    text.write_text("x")
    options = [str(text) if option == "TEXT" else option for option in options]
    result = sh("send", str(path), *options, *FAST)
    assert result.returncode == 2
    assert words in result.stderr
    assert emulator.state.delivered == 0


def test_a_text_from_a_file(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path, text = tmp_path / "people.csv", tmp_path / "text.txt"
    path.write_text(csv_of())
    text.write_text("\ufeff亲爱的 {name}：\n两行\n", encoding="utf-8")
    assert sh("send", str(path), "--text-file", str(text), *FAST).returncode == 0
    assert emulator.received("user000001")[0]["body"]["msg"] == "亲爱的 李雷：\n两行"
    hint = sh("send", str(path), "--text", f"@{text}", "--limit", "1", *FAST)
    assert f"did you mean --text-file {text}" in hint.stderr


def test_a_test_send_and_a_look_before(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(csv_of())
    line = ("send", str(path), "--text", "Hi {name}", *FAST)
    dry = sh(*line, "--dry-run")
    assert 'the first message, to user000001: {"type": "txt", "msg": "Hi 李雷"}' in dry.stdout
    assert emulator.state.delivered == 0
    assert sh(*line, "--only", "user000002").returncode == 0
    assert [bool(emulator.received(u)) for u, _ in ROWS] == [False, True, False]
    assert sh(*line, "--limit", "1").returncode == 0
    assert [len(emulator.received(u)) for u, _ in ROWS] == [1, 1, 0]
    nobody = sh(*line, "--only", "nobody")
    assert nobody.returncode == 1
    assert "no targets" in nobody.stderr


def test_the_exit_status_is_0_only_when_everybody_was_sent_to(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path, journal = tmp_path / "ids.txt", tmp_path / "sale.db"
    path.write_text("u1\nbad\tone\n")
    line = ("send", str(path), "--text", "x", "--journal", str(journal), "--format", "ids", *FAST)
    assert sh(*line).returncode == 1
    again = sh(*line)
    assert again.returncode == 1
    assert "2  skipped" in again.stdout
    assert "1  of the skipped failed before" in again.stdout
    path.write_text("u1\n")
    assert sh(*line).returncode == 0


def test_who_failed_is_written_once(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path, failed, journal = tmp_path / "ids.txt", tmp_path / "failed.txt", tmp_path / "j"
    path.write_text("u1\nbad\tone\nbad\tone\nu2\nbad\tone\n")
    line = ("send", str(path), "--text", "x", "--format", "ids", "--failed-to", str(failed), *FAST)
    for extra in ((), ("--journal", str(journal)), ("--journal", str(journal), "--retry-failed")):
        assert sh(*line, *extra).returncode == 1
        assert failed.read_text() == "bad\tone\n"
    status = sh("job", "status", str(journal))
    assert re.search(r"\b1  failed", status.stdout)


def test_message_ids_are_listed(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path, journal = tmp_path / "ids.txt", tmp_path / "j"
    path.write_text("u1\nu2\n")
    sh("send", str(path), "--text", "x", "--journal", str(journal), "--keep-message-ids", *FAST)
    listed = sh("job", "status", str(journal), "--sent").stdout.splitlines()
    ids = dict(line.split("\t") for line in listed)
    assert set(ids) == {"u1", "u2"}
    assert all(message_id.isdigit() for message_id in ids.values())


@pytest.mark.parametrize("encoding", ["gbk", "cp1252"])
def test_an_emoji_does_not_end_a_command(
    sh: Shell, emulator: Emulator, tmp_path: Path, encoding: str
) -> None:
    sh("users", "create", "ann", "--password", "pw", "--nickname", "emoji \U0001f600")
    path = tmp_path / "ids.txt"
    path.write_text("u1\n\U0001f600\tx\n", encoding="utf-8")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*EASEMOB, *arguments],
            capture_output=True,
            env={**sh.env, "PYTHONIOENCODING": encoding},
            timeout=60,
            check=False,
        )
        assert b"Traceback" not in done.stderr
        return done.stdout.decode(encoding)

    assert "\\U0001f600" in run("users", "get", "ann")
    assert json.loads(run("users", "get", "ann", "--json"))["nickname"] == "emoji \U0001f600"
    result = run("send", str(path), "--text", "x", "--format", "ids", *FAST)
    assert "1  failed" in result


def test_ctrl_c_while_a_csv_is_read_is_silent(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("id,name\n" + "".join(f"u{n},x\n" for n in range(200_000)))
    for source in (str(path), "-"):
        with path.open("rb") as stdin:
            process = subprocess.Popen(
                [*EASEMOB, "send", source, "--text", "Hi {name}", "--quota-scale", "0.01", "--yes"],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=sh.env,
                preexec_fn=take_interrupts,
            )
            before = emulator.state.delivered
            deadline = time.monotonic() + 30
            while emulator.state.delivered == before and time.monotonic() < deadline:
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "Exception ignored" not in err
        assert "Traceback" not in err
        assert re.search(r"\b0  unknown", out)
        assert "stopped:" in err


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, arguments: list[str], env: dict[str, str]) -> None:
        self.master, slave = pty.openpty()
        env = {k: v for k, v in env.items() if k != "NO_COLOR"}
        self.process = subprocess.Popen(
            [*EASEMOB, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**env, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def until(self, words: str, within: float = 30) -> str:
        deadline = time.monotonic() + within
        while words not in self.seen and time.monotonic() < deadline:
            if not self._read():
                break
        assert words in self.seen, self.seen
        return self.seen

    def end(self) -> int:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._read():
            pass
        os.close(self.master)
        return self.process.wait(timeout=10)

    def interrupt(self, times: int = 1) -> None:
        """Send as many Ctrl-C as it takes: Python swallows one that meets its flushing."""
        for _ in range(times):
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=1)
                return

    def say(self, text: str) -> None:
        os.write(self.master, text.encode())

    def _read(self) -> bool:
        ready, _, _ = select.select([self.master], [], [], 0.5)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)


def screen(text: str) -> list[str]:
    """What a terminal shows at the end, line by line: each is written over what was there."""
    lines: list[str] = [""]
    row = 0
    for token in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
        if token == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif token.endswith("A") and token.startswith("\x1b"):
            row = max(0, row - int(token[2:-1] or 1))
        elif token == "\x1b[2K":
            lines[row] = ""
        elif not token.startswith("\x1b") and token != "\r":
            lines[row] += token
    return [line.rstrip() for line in lines]


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


def test_more_than_ten_thousand_are_asked_about_in_a_terminal(
    sh: Shell, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("".join(f"u{n}\n" for n in range(10_001)))
    line = ["send", str(path), "--text", "x", *FAST]
    terminal = Terminal(line, sh.env)
    terminal.until("Send to 10,001 users?")
    terminal.say("n\n")
    assert terminal.end() == 1
    assert emulator.state.delivered == 0
    terminal = Terminal([*line, "--yes"], sh.env)
    assert terminal.end() == 0
    assert "Send to" not in terminal.seen
    assert emulator.state.delivered == 10_001
    # Nobody is there to answer: cron is not asked.
    assert sh(*line).returncode == 0
    assert emulator.state.delivered == 20_002


@pytest.mark.parametrize("form", ["json", "xlsx", "csv", "jsonl"])
def test_whatever_the_file_is_many_are_asked_about(
    sh: Shell, emulator: Emulator, tmp_path: Path, form: str
) -> None:
    from openpyxl import Workbook

    path = tmp_path / f"many.{form}"
    names = [f"u{n}" for n in range(10_001)]
    if form == "xlsx":
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for name in ["id", *names]:
            sheet.append([name])
        book.save(path)
    elif form == "json":
        path.write_text(json.dumps(names))
    elif form == "jsonl":
        path.write_text("".join(json.dumps({"id": name}) + "\n" for name in names))
    else:
        path.write_text("\n".join(["id", *names]))
    terminal = Terminal(["send", str(path), "--text", "x", *FAST], sh.env)
    terminal.until("users?")
    terminal.say("n\n")
    assert terminal.end() == 1
    assert emulator.state.delivered == 0


@pytest.mark.parametrize("answer", ["y\n", "", "n\n"])
def test_ctrl_c_at_a_question_is_an_answer(
    sh: Shell, emulator: Emulator, tmp_path: Path, answer: str
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("".join(f"u{n}\n" for n in range(10_001)))
    terminal = Terminal(["send", str(path), "--text", "x", *FAST], sh.env)
    terminal.until("Send to 10,001 users?")
    terminal.interrupt(1 if answer else 9)
    if answer:
        terminal.say(answer)  # nobody may be there any more
    assert terminal.end() == 130, terminal.seen
    assert "Traceback" not in terminal.seen
    assert emulator.state.delivered == 0


def test_ctrl_c_deletes_nobody_and_nobody_to_answer_neither(sh: Shell, emulator: Emulator) -> None:
    assert sh("users", "create", "ann", "--password", "secret").returncode == 0
    terminal = Terminal(["users", "delete", "ann"], sh.env)
    terminal.until("Delete ann")
    terminal.interrupt()
    terminal.say("y\n")
    assert terminal.end() == 130
    result = sh("users", "delete", "ann")
    assert result.returncode == 2
    assert "--yes" in result.stderr
    terminal = Terminal(["users", "create", "eve"], sh.env)
    terminal.until("Password")
    terminal.interrupt(9)
    assert terminal.end() == 130
    assert sh("users", "get", "ann").returncode == 0
    assert sh("users", "get", "eve").returncode == 1


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


def test_help_has_the_connection_apart(sh: Shell) -> None:
    text = sh("send", "--help").stdout
    own, _, connection = text.partition("\nConnection:\n")
    assert "--text" in own
    assert "--token" not in own
    assert re.search(r"--token.*(\n.*)*`ps`", connection)
    assert "EASEMOB_TOKEN" in connection
    assert "YYYY-MM-DD" in sh("push", "statistics", "--help").stdout
    assert "%Y" not in sh("push", "statistics", "--help").stdout
    assert "YYYY-MM-DD" in sh("push", "statistics", "yesterday", "2026-11-20").stderr
    wrong = sh("webhooks", "send", "message.chat", "http://127.0.0.1:1").stderr
    assert "there is no event 'message.chat'; did you mean" in wrong


@pytest.mark.parametrize("head", [b"", b"\n\n", b"x", b"\xef\xbb\xbf", b"[", b"{}"])
def test_detecting_never_breaks(head: bytes) -> None:
    for name in ("a", "a.csv", "a.json", "a.xlsx", "-"):
        try:
            detect(head, name)
        except InvalidArgumentError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("first", "following", "expected"),
    [
        (["id", "x"], [], True),
        (["User ID", "x"], [["1", "2"]], True),
        (["环信ID"], [["a"]], True),
        (["login"], [["u1"], ["u2"]], True),
        (["ann"], [["bob01"], ["c02"]], None),
        (["ann", "Ann"], [["u2", "B"], ["u3", "C"]], None),
        (["名单", ""], [["工号", "姓名"], ["A01", "李"], ["A02", "王"]], None),
        (["List1", ""], [["u1", "Ann"], ["u2", "Bob"]], None),
        (["名单2024"], [["u1"], ["u2"]], None),
        (["u0"], [["u1"], ["u2"]], False),
        (["13800000000"], [["13800000001"]], False),
        (["ann"], [["bob"]], None),
        (["u0"], [], None),
    ],
)
def test_whether_a_table_has_a_header(
    first: list[str], following: list[list[str]], expected: bool | None
) -> None:
    if expected is None:
        with pytest.raises(InvalidArgumentError, match="--no-header"):
            has_header(first, following, [], "a.csv")
    else:
        assert has_header(first, following, [], "a.csv") is expected


def test_no_module_of_excel_is_said_with_its_extra(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    excel(path, header=True)
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
