"""``easemob groups``."""

from __future__ import annotations

import click

from easemob_async import EasemobClient
from easemob_async.cli.places import add_shared
from easemob_async.cli.run import Group, with_client
from easemob_async.cli.show import limited, show, show_all


@click.group(cls=Group)
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
    show(group, group.group_id)


@groups.command(name="list")
@click.option("--joined-by", metavar="USERNAME", help="Only the groups that a user is in.")
@limited
@with_client
async def list_(client: EasemobClient, joined_by: str | None, limit: int | None) -> None:
    """List groups: id and name."""
    if joined_by:
        joined = client.chat_groups.list_joined(joined_by)
        await show_all(joined, lambda g: f"{g.group_id}\t{g.name or ''}", limit=limit)
        return
    found = client.chat_groups.list()
    await show_all(found, lambda g: f"{g.group_id}\t{g.name or ''}", limit=limit)


add_shared(groups, "chat_groups", "group")
