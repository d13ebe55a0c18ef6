"""The command group ``easemob rooms``."""

from __future__ import annotations

import click

from easemob_async import EasemobClient
from easemob_async.cli.commands import Group
from easemob_async.cli.places import add_shared
from easemob_async.cli.run import with_client
from easemob_async.cli.show import show


@click.group(cls=Group)
def rooms() -> None:
    """Manage chat rooms and their members."""


@rooms.command()
@click.argument("name")
@click.option("--owner", required=True, help="The username of the owner.")
@click.option("--member", "members", multiple=True, help="A member; may be repeated.")
@click.option("--description", default="", help="The description.")
@click.option("--max-users", type=click.IntRange(min=1), help="The largest number of members.")
@with_client
async def create(
    client: EasemobClient,
    name: str,
    owner: str,
    members: tuple[str, ...],
    description: str,
    max_users: int | None,
) -> None:
    """Create a room and print its id."""
    room = await client.chat_rooms.create(
        name,
        owner=owner,
        members=members or None,
        description=description,
        max_users=max_users,
    )
    show(room, room.room_id)


add_shared(rooms, "chat_rooms", "room", lambda room: room.room_id)
