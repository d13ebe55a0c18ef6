"""The command ``easemob`` with its subcommands, each of which is loaded when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import click

from easemob_async.cli.commands import Group, LateCommand
from easemob_async.version import __version__


@click.group(
    cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="easemob")
def easemob() -> None:
    """Call the REST API of Easemob (环信) instant messaging from a shell.

    Credentials come from EASEMOB_APP_KEY, EASEMOB_CLIENT_ID and EASEMOB_CLIENT_SECRET (of Agora
    Chat: EASEMOB_APP_ID and EASEMOB_APP_CERTIFICATE), or from options. Without an account, try
    `easemob demo`, or develop against `easemob emulator`.
    """


# The first sentence of each command's help; its module has its name as well.
_COMMANDS: Final[Mapping[str, str]] = {
    "contacts": "Manage the contacts and the blocklists of users.",
    "demo": "Run a complete example against the emulator.",
    "emulator": "Serve an emulator of the REST API, for clients in any language.",
    "files": "Upload and download files of messages.",
    "groups": "Manage chat groups and their members.",
    "history": "Show the messages of past hours.",
    "job": "Watch and control jobs, and read their journals.",
    "push": "Manage push settings and templates, and count pushes.",
    "queue": "Set up a queue of jobs for several machines.",
    "rooms": "Manage chat rooms and their members.",
    "send": "Send one message to every id in a file.",
    "token": "Print a new app token.",
    "users": "Manage users, and show which of them are online.",
    "webhooks": "Print and post webhook events, and send as a user.",
    "worker": "Send the jobs of a queue, on as many machines as you like.",
}
_ELSEWHERE: Final = {"history": "files"}

for name, summary in _COMMANDS.items():
    module = f"easemob_async.cli.{_ELSEWHERE.get(name, name)}"
    easemob.add_command(LateCommand(name, module, summary))
