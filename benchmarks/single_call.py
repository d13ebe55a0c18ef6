"""A single call, compared with the same call by hand: ``python -m benchmarks.single_call``.

By hand means ``session.get``/``post``, ``await response.json()`` and a dict lookup. Both call a
server in another process, in alternating rounds; the library uses all its features (tokens, quotas,
retries, typed answers). Prints medians and ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable

import aiohttp

from benchmarks.server import APP, PREFIX, running
from easemob_async import EasemobClient, Quotas, Text
from easemob_async.resources import operations

Round = Callable[[int], Awaitable[None]]
HEADERS = {"Authorization": "Bearer " + "t" * 120, "Accept": "application/json"}


async def _measure(ours: Round, by_hand: Round, calls: int, rounds: int) -> tuple[float, float]:
    """Return the median ratios of CPU and wall time: calls of the library per call by hand."""
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
    return statistics.median(cpu), statistics.median(wall)


async def _calls(base_url: str, calls: int, rounds: int) -> None:
    quotas = Quotas(scale=1_000_000)
    url = base_url + PREFIX
    async with (
        EasemobClient(
            APP, client_id="id", client_secret="secret", base_url=base_url, quotas=quotas
        ) as client,
        aiohttp.ClientSession() as session,
    ):

        async def get_ours(count: int) -> None:
            for _ in range(count):
                await client.users.get_status("ann")

        async def get_by_hand(count: int) -> None:
            for _ in range(count):
                async with session.get(f"{url}/users/ann/status", headers=HEADERS) as response:
                    (await response.json())["data"]["ann"]

        async def post_ours(count: int) -> None:
            for _ in range(count):
                sent = await client.messages.send_to_users(["u1"], Text("hello"), sender="ann")
                sent.message_ids["u1"]

        async def post_by_hand(count: int) -> None:
            for _ in range(count):
                body = {"from": "ann", "to": ["u1"], "type": "txt", "body": {"msg": "hello"}}
                async with session.post(
                    f"{url}/messages/users", json=body, headers=HEADERS
                ) as response:
                    (await response.json())["data"]["u1"]

        for title, ours, by_hand in (
            ("GET users.get_status", get_ours, get_by_hand),
            ("POST messages.send_to_users", post_ours, post_by_hand),
        ):
            print(f"{title}, {rounds} alternating rounds of {calls} calls")
            cpu, wall = await _measure(ours, by_hand, calls, rounds)
            print(f"    calls per CPU second, ours / by hand:  {cpu:.2f}")
            print(f"    calls per wall second, ours / by hand: {wall:.2f}")


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


def _imports(rounds: int = 15) -> None:
    def seconds(code: str) -> float:
        program = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
        return float(subprocess.check_output([sys.executable, "-c", program]))

    bare = "import aiohttp, attrs, cattrs"
    ours = "from easemob_async import EasemobClient"
    pairs = [(seconds(bare), seconds(ours)) for _ in range(rounds)]
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"import: ours / aiohttp, attrs, cattrs: {ratio:.2f} (median of {rounds})")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with running() as base_url:
        asyncio.run(_calls(base_url, options.calls, options.rounds))
    asyncio.run(_waiting())
    _imports()


if __name__ == "__main__":
    main()
