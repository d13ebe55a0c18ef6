"""The documentation's site: its menus, and, where it was built, its search in a real browser."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.emulator.browser import Watched, browsing

if TYPE_CHECKING:
    from playwright.async_api import Browser

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
BUILT = "EASEMOB_TESTS_SITE"
"""The folder of a site that `tools/build_site.py` made."""


def menu(name: str) -> list[str]:
    def pages(entries: list[Any]) -> Iterator[str]:
        for entry in entries:
            if isinstance(entry, str):
                yield entry
            else:
                for value in entry.values():
                    yield from pages(value) if isinstance(value, list) else (value,)

    text = (ROOT / name).read_text(encoding="utf-8").partition("\nnav:\n")[2]
    return list(pages(yaml.safe_load(text)))


def test_both_languages_have_the_same_menu() -> None:
    assert menu("mkdocs.yml") == menu("mkdocs.zh-CN.yml")


def test_every_page_is_in_the_menu() -> None:
    pages = {path.name for path in DOCS.glob("*.md") if not path.name.endswith(".zh-CN.md")}
    assert pages == set(menu("mkdocs.yml"))


def test_every_chinese_page_has_an_english_one() -> None:
    for path in DOCS.glob("*.zh-CN.md"):
        assert path.with_name(path.name.replace(".zh-CN.md", ".md")).exists(), path.name


@pytest.fixture
def site() -> Path:
    folder = os.environ.get(BUILT)
    if folder is None:
        pytest.skip(f"no site was built: {BUILT} names none")
    return Path(folder).resolve()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


@pytest.mark.parametrize(
    ("language", "words", "page"),
    [
        ("en", "pre-send callback", "bots.html"),
        ("en", "journal", "bulk.html"),
        ("zh", "聊天窗口", "emulator.html"),
        ("zh", "发送前回调", "emulator.html"),
        ("zh", "群组和聊天室", "emulator.html"),
        ("zh", "强制下线", "reference/users.html"),
    ],
)
async def test_words_are_found_without_a_server(
    site: Path, browser: Browser, language: str, words: str, page: str
) -> None:
    context = await browser.new_context()
    opened = await context.new_page()
    watched = Watched(opened)
    await opened.goto((site / language / "index.html").as_uri())
    await opened.keyboard.press("/")
    await opened.get_by_role("combobox").fill(words)
    found = opened.get_by_role("option").and_(opened.locator(f"[href*='/{language}/{page}']"))
    await found.first.wait_for(timeout=20_000)
    assert [url for url in watched.urls if not url.startswith(("file:", "blob:", "data:"))] == []
    assert watched.complaints == []


@pytest.mark.parametrize(("prefers", "language"), [("zh-CN", "zh"), ("de-DE", "en")])
async def test_the_entrance_chooses_the_language(
    site: Path, browser: Browser, prefers: str, language: str
) -> None:
    context = await browser.new_context(locale=prefers)
    page = await context.new_page()
    await page.goto((site / "index.html").as_uri())
    await page.wait_for_url(f"**/{language}/index.html")
