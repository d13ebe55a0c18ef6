"""The store in Redis or Valkey: every step is one Lua script, which nothing can come between."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import resources
from types import ModuleType
from typing import Any, Final, TypeVar

import attrs

from easemob_async.errors import ConfigurationError, SharedStoreError
from easemob_async.shared.drivers import load_driver
from easemob_async.shared.lane import Lane
from easemob_async.shared.messages import as_lists, reply_of, token_reply_of
from easemob_async.shared.protocol import (
    FetchedToken,
    Reply,
    Request,
    TokenReply,
    TokenRequest,
)
from easemob_async.shared.urls import no_redis, redis_place
from easemob_async.transport.loops import close_socket

R = TypeVar("R")

_ACCOUNT: Final = "redis.lua"
_TOKEN: Final = "redis_token.lua"  # noqa: S105 - a file
_SCHEMES: Final = {"valkey": "redis", "valkeys": "rediss"}
_OLDEST: Final = (6, 2)


@attrs.define
class _Connection:
    """An open connection, and what is known of its server."""

    wire: Any
    """The driver's connection."""
    run_id: str
    """The server's run: it changes when the server restarts, maybe with an old account."""
    scripts: Mapping[str, str]
    """The digests of the scripts."""


class RedisStore:
    """A store in Redis (6.2 or newer) or Valkey. Extra: ``easemob-async[redis]``.

    The server must be set to ``maxmemory-policy noeviction``: with another policy it would forget
    parts of the account when its memory is full. It may lose the account altogether (a restart
    without persistence): that is noticed, and waited out.

    Args:
        url: ``redis://[user:password@]host:port/db``, ``rediss://`` for TLS, ``unix://path``.
        prefix: what the names of all keys begin with.

    Raises:
        ConfigurationError: the extra is not installed.
    """

    def __init__(self, url: str, *, prefix: str = "easemob") -> None:
        self._driver: ModuleType = load_driver("redis.asyncio", "redis")
        self._exceptions: ModuleType = load_driver("redis.exceptions", "redis")
        self._place = redis_place(url)
        if not isinstance(prefix, str):
            raise ConfigurationError(f"RedisStore: prefix must be a string, not {prefix!r:.80}")
        scheme, separator, rest = url.partition("://")
        try:
            self._pool = self._driver.ConnectionPool.from_url(
                _SCHEMES.get(scheme, scheme) + separator + rest,
                protocol=2,
                decode_responses=True,
                retry=None,
                retry_on_error=[],
            )
        except ValueError:  # its text may hold a part of the password
            raise no_redis() from None
        self._prefix = prefix
        self._lane = Lane(self._connect, _drop)
        self.skew = 0
        """Microseconds that are added to the server's clock: for tests."""

    def __repr__(self) -> str:
        return f"<RedisStore at {self._place}>"

    async def exchange(self, app: str, request: Request) -> Reply:
        """Carry out one step on the account of an app."""
        text = json.dumps(as_lists(request), separators=(",", ":"))

        async def command(connection: _Connection) -> Any:
            key = f"{self._prefix}:{{{app}}}:quota"
            return await self._evaluate(
                connection, _ACCOUNT, key, text, connection.run_id, str(self.skew)
            )

        return reply_of(await self._run(command))

    async def token(self, request: TokenRequest) -> TokenReply:
        """Return the app's token, or a lease to fetch it."""
        return token_reply_of(await self._token(request.name, attrs.asdict(request)))

    async def put_token(self, fetched: FetchedToken) -> None:
        """Keep a token that was fetched, or why it could not be."""
        life = -1 if fetched.life is None else fetched.life
        await self._token(fetched.name, {**attrs.asdict(fetched), "life": life, "put": True})

    async def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._lane.close()

    async def _token(self, name: str, request: Mapping[str, object]) -> Any:
        text = json.dumps(request)

        async def command(connection: _Connection) -> Any:
            key = f"{self._prefix}:token:{name}"
            return await self._evaluate(connection, _TOKEN, key, text, str(self.skew))

        return await self._run(command)

    async def _run(self, command: Callable[[_Connection], Awaitable[R]]) -> R:
        exceptions = self._exceptions
        try:
            return await self._lane.run(command)
        except exceptions.AuthenticationError as error:
            problem, wrong = str(error), True
        except (exceptions.RedisError, OSError) as error:
            problem, wrong = str(error) or type(error).__name__, False
        if wrong:
            raise ConfigurationError(f"Redis at {self._place} refuses the credentials: {problem}")
        raise SharedStoreError(f"Redis at {self._place}: {problem}")

    async def _evaluate(
        self, connection: _Connection, script: str, key: str, *arguments: str
    ) -> Any:
        try:
            digest = connection.scripts[script]
            return await _call(connection.wire, "EVALSHA", digest, 1, key, *arguments)
        except self._exceptions.NoScriptError:  # SCRIPT FLUSH
            return await _call(connection.wire, "EVAL", _source(script), 1, key, *arguments)

    async def _connect(self) -> _Connection:
        wire = self._pool.make_connection()
        try:
            await wire.connect()
            about: dict[str, str] = {}
            for section in ("server", "memory"):
                about |= _fields(await _call(wire, "INFO", section))
            self._check(about)
            scripts = {
                name: await _call(wire, "SCRIPT", "LOAD", _source(name))
                for name in (_ACCOUNT, _TOKEN)
            }
        except BaseException:
            _close(wire)
            raise
        return _Connection(wire, about["run_id"], scripts)

    def _check(self, about: Mapping[str, str]) -> None:
        version = about.get("redis_version", "0.0")
        if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
            raise ConfigurationError(
                f"Redis at {self._place} has version {version}: it must be 6.2 or newer"
            )
        policy = about.get("maxmemory_policy", "noeviction")
        if policy != "noeviction":
            raise ConfigurationError(
                f"Redis at {self._place} has maxmemory-policy {policy}: it would forget parts of "
                "the account when its memory is full, and the quota would be exceeded. Set "
                "maxmemory-policy to noeviction, or use another Redis"
            )


def _source(name: str) -> str:
    return resources.files("easemob_async.shared").joinpath(name).read_text(encoding="utf-8")


async def _call(wire: Any, *command: str | int) -> Any:
    if not wire.is_connected:
        raise ConnectionError("the connection was closed")
    await wire.send_command(*command, check_health=False)
    return await wire.read_response()


def _drop(connection: _Connection) -> None:
    _close(connection.wire)


def _close(wire: Any) -> None:
    # The driver's own way waits for the server.
    writer, wire._reader, wire._writer = wire._writer, None, None
    if writer is None:
        return
    try:
        writer.transport.abort()
    except RuntimeError:  # its loop is closed
        close_socket(writer.transport)


def _fields(info: str) -> dict[str, str]:
    lines: Sequence[str] = info.splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)
