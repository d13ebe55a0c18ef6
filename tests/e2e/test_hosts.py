"""Several hosts that serve an app: some are slow, some die, and nothing is sent twice."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

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
from easemob_async.transport.direct import SWITCH
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


@pytest.fixture(params=["1", "0"], ids=["direct", "session"], autouse=True)
def direct(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send directly over a connection, and by the session."""
    monkeypatch.setenv(SWITCH, request.param)


class Host:
    """A host that can die: then nobody listens, and open connections are gone.

    It accepts connections itself, since `asyncio.Server` and ``sock_accept`` leave open those that
    they are just accepting when they are stopped.
    """

    def __init__(self, respond: Callable[[Received], Any]) -> None:
        self.server = ScriptedServer(respond)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.server.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._serving: set[asyncio.Task[None]] = set()
        self._is_dead = False
        asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        with suppress(BlockingIOError, ConnectionAbortedError):
            accepted, _ = self._socket.accept()
            self._serving.add(asyncio.create_task(self._serve(accepted)))

    async def _serve(self, accepted: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=accepted)
        if self._is_dead:
            writer.transport.abort()
        await self.server.handle(reader, writer)

    def die(self) -> None:
        if self._is_dead:
            return
        self._is_dead = True
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self.server.abort()

    async def is_buried(self) -> None:
        """Wait until nothing of it is left."""
        await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def sent(self) -> list[str]:
        """The targets of the messages that arrived here."""
        return [name for r in self.server.received if r.method == "POST" for name in r.json["to"]]


@asynccontextmanager
async def hosts(
    number: int, respond: Callable[[int, Received], Any]
) -> AsyncIterator[Sequence[Host]]:
    """Run hosts that answer alike; `respond` also gets the number of the host."""
    found = [Host(partial(respond, at)) for at in range(number)]
    try:
        yield found
    finally:
        for host in found:
            host.die()
            await host.is_buried()


@asynccontextmanager
async def named(
    urls: Sequence[str], retry: RetryPolicy = FAST, *, app_key: str = "acme#shop", token: str = "t"
) -> AsyncIterator[EasemobClient]:
    """Run a service that names hosts, and a client that asks it."""
    rows = [
        {"protocol": parts.scheme, "ip": parts.hostname, "port": parts.port}
        for parts in map(urlsplit, urls)
    ]
    async with scripted(lambda _: Reply(body={"rest": {"hosts": rows}})) as server:
        found = Discovery(f"{server.url}/easemob/server.json")
        async with EasemobClient(
            app_key, token=token, base_url=found, retry=retry, quotas=FREE
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


async def test_hosts_that_die_one_after_the_other_cost_no_target_and_no_second_send() -> None:
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


async def test_hosts_that_die_with_requests_on_their_way_cause_no_second_send() -> None:
    alive = list(range(4))

    def respond(at: int, request: Received) -> Answer:
        host = found[at]
        if at in alive[1:] and len(host.server.received) == 5:
            alive.remove(at)
            host.die()  # whatever is on its way gets no answer
        return accept(request) if at in alive else CUT

    async with hosts(4, respond) as found, named([h.server.url for h in found]) as client:
        report = await client.fanout.to_users(users(60_000), Text("x"), sender="shop", workers=8)
        assert (report.failed, report.not_sent) == (0, 0)
        assert report.unknown > 0
        assert adds_up(report)
    assert alive == [0]
    arrived = Counter(name for host in found for name in host.sent)
    assert set(arrived.values()) == {1}
    assert report.sent <= len(arrived) <= report.sent + report.unknown == 60_000


async def test_a_file_that_can_be_read_once_goes_to_a_host_that_is_there(
    emulator: Emulator,
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"on"
        yield b"ce"

    async with hosts(4, lambda at, _: ONLINE) as found:
        urls = [emulator.base_url, *(host.server.url for host in found)]
        for host in found:
            host.die()
        token = emulator.state.issue_token(None, 3600)
        async with named(urls, app_key=emulator.app_key, token=token) as client:
            for _ in range(5):
                file = await client.files.upload(pieces(), filename="a.txt")
                assert file.url.startswith(emulator.base_url)
                assert await client.files.download(file.file_id) == b"once"


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
