"""The guide to security: what it shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from easemob_async import EasemobClient
from easemob_async.emulator import Emulator
from tests.guide import DOCS, blocks, run_snippet

PAGE = "security.md"


async def test_the_code_runs_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = ""
    async with Emulator() as emulator:
        for name, value in emulator.credentials.items():
            monkeypatch.setenv(f"EASEMOB_{name.upper()}", str(value))
        async with EasemobClient.from_env() as client:
            scope: dict[str, Any] = {"client": client}
            for block in blocks(PAGE):
                if block.language == "python":
                    printed = await run_snippet(block.text, scope)
                else:
                    assert printed == block.text
    assert scope["token"]


def test_it_says_what_the_policy_says() -> None:
    """Both name the same switches: none of them is left out of one of the two."""
    policy = (DOCS.parent / "SECURITY.md").read_text(encoding="utf-8")
    page = (DOCS / PAGE).read_text(encoding="utf-8")
    switches = ("allow_http=True", "PoolOptions(ssl=False)", "allow_unsigned=True", "--failed-to")
    for switch in switches:
        assert switch in policy
        assert switch in page
    assert re.search(r"0o?600", page)
