"""Every resource has a story that calls all its operations against the emulator."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from tests import facts_reader as facts
from tests.conftest import agora_keys_of
from tests.resources import stories

RESOURCES = sorted({id_.partition(".")[0] for id_ in facts.operations()})


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_operation_was_called(resource: str) -> None:
    module = import_module(f"tests.resources.test_{resource}")
    story = vars(module).get("test_every_operation_end_to_end")
    assert story is not None, f"tests/resources/test_{resource}.py has no story"
    assert f'every_operation("{resource}")' in inspect.getsource(story)


@pytest.mark.parametrize("resource", RESOURCES)
async def test_a_client_of_agora_has_the_same_story(
    resource: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories, "keys_of", agora_keys_of)
    module = import_module(f"tests.resources.test_{resource}")
    await module.test_every_operation_end_to_end()
