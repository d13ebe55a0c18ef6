"""Bulk sending, compared with the same by hand: ``python -m benchmarks.fanout``.

It sends to 300 000 users in calls of 600, without quotas: awaited, iterated, and with a journal,
whose ids come in ascending order or in no order, as those by hand do. By hand means
``asyncio.gather`` over 64 workers, `aiohttp`, `json` and a dict. The server is another process, and
the rounds alternate. Prints the medians of the ratios, and their spread. ``--without-orjson`` hides
orjson.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import aiohttp

if "--without-orjson" in sys.argv:
    sys.modules["orjson"] = None  # type: ignore[assignment]  # its import fails from now on

from benchmarks.rounds import Work, in_turn, spread
from benchmarks.server import APP, PREFIX, running
from easemob_async import EasemobClient, Quotas, Text

SIZE = 600
WORKERS = 64


async def _compare(base_url: str, targets: int, rounds: int) -> None:
    async with (
        EasemobClient(
            APP, token="t" * 120, base_url=base_url, quotas=Quotas(enabled=False)
        ) as ours,
        aiohttp.ClientSession() as session,
    ):
        in_order = range(targets)
        in_no_order = random.Random(1).sample(in_order, targets)

        def users(numbers: Iterable[int] = in_order) -> Iterator[str]:
            return (f"user{number:08}" for number in numbers)

        async def by_hand(numbers: Iterable[int] = in_order) -> None:
            source, sent = users(numbers), 0
            headers = {"Authorization": "Bearer " + "t" * 120}

            async def worker() -> None:
                nonlocal sent
                while part := [name for _, name in zip(range(SIZE), source, strict=False)]:
                    body = {"from": "shop", "to": part, "type": "txt", "body": {"msg": "Sale!"}}
                    async with session.post(
                        f"{base_url}{PREFIX}/messages/users", json=body, headers=headers
                    ) as response:
                        data = json.loads(await response.read())["data"]
                    sent += sum(1 for name in part if name in data)

            await asyncio.gather(*(worker() for _ in range(WORKERS)))
            assert sent == targets

        async def awaited() -> None:
            report = await ours.fanout.to_users(
                users(), Text("Sale!"), sender="shop", workers=WORKERS
            )
            assert report.sent == targets

        async def iterated() -> None:
            sent = 0
            async for outcome in ours.fanout.to_users(
                users(), Text("Sale!"), sender="shop", workers=WORKERS
            ):
                sent += outcome.message_id is not None
            assert sent == targets

        async def journaled(numbers: Iterable[int]) -> None:
            with tempfile.TemporaryDirectory() as folder:
                report = await ours.fanout.to_users(
                    users(numbers),
                    Text("Sale!"),
                    sender="shop",
                    workers=WORKERS,
                    journal=Path(folder) / "sale.db",
                )
            assert report.sent == targets

        works: dict[str, Work] = {
            "by hand": by_hand,
            "by hand, ids in no order": partial(by_hand, in_no_order),
            "awaited": awaited,
            "iterated": iterated,
            "journal, ids in order": partial(journaled, in_order),
            "journal, ids in no order": partial(journaled, in_no_order),
        }
        spent = await in_turn(works, rounds)
    print(f"{targets:,} users in calls of {SIZE}, {rounds} alternating rounds; targets per second,")
    print("compared with by hand: median (lowest to highest)")
    for name, found in spent.items():
        # To make the ids in no order costs more than to make them in order.
        hand = spent["by hand, ids in no order" if name.endswith("no order") else "by hand"]
        cost = statistics.median(found.cpu) / targets * 1e6
        cpu, wall = spread(hand.cpu, found.cpu), spread(hand.wall, found.wall)
        print(f"    {name:25} {cost:5.2f} µs of CPU a target; of CPU {cpu}, of the clock {wall}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--without-orjson", action="store_true")
    options = parser.parse_args()
    with running() as base_url:
        asyncio.run(_compare(base_url, options.targets, options.rounds))


if __name__ == "__main__":
    main()
