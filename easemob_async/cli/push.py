"""The command group ``easemob push``."""

from __future__ import annotations

from datetime import date

import click

from easemob_async import EasemobClient, PushMode, PushPlatform
from easemob_async.cli.commands import Group
from easemob_async.cli.run import confirm, with_client
from easemob_async.cli.show import asked_first, limited, show, show_all


class _Day(click.ParamType[date]):
    """A day in the format YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2026-11-20 (YYYY-MM-DD)", param, ctx)


_DAY = _Day()


@click.group(cls=Group)
def push() -> None:
    """Manage push settings and templates, and count pushes."""


@push.command()
@click.argument("username")
@limited
@with_client
async def bindings(client: EasemobClient, username: str, limit: int | None) -> None:
    """List the devices of a user with their push certificates."""
    found = client.push.list_bindings(username)
    await show_all(found, lambda b: f"{b.device_id}\t{b.notifier_name}", limit=limit)


@push.command()
@click.argument("username")
@click.argument("target", required=False)
@click.option("--group", is_flag=True, help="TARGET is a group, not a user.")
@click.option("--mode", type=click.Choice([mode.value for mode in PushMode]), help="Set the mode.")
@with_client
async def settings(
    client: EasemobClient, username: str, target: str | None, group: bool, mode: str | None
) -> None:
    """Show or set the push mode of a user.

    It applies to the messages of TARGET, or to all messages without a TARGET.
    """
    kind = "chatgroup" if group else "user"
    if mode is not None:
        show(await client.push.set_settings(username, target, chat_type=kind, mode=mode))
    else:
        show(await client.push.get_settings(username, target, chat_type=kind))


@push.command()
@click.argument("begin", type=_DAY)
@click.argument("end", type=_DAY)
@click.option(
    "--platform",
    type=click.Choice([p.value for p in PushPlatform]),
    default="ALL",
    show_default=True,
    help="The platform of the devices.",
)
@with_client
async def statistics(client: EasemobClient, begin: date, end: date, platform: str) -> None:
    """Count the pushes from day BEGIN to day END.

    Both days have the format YYYY-MM-DD.
    """
    show(await client.push.get_statistics(begin, end, platform=platform))


@push.group()
def templates() -> None:
    """Manage push templates."""


@templates.command()
@click.argument("name")
@click.option("--title", required=True, help="The title, with placeholders {0}, {1} ...")
@click.option("--content", required=True, help="The content, with the same kind of placeholders.")
@with_client
async def create(client: EasemobClient, name: str, title: str, content: str) -> None:
    """Create a template."""
    pattern = {"title_pattern": title, "content_pattern": content}
    show(await client.push.templates.create(name, **pattern), f"created {name}")


@templates.command()
@click.argument("name")
@with_client
async def get(client: EasemobClient, name: str) -> None:
    """Show a template."""
    show(await client.push.templates.get(name))


@templates.command()
@click.argument("name")
@asked_first
@with_client
async def delete(client: EasemobClient, name: str, yes: bool) -> None:
    """Delete a template."""
    if not yes:
        confirm(f"Delete the template {name}?")
    await client.push.templates.delete(name)
    show({"deleted": name}, f"deleted {name}")
