"""Serving the emulator from a shell: what it prints, its log, and why it cannot be started."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import shlex
import ssl
from collections.abc import Mapping
from urllib.parse import quote

import click

from easemob_async.emulator import Emulator
from easemob_async.emulator.log import NAME
from easemob_async.emulator.storage import StateFileError


class CannotServe(click.ClickException):
    """The emulator cannot be started; the message is one line that says why."""

    exit_code = 2


def tls_context(certificate: str, key: str | None) -> ssl.SSLContext:
    """Return what serves HTTPS with a certificate and its key, both in PEM files.

    Raises:
        CannotServe: they cannot be used.
    """

    def no_password() -> str:
        raise CannotServe(f"{key or certificate}: the private key is encrypted; decrypt it first")

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key, password=no_password)
    except ssl.SSLError as error:
        files = f"{certificate} and {key}" if key else certificate
        reason = (error.reason or "").replace("_", " ").lower() or "they cannot be read"
        raise CannotServe(f"{files}: no certificate with its private key ({reason})") from None
    except OSError as error:
        raise CannotServe(f"{key or certificate}: {error.strerror}") from None
    return context


async def serve(
    server: Emulator,
    *,
    host: str,
    port: int,
    agora: bool,
    control_key: str | None,
    more: Mapping[str, str],
    log: bool,
) -> None:
    """Run the emulator until it is cancelled; print how clients and people reach it.

    Args:
        server: the emulator.
        host: the address that it listens on, for messages.
        port: the port that it listens on, for messages.
        agora: whether the printed environment is that of a client of Agora Chat.
        control_key: the key that the page needs, if it needs one.
        more: further lines of the environment.
        log: whether requests and webhooks are logged on standard error.
    """
    if log:
        _log()
    try:
        await server.start()
    except StateFileError as error:
        raise CannotServe(str(error)) from None
    except OSError as error:
        raise CannotServe(_why_not(error, host, port)) from None
    try:
        credentials = server.agora_credentials if agora else server.credentials
        environment = {
            "EASEMOB_BASE_URL": server.base_url,
            **{f"EASEMOB_{name.upper()}": str(value) for name, value in credentials.items()},
            **more,
        }
        for name, value in environment.items():
            click.echo(f"export {name}={shlex.quote(value)}")
        if len(server.apps) > 1:
            click.echo(f"apps: {', '.join(server.apps)}", err=True)
        for url in server.urls:
            key = f"?key={quote(control_key, safe='')}" if control_key else ""
            click.echo(f"page: {url}/_emulator/{key}", err=True)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    finally:
        await server.stop()


def _log() -> None:
    """Log each request and each webhook on standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger(NAME)
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logger.propagate = False


def _why_not(error: OSError, host: str, port: int) -> str:
    """Return the reason why the emulator cannot listen on an address."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use; choose another one with --port"
    if error.errno in (errno.EADDRNOTAVAIL, None):  # from Python 3.13 on asyncio gives no number
        return f"{host} is no address of this machine; see --host"
    number = error.errno or 0  # negative for a name that cannot be looked up
    reason = os.strerror(number) if number > 0 else error.strerror or error
    return f"cannot listen on port {port} of {host}: {reason}"
