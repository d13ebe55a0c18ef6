"""The home pages say the same in both languages, and their code runs as printed."""

from __future__ import annotations

import subprocess
import sys

from tests.test_docs_emulator import blocks, of, tables

PAGES = ("index.md", "index.zh-CN.md")


def test_both_languages_have_the_same_blocks() -> None:
    assert blocks(PAGES[0]) == blocks(PAGES[1])


def test_both_languages_have_the_same_rows() -> None:
    (english,), (chinese,) = map(tables, PAGES)
    assert len(english) == len(chinese) == 7
    assert {len(row) for row in [*english, *chinese]} == {3}


def test_the_code_runs_as_printed() -> None:
    (code,) = of(PAGES[0], "python")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "{'msg': 'hello'}\n"
    assert f"# {done.stdout}" in code
