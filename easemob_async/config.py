"""What a client is told when it is made: small frozen values, validated when made."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from ssl import SSLContext
from typing import Final

import attrs
from yarl import URL

from easemob_async.errors import ConfigurationError

DEFAULT_BASE_URL: Final = "https://a1.easemob.com"

_NAME_IN_PATH = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.-]{1,64}")


@attrs.frozen
class AppKey:
    """An app's key, ``org#app``: which organisation, which of its apps."""

    org: str
    """The organisation's id."""
    app: str
    """The app's name."""

    def __attrs_post_init__(self) -> None:
        for part in (self.org, self.app):
            if not _NAME_IN_PATH.fullmatch(part):
                raise ConfigurationError(
                    f"App Key {str(self)!r}: must be 'org#app', letters, digits, '_', '-' and '.'"
                )

    @classmethod
    def parse(cls, text: str) -> AppKey:
        """Read ``"org#app"``.

        Raises:
            ConfigurationError: it is not of that form.
        """
        org, separator, app = text.partition("#")
        if not separator:
            raise ConfigurationError(
                f"App Key {text!r}: must be 'org#app', as the console shows it"
            )
        return cls(org, app)

    @property
    def id_prefix(self) -> str:
        """What the service sometimes puts in front of an id of this app."""
        return f"{self.org}#{self.app}_"

    def __str__(self) -> str:
        return f"{self.org}#{self.app}"


class DataCenter(Enum):
    """The documented data centres: where an app lives, chosen when it was made.

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
        """Where its REST API is."""
        return f"https://{self.value[0]}"

    @property
    def utc_offset(self) -> timedelta:
        """The time zone of its history files: Beijing time in China, UTC elsewhere."""
        return self.value[1]

    @classmethod
    def of(cls, host: str | None) -> DataCenter | None:
        """Find the data centre that a host belongs to."""
        return next((centre for centre in cls if centre.value[0] == host), None)


def _seconds(value: float | timedelta | None) -> float | None:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds is not None and not 0 < seconds < float("inf"):
        raise ConfigurationError(f"a time limit must be positive and finite, not {value!r}")
    return seconds


def _is_proxy(_: object, field: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None:
        parse_proxy(value, field.name)


def _positive_seconds(value: float | timedelta) -> float:
    return _seconds(value) or 0.0


@attrs.frozen
class Timeouts:
    """How long a call may take; numbers are seconds, ``None`` is no limit."""

    total: float | None = attrs.field(default=60.0, converter=_seconds)
    """The whole call: waiting for quota, token and a connection, every attempt, the answer."""
    connect: float | None = attrs.field(default=10.0, converter=_seconds)
    """Making one connection (DNS, TCP, TLS)."""
    read: float | None = attrs.field(default=None, converter=_seconds)
    """The longest silence of the service while it answers; no limit of its own by default."""

    @classmethod
    def of(cls, value: Timeouts | float | timedelta | None) -> Timeouts:
        """Take a number of seconds or a length of time for ``total``; ``None`` for no limit."""
        return value if isinstance(value, Timeouts) else cls(total=value)


@attrs.frozen
class RetryPolicy:
    """How often and how fast a call is repeated, where repeating is safe.

    Waits grow exponentially, with full jitter: a random part of ``base * 2 ** n``, at most ``cap``.
    A ``Retry-After`` of the service is honoured on top.
    """

    attempts: int = attrs.field(default=4, validator=attrs.validators.ge(1))
    """Attempts in all, the first included; 1 never repeats."""
    base: float = attrs.field(default=0.25, converter=_positive_seconds)
    """The first wait at the most, in seconds."""
    cap: float = attrs.field(default=8.0, converter=_positive_seconds)
    """The longest wait, in seconds."""


@attrs.frozen
class PoolOptions:
    """The connections of a client; ignored when the client is given a session of the caller's."""

    limit: int = attrs.field(default=100, validator=attrs.validators.ge(1))
    """Connections at the same time; further calls wait for one."""
    keepalive: float = attrs.field(default=15.0, converter=_positive_seconds)
    """Seconds that an idle connection is kept: short, so that the service rarely closes first."""
    ssl: SSLContext | bool = True
    """A context of your own, or ``False`` for no certificate checks (never in production)."""
    proxy: str | None = attrs.field(default=None, repr=False, validator=_is_proxy)
    """The URL of an HTTP proxy."""
    trust_env: bool = False
    """Take the proxy from ``HTTPS_PROXY`` and the like."""
    max_answer_bytes: int = attrs.field(default=64 * 1024 * 1024, validator=attrs.validators.ge(1))
    """The largest answer, in bytes once unpacked; a larger one is a `ResponseError`. It holds for a
    session of the caller's, too. Downloads are streams and have no such limit."""


@attrs.frozen
class AttemptStarted:
    """One attempt of a call is about to be sent."""

    operation: str
    """The operation, e.g. ``"users.get"``."""
    attempt: int
    """1 for the first."""
    quota_wait: float
    """Seconds that this attempt waited for quota."""


@attrs.frozen
class AttemptEnded:
    """One attempt of a call is over."""

    operation: str
    """The operation, e.g. ``"users.get"``."""
    attempt: int
    """1 for the first."""
    status: int | None
    """The HTTP status; ``None`` when no answer came."""
    quota_wait: float
    """Seconds that this attempt waited for quota."""
    duration: float
    """Seconds from the start of the attempt to its answer or failure."""
    error: str | None
    """The kind of failure, e.g. ``"ConnectError"``; ``None`` when an answer came."""


@attrs.frozen
class Hooks:
    """Functions called around every attempt, in the event loop: keep them short.

    They never see a payload. An exception in one of them is logged and goes no further.
    """

    attempt_started: Callable[[AttemptStarted], None] | None = None
    attempt_ended: Callable[[AttemptEnded], None] | None = None


def parse_proxy(text: str, whence: str) -> str:
    """Check the URL of a proxy: ``http://host:port``.

    Raises:
        ConfigurationError: it has no scheme, another one, or no host. It may hold a password and is
            not shown.
    """
    try:
        url = URL(text)
    except (ValueError, TypeError):
        url = URL()
    if text != text.strip() or url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(
            f"{whence} must be a URL such as http://proxy.example:3128, with http:// or https:// "
            "and a host, without blanks around it"
        )
    return text


def parse_base_url(base_url: str | DataCenter, app_key: AppKey, *, allow_http: bool) -> URL:
    """Check where the API is: https, or http to this machine.

    Raises:
        ConfigurationError: not a URL, or one that would send credentials in the clear.
    """
    text = base_url.base_url if isinstance(base_url, DataCenter) else base_url
    if not isinstance(text, str):
        raise ConfigurationError(f"base_url must be a string, not a {type(text).__name__}")
    if text != text.strip() or not text.isprintable() or " " in text:
        raise ConfigurationError(
            f"base_url {text!r}: must not have blanks, line ends or control characters"
        )
    try:
        url = URL(text)
        _ = url.port
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"base_url: not a URL ({error})") from None
    if url.user or url.password:
        raise ConfigurationError("base_url must not hold a user or a password")
    shown = str(url)
    if url.scheme not in ("https", "http") or not url.host:
        raise ConfigurationError(f"base_url {shown!r}: must begin with https:// and name a host")
    if url.query_string or url.fragment:
        raise ConfigurationError(f"base_url {shown!r}: must not have a query or a fragment")
    if [part.lower() for part in url.path.split("/")[1:3]] == [
        app_key.org.lower(),
        app_key.app.lower(),
    ]:
        raise ConfigurationError(
            f"base_url {shown!r}: must not have the org and the app in its path: they come from "
            f"the App Key; use {str(url.origin())!r}"
        )
    if url.scheme == "http" and not allow_http and not _is_loopback(url.host):
        raise ConfigurationError(
            f"base_url {shown!r}: http would send the token in the clear; use https, or "
            "allow_http=True (in the command line: --allow-http) inside a trusted network"
        )
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
