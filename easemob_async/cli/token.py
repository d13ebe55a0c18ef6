"""The command ``easemob token``."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import click

from easemob_async import EasemobClient
from easemob_async.cli.commands import Command
from easemob_async.cli.run import with_client
from easemob_async.cli.show import show

_HOUR: Final = 3600


@click.command(cls=Command)
@click.option(
    "--agora",
    "username",
    metavar="USER",
    help="Print a token of this user for the client app of Agora Chat, instead of an app token. It "
    "is signed with the App Certificate, and does not have the privilege of the app.",
)
@click.option(
    "--expires-in",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help=f"With --agora: how long the token is valid; {_HOUR} by default.",
)
@with_client
async def token(client: EasemobClient, username: str | None, expires_in: int | None) -> None:
    """Print a new app token.

    Keep it secret. The service bans accounts that request tokens too often.
    """
    if username is not None:
        user = await client.users.get(username)
        lasts = timedelta(seconds=_HOUR if expires_in is None else expires_in)
        signed = client.tokens.sign_agora_user_token(user.uuid or "", expires_in=lasts)
        show({"access_token": signed}, signed)
        return
    if expires_in is not None:
        raise click.UsageError("--expires-in is for --agora")
    answer = await client.tokens.create_app_token()
    show(answer, answer.access_token)
