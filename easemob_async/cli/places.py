"""What the commands for groups and for rooms have alike."""

from __future__ import annotations

from typing import Any

import click

from easemob_async import EasemobClient
from easemob_async.cli.run import confirm, with_client
from easemob_async.cli.show import asked_first, limited, show, show_all, tell


def _of(client: EasemobClient, resource: str) -> Any:
    return getattr(client, resource)


def add_shared(group: click.Group, resource: str, what: str) -> None:
    """Add ``get``, ``delete`` and ``members``."""

    @group.command(help=f"Show a {what}.")
    @click.argument("id", metavar="ID")
    @with_client
    async def get(client: EasemobClient, id: str) -> None:  # noqa: A002 - what the help shows
        show(await _of(client, resource).get(id))

    @group.command(help=f"Delete a {what} for good.")
    @click.argument("id", metavar="ID")
    @asked_first
    @with_client
    async def delete(client: EasemobClient, id: str, yes: bool) -> None:  # noqa: A002
        if not yes:
            confirm(f"Delete {what} {id}?")
        await _of(client, resource).delete(id)
        show({"deleted": id}, f"deleted {id}")

    @group.group(help=f"See and change who is in a {what}.")
    def members() -> None:
        pass

    @members.command(name="list", help="List members: username and role.")
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
