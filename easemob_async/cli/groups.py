"""``easemob groups``."""

from __future__ import annotations

from collections.abc import Mapping

import click

from easemob_async import EasemobClient
from easemob_async.cli.run import with_client


@click.group()
def groups() -> None:
    """Make, find and delete chat groups; see and change who is in them."""


@groups.command()
@click.argument("name")
@click.option("--owner", required=True, help="Who owns it.")
@click.option("--member", "members", multiple=True, help="A first member; may be repeated.")
@click.option("--description", help="What it is about.")
@click.option("--public/--private", default=False, help="Whether it can be searched.")
@click.option("--max-users", type=click.IntRange(min=1), help="The most members.")
@with_client
async def create(
    client: EasemobClient,
    name: str,
    owner: str,
    members: tuple[str, ...],
    description: str | None,
    public: bool,
    max_users: int | None,
) -> None:
    """Make a group and print its id."""
    group = await client.chat_groups.create(
        name,
        owner=owner,
        members=members or None,
        description=description,
        public=public,
        max_users=max_users,
    )
    click.echo(group.group_id)


@groups.command(name="list")
@click.option("--joined-by", metavar="USERNAME", help="Only the groups that a user is in.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many.")
@with_client
async def list_(client: EasemobClient, joined_by: str | None, limit: int | None) -> None:
    """List groups: id and name."""
    shown = 0
    found = client.chat_groups.list_joined(joined_by) if joined_by else client.chat_groups.list()
    async for group in found:
        if limit is not None and shown >= limit:
            break
        click.echo(f"{group.group_id}\t{group.name or ''}")
        shown += 1


@groups.command()
@click.argument("group_id")
@with_client
async def get(client: EasemobClient, group_id: str) -> None:
    """Show a group."""
    group = await client.chat_groups.get(group_id)
    fields = {
        "group_id": group.group_id,
        "name": group.name,
        "description": group.description,
        "owner": group.owner,
        "members": group.member_count,
        "max_users": group.max_users,
        "public": group.public,
        "banned": group.banned,
        "created": group.created and group.created.isoformat(timespec="seconds"),
    }
    for name, value in fields.items():
        if value is not None:
            click.echo(f"{name:12} {value}")


@groups.command()
@click.argument("group_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_client
async def delete(client: EasemobClient, group_id: str, yes: bool) -> None:
    """Delete a group for good, with its threads."""
    if not yes:
        click.confirm(f"Delete group {group_id}?", abort=True)
    await client.chat_groups.delete(group_id)
    click.echo(f"deleted {group_id}")


@groups.group()
def members() -> None:
    """See and change who is in a group."""


@members.command(name="list")
@click.argument("group_id")
@with_client
async def list_members(client: EasemobClient, group_id: str) -> None:
    """List members: username and role."""
    async for member in client.chat_groups.members.list(group_id):
        click.echo(f"{member.username}\t{member.role}")


@members.command()
@click.argument("group_id")
@click.argument("usernames", nargs=-1, required=True)
@with_client
async def add(client: EasemobClient, group_id: str, usernames: tuple[str, ...]) -> int:
    """Add users to a group."""
    result = await client.chat_groups.members.add_many(group_id, usernames)
    return _tell(result.failed, len(result), "added")


@members.command()
@click.argument("group_id")
@click.argument("usernames", nargs=-1, required=True)
@with_client
async def remove(client: EasemobClient, group_id: str, usernames: tuple[str, ...]) -> int:
    """Remove members from a group."""
    result = await client.chat_groups.members.remove_many(group_id, usernames)
    return _tell(result.failed, len(result), "removed")


def _tell(failed: Mapping[str, str], total: int, done: str) -> int:
    click.echo(f"{done} {total - len(failed)} of {total}")
    for name, reason in failed.items():
        click.echo(f"{name}: {reason}", err=True)
    return 1 if failed else 0
