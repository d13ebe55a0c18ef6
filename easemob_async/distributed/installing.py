"""Making the tables of a queue, or bringing them up to date."""

from __future__ import annotations

from typing import Any, Final

from easemob_async.distributed.database import Database, read_ledger
from easemob_async.distributed.engine import Engine
from easemob_async.errors import ConfigurationError

VERSION: Final = 1
_INSTALLING: Final = 20_261_127
"""The number of the advisory lock under which tables are made."""


async def install(database: Database, engine: Engine, *, accept_failover: bool) -> None:
    """Make the engine's tables and the ledger, or bring them up to date.

    Raises:
        ConfigurationError: the ledger is of a newer version of the library, the database is
            another one than that in which calls departed, or it keeps nothing in a crash.
    """

    async def command(connection: Any) -> None:
        async with connection.transaction():
            cursor = await connection.execute("SHOW fsync")
            if (await cursor.fetchone())[0] == "off":
                raise ConfigurationError(
                    f"PostgreSQL at {database.place} has fsync = off: after a crash it may have "
                    "forgotten calls that departed, and they would be sent twice"
                )
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_INSTALLING,))
            known = await _known(connection, database)
            if known is not None and known[0] > VERSION:
                raise ConfigurationError(
                    f"PostgreSQL at {database.place}: the queue there was made by a newer version "
                    "of easemob-async; update this one"
                )
            version = await engine.install(connection, None if known is None else known[1])
            await connection.execute(read_ledger(database.schema))
            if known is None or accept_failover:
                await connection.execute(database.sql(_SET_PLACE), (VERSION, version))
            else:
                await connection.execute(database.sql(_SET_VERSION), (VERSION, version))
                await connection.execute(database.sql("SELECT @schema@.check_place()"))

    await database.run(command)


async def _known(connection: Any, database: Database) -> tuple[int, str] | None:
    cursor = await connection.execute("SELECT to_regclass(%s)", (f"{database.schema}.place",))
    if (await cursor.fetchone())[0] is None:
        return None
    cursor = await connection.execute(database.sql("SELECT version, engine FROM @schema@.place"))
    found: tuple[int, str] | None = await cursor.fetchone()
    return found


_SET_PLACE: Final = """
INSERT INTO @schema@.place (version, engine, system_id, timeline, synchronous)
SELECT %s, %s, system_identifier, @schema@.timeline(), @schema@.is_synchronous()
FROM pg_control_system()
ON CONFLICT (single) DO UPDATE SET
    version = excluded.version, engine = excluded.engine, system_id = excluded.system_id,
    timeline = excluded.timeline, synchronous = excluded.synchronous
"""
_SET_VERSION: Final = "UPDATE @schema@.place SET version = %s, engine = %s"
