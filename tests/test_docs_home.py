"""The home pages say the same in both languages, and their code runs as printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
ENGLISH, CHINESE = ((DOCS / name).read_text("utf-8") for name in ("index.md", "index.zh-CN.md"))


def blocks(text: str) -> list[str]:
    return re.findall(r"^```\w+\n.*?^```$", text, re.MULTILINE | re.DOTALL)


def names(text: str) -> list[str]:
    """The names in each row of the tables, and the pages that it links to."""
    rows = re.findall(r"^\|.*\|$", text, re.MULTILINE)
    return [" ".join(sorted(re.findall(r"`\w+`|\(\S+\.md\)", row))) for row in rows]


def test_both_languages_have_the_same_blocks() -> None:
    assert blocks(ENGLISH) == blocks(CHINESE)


def test_both_languages_have_the_same_rows() -> None:
    assert names(ENGLISH) == names(CHINESE.replace(".zh-CN.md", ".md"))
    assert len(names(ENGLISH)) == 2 + 7


def test_both_languages_have_the_same_doors() -> None:
    def targets(text: str) -> list[str]:
        return re.findall(r"(?<!!)\[[^]]+\]\(([\w.-]+\.md)\)", text)

    assert [name.replace(".md", ".zh-CN.md") for name in targets(ENGLISH)] == targets(CHINESE)


def test_the_code_runs_as_printed() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", ENGLISH, re.DOTALL)
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
