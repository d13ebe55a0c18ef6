"""The recipes run as printed, one after the other, and do what they are called."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from easemob_async import EasemobClient
from easemob_async.emulator import Emulator
from tests.guide import DOCS, blocks, run_snippet

PAGES = ("cookbook.md", "cookbook.zh-CN.md")


@pytest.mark.parametrize("page", PAGES)
def test_there_are_25_recipes(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert re.findall(r"^### (\d+)\. ", text, re.MULTILINE) == [str(n) for n in range(1, 26)]


async def test_the_recipes_run_as_printed() -> None:
    printed = ""
    async with Emulator() as emulator, EasemobClient(**emulator.credentials) as client:
        for name in ("ann", "carl"):
            emulator.add_user(name)
        emulator.log_in("ann")
        scope: dict[str, Any] = {"client": client}
        for block in blocks(PAGES[0]):
            if block.file:
                continue  # the program around them: see the next test
            if block.language == "python":
                assert not printed, "it prints something that the page does not show"
                printed = await run_snippet(block.text, scope)
            else:
                assert printed == block.text
                printed = ""
        bodies = [message["body"] for message in emulator.received("ann")]
        texts = [body["msg"] for body in bodies if "msg" in body]
        assert {
            *("Your order has arrived.", "We are open until six.", "from the old system"),
            *("You have 120 points.", "Sale until six!"),
        } <= set(texts)
        assert "oops" not in texts
        assert "psst" not in texts
        assert [body["action"] for body in bodies if "action" in body] == ["refresh-orders"]
        assert {"order": "42", "state": "shipped"} in [body.get("customExts") for body in bodies]
        of_bob = [message["body"].get("msg") for message in emulator.received("bob")]
        assert {"welcome", "psst"} <= set(of_bob)


@pytest.mark.parametrize("page", PAGES)
def test_the_program_with_the_recipes_prints_what_the_page_says(page: str, tmp_path: Path) -> None:
    shown = [block for block in blocks(page) if block.file or block.language in ("python", "text")]
    frame, names, *recipes = [block.text for block in shown if block.language == "python"]
    inner = textwrap.indent("\n" + "".join(recipes), " " * 4)
    (tmp_path / "recipes.py").write_text(names + frame.replace(" ...\n", inner))
    done = subprocess.run(
        [sys.executable, "recipes.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(block.text for block in shown if block.language == "text")
