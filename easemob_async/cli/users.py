"""``easemob users``."""

from __future__ import annotations

import click

from easemob_async import EasemobClient, InvalidArgumentError, User
from easemob_async.cli.run import with_client


@click.group()
def users() -> None:
    """Register, find and delete users; see who is online."""


@users.command()
@click.argument("username")
@click.option("--password", help="Asked for when it is not given.")
@click.option("--nickname", help="The name shown in push notifications.")
@with_client
async def create(
    client: EasemobClient, username: str, password: str | None, nickname: str | None
) -> None:
    """Register a user."""
    if password is None:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    user = await client.users.create(username, password=password, nickname=nickname)
    click.echo(f"created {user.username}")


@users.command()
@click.argument("username")
@with_client
async def get(client: EasemobClient, username: str) -> None:
    """Show a user."""
    user = await client.users.get(username)
    for name, value in _shown(user).items():
        click.echo(f"{name:12} {value}")


@users.command()
@click.argument("usernames", nargs=-1, required=True)
@with_client
async def status(client: EasemobClient, usernames: tuple[str, ...]) -> None:
    """Tell whether users are online."""
    if len(usernames) == 1:
        click.echo(f"{usernames[0]} {await client.users.get_status(usernames[0])}")
        return
    for username, state in (await client.users.get_statuses(usernames)).items():
        click.echo(f"{username} {state}")


@users.command(name="list")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many.")
@with_client
async def list_(client: EasemobClient, limit: int | None) -> None:
    """List the app's users, the earliest created first."""
    shown = 0
    async for user in client.users.list():
        if limit is not None and shown >= limit:
            break
        click.echo(user.username)
        shown += 1


@users.command()
@click.argument("username")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_client
async def delete(client: EasemobClient, username: str, yes: bool) -> None:
    """Delete a user for good, with the groups and rooms the user owns."""
    if not username:
        raise InvalidArgumentError("users delete: the username is empty")
    if not yes:
        click.confirm(f"Delete {username} and all that is theirs?", abort=True)
    await client.users.delete(username)
    click.echo(f"deleted {username}")


def _shown(user: User) -> dict[str, object]:
    fields = {
        "username": user.username,
        "nickname": user.nickname,
        "created": user.created and user.created.isoformat(timespec="seconds"),
        "banned": None if user.activated is None else not user.activated,
        "uuid": user.uuid,
    }
    return {name: value for name, value in fields.items() if value is not None}
