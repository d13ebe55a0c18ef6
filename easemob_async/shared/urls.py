"""The URLs of stores: where they are, said without a password, whatever is wrong with them."""

from __future__ import annotations

import contextlib
import re
from types import ModuleType
from urllib.parse import urlsplit

from easemob_async.errors import ConfigurationError


def postgres_place(driver: ModuleType, url: str, what: str) -> str:
    """Return where a PostgreSQL is, without user and password.

    Raises:
        ConfigurationError: it is neither a URL of PostgreSQL nor what libpq takes.
    """
    found = None
    if isinstance(url, str):
        scheme, separator, _ = url.partition("://")
        known = not separator or scheme in ("postgresql", "postgres")
        if known and not _misread(url):
            with contextlib.suppress(driver.Error):
                found = driver.conninfo.conninfo_to_dict(url)
    if found is None:
        raise _no_url(what, "PostgreSQL", "postgresql://user:password@host:port/database")
    host = found.get("host") or ""
    port = (found.get("port") or "").strip(",") or 5432  # several hosts may have none each
    return "a local socket" if not host or host.startswith("/") else f"{host}:{port}"


def redis_place(url: str) -> str:
    """Return where a Redis is, without user and password.

    Raises:
        ConfigurationError: it is no URL.
    """
    if not isinstance(url, str):
        raise no_redis()
    try:
        parts = urlsplit("" if _misread(url) else url)
        port = parts.port or 6379
    except ValueError:
        raise no_redis() from None
    if not parts.scheme:
        raise no_redis()
    return f"{parts.hostname or 'localhost'}:{port}" if parts.netloc else parts.path


def no_redis() -> ConfigurationError:
    """Return the error for what is no URL of a Redis."""
    return _no_url("shared", "Redis", "redis://user:password@host:port/number")


def _no_url(what: str, server: str, form: str) -> ConfigurationError:
    # No part of the URL is shown: what is wrong with it may be the password.
    return ConfigurationError(
        f"{what}: this is no URL of {server}: {form}; characters like @ : / ? # % in its password "
        "are written as %40 %3A %2F %3F %23 %25"
    )


def _misread(url: str) -> bool:
    """Return whether a part of the password would be read as a host or a path."""
    rest = url.partition("://")[2]
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    return "@" in rest[len(authority) :] or authority.count("@") > 1
