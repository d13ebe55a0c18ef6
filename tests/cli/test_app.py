"""The tree of commands: help, the app's token, the emulator."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from easemob_async.emulator import Emulator
from tests.cli.shell import EASEMOB, Shell, take_interrupts


def test_token(sh: Shell, emulator: Emulator) -> None:
    token = sh("token").stdout.strip()
    assert token in emulator.state.tokens


def test_an_emulator_that_cannot_serve_is_an_error_of_one_line(
    sh: Shell, emulator: Emulator
) -> None:
    port = emulator.base_url.rpartition(":")[2]
    for arguments, says in (
        (["--port", port], "in use"),
        (["--port", "99999"], "0<=x<=65535"),
        (["--app-key", "foo"], "must be 'org#app'"),
    ):
        result = sh("emulator", *arguments)
        assert result.returncode != 0
        assert says in result.stderr


def test_the_emulator_serves_until_it_is_told_to_stop() -> None:
    command = [*EASEMOB, "emulator", "--app-key", "acme#shop"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, preexec_fn=take_interrupts
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().strip() for _ in range(4)]
            settings = dict(line.removeprefix("export ").split("=", 1) for line in lines)
            settings["EASEMOB_APP_KEY"] = settings["EASEMOB_APP_KEY"].strip("'")
            env = {**os.environ, **settings}
            used = subprocess.run([*EASEMOB, "token"], env=env, capture_output=True, check=False)
            assert used.returncode == 0
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()


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
