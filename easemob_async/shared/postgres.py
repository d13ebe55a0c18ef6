"""The store in PostgreSQL: every step is one function, which locks the limits that it is about."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from importlib import resources
from types import ModuleType
from typing import Any, Final

from easemob_async.errors import ConfigurationError, SharedStoreError
from easemob_async.shared.connection import drop, uncancelled, value_of
from easemob_async.shared.drivers import load_driver
from easemob_async.shared.lane import TIMEOUT, Lane
from easemob_async.shared.messages import as_lists, reply_of, token_reply_of
from easemob_async.shared.protocol import (
    FetchedToken,
    Reply,
    Request,
    TokenReply,
    TokenRequest,
)
from easemob_async.shared.urls import postgres_place

_Argument = str | int | list[str] | list[int]

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,40}")
_OLDEST: Final = 140_000
_INSTALLING: Final = 20_261_126
"""The number of the advisory lock under which tables and functions are made."""


class PostgresStore:
    """A store in PostgreSQL (14 or newer). Extra: ``easemob-async[postgres]``.

    Its tables and functions are made when it is first used, in a schema of their own, whose name
    ends in a digest of their text: versions of the library that differ in them do not share an
    account. The tables are unlogged: a take writes nothing to disk, and after a crash the account
    is gone, which is noticed and waited out.

    Args:
        url: ``postgresql://user:password@host:port/database``, or what libpq takes.
        schema: what the name of the schema begins with.

    Raises:
        ConfigurationError: the extra is not installed.
    """

    def __init__(self, url: str, *, schema: str = "easemob_shared") -> None:
        self._driver: ModuleType = load_driver("psycopg", "postgres")
        if not _NAME.fullmatch(schema):
            raise ConfigurationError(
                f"PostgresStore: schema {schema!r} must be 1 to 41 lower-case letters, digits and _"
            )
        self._url = url
        self._place = postgres_place(self._driver, url, "shared")
        source = resources.files("easemob_async.shared").joinpath("postgres.sql")
        text = source.read_text(encoding="utf-8")
        self._schema = f"{schema}_{sha256(text.encode()).hexdigest()[:8]}"
        self._source = text.replace("@schema@", self._schema)
        self._lane: Lane[Any] = Lane(self._connect, drop)
        self.skew = 0
        """Microseconds that are added to the server's clock: for tests."""

    def __repr__(self) -> str:
        return f"<PostgresStore at {self._place}>"

    async def exchange(self, app: str, request: Request) -> Reply:
        """Carry out one step on the account of an app."""
        text = json.dumps(as_lists(request), separators=(",", ":"))
        return reply_of(
            await self._call(
                "exchange(%s, %s::text[], %s::bigint[], %s::bigint[], %s::jsonb, %s)",
                app,
                [key.name for key in request.limits],
                [key.capacity for key in request.limits],
                [key.window for key in request.limits],
                text,
                self.skew,
            )
        )

    async def token(self, request: TokenRequest) -> TokenReply:
        """Return the app's token, or a lease to fetch it."""
        return token_reply_of(
            await self._call(
                "claim_token(%s, %s, %s, %s, %s)",
                request.name,
                request.holder,
                request.known,
                request.lease,
                self.skew,
            )
        )

    async def put_token(self, fetched: FetchedToken) -> None:
        """Keep a token that was fetched, or why it could not be."""
        await self._call(
            "put_token(%s, %s, %s, %s, %s, %s, %s, %s)",
            fetched.name,
            fetched.holder,
            fetched.token,
            -1 if fetched.life is None else fetched.life,
            fetched.renew,
            fetched.wait,
            fetched.error,
            self.skew,
        )

    async def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._lane.close()

    async def _call(self, function: str, *arguments: _Argument) -> Any:
        statement = f"SELECT {self._schema}.{function}"
        driver = self._driver

        async def command(connection: Any) -> Any:
            return await uncancelled(connection, value_of(connection, statement, arguments))

        try:
            return await self._lane.run(command)
        except (driver.errors.InsufficientPrivilege, driver.errors.FeatureNotSupported) as error:
            problem, wrong = str(error), True
        except (driver.Error, OSError) as error:
            problem, wrong = str(error).strip() or type(error).__name__, False
            # Not of a function: the account's own are made anew with the next connection.
            missing = isinstance(error, driver.OperationalError) and "does not exist" in problem
            wrong = missing or "authentication failed" in problem
        problem = " ".join(problem.split())
        if wrong:
            raise ConfigurationError(f"PostgreSQL at {self._place}: {problem}")
        raise SharedStoreError(f"PostgreSQL at {self._place}: {problem}")

    async def _connect(self) -> Any:
        connection = await self._driver.AsyncConnection.connect(
            self._url,
            autocommit=True,
            prepare_threshold=None,  # poolers between us and the server may not know statements
            connect_timeout=int(TIMEOUT),
            application_name="easemob_async",
        )
        try:
            if connection.info.server_version < _OLDEST:
                raise ConfigurationError(f"PostgreSQL at {self._place} is older than version 14")
            await uncancelled(connection, self._install(connection))
        except BaseException:
            drop(connection)
            raise
        return connection

    async def _install(self, connection: Any) -> None:
        """Make the tables and functions, unless they are there."""
        last = f"to_regprocedure('{self._schema}.purge()') IS NOT NULL"
        if not await value_of(connection, f"SELECT {last}", ()):
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_INSTALLING,))
                if not await value_of(connection, f"SELECT {last}", ()):
                    await connection.execute(self._source)
        await value_of(connection, f"SELECT {self._schema}.purge()", ())
