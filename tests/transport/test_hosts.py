"""The hosts that the service names: asked once, kept a day, avoided when they are unreachable."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from easemob_async import (
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    DataCenter,
    Discovery,
    EasemobClient,
    EasemobError,
)
from easemob_async.transport.hosts import AFTER_FAILURE, KEPT, SET_ASIDE, DiscoveredHosts, OneHost
from tests.waiting import turns

A, B, C = (f"https://{name}.example/acme/shop" for name in "abc")


class Service:
    """The service that names hosts, with a clock in the hand."""

    def __init__(self, *names: str) -> None:
        self.now = 1000.0
        self.asked = 0
        self.names: Sequence[str] = names
        self.error: EasemobError | None = None
        self.gate: asyncio.Event | None = None
        self.hosts = DiscoveredHosts(self.ask, "/acme/shop", "them", clock=lambda: self.now)

    async def ask(self) -> Sequence[str]:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return [f"https://{name}.example" for name in self.names]

    async def get(self) -> str:
        return self.hosts.ready() or await self.hosts.find("users.get")

    async def several(self, number: int = 300) -> Counter[str]:
        return Counter([await self.get() for _ in range(number)])


async def test_it_asks_when_first_needed_and_once_for_all_who_wait() -> None:
    service = Service("a")
    await turns(3)
    assert service.asked == 0
    service.gate = asyncio.Event()
    waiting = [asyncio.create_task(service.get()) for _ in range(50)]
    await turns()
    waiting[0].cancel()  # who is cancelled takes it from nobody
    await turns()
    service.gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert set(results[1:]) == {A}
    assert service.asked == 1


async def test_the_list_is_kept_for_a_day() -> None:
    service = Service("a")
    assert await service.get() == A
    service.names = ("b",)
    service.now += KEPT - 1
    assert await service.get() == A
    assert service.asked == 1
    service.now += 1
    assert await service.get() == B
    assert service.asked == 2
    assert timedelta(days=1).total_seconds() == KEPT


async def test_a_failure_is_kept_for_ten_seconds() -> None:
    service = Service("a")
    service.error = ConnectError("it cannot be asked")
    errors = []
    for _ in range(3):
        with pytest.raises(ConnectError, match=r"^users\.get: it cannot be asked$") as caught:
            await service.get()
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == 3
    assert service.asked == 1
    service.error = None
    service.now += AFTER_FAILURE - 1
    with pytest.raises(ConnectError):
        await service.get()
    service.now += 1
    assert await service.get() == A
    assert AFTER_FAILURE == 10


async def test_a_list_that_cannot_be_renewed_stays_in_use() -> None:
    service = Service("a")
    await service.get()
    service.now += KEPT
    service.error = ConnectError("no")
    for _ in range(3):
        assert await service.get() == A
    assert service.asked == 2
    service.now += AFTER_FAILURE
    service.error, service.names = None, ("b",)
    assert await service.get() == B


async def test_each_attempt_takes_one_at_random() -> None:
    found = await Service(*"abc").several()
    assert set(found) == {A, B, C}
    assert min(found.values()) > 50


async def test_a_host_that_is_unreachable_is_avoided_for_a_minute() -> None:
    service = Service(*"abc")
    await service.get()
    assert service.hosts.unreachable(A) == 2
    assert set(await service.several()) == {B, C}
    assert service.hosts.unreachable(B) == 2
    service.now += SET_ASIDE - 1
    assert set(await service.several()) == {C}
    service.now += 1
    assert set(await service.several()) == {A, B, C}


async def test_when_all_are_unreachable_they_are_tried_and_the_service_is_asked_again() -> None:
    service = Service(*"ab")
    await service.get()
    for url in (A, B):
        service.hosts.unreachable(url)
    assert set(await service.several()) == {A, B}
    assert service.asked == 1  # not so soon
    service.now += AFTER_FAILURE
    service.names = ("c",)
    assert await service.get() == C
    assert service.asked == 2


async def test_one_host_has_no_other() -> None:
    service = Service("a")
    await service.get()
    assert service.hosts.unreachable(A) == 0
    assert await service.get() == A
    assert OneHost(A).unreachable(A) == 0


async def test_the_data_center_is_that_of_a_known_host() -> None:
    service = Service("a")
    assert await service.hosts.data_center("history.get") is None
    service.hosts = DiscoveredHosts(named, "/acme/shop", "them")
    assert await service.hosts.data_center("history.get") is DataCenter.SINGAPORE_1


async def named() -> Sequence[str]:
    return ["https://x.example", "https://a1-sgp.easemob.com", "https://a1.easemob.com"]


async def test_closing_ends_who_waits() -> None:
    service = Service("a")
    service.gate = asyncio.Event()
    waiting = asyncio.create_task(service.get())
    await turns(2)
    await service.hosts.close()
    with pytest.raises(ClientClosedError, match="fetched the hosts of the app"):
        await waiting


def test_the_question_is_asked_by_https() -> None:
    client = EasemobClient("acme#shop", token="t", base_url=Discovery())
    assert "https://rs.easemob.com/easemob/server.json" in repr(client)
    EasemobClient("acme#shop", token="t", base_url=Discovery("http://127.0.0.1:1/server.json"))
    for url, says in (
        ("http://rs.easemob.com/easemob/server.json", "Discovery: url .* unencrypted"),
        ("https://rs.example/?a=b", "must not contain a query"),
        ("https://u:p@rs.example/", "must not contain a username"),
        ("rs.example", "must begin with https://"),
        (None, "must be a string"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            EasemobClient("acme#shop", token="t", base_url=Discovery(url))  # type: ignore[arg-type]
    EasemobClient("acme#shop", token="t", base_url=Discovery("http://rs.example/"), allow_http=True)
