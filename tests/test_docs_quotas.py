"""The guide to quotas: its code runs, and its figures are those that the client keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from easemob_async import EasemobClient, Quotas
from easemob_async.emulator import Emulator
from easemob_async.rate_table import PACKS, REST_ONLY, SHARED
from easemob_async.resources import operations
from tests.guide import blocks, run_snippet, spans, tables

PAGE = "quotas.md"
WORDS = {
    PAGE: (
        "{} / {}",
        "{} / {} for each user",
        "none",
        "REST calls only",
        "REST calls, and the SDKs",
    ),
    "quotas.zh-CN.md": ("{} / {}", "每个用户 {} / {}", "无", "仅 REST", "REST 和 SDK"),
}
UNITS = {
    PAGE: ("calls", "messages", {1: "s", 60: "min", 1800: "30 min", 86_400: "day"}),
    "quotas.zh-CN.md": ("次", "条", {1: "秒", 60: "分钟", 1800: "30 分钟", 86_400: "天"}),
}


@pytest.fixture
async def scope(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Any]]:
    async with Emulator() as emulator:
        for name, value in emulator.credentials.items():
            monkeypatch.setenv(f"EASEMOB_{name.upper()}", str(value))
        async with EasemobClient.from_env() as client:
            yield {"client": client}


async def test_the_code_runs_as_printed(scope: dict[str, Any]) -> None:
    printed = ""
    for block in blocks(PAGE):
        if block.language == "python":
            printed = await run_snippet(block.text, scope)
        else:
            assert printed == block.text
    assert scope["raised_by_contract"].overrides


def amounts(page: str, units: Iterable[tuple[int, str, float, str | None]]) -> str:
    plain, keyed, none, _, _ = WORDS[page]
    calls, messages, windows = UNITS[page]
    cells = []
    for number, unit, seconds, key in units:
        word = calls if unit == "calls" else messages
        if page == PAGE and number == 1:
            word = word.removesuffix("s")
        form = keyed if key else plain
        cells.append(form.format(f"{number} {word}", windows[int(seconds)]))
    return "; ".join(cells) or none


@pytest.mark.parametrize("page", WORDS)
def test_the_figures_are_those_of_the_client(page: str) -> None:
    known = operations()
    rows = {spans(row[0])[0]: row[1:] for row in tables(page)[0]}
    assert len(rows) >= 15
    for name, (limit, pack, counted) in rows.items():
        first = next((op for op, shared in SHARED.items() if shared == name), name)
        limits = [
            found
            for found in known[first].limits
            if name not in SHARED.values() or found.name == name
        ]
        shown = [(x.units, x.unit, x.per.total_seconds(), x.key) for x in limits]
        separator = "；" if page != PAGE else "; "
        assert limit == amounts(page, shown).replace("; ", separator), name
        packs = [(pack.units, pack.unit, pack.seconds, None) for pack in PACKS.get(name, ())]
        assert pack == amounts(page, packs).replace("; ", separator), name
        assert counted == WORDS[page][3 if name in REST_ONLY else 4], name


def test_the_ways_to_share_are_arguments() -> None:
    text = " ".join(cell for row in tables(PAGE)[1] for cell in row)
    assert "Quotas(share=1/4)" in text
    assert Quotas(share=1 / 4).share == 0.25
    assert not Quotas(enabled=False).enabled
