"""Answers on a terminal: JSON by the line, and characters that an encoding lacks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from easemob_async.emulator import Emulator
from tests.cli.shell import EASEMOB, FAST, Shell, json_lines


@pytest.mark.parametrize("encoding", ["gbk", "cp1252"])
def test_a_character_that_the_encoding_lacks_is_escaped(
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


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    "command",
    [
        ("users", "list"),
        ("users", "get", "ann"),
        ("users", "status", "ann", "bob"),
        ("groups", "list"),
        ("token",),
    ],
)
def test_json_has_one_answer_a_line(sh: Shell, command: tuple[str, ...]) -> None:
    result = sh(*command, "--json")
    assert result.returncode == 0
    assert all(isinstance(answer, dict) for answer in json_lines(result.stdout))
