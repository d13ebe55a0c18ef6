"""The reference has everything that is public, and nothing that is not."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

import easemob_async
from easemob_async import EasemobClient, Text
from easemob_async.emulator import Emulator
from easemob_async.resources import operations
from easemob_async.webhooks import WebhookReceiver
from tests import facts_reader as facts

ROOT = Path(__file__).parent.parent
HEADING = re.compile(r"^#+ .* \{ #(.+) \}$", re.MULTILINE)


@pytest.fixture(scope="module", params=["en", "zh"])
def reference(request: pytest.FixtureRequest) -> Any:
    pytest.importorskip("griffe", reason="the extra `docs` is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        return importlib.import_module("reference").Reference(request.param)


@pytest.fixture(scope="module")
def pages(reference: Any) -> Mapping[str, str]:
    found: Mapping[str, str] = reference.pages()
    return found


@pytest.fixture(scope="module")
def sections(pages: Mapping[str, str]) -> Mapping[str, str]:
    """What stands under each heading that has a name of ours."""
    found: dict[str, str] = {}
    for text in pages.values():
        parts = HEADING.split(text)
        for name, content in zip(parts[1::2], parts[2::2], strict=True):
            assert name not in found, f"{name} stands twice"
            found[name] = content
    return found


def test_every_operation_has_its_request_its_page_and_an_example(
    sections: Mapping[str, str],
) -> None:
    for id_, operation in operations().items():
        section = sections[id_]
        assert f"{operation.method} `{operation.path.replace('{*', '{')}`" in section
        assert f"client.{id_}(" in re.sub(r"<[^>]+>", "", section).partition("```python")[2], id_
        page = facts.operations()[id_].get("page") or ""
        if page.endswith(".md"):
            assert f"/{page.removesuffix('.md')}.html)" in section, id_


def test_every_public_name_is_on_one_page(reference: Any, sections: Mapping[str, str]) -> None:
    assert set(reference.public) <= set(sections)


def test_every_field_is_described(reference: Any, sections: Mapping[str, str]) -> None:
    for name, cls in reference.public.items():
        if isinstance(cls, type) and attrs.has(cls):
            own = [n for n in vars(cls).get("__annotations__", {}) if not n.startswith("_")]
            for field in own:
                if field in attrs.fields_dict(cls):
                    assert re.search(rf"^\| `{field}` .* \| \S.* \|$", sections[name], re.M), (
                        name, field,
                    )  # fmt: skip
        if isinstance(cls, type) and issubclass(cls, Enum):
            for member in cls.__members__:
                assert f"| `{member}` |" in sections[name], (name, member)


def test_nothing_private_is_shown(pages: Mapping[str, str]) -> None:
    for page, text in pages.items():
        signatures = re.findall(r"<pre><code>(.*?)</code></pre>|<code>(.*?)</code>", text, re.S)
        for shown in signatures:
            plain = re.sub(r"<[^>]+>", "", "".join(shown))
            assert not re.search(r"(?<![\w'\"])_[a-zA-Z]|UNSET|NOTHING|\bJid\b", plain), (
                page,
                plain,
            )
        assert "Source: " not in text, page


def test_every_resource_is_in_the_overview_and_the_menu(reference: Any) -> None:
    overview, menu = reference.overview(), str(reference.menu())
    for name in reference.resources:
        assert f"](reference/{name}.md)" in overview
        assert f"'reference/{name}.md'" in menu
        row = re.search(rf"^\| \[`client\.{name}`\].*$", overview, re.MULTILINE)
        assert row, name
        assert (reference.language == "zh") == bool(re.search(r"[一-鿿]", row[0])), row[0]
    assert set(reference.pages()) == set(re.findall(r"'reference/(\w+)\.md'", menu))


def test_every_operation_has_a_sentence_in_chinese() -> None:
    text = (ROOT / "tools" / "operations.zh-CN.yaml").read_text(encoding="utf-8")
    sentences = yaml.safe_load(text)
    assert set(sentences) == set(operations())
    assert [id_ for id_, sentence in sentences.items() if not re.search(r"[。]$", sentence)] == []


async def test_the_examples_of_ours_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(ROOT / "tools")
    examples = importlib.import_module("more_examples")
    now = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
    async with Emulator(quotas=None, now=now.timestamp) as emulator:
        for name in ("ann", "bob", "shop", "bot"):
            emulator.add_user(name)
        async with EasemobClient(**emulator.credentials) as client:
            group = await client.chat_groups.create("friends", owner="ann", public=True)
            room = await client.chat_rooms.create("Lobby", owner="ann", description="All")
            await client.messages.send_to_users(["ann"], Text("hi"), sender="bob")
            await examples.of_the_client(client, group.group_id, room.room_id, now)
            await examples.of_jobs(client, group.group_id, room.room_id, tmp_path / "job.db")
            await examples.of_the_emulator(client, emulator, WebhookReceiver("s3cret"))
        async with EasemobClient(**emulator.agora_credentials) as client:
            await examples.of_agora(client)
    shown = capsys.readouterr().out
    assert "2 read: 2 sent, 0 failed" in shown
    assert "{'msg': 'hello'}" in shown


def test_every_method_of_a_resource_has_an_example(sections: Mapping[str, str]) -> None:
    for name, text in sections.items():
        if re.match(r"[a-z_]+\.", name) and "highlight signature" in text:
            assert "```python" in text, name


def test_the_front_door_is_public(reference: Any) -> None:
    assert set(easemob_async.__all__) - {"__version__"} <= set(reference.public)
