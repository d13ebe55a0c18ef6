"""The parts that all commands share: a client from options, one-line errors, clean stops."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from types import FrameType
from typing import Any, Final, TypeVar

import click
from rich.console import Console

from easemob_async import Discovery, EasemobClient, EasemobError, Quotas
from easemob_async.cli.commands import INTERRUPTED, ConnectionOption

T = TypeVar("T")

_PATIENCE: Final = 1.0
"""Seconds after a Ctrl-C until it is said what is waited for."""

out: Final = Console(highlight=False, soft_wrap=True)
err: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def _client_options(command: Callable[..., Any]) -> Callable[..., Any]:
    option = functools.partial(click.option, cls=ConnectionOption)
    options = (
        option("--app-key", metavar="ORG#APP", help="The App Key. [env: EASEMOB_APP_KEY]"),
        option("--client-id", help="The client id. [env: EASEMOB_CLIENT_ID]"),
        option(
            "--client-secret",
            help="The client secret; safer in the environment, since `ps` shows options. "
            "[env: EASEMOB_CLIENT_SECRET]",
        ),
        option(
            "--app-id",
            help="The App ID of an app of Agora Chat, instead of client id and secret. "
            "[env: EASEMOB_APP_ID]",
        ),
        option(
            "--app-certificate",
            help="The App Certificate of an app of Agora Chat; safer in the environment, since "
            "`ps` shows options. [env: EASEMOB_APP_CERTIFICATE]",
        ),
        option(
            "--token",
            help="An app token, instead of client id and secret; safer in the environment, since "
            "`ps` shows options. [env: EASEMOB_TOKEN]",
        ),
        option(
            "--base-url", metavar="URL", help="The URL of the REST API. [env: EASEMOB_BASE_URL]"
        ),
        option(
            "--discover",
            is_flag=True,
            help="Ask the service which hosts serve the app, instead of a base URL.",
        ),
        option("--discover-at", metavar="URL", help="Ask this URL, instead of the service's own."),
        option(
            "--allow-http",
            is_flag=True,
            help="Allow http:// URLs of other machines than this one. [env: EASEMOB_ALLOW_HTTP]",
        ),
        option(
            "--shared",
            metavar="URL",
            help="A store that processes of the app share, for one quota account and one token: "
            "redis://... or postgresql://... [env: EASEMOB_SHARED]",
        ),
        option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            help="The timeout of a call, in seconds.",
        ),
        option(
            "--quota-scale",
            type=click.FloatRange(min=0, min_open=True),
            help="The app's limits as a multiple of the documented limits; 1 by default.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON, one answer per line."),
    )
    for add in reversed(options):
        command = add(command)
    return command


def connect(**options: Any) -> EasemobClient:
    """Return a client from options; options that are not given come from the environment."""
    given = {name: value for name, value in options.items() if value is not None}
    environ = dict(os.environ)
    if "app_key" in given:
        environ["EASEMOB_APP_KEY"] = given.pop("app_key")
    return EasemobClient.from_env(environ, **given)


def with_client(
    function: Callable[..., Awaitable[int | None]],
) -> Callable[..., None]:
    """Turn a coroutine function that takes a client and returns an exit status into a command."""

    @_client_options
    @functools.wraps(function)
    def command(
        app_key: str | None,
        client_id: str | None,
        client_secret: str | None,
        app_id: str | None,
        app_certificate: str | None,
        token: str | None,
        base_url: str | None,
        discover: bool,
        discover_at: str | None,
        allow_http: bool,
        shared: str | None,
        timeout: float | None,
        quota_scale: float | None,
        as_json: bool,
        **arguments: Any,
    ) -> None:
        click.get_current_context().meta["json"] = as_json
        discovery = _discovery(discover, discover_at)
        if discovery is not None and base_url is not None:
            raise click.UsageError("use either --base-url or --discover, not both")

        async def work() -> int | None:
            async with connect(
                app_key=app_key,
                client_id=client_id,
                client_secret=client_secret,
                app_id=app_id,
                app_certificate=app_certificate,
                token=token,
                base_url=base_url or discovery,
                allow_http=allow_http or None,
                shared=shared,
                timeout=timeout,
                quotas=None if quota_scale is None else Quotas(scale=quota_scale),
            ) as client:
                return await function(client, **arguments)

        run(work())

    return command


def _discovery(discover: bool, discover_at: str | None) -> Discovery | None:
    if discover_at is not None:
        return Discovery(discover_at)
    return Discovery() if discover else None


def confirm(question: str) -> None:
    """Ask whether to continue, and return only if the answer is yes.

    Raises:
        click.Abort: the answer was no.
        click.UsageError: no answer could be read.
    """
    if not asked(lambda: click.confirm(question, err=True), "--yes"):
        raise click.Abort


def asked(ask: Callable[[], T], instead: str) -> T:
    """Ask a question in the terminal; Ctrl-C stops the question and the command immediately.

    Without this, the event loop would handle Ctrl-C only after the answer, which may be a yes.

    Args:
        ask: the function that asks and returns the answer.
        instead: the option that makes the question unnecessary.
    """
    interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()
    if main:
        signal.signal(signal.SIGINT, interrupt)
    try:
        answer = ask()
    except click.Abort:
        err.print()
        if not interrupted:
            raise click.UsageError(
                f"no answer could be read; use {instead} to skip the question"
            ) from None
    finally:
        if main:
            signal.signal(signal.SIGINT, before)
    if interrupted:  # `input` may swallow a Ctrl-C that arrives while it starts
        err.print("interrupted")
        raise click.exceptions.Exit(INTERRUPTED)
    return answer


def run(work: Coroutine[Any, Any, int | None]) -> None:
    """Run a command to its end and exit with its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a GBK console cannot print emoji
    try:
        status = asyncio.run(_stopped_by_signals(work))
    except EasemobError as error:
        err.print(f"[red]error:[/] {_escape(str(error))}")
        sys.exit(1)
    except BrokenPipeError:
        # The reader of the output has closed the pipe: no message can be shown.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        err.print(f"[red]error:[/] {_escape(str(error))}")
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("interrupted")
        sys.exit(INTERRUPTED)
    sys.exit(status or 0)


async def _stopped_by_signals(work: Coroutine[Any, Any, T]) -> T:
    """Run a command, and treat SIGTERM like Ctrl-C: both cancel it, and it stops cleanly."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        task.cancel()
        loop.call_later(_PATIENCE, tell)

    def tell() -> None:
        if not task.done():
            err.print("stopping; what is on its way is waited for (Ctrl-C again gives it up)")

    with contextlib.suppress(NotImplementedError):  # Windows: SIGTERM kills the process
        loop.add_signal_handler(signal.SIGTERM, terminate)
    with _on_interrupt(lambda: loop.call_soon_threadsafe(loop.call_later, _PATIENCE, tell)):
        try:
            return await work
        except asyncio.CancelledError:
            if terminated:
                raise KeyboardInterrupt from None
            raise


@contextlib.contextmanager
def _on_interrupt(note: Callable[[], object]) -> Iterator[None]:
    """Note the first Ctrl-C, besides what else happens then."""
    before = signal.getsignal(signal.SIGINT)

    def interrupt(number: int, frame: FrameType | None) -> None:
        assert callable(before)
        signal.signal(signal.SIGINT, before)
        note()
        before(number, frame)

    noted = threading.current_thread() is threading.main_thread() and callable(before)
    if noted:
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        if noted:
            signal.signal(signal.SIGINT, before)


def _escape(text: str) -> str:
    return text.replace("[", "\\[")
