"""A real PostgreSQL with an installed queue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from easemob_async import EasemobClient
from easemob_async.distributed import JobQueue
from easemob_async.distributed.database import Database
from easemob_async.distributed.engine import Engine
from easemob_async.distributed.installing import install
from tests.distributed.service import Service
from tests.shared.conftest import postgres_url

__all__ = ["client", "database", "postgres_url", "queue", "service"]

LEASE = timedelta(seconds=2)


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url, "easemob_ledger")
    await install(database, Engine(database), accept_failover=False)
    await database.rows("TRUNCATE @schema@.jobs CASCADE")
    yield database
    database.close()


@pytest.fixture
async def queue(postgres_url: str) -> AsyncIterator[JobQueue]:
    async with JobQueue(postgres_url, schema="easemob_queue", lease=LEASE) as queue:
        await queue.install()
        for job in await queue.jobs():
            await job.stop()
            await job.purge()
        yield queue


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    with Service() as service:
        yield service


@pytest.fixture
async def client(service: Service) -> AsyncIterator[EasemobClient]:
    async with service.client() as client:
        yield client
