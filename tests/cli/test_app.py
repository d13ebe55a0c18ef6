"""The tree of commands: help, and commands that are loaded when they are called."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from easemob_async import cli
from easemob_async.cli import commands
from easemob_async.cli.app import easemob
from easemob_async.cli.commands import LateCommand
from tests.cli.shell import EASEMOB


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


def late_commands() -> list[LateCommand]:
    return [command for command in easemob.commands.values() if isinstance(command, LateCommand)]


@pytest.mark.parametrize("late", late_commands(), ids=lambda late: late.name)
def test_the_list_of_commands_says_what_the_help_of_each_says(late: LateCommand) -> None:
    command = late.load()
    assert command.name == late.name
    assert (command.hidden, command.deprecated) == (late.hidden, late.deprecated)
    for width in (10, 20, 45, 80, 1000):
        assert command.get_short_help_str(width) == late.get_short_help_str(width)


def test_every_module_with_a_command_of_its_name_is_in_the_list() -> None:
    names = {path.stem for path in Path(cli.__file__).parent.glob("[a-z]*.py")}
    found = {
        name
        for name in names
        if isinstance(
            getattr(import_module(f"easemob_async.cli.{name}"), name, None), click.Command
        )
    }
    assert len(found) > 10
    assert found == easemob.commands.keys() - {"history"}


@pytest.mark.parametrize("option", ["--help", "--version", "--no-such-option"])
def test_the_list_of_commands_loads_none_of_them(option: str) -> None:
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('loaded', *sys.modules))\n"
        "from easemob_async.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program, option], capture_output=True, text=True)
    assert done.returncode == (2 if option == "--no-such-option" else 0)
    loaded = done.stdout.rpartition("loaded ")[2].split()
    assert [name for name in loaded if name.startswith("easemob_async.")] == [
        "easemob_async.cli",
        "easemob_async.cli.commands",
        "easemob_async.version",
        "easemob_async.cli.app",
    ]
    assert {"aiohttp", "asyncio", "attr", "cattrs", "rich"} & set(loaded) == set()


def test_ctrl_c_while_a_command_is_loaded_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "import_module", interrupted)
    result = CliRunner().invoke(easemob, ["token"])
    assert (result.exit_code, result.output) == (130, "")
