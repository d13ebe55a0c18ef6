"""Bulk sending, compared with the same by hand: ``python -m benchmarks.fanout``.

It sends to 300 000 users in calls of 600, without quotas: awaited, iterated, and with a journal,
whose ids come in ascending order or in no order. By hand means ``asyncio.gather`` over 64 workers,
`aiohttp`, `json` and a dict. The server is another process, and the rounds alternate. Prints the
medians of the ratios, and their spread. ``--without-orjson`` hides orjson.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
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
ANY_ORDER = 7_368_787
"""A prime number: a source that goes on by so many ids has no order."""


async def _compare(base_url: str, targets: int, rounds: int) -> None:
    async with (
        EasemobClient(
            APP, token="t" * 120, base_url=base_url, quotas=Quotas(enabled=False)
        ) as ours,
        aiohttp.ClientSession() as session,
    ):

        def users(step: int = 1) -> Iterator[str]:
            return (f"user{number * step % targets:08}" for number in range(targets))

        async def by_hand() -> None:
            source, sent = users(), 0
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

        async def journaled(step: int) -> None:
            with tempfile.TemporaryDirectory() as folder:
                report = await ours.fanout.to_users(
                    users(step),
                    Text("Sale!"),
                    sender="shop",
                    workers=WORKERS,
                    journal=Path(folder) / "sale.db",
                )
            assert report.sent == targets

        works: dict[str, Work] = {
            "by hand": by_hand,
            "awaited": awaited,
            "iterated": iterated,
            "journal, ids in order": partial(journaled, 1),
            "journal, ids in no order": partial(journaled, ANY_ORDER),
        }
        spent = await in_turn(works, rounds)
    print(f"{targets:,} users in calls of {SIZE}, {rounds} alternating rounds; targets per second,")
    print("compared with by hand: median (lowest to highest)")
    hand = spent["by hand"]
    for name, found in spent.items():
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
