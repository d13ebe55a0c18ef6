"""A single call, compared with the same call by hand: ``python -m benchmarks.single_call``.

By hand means ``session.get``/``post``, ``raise_for_status``, ``await response.json()`` and a dict
lookup. Both call a server in another process, in alternating rounds, one call at a time and many at
once; the library uses all its features (tokens, quotas, retries, typed answers). Prints the medians
of the ratios, and their spread. ``--uvloop`` runs on uvloop; ``--without-orjson`` hides orjson.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from importlib import import_module

import aiohttp

if "--without-orjson" in sys.argv:
    sys.modules["orjson"] = None  # type: ignore[assignment]  # its import fails from now on

from benchmarks.server import APP, PREFIX, running
from easemob_async import EasemobClient, Quotas, Text
from easemob_async.resources import operations

Round = Callable[[int], Awaitable[None]]
HEADERS = {"Authorization": "Bearer " + "t" * 120, "Accept": "application/json"}


async def _measure(ours: Round, by_hand: Round, calls: int, rounds: int) -> None:
    """Print the ratios of CPU and wall time: calls of the library per call by hand."""
    cpu: list[float] = []
    wall: list[float] = []
    costs: dict[str, list[float]] = {"ours": [], "by hand": []}
    await ours(calls // 4)
    await by_hand(calls // 4)
    for number in range(rounds):
        spent: dict[str, tuple[float, float]] = {}
        order = [("ours", ours), ("by hand", by_hand)]
        for name, run in order if number % 2 else order[::-1]:
            gc.collect()
            started = time.process_time(), time.perf_counter()
            await run(calls)
            spent[name] = (time.process_time() - started[0], time.perf_counter() - started[1])
            costs[name].append(spent[name][0] / calls)
        cpu.append(spent["by hand"][0] / spent["ours"][0])
        wall.append(spent["by hand"][1] / spent["ours"][1])
    for name, values in costs.items():
        print(f"    {name:8} {statistics.median(values) * 1e6:7.1f} µs of CPU per call")
    print(f"    calls per CPU second, ours / by hand:  {_spread(cpu)}")
    print(f"    calls per wall second, ours / by hand: {_spread(wall)}")


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _many(one: Callable[[], Awaitable[None]], at_once: int) -> Round:
    """Return a round of calls, some at the same time."""

    async def some(count: int) -> None:
        for _ in range(count):
            await one()

    async def all_of_them(count: int) -> None:
        await asyncio.gather(*(some(count // at_once) for _ in range(at_once)))

    return all_of_them


async def _calls(base_url: str, calls: int, rounds: int) -> None:
    quotas = Quotas(scale=1_000_000)
    url = base_url + PREFIX
    async with (
        EasemobClient(
            APP, client_id="id", client_secret="secret", base_url=base_url, quotas=quotas
        ) as client,
        aiohttp.ClientSession() as session,
    ):

        async def get_ours() -> None:
            await client.users.get_status("ann")

        async def get_by_hand() -> None:
            async with session.get(f"{url}/users/ann/status", headers=HEADERS) as response:
                response.raise_for_status()
                (await response.json())["data"]["ann"]

        async def post_ours() -> None:
            sent = await client.messages.send_to_users(["u1"], Text("hello"), sender="ann")
            sent.message_ids["u1"]

        async def post_by_hand() -> None:
            body = {"from": "ann", "to": ["u1"], "type": "txt", "body": {"msg": "hello"}}
            async with session.post(
                f"{url}/messages/users", json=body, headers=HEADERS
            ) as response:
                response.raise_for_status()
                (await response.json())["data"]["u1"]

        for title, ours, by_hand in (
            ("GET users.get_status", get_ours, get_by_hand),
            ("POST messages.send_to_users", post_ours, post_by_hand),
        ):
            for at_once in (1, 32):
                print(f"{title}, {at_once} at once, {rounds} alternating rounds of {calls} calls")
                await _measure(_many(ours, at_once), _many(by_hand, at_once), calls, rounds)


async def _waiting(count: int = 10_000) -> None:
    async with EasemobClient(APP, token="t", base_url="http://127.0.0.1:1") as client:
        # The whole quota is taken, so that every call waits for its units.
        for _ in range(100):
            await client.quotas.acquire(operations()["users.get_status"])
        gc.collect()
        tracemalloc.start()
        tasks = [
            asyncio.ensure_future(client.with_options(timeout=None).users.get_status("ann"))
            for _ in range(count)
        ]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(f"{count} waiting calls: {size / count / 1024:.1f} KB each")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--without-orjson", action="store_true")
    options = parser.parse_args()
    run = asyncio.run
    if options.uvloop:
        run = import_module("uvloop").run
    with running() as base_url:
        run(_calls(base_url, options.calls, options.rounds))
    asyncio.run(_waiting())


if __name__ == "__main__":
    main()
