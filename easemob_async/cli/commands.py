"""The classes of commands: their help texts, and commands that are loaded when they are called."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import click

INTERRUPTED: Final = 130


class ConnectionOption(click.Option):
    """An option of the connection to the service; the help lists these options separately."""


class Command(click.Command):
    """A command whose help lists the options of the connection in a separate section."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options to the help text."""
        own: list[tuple[str, str]] = []
        connection: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Argument):
                continue  # the usage and the text name it
            record = parameter.get_help_record(ctx)
            if record is not None:
                found = connection if isinstance(parameter, ConnectionOption) else own
                found.append(record)
        for title, records in (("Options", own), ("Connection", connection)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Group(click.Group):
    """A group of commands of the class `Command`."""

    command_class = Command
    group_class = type


class LateCommand(click.Command):
    """A command, or a group of commands, that is loaded when it is called.

    Args:
        name: the name of the command, and of its function.
        module: the module that has it.
        summary: the first sentence of its help, which is all that a list of commands shows.
    """

    def __init__(self, name: str, module: str, summary: str) -> None:
        super().__init__(name, help=summary)
        self._function = name
        self.module = module

    def load(self) -> click.Command:
        """Return the command itself.

        Raises:
            click.exceptions.Exit: Ctrl-C was pressed meanwhile.
        """
        try:
            module = import_module(self.module)
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None
        command: click.Command = getattr(module, self._function)
        return command

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Return the context of the command itself, in which click runs it."""
        return self.load().make_context(info_name, args, parent, **extra)
