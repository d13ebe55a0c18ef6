"""``easemob files`` and ``easemob history``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from easemob_async import EasemobClient
from easemob_async.cli.run import Group, with_client
from easemob_async.cli.show import limited, readable, show, show_all

_SECRET = click.option("--share-secret", help="Needed where access is restricted.")


@click.group(cls=Group)
def files() -> None:
    """Upload and download the files of messages."""


@files.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False))
@click.option("--restrict-access", is_flag=True, help="Downloading takes the share-secret.")
@with_client
async def upload(client: EasemobClient, path: str, restrict_access: bool) -> None:
    """Upload a file; prints its id, its URL and its share-secret, which is a secret."""
    show(await client.files.upload(path, restrict_access=restrict_access or None))


@files.command()
@click.argument("file_id")
@click.argument("path", type=click.Path(dir_okay=False))
@click.option("--thumbnail", is_flag=True, help="The thumbnail of a picture.")
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
    """Read a time; one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no time such as 2026-11-20T17 or 2026-11-20T17:00+08:00"
        ) from None
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)


@click.group(cls=Group)
def history() -> None:
    """The messages of past hours; of three days by default."""


@history.command()
@click.argument("hour", callback=_hour)
@with_client
async def get(client: EasemobClient, hour: datetime) -> None:
    """Print where the files of an HOUR are (2026-11-20T17; UTC, unless it has a zone)."""
    for file in await client.history.get(hour):
        show(file, file.url)


@history.command()
@click.argument("hour", callback=_hour)
@limited
@with_client
async def messages(client: EasemobClient, hour: datetime, limit: int | None) -> None:
    """Print the messages of an HOUR (2026-11-20T17; UTC, unless it has a zone), one a line."""
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
