"""The guide for those who come from elsewhere: old and new do the same, and what is new exists."""

from __future__ import annotations

from typing import Any

import pytest

import easemob_async
from easemob_async import EasemobClient, Text
from easemob_async.emulator import Emulator
from tests.guide import ROOT, Reader, Story, blocks, check_calls, run_snippet, spans, story, tables

__all__ = ["story"]  # the fixture
PAGES = ("migration.md", "migration.zh-CN.md")
PAGE = PAGES[0]


def test_the_page_can_be_followed(story: Story) -> None:
    reader = Reader(story)

    def before() -> None:
        pytest.importorskip("requests")
        story.shell(f"{reader.exports}easemob users create user999 --password pw")
        for number, program in enumerate(("before.py", "after.py"), start=2):
            done = story.shell(f"{reader.exports}python {program}")
            assert done.stdout == "1000 sent\n", done.stderr
            assert len(reader.mailbox("user999")) == number

    reader.follow(PAGE, before)


async def test_the_calls_of_2014_run_as_printed() -> None:
    printed = ""
    async with Emulator() as emulator, EasemobClient(**emulator.credentials) as client:
        scope: dict[str, Any] = {"client": client, "Text": Text}
        for block in blocks(PAGE):
            if block.language == "python" and not block.file:
                printed = await run_snippet(block.text, scope)
            elif block.language == "text" and block.text.startswith(("{", "[")):
                assert printed == block.text


@pytest.mark.parametrize("page", PAGES)
def test_what_is_new_takes_the_arguments_shown(page: str) -> None:
    found = sum(check_calls(row[1]) for table in tables(page) for row in table)
    assert found >= 30


@pytest.mark.parametrize("page", PAGES)
def test_the_errors_are_those_of_the_library(page: str) -> None:
    for row in tables(page)[1]:
        for name in spans(row[1]):
            assert issubclass(getattr(easemob_async, name), easemob_async.EasemobError)


@pytest.mark.parametrize("page", PAGES)
def test_every_call_of_2014_is_in_the_table(page: str) -> None:
    old = " ".join(row[0] for row in tables(page)[3])
    facts = (ROOT / "tests" / "facts" / "rest-2014.md").read_text(encoding="utf-8")
    requests = [
        span
        for line in facts.splitlines()
        if line.startswith("|")
        for span in spans(line.split("|")[2])
        if span.startswith(("GET ", "POST ", "DELETE "))
    ]
    assert len(requests) == 8
    assert [request for request in requests if f"`{request}`" not in old] == []
