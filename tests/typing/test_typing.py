"""Types are a part of the interface: what users write type-checks, and their mistakes do not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

Found = dict[tuple[str, int], str]
"""Errors by file and line."""


def found_by_mypy(files: Sequence[Path], cache: Path) -> Found:
    options = ["--strict", "--config-file=", "--cache-dir", str(cache), "--no-error-summary"]
    command = [sys.executable, "-m", "mypy", *options, *map(str, files)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cache)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    rows = re.findall(r"^(.*?):(\d+): error: (.*)$", run.stdout, re.MULTILINE)
    return {(Path(file).name, int(line)): message for file, line, message in rows}


def found_by_pyright(files: Sequence[Path], cache: Path) -> Found:
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    run = subprocess.run(
        [*command, *map(str, files)], capture_output=True, text=True, check=False, cwd=cache
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return {
        (Path(row["file"]).name, row["range"]["start"]["line"] + 1): row["message"]
        for row in json.loads(run.stdout)["generalDiagnostics"]
    }


CHECKERS = {"mypy": found_by_mypy, "pyright": found_by_pyright}
pytestmark = [pytest.mark.timeout(300), pytest.mark.parametrize("name", CHECKERS)]


@pytest.fixture(autouse=True)
def _installed(name: str) -> None:
    pytest.importorskip(name)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checked")


def test_what_users_write_type_checks(name: str, cache: Path) -> None:
    assert CHECKERS[name]([HERE / "accepted.py"], cache) == {}


def printed_programs() -> Iterator[tuple[str, str]]:
    """Find the whole programs of the README and the docs."""
    for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]):
        blocks = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
        for number, block in enumerate(blocks):
            if block.startswith(("import ", "from ", '"""')) and ") -> " in block:
                yield re.sub(r"\W", "_", f"{page.relative_to(ROOT)}_{number}"), block


def test_what_the_pages_print_type_checks(name: str, cache: Path) -> None:
    files = []
    for title, program in printed_programs():
        files.append(cache / f"{title}.py")
        files[-1].write_text(f"# pyright: strict\n{program}", encoding="utf-8")
    assert len(files) >= 4
    examples = sorted((ROOT / "examples").glob("*.py"))
    assert CHECKERS[name]([*files, *examples], cache) == {}


def test_mistakes_are_refused_line_by_line(name: str, cache: Path) -> None:
    file = HERE / "refused.py"
    lines = file.read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, 1) if line.endswith("# error")}
    found = {line: message for (_, line), message in CHECKERS[name]([file], cache).items()}
    assert [lines[number - 1] for number in sorted(marked - found.keys())] == []
    assert {number: found[number] for number in sorted(found.keys() - marked)} == {}
    assert len(marked) > 70
