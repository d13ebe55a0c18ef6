"""The pages about Agora Chat do what they say: their blocks are run as printed."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from typing import Any

import click
import pytest

from easemob_async import EasemobClient, api_limits
from easemob_async.cli.token import token as command
from easemob_async.credentials import AGORA, CLIENT
from easemob_async.emulator import Emulator, access_token
from easemob_async.emulator.in_thread import running
from easemob_async.transport import hosts
from tests.guide import DOCS, PRINTED, Story, blocks, of, spans, story, tables

PAGES = ("agora.md", "agora.zh-CN.md")
__all__ = ["story"]  # the fixture


def test_both_languages_have_the_same_blocks() -> None:
    assert blocks(PAGES[0]) == blocks(PAGES[1])
    assert len(blocks(PAGES[0])) >= 8
    assert all(block.runs for block in blocks(PAGES[0]))


def test_both_languages_compare_the_same_in_the_table() -> None:
    def names(page: str) -> list[list[list[str]]]:
        (table,) = tables(page)
        return [[spans(cell) for cell in row] for row in table]

    assert names(PAGES[0]) == names(PAGES[1])
    assert {len(row) for row in tables(PAGES[0])[0]} == {3}


def test_the_names_in_the_table_are_those_of_the_library() -> None:
    (rows,) = tables(PAGES[0])
    easemob, agora = ({row[0]: spans(row[column]) for row in rows} for column in (1, 2))
    for cells, names in ((easemob, CLIENT), (agora, AGORA)):
        assert cells["in Python"] == [f"{name}=" for name in names]
        assert cells["in the environment"] == [f"EASEMOB_{name.upper()}" for name in names]
        options = [f"--{name.replace('_', '-')}" for name in names]
        assert cells["in the command line"] == options
        assert set(options) <= {option for p in command.params for option in p.opts}
        assert set(names) <= set(inspect.signature(EasemobClient).parameters)
    tokens = EasemobClient("a#b", token="t").tokens
    about = "token of a user, for the client app"
    named = [*easemob[about], *agora[about]]
    assert len(named) == 3
    for name, arguments in re.findall(r"tokens\.(\w+)\((.*?)\)", " ".join(named)):
        known = inspect.signature(getattr(tokens, name)).parameters
        assert set(re.findall(r"(\w+)=", arguments)) <= set(known)


@pytest.mark.parametrize("page", PAGES)
def test_the_figures_are_those_of_the_library(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    hours, digits = api_limits.AGORA_TOKEN_SECONDS // 3600, api_limits.AGORA_DIGITS
    kept = int(hosts.KEPT // 3600)
    seconds = [int(hosts.AFTER_FAILURE), int(hosts.SET_ASIDE)]
    if page == PAGES[0]:
        wanted = [f"each {digits} hexadecimal", f"| {hours} hours;", f"kept for {kept} hours"]
        wanted += [f"{number} seconds" for number in seconds]
    else:
        wanted = [f"各为 {digits} 位十六进制", f"| {hours} 小时；", f"结果保存 {kept} 小时"]
        wanted += [f"{number} 秒" for number in seconds]
    assert [words for words in wanted if words not in text] == []


def test_the_commands_run_as_printed(story: Story) -> None:
    install, start, exports, *texts = of(PAGES[0], "sh")
    assert install.startswith("python3 -m venv .venv")
    assert exports.startswith(PRINTED)
    story.tell([start, *texts])
    port = re.compile(r":\d+$", re.MULTILINE)
    assert port.sub(":8099", story.printed[0]) == exports
    users, tokens, discovered = story.ran
    assert "ann" in users.out
    app, own, short = tokens.out.split()
    assert app.startswith("YWMt")
    keys = dict(re.findall(r"EASEMOB_(\w+)=(\w+)$", exports, re.MULTILINE))
    for text, seconds in ((own, 3600), (short, 600)):
        found = access_token.read(text, keys["APP_ID"], keys["APP_CERTIFICATE"])
        assert found.expires_at - found.issued_at == seconds
    assert "ann" in discovered.out


def test_python_runs_as_printed() -> None:
    signed, found = of(PAGES[0], "python")
    with running(Emulator()) as emulator:
        emulator.add_user("ann")
        keys: dict[str, Any] = dict(emulator.agora_credentials)
        env = {**os.environ, **{f"EASEMOB_{name.upper()}": value for name, value in keys.items()}}

        def run(code: str) -> str:
            done = subprocess.run(
                [sys.executable, "-c", code],
                env=env,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        assert run(signed) == "007 007\n"
        assert run(found) == "offline\n"
        asked = [path for _, path in emulator.requests if path.startswith("/easemob/server.json")]
        assert len(asked) == 1


def test_the_options_of_the_page_are_those_of_the_commands() -> None:
    known = {option for parameter in command.params for option in parameter.opts}
    assert isinstance(command, click.Command)
    text = (DOCS / PAGES[0]).read_text(encoding="utf-8")
    named = set(re.findall(r"`(--[a-z-]+)`", text))
    assert named <= known
    assert {"--discover", "--discover-at", "--agora", "--expires-in"} <= named
