"""The recipes run as printed, one after the other, and do what they are called."""

from __future__ import annotations

import re
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
        emulator.add_user("carl")
        scope: dict[str, Any] = {"client": client}
        for block in blocks(PAGES[0]):
            if block.language == "python":
                assert not printed, "it prints something that the page does not show"
                printed = await run_snippet(block.text, scope)
                if "create_many(" in block.text:
                    emulator.log_in("ann")
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
