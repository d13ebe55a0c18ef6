"""The command group ``easemob groups``."""

from __future__ import annotations

import click

from easemob_async import EasemobClient
from easemob_async.cli.places import add_shared
from easemob_async.cli.run import Group, with_client
from easemob_async.cli.show import limited, show, show_all


@click.group(cls=Group)
def groups() -> None:
    """Manage chat groups and their members."""


@groups.command()
@click.argument("name")
@click.option("--owner", required=True, help="The username of the owner.")
@click.option("--member", "members", multiple=True, help="A member; may be repeated.")
@click.option("--description", help="The description.")
@click.option("--public/--private", default=False, help="Whether search can find the group.")
@click.option("--max-users", type=click.IntRange(min=1), help="The largest number of members.")
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
    """Create a group and print its id."""
    group = await client.chat_groups.create(
        name,
        owner=owner,
        members=members or None,
        description=description,
        public=public,
        max_users=max_users,
    )
    show(group, group.group_id)


@groups.command(name="list")
@click.option("--joined-by", metavar="USERNAME", help="Only the groups that this user is in.")
@limited
@with_client
async def list_(client: EasemobClient, joined_by: str | None, limit: int | None) -> None:
    """List groups with their ids and names."""
    if joined_by:
        joined = client.chat_groups.list_joined(joined_by)
        await show_all(joined, lambda g: f"{g.group_id}\t{g.name or ''}", limit=limit)
        return
    found = client.chat_groups.list()
    await show_all(found, lambda g: f"{g.group_id}\t{g.name or ''}", limit=limit)


add_shared(groups, "chat_groups", "group")
