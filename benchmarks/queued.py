"""Jobs in a queue: planning, the size in the database, and sending, beside local jobs.

``python -m benchmarks.queued [--targets N] [--workers N] [--rounds N]``
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.server import APP, running
from easemob_async import EasemobClient, Quotas, Text
from easemob_async.cli.embedded_postgres import embedded_postgres
from easemob_async.distributed import JobQueue

FREE = Quotas(enabled=False)


def names(number: int, *, shuffled: bool) -> Iterator[str]:
    """Yield ids like ``user0000001``, ascending or in no order."""
    step = 7_919 if shuffled else 1  # a prime: every number comes once
    return (f"user{n * step % number:07}" for n in range(number))


async def size_of(queue: JobQueue) -> int:
    size: int = await queue._database.value(
        "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c "
        "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE n.nspname LIKE 'easemob_jobs%%' AND c.relkind = 'r'"
    )
    return size


@contextmanager
def workers(number: int, url: str, base_url: str) -> Iterator[None]:
    environ = {
        **os.environ,
        "EASEMOB_APP_KEY": APP,
        "EASEMOB_TOKEN": "t",
        "EASEMOB_BASE_URL": base_url,
        "EASEMOB_QUEUE": url,
    }
    program = [sys.executable, "-m", "benchmarks.queued", "--work"]
    started = [subprocess.Popen(program, env=environ) for _ in range(number)]
    try:
        yield
    finally:
        for worker in started:
            worker.send_signal(signal.SIGTERM)
        for worker in started:
            worker.wait(30)


async def work() -> None:
    async with (
        JobQueue(os.environ["EASEMOB_QUEUE"]) as queue,
        EasemobClient.from_env(quotas=FREE) as client,
    ):
        task = asyncio.create_task(queue.work(client, concurrency=2))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await asyncio.gather(task, return_exceptions=True)


async def measure(url: str, base_url: str, targets: int, number: int, rounds: int) -> None:
    async with (
        JobQueue(url) as queue,
        EasemobClient(APP, token="t", base_url=base_url, quotas=FREE) as client,
    ):
        await queue.install()
        to_users = client.fanout.to_users
        for shuffled in (False, True):
            rates = []
            for one in range(rounds):
                before, began = await size_of(queue), time.perf_counter()
                job = await queue.submit(
                    to_users(names(targets, shuffled=shuffled), Text("hi")), f"{shuffled}{one}"
                )
                rates.append(targets / (time.perf_counter() - began))
                size = (await size_of(queue) - before) / targets
                await job.stop()
                await job.purge()
            order = "in no order" if shuffled else "ascending"
            print(
                f"submit, {order}: {sorted(rates)[rounds // 2]:,.0f} targets/s "
                f"({min(rates):,.0f} to {max(rates):,.0f}), {size:.1f} bytes a target",
                flush=True,
            )
        costs: dict[str, list[float]] = {"local, with a journal": [], "queued": []}
        with workers(number, url, base_url):
            warm = await queue.submit(to_users(names(1_000, shuffled=False), Text("hi")), "warm")
            await warm.wait()
            for one in range(rounds):
                with tempfile.TemporaryDirectory() as folder:
                    began = time.perf_counter()
                    await to_users(
                        names(targets, shuffled=False), Text("hi"), journal=Path(folder) / "j.db"
                    )
                    costs["local, with a journal"].append(time.perf_counter() - began)
                job = await queue.submit(
                    to_users(names(targets, shuffled=False), Text("hi")), f"sent{one}"
                )
                began = time.perf_counter()
                report = await job.wait()
                costs["queued"].append(time.perf_counter() - began)
                assert report.sent == targets, report
                began = time.perf_counter()
                read = 0
                async for _ in job.outcomes():
                    read += 1
                print(f"outcomes: {read / (time.perf_counter() - began):,.0f}/s", flush=True)
                await job.purge()
        for name, seconds in costs.items():
            took = sorted(seconds)[rounds // 2]
            print(
                f"{name}: {targets / took:,.0f} targets/s, {took / targets * 1e6:.2f} µs a target "
                f"({min(seconds):.1f} to {max(seconds):.1f} s)"
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--targets", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", action="store_true")
    given = parser.parse_args()
    if given.work:
        asyncio.run(work())
        return
    with running() as base_url, embedded_postgres() as url:
        asyncio.run(measure(url, base_url, given.targets, given.workers, given.rounds))


if __name__ == "__main__":
    main()
