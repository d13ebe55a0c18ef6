"""Clients that share a store: what they are made with, and what they share."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from easemob_async import (
    BadRequestError,
    ConfigurationError,
    EasemobClient,
    EasemobError,
    Limit,
    Quotas,
    RetryPolicy,
    SharedStoreError,
    Text,
    Timeouts,
)
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from easemob_async.shared import RedisStore, SharedStore
from easemob_async.shared.choice import store_of
from easemob_async.shared.protocol import TokenReply, TokenRequest
from tests.conftest import FAST, Against
from tests.servers import HANG
from tests.shared.conftest import missing
from tests.shared.servers import free_port, redis_of_our_own, redis_program


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """An emulator of an app that no other test has an account of."""
    async with Emulator(app_key=f"acme#{uuid.uuid4().hex[:12]}") as running:
        running.add_user("ann")
        yield running


@pytest.fixture
async def connect(emulator: Emulator, store_url: str) -> AsyncIterator[Callable[..., Any]]:
    """Make clients as processes of their own would."""
    async with AsyncExitStack() as clients:

        async def make(**options: Any) -> EasemobClient:
            given: dict[str, Any] = {"retry": FAST, "shared": store_url, **options}
            client = EasemobClient(**{**emulator.credentials, **given})
            return await clients.enter_async_context(client)

        yield make


def fetches(emulator: Emulator) -> int:
    return sum(path.endswith("/token") for _, path in emulator.requests)


async def test_clients_share_one_account(connect: Any, emulator: Emulator) -> None:
    long = Quotas(overrides={"users.get_status": [Limit(1000, per=timedelta(minutes=5))]})
    one, other = await connect(quotas=long), await connect(quotas=long)
    await asyncio.gather(*(client.users.get_status("ann") for client in (one, other) * 30))
    await one.quotas.refresh()
    (usage,) = [usage for usage in one.quotas.usage() if usage.name == "users.get_status"]
    assert (usage.used, usage.left) == (60, 940)


async def test_jobs_of_several_clients_stay_inside_the_quota(
    connect: Any, emulator: Emulator
) -> None:
    clients = [await connect() for _ in range(3)]
    jobs = [client.fanout.to_groups(map(str, range(25)), Text("hello")) for client in clients]
    reports = await asyncio.gather(*(job.run() for job in jobs))
    assert [report.sent for report in reports] == [25, 25, 25]
    assert emulator.quotas.refusals == 0


async def test_one_of_many_clients_fetches_the_token(connect: Any, emulator: Emulator) -> None:
    clients = [await connect() for _ in range(20)]
    await asyncio.gather(*(client.users.get_status("ann") for client in clients))
    assert fetches(emulator) == 1


async def test_a_refused_token_is_renewed_once_for_all(connect: Any, emulator: Emulator) -> None:
    clients = [await connect() for _ in range(10)]
    await asyncio.gather(*(client.users.get_status("ann") for client in clients))
    emulator.expire_tokens()
    await asyncio.gather(*(client.users.get_status("ann") for client in clients))
    assert fetches(emulator) == 2
    late = await connect()
    await late.users.get_status("ann")
    assert fetches(emulator) == 2


async def test_the_token_of_another_secret_is_never_read(connect: Any, emulator: Emulator) -> None:
    await (await connect()).users.get_status("ann")
    stranger = await connect(client_secret="wrong")
    with pytest.raises(BadRequestError):
        await stranger.users.get_status("ann")


async def test_a_refused_secret_is_told_to_others_and_not_asked_about_again(
    connect: Any, emulator: Emulator
) -> None:
    clients = [await connect(client_secret="wrong") for _ in range(5)]
    calls = [client.users.get_status("ann") for client in clients]
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert fetches(emulator) == 1
    assert sum(isinstance(error, BadRequestError) for error in errors) == 1
    told = [str(error) for error in errors if not isinstance(error, BadRequestError)]
    assert all("BadRequestError" in words and "another process was told" in words for words in told)


async def test_a_fetch_that_fails_is_done_by_another_process(
    connect: Any, emulator: Emulator
) -> None:
    clients = [await connect(retry=RetryPolicy(attempts=1)) for _ in range(3)]
    emulator.fail("POST", "/token", status=503, headers={"Retry-After": "1"})
    calls = [client.users.get_status("ann") for client in clients]
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(error, EasemobError) for error in errors)
    await asyncio.sleep(1.2)  # as long as the service said, by the store's clock
    await asyncio.gather(*(client.users.get_status("ann") for client in clients))
    assert fetches(emulator) == 2


async def test_closing_gives_back_what_calls_held(connect: Any, emulator: Emulator) -> None:
    client, other = await connect(timeout=30), await connect(timeout=30)
    await asyncio.gather(*(client.users.get_status("ann") for _ in range(30)))
    await client.close()
    async with asyncio.timeout(5):  # and not 30: the store knows that they were answered
        await asyncio.gather(*(other.users.get_status("ann") for _ in range(100)))
    assert emulator.quotas.refusals == 0


def test_a_store_is_chosen_by_its_url(redis_url: str, postgres_url: str) -> None:
    for url, name in ((redis_url, "RedisStore"), (postgres_url, "PostgresStore")):
        assert type(store_of(url)).__name__ == name
    store = RedisStore("redis://:hidden@localhost/0")
    assert store_of(store) is store
    assert "hidden" not in repr(store)


@pytest.mark.parametrize(
    ("shared", "words"),
    [
        ("mysql://user:hidden@localhost/db", "its scheme is 'mysql'"),
        ("localhost:6379", "its scheme is ''"),
        (7, "must be a URL or a SharedStore, not a int"),
    ],
)
def test_what_is_no_store_is_refused(shared: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        EasemobClient("acme#shop", token="t", shared=shared)
    assert "hidden" not in str(caught.value)


def test_what_cannot_be_shared_is_refused() -> None:
    other = EasemobClient("acme#shop", token="t")
    store = RedisStore("redis://localhost")
    with pytest.raises(ConfigurationError, match="the account of another client"):
        EasemobClient("acme#shop", token="t", shared=store, quotas=other.quotas)
    with pytest.raises(ConfigurationError, match="leave it out: the processes share the whole"):
        EasemobClient("acme#shop", token="t", shared=store, quotas=Quotas(share=1 / 8))


def test_a_call_without_an_end_is_refused() -> None:
    store = RedisStore("redis://localhost")
    for endless in (None, Timeouts(total=None)):
        with pytest.raises(ConfigurationError, match="timeout must not be None with shared"):
            EasemobClient("acme#shop", token="t", shared=store, timeout=endless)
        with pytest.raises(ConfigurationError, match="timeout must not be None with shared"):
            EasemobClient("acme#shop", token="t", shared=store).with_options(timeout=endless)


def test_the_store_comes_from_the_environment(redis_url: str) -> None:
    environ = {"EASEMOB_APP_KEY": "acme#shop", "EASEMOB_TOKEN": "t", "EASEMOB_SHARED": redis_url}
    assert EasemobClient.from_env(environ).quotas.is_shared
    assert not EasemobClient.from_env({**environ, "EASEMOB_SHARED": ""}).quotas.is_shared
    with pytest.raises(ConfigurationError, match="'ftp'"):
        EasemobClient.from_env(environ, shared="ftp://x")


@pytest.mark.parametrize("scheme", ["redis", "postgresql"])
async def test_without_a_store_nothing_is_sent(scheme: str, emulator: Emulator) -> None:
    url = f"{scheme}://:hidden@127.0.0.1:{free_port()}/0"
    async with EasemobClient(**emulator.credentials, shared=url, timeout=1) as client:
        with pytest.raises(SharedStoreError, match="nothing was sent") as caught:
            await client.users.get_status("ann")
        assert "hidden" not in str(caught.value)
        job = client.fanout.to_users(["ann"], Text("hello"))
        with pytest.raises(SharedStoreError) as stopped:
            await job.run()
    assert job.report.not_sent == 1, stopped
    assert emulator.requests == []


async def test_a_redis_that_evicts_is_refused(emulator: Emulator) -> None:
    if redis_program() is None:
        missing("no redis-server and no valkey-server")
    with redis_of_our_own("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru") as server:
        async with EasemobClient(**emulator.credentials, shared=server.url) as client:
            with pytest.raises(ConfigurationError, match="Set maxmemory-policy to noeviction"):
                await client.users.get_status("ann")
    assert emulator.requests == []


class OnesOwn:
    """A store of somebody else's making: it needs only the methods."""

    def __init__(self, store: SharedStore) -> None:
        self.exchange, self.token = store.exchange, store.token
        self.put_token, self._close = store.put_token, store.close
        self.closed = False

    async def close(self) -> None:
        self.closed = True
        await self._close()


async def test_a_store_that_goes_away_before_the_token_is_read_is_named(
    emulator: Emulator, store_url: str
) -> None:
    async def away(request: TokenRequest) -> TokenReply:
        raise SharedStoreError("the store is away")

    store = OnesOwn(store_of(store_url))
    store.token = away
    async with EasemobClient(**emulator.credentials, shared=store, timeout=1) as client:
        with pytest.raises(SharedStoreError, match="no token: the store is away"):
            await client.users.get_status("ann")
    assert emulator.requests == []


async def test_a_store_of_ones_own_will_do(emulator: Emulator, store_url: str) -> None:
    store = OnesOwn(store_of(store_url))
    async with EasemobClient(**emulator.credentials, shared=store) as client:
        await client.users.get_status("ann")
    assert store.closed


async def test_commands_share_as_clients_do(emulator: Emulator, store_url: str) -> None:
    names = {"app_key": "EASEMOB_APP_KEY", "client_id": "EASEMOB_CLIENT_ID"}
    names |= {"client_secret": "EASEMOB_CLIENT_SECRET", "base_url": "EASEMOB_BASE_URL"}
    environ = {**os.environ, **{names[k]: str(v) for k, v in emulator.credentials.items()}}

    async def easemob(*arguments: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "easemob_async", "users", "get", "ann", *arguments),
            env=environ,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await process.communicate()
        return process.returncode, errors.decode()

    for _ in range(2):
        assert await easemob("--shared", store_url) == (0, "")
    environ["EASEMOB_SHARED"] = store_url
    assert await easemob() == (0, "")
    assert fetches(emulator) == 1
    status, errors = await easemob("--shared", "ftp://user:hidden@localhost")
    assert status == 1
    assert "its scheme is 'ftp'" in errors
    assert "hidden" not in errors


async def test_the_deadline_of_a_bulk_attempt_is_fixed_when_its_units_are_taken(
    against: Against, store_url: str
) -> None:
    async with against(lambda _: HANG, shared=store_url, timeout=1, token="t") as (client, server):
        job = client.fanout.to_users(["ann"], Text("hello"))
        async with asyncio.timeout(20):
            report = await job.run()
        assert (report.unknown, report.sent, len(server.calls)) == (1, 0, 1)


def test_a_client_is_closed_after_its_loop_was(store_url: str) -> None:
    with running(Emulator()) as emulator:
        emulator.add_user("ann")
        client = EasemobClient(**emulator.credentials, shared=store_url)

        async def use() -> None:
            assert await client.users.get_status("ann") == "offline"

        for _ in range(2):
            asyncio.run(use())
        asyncio.run(client.close())
