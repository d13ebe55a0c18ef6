"""Every resource has a story that calls all its operations against the emulator."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from tests import facts_reader as facts

RESOURCES = sorted({id_.partition(".")[0] for id_ in facts.operations()})


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_operation_was_called(resource: str) -> None:
    module = import_module(f"tests.resources.test_{resource}")
    story = vars(module).get("test_every_operation_end_to_end")
    assert story is not None, f"tests/resources/test_{resource}.py has no story"
    assert f'every_operation("{resource}")' in inspect.getsource(story)
