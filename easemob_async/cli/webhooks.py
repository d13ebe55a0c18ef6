"""The command group ``easemob webhooks``: print events, post events, send as a user."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
import uuid
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from typing import Any, Final

import aiohttp
import click

from easemob_async.cli.commands import Group
from easemob_async.cli.run import err, out, run
from easemob_async.cli.show import show, to_plain
from easemob_async.webhooks import EVENTS, Allow, Event, PreDelivery, WebhookReceiver
from easemob_async.webhooks.reports import Dropped, DropReason, WebhookHooks
from easemob_async.webhooks.signature import sign

_SECRET: Final = "EASEMOB_WEBHOOK_SECRET"  # noqa: S105 - a name
_ENVELOPE: Final = ("payload", "call_id", "app_key", "host", "security", "timestamp")

_secret = click.option(
    "--secret",
    envvar=_SECRET,
    help="The secret of the webhook rule; safer in the environment, since `ps` shows options. "
    f"[env: {_SECRET}]",
)


@click.group(cls=Group)
def webhooks() -> None:
    """Print and post webhook events, and send as a user.

    Sending as a user needs the emulator.
    """


@webhooks.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="The port to listen on.",
)
@click.option("--path", default="/easemob", show_default=True, help="The path of the URL.")
@_secret
@click.option("--allow-unsigned", is_flag=True, help="Print events without a signature, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one event per line.")
def listen(
    host: str, port: int, path: str, secret: str | None, allow_unsigned: bool, as_json: bool
) -> None:
    """Print events as they arrive.

    The messages of pre-send callbacks are allowed. Ctrl-C stops it. Without a secret it generates
    one and prints it: pass it to `easemob webhooks send` or to `easemob emulator --webhook-secret`.
    """
    click.get_current_context().meta["json"] = as_json
    if not path.startswith("/"):
        raise click.BadParameter("must begin with /", param_hint="--path")
    run(_listen(host, port, path, secret, allow_unsigned))


async def _listen(host: str, port: int, path: str, secret: str | None, unsigned: bool) -> None:
    from aiohttp import web

    made_up = secret is None
    secret = secret or secrets.token_urlsafe(16)
    receiver = WebhookReceiver(
        secret,
        allow_unsigned=unsigned,
        workers=1,  # keeps the order of the events
        hooks=WebhookHooks(dropped=_complain),
    )
    receiver.on(Event)(_print)

    @receiver.before_delivery()
    def allow(message: PreDelivery) -> Allow:
        _print(message)
        return Allow()

    app = web.Application()
    app.router.add_post(path, receiver.aiohttp_handler)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        async with receiver:
            bound = runner.addresses[0][1]
            shown = f"[{host}]" if ":" in host else host
            err.print(f"listening on http://{shown}:{bound}{path}", markup=False)
            if made_up:
                err.print(f"export {_SECRET}={secret}", markup=False)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _print(event: Event) -> None:
    if click.get_current_context().meta["json"]:
        click.echo(json.dumps({"kind": event.kind, **event.payload}, ensure_ascii=False))
        out.file.flush()
        return
    fields = {
        name: value
        for name, value in to_plain(event).items()
        if name not in _ENVELOPE and value not in (None, "", [], {})
    }
    at = getattr(event, "timestamp", None)
    line = " ".join(
        f"{name}={value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)}"
        for name, value in fields.items()
    )
    click.echo(f"{at:%H:%M:%S} {event.kind:30} {line}" if at else f"{event.kind} {event.payload}")
    out.file.flush()


def _complain(drop: Dropped) -> None:
    hints = {
        DropReason.UNSIGNED: "; --allow-unsigned accepts it",
        DropReason.FORGED: "; it was signed with another secret",
    }
    what = f" {drop.event.kind}" if drop.event else ""
    err.print(f"dropped{what}: {drop.reason}{hints.get(drop.reason, '')}", markup=False)


def _examples() -> dict[str, dict[str, Any]]:
    text = (files("easemob_async.cli") / "webhook_examples.json").read_text("utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


@webhooks.command()
def events() -> None:
    """List the kinds of events with their classes."""
    for cls in EVENTS:
        click.echo(f"{cls.kind:40} {cls.__name__}")


@webhooks.command()
@click.argument("event")
@click.argument("url")
@_secret
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a field: `--set from=ann`, `--set payload.member='[\"bob\"]'`.",
)
@click.option("--repeat", is_flag=True, help="Keep the documented callId, to post duplicates.")
def send(event: str, url: str, secret: str | None, changes: tuple[str, ...], repeat: bool) -> None:
    """Post the documented example of EVENT to URL.

    It has the current time, and a signature if there is a secret. `easemob webhooks events` lists
    the events.
    """
    found = _examples().get(event)
    if found is None:
        near = get_close_matches(event, _examples(), n=1, cutoff=0.3)
        mean = f"; did you mean {near[0]}?" if near else "."
        raise click.BadParameter(
            f"there is no event {event!r}{mean} `easemob webhooks events` lists all events"
        )
    post = {**found, "timestamp": int(time.time() * 1000)}
    if "callId" in post and not repeat:
        post["callId"] = f"{post.get('appkey', 'easemob-demo#testapp')}_{uuid.uuid4()}"
    for change in changes:
        _set(post, change)
    if secret and "callId" in post:
        post["security"] = sign(post["callId"], secret, post["timestamp"])
    run(_post(url, post))


def _set(post: dict[str, Any], change: str) -> None:
    path, equals, text = change.partition("=")
    if not equals or not path:
        raise click.BadParameter(f"{change!r} is not KEY=VALUE", param_hint="--set")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    *parents, last = path.split(".")
    for key in parents:
        post = post.setdefault(key, {})
        if not isinstance(post, dict):
            raise click.BadParameter(f"{change!r}: {key} is not an object", param_hint="--set")
    post[last] = value


async def _post(url: str, post: dict[str, Any]) -> int:
    status, text = await _request(url, post, {})
    click.echo(f"{status} {text}")
    return 0 if status == 200 else 1


async def _request(
    url: str, content: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[int, str]:
    timeout = aiohttp.ClientTimeout(total=10)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, json=content, headers=headers, allow_redirects=False) as response,
        ):
            return response.status, await response.text()
    except aiohttp.InvalidURL:
        raise click.BadParameter(f"{url!r} is not a URL") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise OSError(f"{url}: {str(error) or 'no answer within 10 seconds'}") from None


@webhooks.command()
@click.argument("sender")
@click.argument("target")
@click.argument("text")
@click.option("--group", "chat_type", flag_value="groupchat", help="TARGET is a group.")
@click.option("--room", "chat_type", flag_value="chatroom", help="TARGET is a room.")
@click.option(
    "--base-url",
    envvar="EASEMOB_BASE_URL",
    required=True,
    metavar="URL",
    help="The URL of the emulator. [env: EASEMOB_BASE_URL]",
)
@click.option(
    "--control-key",
    envvar="EASEMOB_CONTROL_KEY",
    metavar="KEY",
    help="The control key of an emulator on another machine. [env: EASEMOB_CONTROL_KEY]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def say(
    sender: str,
    target: str,
    text: str,
    chat_type: str | None,
    base_url: str,
    control_key: str | None,
    as_json: bool,
) -> None:
    """Send TEXT to TARGET as a user of the emulator.

    Pre-send callbacks are asked before it is delivered. The service itself has no such call.
    """
    click.get_current_context().meta["json"] = as_json
    content = {"sender": sender, "target": target, "body": text, "chat_type": chat_type or "chat"}
    headers = {"X-Emulator-Key": control_key} if control_key else {}
    run(_say(f"{base_url.rstrip('/')}/_emulator/say", content, headers))


async def _say(url: str, content: Mapping[str, str], headers: Mapping[str, str]) -> int:
    status, text = await _request(url, content, headers)
    try:
        answer = json.loads(text)
        if status != 200:
            raise click.ClickException(str(answer["error"]))
        delivered = bool(answer["delivered"])
    except (ValueError, KeyError, TypeError):
        raise click.ClickException(f"{url}: status code {status}: is this an emulator?") from None
    words = f"delivered {answer['message_id']}" if delivered else f"refused: {answer['code']}"
    show(answer, words)
    return 0 if delivered else 1
