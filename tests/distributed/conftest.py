"""A real PostgreSQL with an installed queue."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from easemob_async.distributed.database import Database
from easemob_async.distributed.engine import Engine
from easemob_async.distributed.installing import install
from tests.shared.conftest import postgres_url

__all__ = ["database", "postgres_url"]


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url, "easemob_ledger")
    await install(database, Engine(database), accept_failover=False)
    await database.rows("TRUNCATE @schema@.jobs CASCADE")
    yield database
    database.close()
