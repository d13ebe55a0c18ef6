"""The command groups ``easemob files`` and ``easemob history``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from easemob_async import EasemobClient
from easemob_async.cli.commands import Group
from easemob_async.cli.run import with_client
from easemob_async.cli.show import limited, readable, show, show_all

_SECRET = click.option("--share-secret", help="The share-secret, if access is restricted.")


@click.group(cls=Group)
def files() -> None:
    """Upload and download files of messages."""


@files.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False))
@click.option("--restrict-access", is_flag=True, help="Require the share-secret for downloads.")
@with_client
async def upload(client: EasemobClient, path: str, restrict_access: bool) -> None:
    """Upload a file and print its id, URL and share-secret.

    Keep the share-secret secret.
    """
    show(await client.files.upload(path, restrict_access=restrict_access or None))


@files.command()
@click.argument("file_id")
@click.argument("path", type=click.Path(dir_okay=False))
@click.option("--thumbnail", is_flag=True, help="Download the thumbnail of an image.")
@_SECRET
@with_client
async def download(
    client: EasemobClient, file_id: str, path: str, thumbnail: bool, share_secret: str | None
) -> None:
    """Download a file to PATH."""
    fetch = client.files.download_thumbnail if thumbnail else client.files.download
    await fetch(file_id, share_secret=share_secret).save(path)
    show({"saved": path}, f"saved {path}")


def _hour(ctx: click.Context, param: click.Parameter, value: str) -> datetime:
    """Return a time; without a time zone it is UTC."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is not a time such as 2026-11-20T17 or 2026-11-20T17:00+08:00"
        ) from None
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)


@click.group(cls=Group)
def history() -> None:
    """Show the messages of past hours.

    The service keeps the messages of three days by default.
    """


@history.command()
@click.argument("hour", callback=_hour)
@with_client
async def get(client: EasemobClient, hour: datetime) -> None:
    """Print the URLs of the files of an HOUR.

    HOUR is a time such as 2026-11-20T17; without a time zone it is UTC.
    """
    for file in await client.history.get(hour):
        show(file, file.url)


@history.command()
@click.argument("hour", callback=_hour)
@limited
@with_client
async def messages(client: EasemobClient, hour: datetime, limit: int | None) -> None:
    """Print the messages of an HOUR, one per line.

    HOUR is a time such as 2026-11-20T17; without a time zone it is UTC.
    """
    await show_all(
        client.history.messages(hour),
        lambda m: "\t".join(
            (
                "?" if m.sent_at is None else f"{m.sent_at:%H:%M:%S}",
                m.sender or "?",
                m.target or "?",
                readable(m.bodies[0]) if m.bodies else "",
            )
        ),
        limit=limit,
    )
