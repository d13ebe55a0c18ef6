"""The format of a file is detected, or the file is refused with one line; nothing is guessed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from easemob_async import InvalidArgumentError
from easemob_async.cli.detect import detect, has_header
from easemob_async.emulator import Emulator
from tests.cli.shell import EASEMOB, FAST, Shell
from tests.cli.target_files import HEADED, ROWS, csv_of, excel, put

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
    "excel": ("people.xlsx", lambda path: excel(path, {"Sheet": HEADED}), []),
    "excel by another name": ("people.data", lambda path: excel(path, {"Sheet": HEADED}), []),
}


@pytest.mark.parametrize("which", FILES)
@pytest.mark.parametrize("by_stdin", [False, True])
def test_the_format_of_a_file_is_detected(
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
    "excel": ("people.xlsx", lambda path: excel(path, {"Sheet": ROWS}), []),
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
def test_a_file_without_a_header_loses_no_target(
    sh: Shell, emulator: Emulator, tmp_path: Path, which: str
) -> None:
    name, content, arguments = NO_HEADER[which]
    path = put(tmp_path / name, content)
    result = sh("send", str(path), "--text", "Hi", *arguments, *FAST)
    assert result.returncode == 0, result.stderr
    assert {user for user, _ in ROWS if emulator.received(user)} == {user for user, _ in ROWS}
    assert emulator.state.delivered == 3


REFUSED: dict[str, tuple[str, bytes, list[str], str]] = {
    "a header or a person": ("a.csv", b"ann,Li\nbob,Wu\n", [], "--header or --no-header"),
    "old Excel": ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, [], "save it as .xlsx"),
    "a broken .xlsx": ("a.xlsx", b"PK\x03\x04 rubbish", [], "cannot be read"),
    "no .xlsx": ("a.xlsx", b"id\nann\n", [], "not an Excel file"),
    "a picture": ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", [], "not UTF-8"),
    "binary": ("a.bin", b"abc\0\0\0def", [], "is not text"),
    "latin-1": ("a.csv", "id,name\nann,Jos\u00e9\n".encode("latin-1"), [], "--encoding"),
    "half a csv": ("a.txt", b"u1,Ann\nu2\nu3,Eve\n", [], "--format csv or ids"),
    "JSON over lines": ("a.txt", b'{\n "id": "ann"\n}\n', [], "one object per line"),
    "an object of lists": ("a.json", b'{"users": ["ann"]}', ["--format", "json"], "an array"),
    "a broken array": ("a.json", b'["ann", ', [], "not JSON"),
    "an encoding that does not exist": ("a.csv", b"id\nu1\n", ["--encoding", "gbq"], "gbk"),
    "JSON over lines, by its ending": (
        "a.json",
        b'{\n "users": ["ann"]\n}\n',
        [],
        "one object per line",
    ),
    "JSON over lines, begun at once": (
        "a.json",
        b'{"id": "ann",\n "x": 1}\n',
        [],
        "one object per line",
    ),
    "JSON without an id": ("a.jsonl", b'{"name": "Li", "phone": "1"}\n', [], "set --id-column"),
    "two columns of ids": ("a.csv", b"username,uid\nu1,x1\n", [], "set --id-column"),
    "row numbers without a name": ("a.csv", b"1,ann\n2,bob\n3,eve\n", [], "set --id-column"),
    "what people are called": ("a.csv", "姓名,工号\n李雷,A001\n".encode(), [], "set --id-column"),
    "a name for an id": ("a.jsonl", b'{"name": "u1"}\n', [], "set --id-column"),
    "two delimiters": ("a.txt", b"u1;1,50\nu2;2,75\n", [], "set --delimiter"),
    "a list with a word above": ("a.txt", b"login\nu1\nu2\n", [], "--no-header"),
    "a list with a title": ("a.txt", "名单2024\nu1\nu2\n".encode(), [], "--no-header"),
    "a column of a list": ("a.txt", b"u1\nu2\n", ["--id-column", "x"], "--format csv"),
    "another mark": ("a.txt", b"\xef\xbb\xbfu1\n", ["--encoding", "gbk"], "mark of utf-8"),
    "utf-16 without a mark": ("a.txt", "u1\nu2\n".encode("utf-16-le"), [], "--encoding"),
    "three columns, two of one name": ("a.csv", b"id,name,id\nu1,x,u2\n", [], "two columns"),
    "row numbers": ("a.csv", "序号,登录名\n1,ann\n".encode(), [], "set --id-column"),
    "several ids in a line": ("a.txt", b"u1,u2,u3\nu4,u5,u6\n", [], "one per line"),
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
        "two columns named 'id'",
    ),
    "an encoding of no text": ("a.csv", b"id\nu1\n", ["--encoding", "base64"], "a text encoding"),
    "another such": ("a.csv", b"id\nu1\n", ["--encoding", "undefined"], "a text encoding"),
    "bytes that are not of it": ("a.txt", b"u1\nu2\n", ["--encoding", "utf-32"], "a.txt"),
    "a long delimiter": ("a.csv", b"id;;x\nu1;;2\n", ["--delimiter", ";;"], "one character"),
}


@pytest.mark.parametrize("which", REFUSED)
def test_an_ambiguous_file_is_refused_with_one_line(
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


def test_the_column_of_the_ids_is_named(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,uid\nLi,u1\n")
    told = "a.csv: the ids are taken from the column 'uid'"
    for arguments in ([str(path)], [str(path), "--limit", "1"]):
        assert sh("send", *arguments, "--text", "x", *FAST).stderr.count(told) == 1
    result = sh("send", str(path), "--id-column", "uid", "--text", "x", *FAST)
    assert "are taken from" not in result.stderr


def test_gbk_late_in_a_file_is_detected(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f"u{n},Ann{n}\n" for n in range(8000))
    path.write_bytes(f"id,name\n{rows}last,韩梅梅\n".encode("gbk"))
    assert path.stat().st_size > 2 * 48 * 1024
    result = sh("send", str(path), "--text", "Hi {name}", "--only", "last", *FAST)
    assert result.returncode == 0, result.stdout
    assert "--encoding gbk" in result.stderr
    assert emulator.received("last")[0]["body"]["msg"] == "Hi 韩梅梅"


@pytest.mark.parametrize("head", [b"", b"\n\n", b"x", b"\xef\xbb\xbf", b"[", b"{}"])
def test_detection_raises_nothing_but_its_own_error(head: bytes) -> None:
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
