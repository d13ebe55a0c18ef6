"""The command group ``easemob users``."""

from __future__ import annotations

import functools

import click

from easemob_async import EasemobClient, InvalidArgumentError
from easemob_async.cli.commands import Group
from easemob_async.cli.run import asked, confirm, with_client
from easemob_async.cli.show import asked_first, limited, show, show_all, wants_json


@click.group(cls=Group)
def users() -> None:
    """Manage users, and show which of them are online."""


@users.command()
@click.argument("username")
@click.option("--password", help="The password; by default the command asks for it.")
@click.option("--nickname", help="The name shown in push notifications.")
@with_client
async def create(
    client: EasemobClient, username: str, password: str | None, nickname: str | None
) -> None:
    """Register a user."""
    if password is None:
        ask = functools.partial(
            click.prompt, "Password", hide_input=True, confirmation_prompt=True, err=True
        )
        password = asked(ask, "--password")
    user = await client.users.create(username, password=password, nickname=nickname)
    show(user, f"created {user.username}")


@users.command()
@click.argument("username")
@with_client
async def get(client: EasemobClient, username: str) -> None:
    """Show a user."""
    user = await client.users.get(username)
    shown = {
        "username": user.username,
        "nickname": user.nickname,
        "created": user.created,
        "banned": None if user.activated is None else str(not user.activated),
        "uuid": user.uuid,
    }
    show(user if wants_json() else shown)


@users.command()
@click.argument("usernames", nargs=-1, required=True)
@with_client
async def status(client: EasemobClient, usernames: tuple[str, ...]) -> None:
    """Show whether users are online."""
    if len(usernames) == 1:
        found = {usernames[0]: await client.users.get_status(usernames[0])}
    else:
        found = await client.users.get_statuses(usernames)
    for username, state in found.items():
        show({"username": username, "status": state}, f"{username} {state}")


@users.command(name="list")
@limited
@with_client
async def list_(client: EasemobClient, limit: int | None) -> None:
    """List the users of the app, the earliest first."""
    await show_all(client.users.list(), lambda user: user.username, limit=limit)


@users.command()
@click.argument("username")
@asked_first
@with_client
async def delete(client: EasemobClient, username: str, yes: bool) -> None:
    """Delete a user permanently.

    The groups and rooms that the user owns are deleted as well.
    """
    if not username:
        raise InvalidArgumentError("users delete: the username must not be empty")
    if not yes:
        confirm(f"Delete {username}, with the groups and rooms that the user owns?")
    await client.users.delete(username)
    show({"deleted": username}, f"deleted {username}")
