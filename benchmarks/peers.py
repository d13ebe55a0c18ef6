"""The same work with this library and with others: ``python -m benchmarks.peers``.

The work is 1 000 status calls, 32 at once, and 60 000 messages in calls of 600. It is done with
this library (all its features on: tokens, quotas, retries, typed answers, an account of every
target), and by hand with aiohttp, with httpx, and with requests in 32 threads. By hand means: send,
raise for the status, decode, look the result up. All send to the ids of one list. The rounds
alternate, in one process; the server is another. Prints, for each, the CPU and the wall seconds
that it takes for one that this library takes; needs the extra ``benchmarks``.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
import httpx
import requests

from benchmarks.rounds import Work, in_turn, spread
from benchmarks.server import APP, PREFIX, running
from easemob_async import EasemobClient, Quotas, Text

STATUS_CALLS = 1_000
MESSAGES = 60_000
SIZE = 600
AT_ONCE = 32
TARGETS = [f"user{number:08}" for number in range(MESSAGES)]
HEADERS = {"Authorization": "Bearer " + "t" * 120, "Accept": "application/json"}


def _bodies() -> Iterator[dict[str, Any]]:
    for begin in range(0, MESSAGES, SIZE):
        to = TARGETS[begin : begin + SIZE]
        yield {"from": "shop", "to": to, "type": "txt", "body": {"msg": "Sale!"}}


def _accepted(body: Mapping[str, Any], answer: Mapping[str, Any]) -> int:
    return sum(1 for name in body["to"] if name in answer["data"])


async def _by_some(works: Iterator[Callable[[], Awaitable[int]]]) -> int:
    """Do pieces of work, some at once, and return the sum of their results."""

    async def some() -> int:
        return sum([await work() for work in works])

    return sum(await asyncio.gather(*(some() for _ in range(AT_ONCE))))


def _check(found: int, expected: int) -> None:
    if found != expected:
        raise RuntimeError(f"{found} in place of {expected}")


Pair = tuple[Work, Work]
"""The status calls and the messages, with one library."""


def _ours(client: EasemobClient) -> Pair:
    async def status() -> int:
        return (await client.users.get_status("ann")) == "online"

    async def statuses() -> None:
        _check(await _by_some(itertools.repeat(status, STATUS_CALLS)), STATUS_CALLS)

    async def messages() -> None:
        report = await client.fanout.to_users(
            TARGETS, Text("Sale!"), sender="shop", workers=AT_ONCE
        )
        _check(report.sent, MESSAGES)

    return statuses, messages


def _aiohttp(session: aiohttp.ClientSession, url: str) -> Pair:
    async def status() -> int:
        async with session.get(f"{url}/users/ann/status", headers=HEADERS) as response:
            response.raise_for_status()
            return bool((await response.json())["data"]["ann"] == "online")

    async def send(body: dict[str, Any]) -> int:
        async with session.post(f"{url}/messages/users", json=body, headers=HEADERS) as response:
            response.raise_for_status()
            return _accepted(body, await response.json())

    return _pair(status, send)


def _httpx(client: httpx.AsyncClient, url: str) -> Pair:
    async def status() -> int:
        response = await client.get(f"{url}/users/ann/status", headers=HEADERS)
        return bool(response.raise_for_status().json()["data"]["ann"] == "online")

    async def send(body: dict[str, Any]) -> int:
        response = await client.post(f"{url}/messages/users", json=body, headers=HEADERS)
        return _accepted(body, response.raise_for_status().json())

    return _pair(status, send)


def _pair(
    status: Callable[[], Awaitable[int]], send: Callable[[dict[str, Any]], Awaitable[int]]
) -> Pair:
    async def statuses() -> None:
        _check(await _by_some(itertools.repeat(status, STATUS_CALLS)), STATUS_CALLS)

    async def messages() -> None:
        # The iterator is shared, so that each body is made when it is sent.
        works = (lambda body=body: send(body) for body in _bodies())
        _check(await _by_some(works), MESSAGES)

    return statuses, messages


def _requests(session: requests.Session, pool: ThreadPoolExecutor, url: str) -> Pair:
    def status(_: int) -> int:
        response = session.get(f"{url}/users/ann/status", headers=HEADERS)
        response.raise_for_status()
        return bool(response.json()["data"]["ann"] == "online")

    def send(body: dict[str, Any]) -> int:
        response = session.post(f"{url}/messages/users", json=body, headers=HEADERS)
        response.raise_for_status()
        return _accepted(body, response.json())

    # The event loop has nothing else to do, so that it may be stopped for the while.
    async def statuses() -> None:
        _check(sum(pool.map(status, range(STATUS_CALLS))), STATUS_CALLS)

    async def messages() -> None:
        _check(sum(pool.map(send, _bodies())), MESSAGES)

    return statuses, messages


async def _compare(base_url: str, rounds: int) -> None:
    url = base_url + PREFIX
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    adapter = requests.adapters.HTTPAdapter(pool_connections=AT_ONCE, pool_maxsize=AT_ONCE)
    with requests.Session() as session, ThreadPoolExecutor(AT_ONCE) as pool:
        session.mount("http://", adapter)
        async with (
            EasemobClient(
                APP,
                client_id="id",
                client_secret="secret",
                base_url=base_url,
                quotas=Quotas(scale=1_000_000),
            ) as client,
            aiohttp.ClientSession() as by_hand,
            httpx.AsyncClient(limits=limits) as with_httpx,
        ):
            pairs = {
                "easemob_async": _ours(client),
                "aiohttp": _aiohttp(by_hand, url),
                "httpx": _httpx(with_httpx, url),
                "requests": _requests(session, pool, url),
            }
            titles = (
                f"{STATUS_CALLS} status calls, {AT_ONCE} at once",
                f"{MESSAGES} messages in calls of {SIZE}",
            )
            for index, title in enumerate(titles):
                spent = await in_turn({name: pair[index] for name, pair in pairs.items()}, rounds)
                print(f"{title}: seconds per second of easemob_async, {rounds} rounds in turn")
                ours = spent.pop("easemob_async")
                for name, theirs in spent.items():
                    print(f"    {name:9} CPU {spread(theirs.cpu, ours.cpu)}")
                    print(f"    {'':9} wall {spread(theirs.wall, ours.wall)}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with running() as base_url:
        asyncio.run(_compare(base_url, options.rounds))


if __name__ == "__main__":
    main()
