"""The features that can be switched off."""

from __future__ import annotations

from pathlib import Path

import pytest

import easemob_async.emulator
from easemob_async.emulator import Emulator
from easemob_async.emulator.features import FEATURES

CODE = "".join(
    path.read_text(encoding="utf-8")
    for path in Path(easemob_async.emulator.__file__).parent.rglob("*.py")
    if path.name != "features.py"
)


@pytest.mark.parametrize("name", FEATURES)
def test_each_is_asked_for_by_some_operation(name: str) -> None:
    assert f'needs("{name}"' in CODE or f'"{name}" not in' in CODE or f'"{name}" in' in CODE
    assert Emulator(switched_off=[name]).state.switched_off == {name}


def test_an_unknown_name_is_refused_with_the_name_that_was_meant() -> None:
    with pytest.raises(ValueError, match="no feature 'recal'; did you mean 'recall'"):
        Emulator(switched_off=["recal"])
    with pytest.raises(ValueError, match="there are threads, presence"):
        Emulator(switched_off=["xyz"])
    with pytest.raises(ValueError, match="not the string 'rtc'"):
        Emulator(switched_off="rtc")
