"""The command group ``easemob groups``."""

from __future__ import annotations

import click

from easemob_async import EasemobClient
from easemob_async.cli.commands import Group
from easemob_async.cli.places import add_shared
from easemob_async.cli.run import with_client
from easemob_async.cli.show import show


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


add_shared(groups, "chat_groups", "group", lambda group: group.group_id)
