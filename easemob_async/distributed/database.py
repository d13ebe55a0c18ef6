"""The database of a queue: its statements, and what its errors mean."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from importlib import resources
from types import ModuleType
from typing import Any, Final, TypeVar

from easemob_async.errors import ConfigurationError, JournalError, SharedStoreError
from easemob_async.shared.connection import drop, has_ended, uncancelled
from easemob_async.shared.drivers import load_driver
from easemob_async.shared.lane import Lane
from easemob_async.shared.urls import postgres_place

R = TypeVar("R")

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,40}")
_OLDEST: Final = 140_000
_TIMEOUT: Final = 10.0
_INTERRUPTED: Final = "it was sent, and its worker ended before the answer was recorded"
_ELSEWHERE: Final = "EZ001"
"""The code with which the ledger refuses a database that took over."""


class Database:
    """A way to the database of a queue, with one connection of its own."""

    def __init__(self, url: str, schema: str, *, timeout: float | None = _TIMEOUT) -> None:
        """Open no connection yet.

        Args:
            url: ``postgresql://user:password@host:port/database``, or what libpq takes.
            schema: the schema of the ledger.
            timeout: the seconds that a command may take; ``None`` for no limit.

        Raises:
            ConfigurationError: the extra is not installed, or the URL is none of PostgreSQL.
        """
        self.driver: ModuleType = load_driver("psycopg", "distributed")
        if not _NAME.fullmatch(schema):
            raise ConfigurationError(
                f"JobQueue: schema {schema!r} must be 1 to 41 lower-case letters, digits and _"
            )
        self.url = url
        self.schema = schema
        self.place = postgres_place(self.driver, url, "JobQueue")
        self._lane: Lane[Any] = Lane(self._connect, drop, timeout, has_ended)

    def another(self, *, timeout: float | None = _TIMEOUT) -> Database:
        """Return another way to the same database, with a connection of its own."""
        return Database(self.url, self.schema, timeout=timeout)

    def sql(self, text: str) -> str:
        """Return a text with the name of the schema in it."""
        return text.replace("@schema@", self.schema)

    async def rows(self, statement: str, *arguments: object) -> list[Any]:
        """Carry out a statement, and return its rows."""

        async def command(connection: Any) -> list[Any]:
            cursor = await connection.execute(self.sql(statement), arguments or None)
            found: list[Any] = await cursor.fetchall() if cursor.description else []
            return found

        return await self.run(command)

    async def value(self, statement: str, *arguments: object) -> Any:
        """Carry out a statement, and return the value in its first row; ``None`` without a row."""
        rows = await self.rows(statement, *arguments)
        return rows[0][0] if rows else None

    async def run(self, command: Callable[[Any], Awaitable[R]]) -> R:
        """Carry out a command on the connection.

        Raises:
            SharedStoreError: the database cannot be reached now; it is not known what it did.
            ConfigurationError: it cannot be used as it is.
            JournalError: it refused the command.
        """
        errors = self.driver.errors

        async def uncut(connection: Any) -> R:
            done: R = await uncancelled(connection, command(connection))
            return done

        try:
            return await self._lane.run(uncut)
        except (
            errors.InvalidSchemaName,
            errors.UndefinedTable,
            errors.UndefinedFunction,
            errors.UndefinedColumn,
        ) as error:
            problem: Exception = ConfigurationError(
                f"PostgreSQL at {self.place} has no queue, or one of another version "
                f"({_one_line(error)}): run `easemob queue install --queue URL`, or `await "
                "queue.install()`"
            )
        except (errors.OperationalError, errors.InterfaceError, OSError) as error:
            text = _one_line(error)
            problem = SharedStoreError(f"PostgreSQL at {self.place}: {text}")
            if "authentication failed" in text or "does not exist" in text:
                problem = ConfigurationError(str(problem))
        except errors.ReadOnlySqlTransaction as error:
            problem = SharedStoreError(f"PostgreSQL at {self.place}: {_one_line(error)}")
        except self.driver.Error as error:
            text = f"PostgreSQL at {self.place}: {_one_line(error)}"
            if error.sqlstate == _ELSEWHERE:
                problem = ConfigurationError(
                    f"{text}; a replica may have missed calls that departed, and sending on could "
                    "send twice. If no commit is missing, accept it: `easemob queue install "
                    "--accept-failover`, or `await queue.install(accept_failover=True)`"
                )
            elif isinstance(error, errors.InsufficientPrivilege):
                problem = ConfigurationError(text)
            else:
                problem = JournalError(text)
        raise problem

    def close(self) -> None:
        """Drop the connection; the next command opens another."""
        self._lane.close()

    async def _connect(self) -> Any:
        connection = await self.driver.AsyncConnection.connect(
            self.url,
            autocommit=True,
            prepare_threshold=None,  # poolers between us and the server may not know statements
            connect_timeout=int(_TIMEOUT),
            application_name="easemob_async jobs",
        )
        problem = None
        encoding = connection.info.parameter_status("server_encoding")
        if connection.info.server_version < _OLDEST:
            problem = f"PostgreSQL at {self.place} is older than version 14"
        elif encoding not in (None, "UTF8"):
            problem = (
                f"the database at {self.place} is in {encoding}, which cannot hold every id and "
                "message: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
            )
        if problem is not None:
            drop(connection)
            raise ConfigurationError(problem)
        return connection


def read_ledger(schema: str) -> str:
    """Return the statements that make the ledger, or bring it up to date."""
    source = resources.files("easemob_async.distributed").joinpath("ledger.sql")
    text = source.read_text(encoding="utf-8").replace("@schema@", schema)
    return text.replace("@interrupted@", f"'{_INTERRUPTED}'")


def ranges(positions: Sequence[int]) -> str:
    """Return ascending positions as PostgreSQL writes them: ``{[0,600)}``."""
    parts: list[str] = []
    if positions:
        start = last = positions[0]
        for position in positions[1:]:
            if position != last + 1:
                parts.append(f"[{start},{last + 1})")
                start = position
            last = position
        parts.append(f"[{start},{last + 1})")
    return "{" + ",".join(parts) + "}"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
