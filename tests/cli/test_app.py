"""The tree of commands: help, the app's token."""

from __future__ import annotations

import subprocess

import pytest

from easemob_async.emulator import Emulator
from tests.cli.shell import EASEMOB, Shell


def test_token(sh: Shell, emulator: Emulator) -> None:
    token = sh("token").stdout.strip()
    assert token in emulator.state.tokens


@pytest.mark.parametrize(
    "command",
    [
        *(
            [],
            ["send"],
            ["job", "status"],
            ["users"],
            ["groups"],
            ["groups", "members"],
            ["token"],
            ["emulator"],
        ),
        *(["demo"], ["users", "create"]),
    ],
)
def test_every_command_has_help(command: list[str]) -> None:
    result = subprocess.run(
        [*EASEMOB, *command, "--help"], capture_output=True, text=True, check=True
    )
    assert "Usage: easemob" in result.stdout
