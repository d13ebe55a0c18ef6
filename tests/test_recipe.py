"""The recipe of CONTRIBUTING, "Add an operation": says which of its places was forgotten."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from easemob_async import EasemobClient
from easemob_async.emulator.handlers import routes
from easemob_async.emulator.refusal import Refusal
from easemob_async.resources import operations
from tests import facts_reader as facts
from tests.contract.calls import CALLS

ROOT = Path(__file__).parent.parent
IDS = sorted({*facts.operations(), *operations()})


def resource(id_: str) -> str:
    return id_.partition(".")[0]


@pytest.mark.parametrize("id_", IDS)
def test_it_is_in_the_facts(id_: str) -> None:
    assert id_ in facts.operations(), (
        f"place 1, tests/facts: no entry has the id {id_}; copy the facts anew, or see whether the "
        "id in the resource is spelt right"
    )


@cache
def front_door() -> str:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "front_door.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("id_", IDS)
def test_its_answer_is_at_the_front_door(id_: str) -> None:
    assert not front_door(), (
        f"place 2, a class of easemob_async/models is not yet in __init__: {front_door()}"
    )


@pytest.mark.parametrize("id_", IDS)
def test_it_is_an_operation_and_a_method_of_its_resource(id_: str) -> None:
    module = f"easemob_async/resources/{resource(id_)}.py"
    assert (ROOT / module).exists(), f"place 3, {module}: the resource is new; make the module"
    assert resource(id_) in vars(EasemobClient), (
        f"place 3, easemob_async/client.py: the resource {resource(id_)} is new; declare it there"
    )
    assert id_ in operations(), f"place 3, {module}: no Operation has the id {id_}"
    owner: object = EasemobClient("a#b", token="t")
    for part in id_.split("."):
        owner = getattr(owner, part, None)
    assert callable(owner), f"place 3, {module}: client.{id_} is no method"
    source = " ".join((inspect.getdoc(owner) or "").rpartition("Source: ")[2].split())
    page = facts.operations().get(id_, {}).get("page") or "no page"
    assert f"{id_} ({page})" in source, (
        f"place 3, {module}: the docstring of client.{id_} does not end with "
        f"`Source: {id_} ({page})`"
    )


# How the docstring says it; the legacy entries of push are older too.
WORDS = {"partly": "partly documented", "older": "older operation"}
OLDER = {entry["id"] for entry in facts.read("push_notifications")["legacy"]}


@pytest.mark.parametrize("id_", IDS)
def test_its_docstring_says_how_far_it_is_documented(id_: str) -> None:
    known = "older" if id_ in OLDER else facts.operations().get(id_, {}).get("documented")
    owner: object = EasemobClient("a#b", token="t")
    for part in id_.split("."):
        owner = getattr(owner, part, None)
    said = inspect.getdoc(owner) or ""
    for value, words in WORDS.items():
        assert (words in said) == (value == known), (
            f"place 3, client.{id_}: the docstring says {words!r} exactly where the facts have "
            f"`documented: {value}`"
        )


@cache
def served(method: str, path: str) -> bool:
    try:
        routes.find(method, path)
    except Refusal:
        return False
    return True


@pytest.mark.parametrize("id_", IDS)
def test_the_emulator_serves_it(id_: str) -> None:
    entry = facts.operations().get(id_)
    if entry is None:
        pytest.skip("place 1 is missing")
    path = re.sub(r"\{[^}]*\}", "x", entry["path"].partition("?")[0])
    assert served(entry["method"], path), (
        f"place 4, easemob_async/emulator/handlers/{resource(id_)}.py: no handler for "
        f"{entry['method']} {entry['path']}"
    )


@pytest.mark.parametrize("id_", IDS)
def test_it_has_a_contract_case(id_: str) -> None:
    assert id_ in CALLS, f"place 5, tests/contract/{resource(id_)}.py: CALLS has no {id_}"


@pytest.mark.parametrize("id_", IDS)
def test_it_is_in_the_story_of_its_resource(id_: str) -> None:
    """That the story calls it, and what becomes of it, the story itself says."""
    stories = ROOT / "tests" / "resources"
    story, shared = stories / f"test_{resource(id_)}.py", stories / "places.py"
    call = f".{id_.partition('.')[2]}("
    told = "".join(path.read_text(encoding="utf-8") for path in (story, shared) if path.exists())
    assert call.rpartition(".")[2] in told, f"place 5, {story.name}: its story has no call {call}"
