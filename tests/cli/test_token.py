"""``easemob token``."""

from __future__ import annotations

from easemob_async.emulator import Emulator
from tests.cli.shell import Shell


def test_token(sh: Shell, emulator: Emulator) -> None:
    token = sh("token").stdout.strip()
    assert token in emulator.state.tokens
