"""Bulk sending, compared with the same by hand: ``python -m benchmarks.fanout``.

It sends to 300 000 users in calls of 600, without quotas. By hand means ``asyncio.gather`` over 64
workers, `aiohttp`, `json` and a dict. The server is another process, and the rounds alternate.
Prints medians and ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from benchmarks.rounds import Work, in_turn
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

        def users() -> Iterator[str]:
            return (f"user{number:08}" for number in range(targets))

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

        async def journaled() -> None:
            with tempfile.TemporaryDirectory() as folder:
                report = await ours.fanout.to_users(
                    users(),
                    Text("Sale!"),
                    sender="shop",
                    workers=WORKERS,
                    journal=Path(folder) / "sale.db",
                )
            assert report.sent == targets

        works: dict[str, Work] = {
            "by hand": by_hand,
            "awaited": awaited,
            "journaled": journaled,
            "iterated": iterated,
        }
        medians = await in_turn(works, rounds)
    print(f"{targets:,} users in calls of {SIZE}, {rounds} alternating rounds")
    hand_cpu, hand_wall = medians["by hand"]
    for name, (cpu, wall) in medians.items():
        print(
            f"    {name:10} {cpu / targets * 1e6:5.2f} µs of CPU per target; compared with by "
            f"hand, targets per CPU second {hand_cpu / cpu:.2f}, per wall second "
            f"{hand_wall / wall:.2f}"
        )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with running() as base_url:
        asyncio.run(_compare(base_url, options.targets, options.rounds))


if __name__ == "__main__":
    main()
