"""What holds for every guide of docs/: two languages that say the same, blocks that can be read."""

from __future__ import annotations

import ast
import re

import attrs
import pytest
import yaml

from tests.guide import DOCS, Block, blocks, spans, tables

CHINESE = sorted(path.name for path in DOCS.glob("*.zh-CN.md"))
ENGLISH = [name.replace(".zh-CN", "") for name in CHINESE]
PAIRS = list(zip(ENGLISH, CHINESE, strict=True))
TWO_LANGUAGES = pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=ENGLISH)


def outline(page: str) -> list[int]:
    """The levels of a page's headings, in order."""
    text = re.sub(r"^```.*?^```$", "", (DOCS / page).read_text("utf-8"), flags=re.M | re.S)
    return [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]


def without_comments(page: str) -> list[Block]:
    """The blocks of a page, without comments behind the code: these may be translated."""
    return [attrs.evolve(block, text=re.sub(r" +# .*", "", block.text)) for block in blocks(page)]


@TWO_LANGUAGES
def test_both_languages_have_the_same_blocks_and_sections(english: str, chinese: str) -> None:
    assert without_comments(english) == without_comments(chinese)
    assert outline(english) == outline(chinese)


@TWO_LANGUAGES
def test_both_languages_name_the_same_in_their_tables(english: str, chinese: str) -> None:
    def first_column(page: str) -> list[list[list[str]]]:
        return [[spans(row[0]) for row in table] for table in tables(page)]

    assert first_column(english) == first_column(chinese)


@pytest.mark.parametrize("page", ENGLISH)
def test_the_page_is_in_every_menu(page: str) -> None:
    for menu in DOCS.parent.glob("mkdocs*.yml"):
        assert f": {page}\n" in menu.read_text(encoding="utf-8")


@TWO_LANGUAGES
def test_the_chinese_is_chinese(english: str, chinese: str) -> None:
    """No paragraph was left in English, and punctuation between Chinese words is Chinese."""
    text = re.sub(r"^```.*?^```$", "", (DOCS / chinese).read_text("utf-8"), flags=re.M | re.S)
    text = re.sub(r"`[^`]*`|<!--.*?-->", "", text)
    for paragraph in re.split(r"\n\n+", text):
        words = re.findall(r"[A-Za-z]{2,}", paragraph)
        assert len(words) < 12 or re.search(r"[\u4e00-\u9fff]", paragraph), paragraph
    assert re.findall(r"[\u4e00-\u9fff][,;:?!][\u4e00-\u9fff]", text) == []


@pytest.mark.parametrize("page", ENGLISH)
def test_blocks_can_be_parsed(page: str) -> None:
    for block in blocks(page):
        if block.language == "python":
            compile(block.text, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        elif block.language == "yaml":
            assert list(yaml.safe_load_all(block.text))
