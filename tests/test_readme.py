"""The README's code runs as printed, against the emulator."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import easemob_async
from easemob_async import EasemobClient, Text
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)


CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")


def test_both_languages_have_the_same_blocks() -> None:
    def blocks(text: str) -> list[str]:
        return re.findall(r"```\w+\n(.*?)```", text, re.S)

    # What follows a command as a comment is said in the language.
    assert [re.sub(r"  # .*", "", block) for block in blocks(CHINESE)] == [
        re.sub(r"  # .*", "", block) for block in blocks(README)
    ]


def test_it_begins_as_the_home_page_does() -> None:
    home = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert f"```python\n{BLOCKS[0]}```" in home  # which tests/test_docs_home.py runs


def test_the_five_lines_run_as_printed() -> None:
    program = BLOCKS[1]
    body = re.search(r"async def main.*?\n\n", program, re.S)
    assert body is not None
    with running(Emulator()) as emulator:
        keys = {f"EASEMOB_{k.upper()}": str(v) for k, v in emulator.credentials.items()}
        # As printed but for the number: the quota's minute is not this test's to wait for.
        shorter = program.replace("10_000", "600")
        assert shorter != program
        result = subprocess.run(
            [sys.executable, "-W", "error", "-c", shorter],
            env={**os.environ, **keys},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith("600 read: 600 sent, 0 failed")
        assert len(emulator.received("user599")) == 1


async def test_the_calls_run_as_printed() -> None:
    async with Emulator(app_key="acme#shop", client_id="...", client_secret="...") as emulator:
        code = BLOCKS[2].replace(
            'client_secret="..."', f'client_secret="...", base_url="{emulator.base_url}"'
        )
        indented = "\n".join("    " + line for line in code.splitlines())
        scope: dict[str, object] = {"EasemobClient": EasemobClient, "Text": Text}
        exec(f"async def example():\n{indented}\n    return status, sent, group, page", scope)
        status, sent, group, page = await scope["example"]()  # type: ignore[operator]
    assert status == "offline"
    assert set(sent.message_ids) == {"u1", "u2"}
    assert page.items[0].group_id == group.group_id


def test_the_test_runs_as_printed(tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(BLOCKS[3])
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stdout + result.stderr


async def test_the_receiver_runs_as_printed() -> None:
    async with Emulator() as emulator:
        emulator.add_user("ann")
        emulator.add_user("bob")
        scope: dict[str, Any] = {"emulator": emulator}
        exec(BLOCKS[4].replace("        ...\n", "        await serve(app)\n"), scope)

        async def serve(app: web.Application) -> None:
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = "http://{}:{}/easemob".format(*runner.addresses[0][:2])
            emulator.add_webhook(url, secret="...", before_delivery=True, wait=5)
            for text, code in (("hello", None), ("HELLO", "no shouting")):
                assert (await emulator.say("ann", "bob", text)).code == code
            await runner.cleanup()

        scope["serve"] = serve
        await scope["main"](web.Application())


@pytest.mark.parametrize("text", [README, CHINESE], ids=["en", "zh"])
def test_every_resource_of_the_client_is_in_the_table(text: str) -> None:
    rows = re.findall(r"^\| (`client\..*?) \|", text, re.M)
    listed = {name for row in rows for name in re.findall(r"`client\.(\w+)`", row)}
    real = {
        name
        for name, value in vars(easemob_async.EasemobClient).items()
        if isinstance(value, cached_property)
    }
    assert listed == real


@pytest.mark.parametrize("text", [README, CHINESE], ids=["en", "zh"])
def test_links_of_the_readme_lead_somewhere(text: str) -> None:
    for target in re.findall(r"\]\((?!http|#)([^)#]+)", text):
        assert (ROOT / target).exists(), target
