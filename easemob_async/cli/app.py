"""The command ``easemob`` with its subcommands."""

from __future__ import annotations

import click

from easemob_async import __version__
from easemob_async.cli.contacts import contacts
from easemob_async.cli.demo import demo
from easemob_async.cli.emulator import emulator
from easemob_async.cli.files import files, history
from easemob_async.cli.groups import groups
from easemob_async.cli.job import job
from easemob_async.cli.push import push
from easemob_async.cli.rooms import rooms
from easemob_async.cli.run import Group, with_client
from easemob_async.cli.send import send
from easemob_async.cli.show import show
from easemob_async.cli.users import users
from easemob_async.cli.webhooks import webhooks
from easemob_async.client import EasemobClient


@click.group(
    cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="easemob")
def easemob() -> None:
    """Call the REST API of Easemob (环信) instant messaging from a shell.

    Credentials come from EASEMOB_APP_KEY, EASEMOB_CLIENT_ID and EASEMOB_CLIENT_SECRET, or from
    options. Without an account, try `easemob demo`, or develop against `easemob emulator`.
    """


@easemob.command()
@with_client
async def token(client: EasemobClient) -> None:
    """Print a new app token.

    Keep it secret. The service bans accounts that request tokens too often.
    """
    answer = await client.tokens.create_app_token()
    show(answer, answer.access_token)


for command in (
    *(send, job, users, groups, rooms, contacts, push, files, history, webhooks),
    *(emulator, demo),
):
    easemob.add_command(command)
