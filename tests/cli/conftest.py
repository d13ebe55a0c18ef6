"""An emulator for the commands, and a shell that has its credentials."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from tests.cli.shell import Shell


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with running(Emulator(quotas=100)) as emulator:
        yield emulator


@pytest.fixture
def sh(emulator: Emulator) -> Shell:
    return Shell(emulator)


@pytest.fixture
def registered(emulator: Emulator) -> None:
    """Register ann, bob and eve."""
    for name in ("ann", "bob", "eve"):
        emulator.add_user(name)
