"""The command group ``easemob contacts``."""

from __future__ import annotations

import click

from easemob_async import EasemobClient
from easemob_async.cli.commands import Group
from easemob_async.cli.run import with_client
from easemob_async.cli.show import limited, show, show_all, tell


@click.group(cls=Group)
def contacts() -> None:
    """Manage the contacts and the blocklists of users."""


@contacts.command(name="list")
@click.argument("username")
@limited
@with_client
async def list_(client: EasemobClient, username: str, limit: int | None) -> None:
    """List the contacts of a user with their remarks."""
    found = client.contacts.list(username, remarks=True)
    await show_all(found, lambda c: f"{c.username}\t{c.remark or ''}", limit=limit)


@contacts.command()
@click.argument("username")
@click.argument("friend")
@with_client
async def add(client: EasemobClient, username: str, friend: str) -> None:
    """Make two users contacts of each other."""
    show(await client.contacts.add(username, friend), f"added {friend}")


@contacts.command()
@click.argument("username")
@click.argument("friend")
@with_client
async def remove(client: EasemobClient, username: str, friend: str) -> None:
    """Remove two users from each other's contacts."""
    show(await client.contacts.remove(username, friend), f"removed {friend}")


@contacts.command()
@click.argument("username")
@limited
@with_client
async def blocked(client: EasemobClient, username: str, limit: int | None) -> None:
    """List the users on the blocklist of a user."""
    await show_all(client.contacts.blocklist.list(username), str, limit=limit)


@contacts.command()
@click.argument("username")
@click.argument("usernames", nargs=-1, required=True)
@with_client
async def block(client: EasemobClient, username: str, usernames: tuple[str, ...]) -> int:
    """Add users to the blocklist of a user."""
    result = await client.contacts.blocklist.add_many(username, usernames)
    return tell(result.failed, len(result), "blocked")


@contacts.command()
@click.argument("username")
@click.argument("blocked_user", metavar="BLOCKED")
@with_client
async def unblock(client: EasemobClient, username: str, blocked_user: str) -> None:
    """Remove a user from the blocklist of a user."""
    answer = await client.contacts.blocklist.remove(username, blocked_user)
    show(answer, f"unblocked {blocked_user}")
