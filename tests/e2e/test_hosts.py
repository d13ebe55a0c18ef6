"""Several hosts that serve an app: some are slow, some die, and nothing is sent twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

from easemob_async import (
    AuthenticationError,
    ConfigurationError,
    ConnectError,
    Discovery,
    EasemobClient,
    RetryPolicy,
    Text,
    TransportError,
)
from easemob_async.emulator import Emulator
from tests.conftest import FAST, AnyKeys
from tests.fanout.jobs import FREE, accept, adds_up, users
from tests.servers import CUT, Answer, Received, Reply, ScriptedServer, scripted

ASKED = "/easemob/server.json?app_key=easemob-demo%23testapp"
ONLINE = Reply(body={"data": {"ann": "online"}})


async def test_a_client_finds_the_emulator(emulator: Emulator, keys: AnyKeys) -> None:
    emulator.add_user("ann")
    found = Discovery(f"{emulator.base_url}/easemob/server.json")
    async with EasemobClient(emulator.app_key, **keys, base_url=found, retry=FAST) as client:
        statuses = await asyncio.gather(*(client.users.get_status("ann") for _ in range(20)))
        assert set(statuses) == {"offline"}
        copy = client.with_options(timeout=5)
        assert (await copy.users.get("ann")).username == "ann"
    assert [path for _, path in emulator.requests].count(ASKED) == 1


@attrs.define
class Host:
    """A host that can die: then nobody listens, and open connections are gone."""

    listener: asyncio.Server
    server: ScriptedServer

    def die(self) -> None:
        self.listener.close()
        self.server.abort()

    @property
    def sent(self) -> list[str]:
        """The targets of the messages that arrived here."""
        return [name for r in self.server.received if r.method == "POST" for name in r.json["to"]]


@asynccontextmanager
async def hosts(number: int, respond: Any) -> AsyncIterator[Sequence[Host]]:
    """Run hosts that answer alike; `respond` also gets the number of the host."""
    found: list[Host] = []
    try:
        for at in range(number):
            server = ScriptedServer(lambda request, at=at: respond(at, request))  # type: ignore[misc]
            listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
            server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            found.append(Host(listener, server))
        yield found
    finally:
        for host in found:
            host.die()


@asynccontextmanager
async def named(urls: Sequence[str], retry: RetryPolicy = FAST) -> AsyncIterator[EasemobClient]:
    """Run a service that names hosts, and a client that asks it."""
    rows = [
        {"protocol": parts.scheme, "ip": parts.hostname, "port": parts.port}
        for parts in map(urlsplit, urls)
    ]
    async with scripted(lambda _: Reply(body={"rest": {"hosts": rows}})) as server:
        found = Discovery(f"{server.url}/easemob/server.json")
        async with EasemobClient(
            "acme#shop", token="t", base_url=found, retry=retry, quotas=FREE
        ) as client:
            yield client


async def test_calls_go_to_all_hosts_and_a_slow_one_holds_up_nobody_else() -> None:
    slow = asyncio.Event()

    async def respond(at: int, _: Received) -> Answer:
        if at == 0:
            await slow.wait()
        return ONLINE

    async with hosts(3, respond) as found, named([h.server.url for h in found]) as client:
        calls = {asyncio.create_task(client.users.get_status("ann")) for _ in range(60)}
        quick = 0
        while quick < 25:
            done, calls = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            quick += len(done)
        assert not found[0].server.received or not slow.is_set()
        slow.set()
        await asyncio.gather(*calls)
        assert sum(len(host.server.received) for host in found) == 60
        assert all(host.server.received for host in found)


@pytest.mark.parametrize("direct", ["1", "0"])
async def test_hosts_that_die_one_after_the_other_cost_no_target_and_no_second_send(
    direct: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EASEMOB_DIRECT", direct)
    alive = list(range(4))
    answered = 0

    def respond(at: int, request: Received) -> Answer:
        nonlocal answered
        answered += 1
        if answered % 5 == 0 and len(alive) > 1:
            # Another host dies, before any request is on its way to it.
            asyncio.get_running_loop().call_soon(lambda: found[alive.pop()].die())
        return accept(request)

    async with hosts(4, respond) as found, named([h.server.url for h in found]) as client:
        job = client.fanout.to_users(users(24_000), Text("x"), sender="shop", workers=1)
        report = await job
        assert (report.sent, report.failed, report.unknown, report.not_sent) == (24_000, 0, 0, 0)
        assert adds_up(report)
    assert len(alive) == 1
    arrived = Counter(name for host in found for name in host.sent)
    assert arrived == Counter(users(24_000))


async def test_a_dead_host_costs_no_attempt() -> None:
    async with hosts(5, lambda at, _: ONLINE) as found:
        urls = [host.server.url for host in found]
        for host in found[1:]:
            host.die()
        async with named(urls, retry=RetryPolicy(attempts=1)) as client:
            for _ in range(20):
                assert await client.users.get_status("ann") == "online"
        assert len(found[0].server.received) == 20


async def test_a_request_that_has_left_goes_to_no_other_host() -> None:
    async with hosts(3, lambda at, _: CUT) as found, named([h.server.url for h in found]) as client:
        with pytest.raises(TransportError) as caught:
            await client.messages.send_to_users(["u1"], Text("x"))
        assert caught.value.maybe_processed
    assert sum(len(host.server.received) for host in found) == 1


async def test_when_all_hosts_are_dead_the_error_says_which_was_tried_last() -> None:
    async with hosts(3, lambda at, _: ONLINE) as found:
        urls = [host.server.url for host in found]
        for host in found:
            host.die()
        async with named(urls) as client:
            with pytest.raises(ConnectError, match=r"no connection to 127\.0\.0\.1:\d+") as caught:
                await client.users.get_status("ann")
            assert not caught.value.maybe_processed


async def test_no_host_is_a_clear_error_and_nothing_is_sent() -> None:
    async with named([]) as client:
        for _ in range(2):
            with pytest.raises(ConnectError, match=r'users.get\("ann"\): http.* names no host'):
                await client.users.get("ann")
        with pytest.raises(ConnectError, match=r"history.get: http.* names no host"):
            await client.history.get(datetime.now(UTC))
        report = client.fanout.to_users(users(10), Text("x"))
        with pytest.raises(ConnectError, match="names no host") as caught:
            await report
        assert caught.value.report is not None
        assert caught.value.report.not_sent == 10


async def test_a_host_without_https_gets_no_credentials_unless_that_is_allowed() -> None:
    async with named(["http://192.0.2.1:80"]) as client:
        with pytest.raises(ConfigurationError, match="names only hosts with http"):
            await client.users.get("ann")


async def test_a_file_is_where_it_was_uploaded() -> None:
    uploaded = Reply(body={"entities": [{"uuid": "f1"}]})
    async with hosts(1, lambda at, _: uploaded) as found, named([found[0].server.url]) as client:
        file = await client.files.upload(b"content", filename="a.txt")
        assert file.url == f"{found[0].server.url}/acme/shop/chatfiles/f1"


async def test_a_client_goes_on_in_another_loop_with_the_same_hosts(emulator: Emulator) -> None:
    found = Discovery(f"{emulator.base_url}/easemob/server.json")
    client = EasemobClient(emulator.app_key, token="t", base_url=found)

    async def call() -> None:
        with pytest.raises(AuthenticationError):
            await client.users.get("ann")

    def run() -> None:
        for _ in range(3):
            asyncio.run(call())
        asyncio.run(client.close())

    await asyncio.to_thread(run)
    assert [path for _, path in emulator.requests].count(ASKED) == 1
