"""The settings of a client: small frozen values that are validated when they are created."""

from __future__ import annotations

import inspect
import ipaddress
import re
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from ssl import SSLContext
from typing import Any, Final

import attrs
from yarl import URL

from easemob_async.errors import ConfigurationError

DEFAULT_BASE_URL: Final = "https://a1.easemob.com"

_NAME_IN_PATH = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.-]{1,64}")


@attrs.frozen
class AppKey:
    """An App Key, ``org#app``: an organisation and one of its apps."""

    org: str
    """The organisation's id."""
    app: str
    """The app's name."""

    def __attrs_post_init__(self) -> None:
        for part in (self.org, self.app):
            if not isinstance(part, str) or not _NAME_IN_PATH.fullmatch(part):
                raise ConfigurationError(
                    f"App Key {str(self)!r}: must be 'org#app', where both parts have 1 to 64 "
                    "letters, digits, '_', '-' or '.'"
                )

    @classmethod
    def parse(cls, text: str) -> AppKey:
        """Parse ``"org#app"``.

        Raises:
            ConfigurationError: the text does not have that form.
        """
        org, separator, app = text.partition("#")
        if not separator:
            raise ConfigurationError(
                f"App Key {text!r}: must be 'org#app', as the console shows it"
            )
        return cls(org, app)

    @property
    def id_prefix(self) -> str:
        """The prefix that the service sometimes puts before an id of this app."""
        return f"{self.org}#{self.app}_"

    def __str__(self) -> str:
        return f"{self.org}#{self.app}"


class DataCenter(Enum):
    """The documented data centres; an app belongs to the one chosen when it was created.

    Source: hosts of the limits page
    """

    CHINA_1 = ("a1.easemob.com", timedelta(hours=8))
    CHINA_2 = ("a31.easemob.com", timedelta(hours=8))
    SINGAPORE_1 = ("a1-sgp.easemob.com", timedelta(0))
    SINGAPORE_2 = ("a61.easemob.com", timedelta(0))
    US_EAST_1 = ("a41.easemob.com", timedelta(0))
    GERMANY_2 = ("a71.easemob.com", timedelta(0))
    FRANKFURT_1 = ("a51.easemob.com", timedelta(0))

    @property
    def base_url(self) -> str:
        """The base URL of its REST API."""
        return f"https://{self.value[0]}"

    @property
    def utc_offset(self) -> timedelta:
        """The time zone of its history files: Beijing time in China, UTC elsewhere."""
        return self.value[1]

    @classmethod
    def of(cls, host: str | None) -> DataCenter | None:
        """Find the data centre that a host belongs to."""
        return next((centre for centre in cls if centre.value[0] == host), None)


@attrs.frozen
class Discovery:
    """Ask the service which hosts serve the app, in place of a base URL.

    ``EasemobClient(..., base_url=Discovery())`` asks before the first call, and keeps the answer
    for a day. Each attempt of a call takes one of the hosts at random; if it cannot be connected
    to, the request goes to another one. The answer decides where credentials go: hosts without
    https are taken only with ``allow_http=True``, or on this machine.
    """

    url: str = "https://rs.easemob.com/easemob/server.json"
    """The URL that is asked; ``https`` by default, although the service also answers by ``http``,
    where anybody on the way could name a host of their own."""


def _seconds(value: float | timedelta | None) -> float | None:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds is None:
        return None
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not 0 < seconds < float("inf"):
        raise ConfigurationError(
            f"a length of time must be seconds or a timedelta, positive and finite, not {value!r}"
        )
    return seconds


def _whole(instance: object, field: attrs.Attribute[int], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(
            f"{type(instance).__name__}: {field.name} must be a positive int, not {value!r}"
        )


def _flag(instance: object, field: attrs.Attribute[bool], value: object) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(
            f"{type(instance).__name__}: {field.name} must be True or False, not {value!r}"
        )


def _function(instance: object, field: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (not callable(value) or inspect.iscoroutinefunction(value)):
        raise ConfigurationError(
            f"{type(instance).__name__}: {field.name} must be a function that is not async, not "
            f"{value!r}"
        )


def _context(_: object, __: object, value: object) -> None:
    if not isinstance(value, bool | SSLContext):
        raise ConfigurationError(
            f"PoolOptions: ssl must be an SSLContext, True or False, not {value!r}"
        )


def _is_proxy(_: object, field: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None:
        parse_proxy(value, field.name)


def _positive_seconds(value: float | timedelta) -> float:
    seconds = _seconds(value)
    if seconds is None:
        raise ConfigurationError("a length of time must be given here, not None")
    return seconds


@attrs.frozen
class Timeouts:
    """The timeouts of a call; numbers are seconds, ``None`` means no limit."""

    total: float | None = attrs.field(default=60.0, converter=_seconds)
    """For the whole call: waiting for quota, token and connection, all attempts, the answer."""
    connect: float | None = attrs.field(default=10.0, converter=_seconds)
    """For opening one connection (DNS, TCP, TLS)."""
    read: float | None = attrs.field(default=None, converter=_seconds)
    """The longest time without data while an answer is read; no separate limit by default."""

    @classmethod
    def of(cls, value: Timeouts | float | timedelta | None) -> Timeouts:
        """Return timeouts with seconds or a ``timedelta`` as ``total``; ``None`` means no limit."""
        return value if isinstance(value, Timeouts) else cls(total=value)


@attrs.frozen
class RetryPolicy:
    """The policy for retries of a call, which are made only where a retry is safe.

    Waits grow exponentially, with full jitter: a random part of ``base * 2 ** n``, at most ``cap``.
    A ``Retry-After`` header of the service is honoured as well.
    """

    attempts: int = attrs.field(default=4, validator=_whole)
    """The number of attempts in all, including the first; 1 means no retries."""
    base: float = attrs.field(default=0.25, converter=_positive_seconds)
    """The longest first wait, in seconds."""
    cap: float = attrs.field(default=8.0, converter=_positive_seconds)
    """The longest wait, in seconds."""


@attrs.frozen
class PoolOptions:
    """The connection options of a client; ignored if the client gets the caller's own session."""

    limit: int = attrs.field(default=100, validator=_whole)
    """The most connections at the same time; further calls wait for one."""
    keepalive: float = attrs.field(default=15.0, converter=_positive_seconds)
    """Seconds to keep an idle connection: short, so that the service rarely closes it first."""
    ssl: SSLContext | bool = attrs.field(default=True, validator=_context)
    """Your own context, or ``False`` for no certificate checks (never in production)."""
    proxy: str | None = attrs.field(default=None, repr=False, validator=_is_proxy)
    """The URL of an HTTP proxy."""
    trust_env: bool = attrs.field(default=False, validator=_flag)
    """Whether to take the proxy from ``HTTPS_PROXY`` and similar environment variables."""
    max_answer_bytes: int = attrs.field(default=64 * 1024 * 1024, validator=_whole)
    """The largest answer, in bytes after decompression; a larger one is a `ResponseError`. This
    limit also holds for the caller's own session. Downloads are streams and have no such limit."""


@attrs.frozen
class AttemptStarted:
    """The start of one attempt of a call, just before it is sent."""

    operation: str
    """The operation, e.g. ``"users.get"``."""
    attempt: int
    """The number of the attempt; 1 is the first."""
    quota_wait: float
    """Seconds that this attempt waited for quota."""


@attrs.frozen
class AttemptEnded:
    """The end of one attempt of a call."""

    operation: str
    """The operation, e.g. ``"users.get"``."""
    attempt: int
    """The number of the attempt; 1 is the first."""
    status: int | None
    """The HTTP status code; ``None`` if no answer arrived."""
    quota_wait: float
    """Seconds that this attempt waited for quota."""
    duration: float
    """Seconds from the start of the attempt to its answer or failure."""
    error: str | None
    """The kind of failure, e.g. ``"ConnectError"``; ``None`` if an answer arrived."""


@attrs.frozen
class Hooks:
    """Functions that are called before and after every attempt, in the event loop: keep them short.

    They never get a payload. An exception in one of them is logged and not raised.
    """

    attempt_started: Callable[[AttemptStarted], None] | None = attrs.field(
        default=None, validator=_function
    )
    """The function to call just before an attempt is sent."""
    attempt_ended: Callable[[AttemptEnded], None] | None = attrs.field(
        default=None, validator=_function
    )
    """The function to call after an attempt has ended."""


def parse_proxy(text: str, whence: str) -> str:
    """Check and return the URL of a proxy: ``http://host:port``.

    Raises:
        ConfigurationError: the URL has no host, no scheme or an unsupported scheme. It may contain
            a password, so the error does not show it.
    """
    try:
        url = URL(text)
    except (ValueError, TypeError):
        url = URL()
    if (
        not isinstance(text, str)
        or text != text.strip()
        or url.scheme not in ("http", "https")
        or not url.host
    ):
        raise ConfigurationError(
            f"{whence} must be a URL such as http://proxy.example:3128, with http:// or https:// "
            "and a host, without spaces around it"
        )
    return text


def parse_base_url(base_url: str | DataCenter, app_key: AppKey, *, allow_http: bool) -> URL:
    """Check and return the URL of the API: https, or http to this machine.

    Raises:
        ConfigurationError: the text is not a URL, or would send credentials unencrypted.
    """
    text = base_url.base_url if isinstance(base_url, DataCenter) else base_url
    url = _parse_url("base_url", text, allow_http=allow_http)
    if [part.lower() for part in url.path.split("/")[1:3]] == [
        app_key.org.lower(),
        app_key.app.lower(),
    ]:
        raise ConfigurationError(
            f"base_url {str(url)!r}: must not contain the org and the app in its path: they "
            f"come from the App Key; use {str(url.origin())!r}"
        )
    return url


def parse_discovery(discovery: Discovery, *, allow_http: bool) -> URL:
    """Check and return the URL that is asked for hosts: https, or http to this machine.

    Raises:
        ConfigurationError: the text is not a URL, or would let others say where credentials go.
    """
    return _parse_url("Discovery: url", discovery.url, allow_http=allow_http)


def _parse_url(name: str, text: object, *, allow_http: bool) -> URL:
    if not isinstance(text, str):
        raise ConfigurationError(f"{name} must be a string, not a {type(text).__name__}")
    if "@" in text:  # before anything shows the text
        raise ConfigurationError(f"{name} must not contain a username or a password")
    shown = re.split("[?#]", text, maxsplit=1)[0]
    if shown != text:
        raise ConfigurationError(f"{name} {shown!r}: must not contain a query or a fragment")
    if text != text.strip() or not text.isprintable() or " " in text:
        raise ConfigurationError(
            f"{name} {text!r}: must not contain spaces, line breaks or control characters"
        )
    try:
        url = URL(text)
        _ = url.port
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{name} is not a URL: {error}") from None
    shown = str(url)
    if url.scheme not in ("https", "http") or not url.host:
        raise ConfigurationError(f"{name} {shown!r}: must begin with https:// and contain a host")
    if url.scheme == "http" and not allow_http and not is_loopback(url.host):
        raise ConfigurationError(
            f"{name} {shown!r}: http would send the token unencrypted; use https, or "
            "allow_http=True (in the command line: --allow-http) inside a trusted network"
        )
    return url


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
