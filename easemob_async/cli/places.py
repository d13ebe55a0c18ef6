"""The commands that ``easemob groups`` and ``easemob rooms`` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from easemob_async import EasemobClient
from easemob_async.cli.run import confirm, with_client
from easemob_async.cli.show import asked_first, limited, show, show_all, tell


def _of(client: EasemobClient, resource: str) -> Any:
    return getattr(client, resource)


def add_shared(group: click.Group, resource: str, what: str, id_of: Callable[[Any], str]) -> None:
    """Add the commands ``list``, ``get``, ``delete`` and ``members`` to a group of commands.

    Args:
        group: the group of commands.
        resource: the name of the client's resource.
        what: the word for one of them in help texts.
        id_of: returns the id of one in a list.
    """

    @group.command(name="list", help=f"List {what}s with their ids and names.")
    @click.option("--joined-by", metavar="USERNAME", help=f"Only the {what}s that this user is in.")
    @limited
    @with_client
    async def list_(client: EasemobClient, joined_by: str | None, limit: int | None) -> None:
        places = _of(client, resource)
        found = places.list_joined(joined_by) if joined_by else places.list()
        await show_all(found, lambda one: f"{id_of(one)}\t{one.name or ''}", limit=limit)

    @group.command(help=f"Show a {what}.")
    @click.argument("id", metavar="ID")
    @with_client
    async def get(client: EasemobClient, id: str) -> None:  # noqa: A002 - the name in the help
        show(await _of(client, resource).get(id))

    @group.command(help=f"Delete a {what} permanently.")
    @click.argument("id", metavar="ID")
    @asked_first
    @with_client
    async def delete(client: EasemobClient, id: str, yes: bool) -> None:  # noqa: A002
        if not yes:
            confirm(f"Delete the {what} {id}?")
        await _of(client, resource).delete(id)
        show({"deleted": id}, f"deleted {id}")

    @group.group(help=f"Show and change the members of a {what}.")
    def members() -> None:
        pass

    @members.command(name="list", help="List members with their roles.")
    @click.argument("id", metavar="ID")
    @limited
    @with_client
    async def list_members(client: EasemobClient, id: str, limit: int | None) -> None:  # noqa: A002
        found = _of(client, resource).members.list(id)
        await show_all(found, lambda m: f"{m.username}\t{m.role}", limit=limit)

    @members.command(help=f"Add users to a {what}.")
    @click.argument("id", metavar="ID")
    @click.argument("usernames", nargs=-1, required=True)
    @with_client
    async def add(client: EasemobClient, id: str, usernames: tuple[str, ...]) -> int:  # noqa: A002
        result = await _of(client, resource).members.add_many(id, usernames)
        return tell(result.failed, len(result), "added")

    @members.command(help=f"Remove members from a {what}.")
    @click.argument("id", metavar="ID")
    @click.argument("usernames", nargs=-1, required=True)
    @with_client
    async def remove(client: EasemobClient, id: str, usernames: tuple[str, ...]) -> int:  # noqa: A002
        result = await _of(client, resource).members.remove_many(id, usernames)
        return tell(result.failed, len(result), "removed")
