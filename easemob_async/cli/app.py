"""The tree of commands."""

from __future__ import annotations

import asyncio
import contextlib
import secrets

import click

from easemob_async import AppKey, __version__
from easemob_async.cli.contacts import contacts
from easemob_async.cli.demo import demo
from easemob_async.cli.files import files, history
from easemob_async.cli.groups import groups
from easemob_async.cli.job import job
from easemob_async.cli.push import push
from easemob_async.cli.rooms import rooms
from easemob_async.cli.run import Group, out, run, with_client
from easemob_async.cli.send import send
from easemob_async.cli.show import show
from easemob_async.cli.users import users
from easemob_async.cli.webhooks import webhooks
from easemob_async.client import EasemobClient


@click.group(
    cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="easemob")
def easemob() -> None:
    """Talk to Easemob (环信) instant messaging from a shell.

    Credentials come from EASEMOB_APP_KEY, EASEMOB_CLIENT_ID and EASEMOB_CLIENT_SECRET, or from
    options. Without an account, try `easemob demo`, or develop against `easemob emulator`.
    """


@easemob.command()
@with_client
async def token(client: EasemobClient) -> None:
    """Print a new app token. It is a secret: treat it as one.

    The service bans accounts that ask for tokens too often.
    """
    answer = await client.tokens.create_app_token()
    show(answer, answer.access_token)


@easemob.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any free",
    help="Where to listen.",
)
@click.option("--app-key", metavar="ORG#APP", default="easemob-demo#testapp", show_default=True)
@click.option(
    "--quotas",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="How many times the documented limits; 0 for no limits.",
)
@click.option("--open-registration", is_flag=True, help="Let users register without a token.")
@click.option("--webhook", multiple=True, metavar="URL", help="Post what happens to it.")
@click.option("--pre-delivery", metavar="URL", help="Ask it before messages are delivered.")
@click.option(
    "--webhook-secret",
    envvar="EASEMOB_WEBHOOK_SECRET",
    help="What posts are signed with; made up when it is not given. [EASEMOB_WEBHOOK_SECRET]",
)
def emulator(
    host: str,
    port: int,
    app_key: str,
    quotas: float,
    open_registration: bool,
    webhook: tuple[str, ...],
    pre_delivery: str | None,
    webhook_secret: str | None,
) -> None:
    """Serve the REST API from this machine, with the same limits and errors. Ctrl-C ends it.

    With --webhook and --pre-delivery it calls a bot; `easemob webhooks say` speaks to the bot.
    """
    from easemob_async.emulator import Emulator

    async def serve() -> None:
        AppKey.parse(app_key)
        server = Emulator(
            app_key=app_key,
            host=host,
            port=port,
            quotas=quotas or None,
            open_registration=open_registration,
        )
        for url in (*webhook, *([pre_delivery] if pre_delivery else ())):
            if not url.startswith(("http://", "https://")):
                raise click.BadParameter(f"{url!r} must begin with http:// or https://")
        secret = webhook_secret or secrets.token_urlsafe(16)
        for url in webhook:
            server.add_webhook(url, secret=secret)
        if pre_delivery:
            server.add_webhook(pre_delivery, secret=secret, before_delivery=True)
        async with server:
            click.echo(f"export EASEMOB_BASE_URL={server.base_url}")
            click.echo(f"export EASEMOB_APP_KEY='{app_key}'")
            click.echo(f"export EASEMOB_CLIENT_ID={server.state.client_id}")
            click.echo(f"export EASEMOB_CLIENT_SECRET={server.state.client_secret}")
            if webhook or pre_delivery:
                click.echo(f"export EASEMOB_WEBHOOK_SECRET={secret}")
            out.file.flush()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    run(serve())


for command in (send, job, users, groups, rooms, contacts, push, files, history, webhooks, demo):
    easemob.add_command(command)
