"""The command ``easemob token``."""

from __future__ import annotations

import click

from easemob_async import EasemobClient
from easemob_async.cli.commands import Command
from easemob_async.cli.run import with_client
from easemob_async.cli.show import show


@click.command(cls=Command)
@with_client
async def token(client: EasemobClient) -> None:
    """Print a new app token.

    Keep it secret. The service bans accounts that request tokens too often.
    """
    answer = await client.tokens.create_app_token()
    show(answer, answer.access_token)
