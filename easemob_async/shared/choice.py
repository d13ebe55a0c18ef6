"""The store that ``shared=`` of a client means: a URL, or an object."""

from __future__ import annotations

from easemob_async.errors import ConfigurationError
from easemob_async.shared.postgres import PostgresStore
from easemob_async.shared.protocol import SharedStore
from easemob_async.shared.redis import RedisStore

_REDIS = frozenset({"redis", "rediss", "unix", "valkey", "valkeys"})
_POSTGRES = frozenset({"postgresql", "postgres"})
_METHODS = ("exchange", "token", "put_token", "close")


def store_of(shared: str | SharedStore) -> SharedStore:
    """Return the store of a URL, or the store itself; nothing is connected to yet.

    Raises:
        ConfigurationError: it is neither, or the extra that it needs is not installed.
    """
    if isinstance(shared, str):
        scheme = shared.partition("://")[0] if "://" in shared else ""
        if scheme in _REDIS:
            return RedisStore(shared)
        if scheme in _POSTGRES:
            return PostgresStore(shared)
        raise ConfigurationError(
            "shared must be a URL that begins with redis://, rediss://, unix:// or postgresql://, "
            f"or a store; its scheme is {scheme!r}"  # the rest may hold a password
        )
    if not all(callable(getattr(shared, name, None)) for name in _METHODS):
        raise ConfigurationError(
            f"shared must be a URL or a SharedStore, not a {type(shared).__name__}"
        )
    return shared
