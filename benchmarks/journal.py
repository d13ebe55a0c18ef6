"""The journal without calls: ``python -m benchmarks.journal``.

It measures how many targets per second the journal records (a call of 600 is two rows: its
departure, synced to the disk, and its answer) and its size; then the time and the peak memory of
resuming a job whose targets are all settled, in a separate process. Ids come in ascending order, or
in no order: then the resumed job reads them in yet another order than the journal has.
``--targets 10000000`` is the size that is promised.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.peak import peak
from benchmarks.server import APP
from easemob_async import EasemobClient, FanoutJob, Text
from easemob_async.fanout.journal.rows import SENT
from easemob_async.fanout.journal.writer import Journal, Verdict

SIZE = 600
WORKERS = 64
ORDERS = {"in order": (1, 1), "in no order": (7_368_787, 5_915_587)}
"""The steps from one id to the next, when the job is recorded and when it is resumed."""


def _users(number: int, step: int) -> Iterator[str]:
    """Yield each of ``number`` users once; a ``step`` that is prime to it changes the order."""
    return (f"user{n * step % number:09}" for n in range(number))


async def _record(path: Path, targets: int, step: int) -> float:
    """Record a job whose calls were all sent, and return the seconds that it took."""
    async with EasemobClient(APP, token="t", base_url="http://127.0.0.1:1") as client:
        job = _job(client, 0, 1, path)
        await job.plan()  # a job that is never started warns
        settings = job._runner.settings
    journal = Journal(path, settings.identity())
    users = _users(targets, step)
    parts = iter(lambda: [name for _, name in zip(range(SIZE), users, strict=False)], [])

    async def worker() -> None:
        for part in parts:
            number, recorded = journal.departs(part)
            await recorded
            await journal.settle(number, Verdict(SENT))

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(WORKERS)))
    seconds = time.perf_counter() - started
    await asyncio.to_thread(journal.close)
    return seconds


def _job(client: EasemobClient, targets: int, step: int, path: Path) -> FanoutJob:
    return client.fanout.to_users(_users(targets, step), Text("Sale!"), journal=path)


async def _resume(path: Path, targets: int, step: int) -> None:
    # No server listens there: a target that is sent again would end the job.
    async with EasemobClient(APP, token="t", base_url="http://127.0.0.1:1") as client:
        report = await _job(client, targets, step, path)
    assert report.skipped == targets, report
    print(report.seconds, peak())


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--resume", nargs=3, metavar=("JOURNAL", "TARGETS", "STEP"))
    options = parser.parse_args()
    if options.resume:
        path, number, step = options.resume
        asyncio.run(_resume(Path(path), int(number), int(step)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sale.db"
        for targets in options.targets:
            for order, (step, resumed_step) in ORDERS.items():
                seconds = asyncio.run(_record(path, targets, step))
                print(
                    f"{targets:,} targets {order}: {targets / seconds:,.0f} recorded per second, "
                    f"{path.stat().st_size / targets:.1f} bytes each"
                )
                command = [sys.executable, "-m", "benchmarks.journal", "--resume"]
                command += [str(path), str(targets), str(resumed_step)]
                took, most = map(float, subprocess.check_output(command).split())
                print(f"    resumed: {took:.1f} s, {most:.1f} MB at most")
                for file in Path(folder).iterdir():
                    file.unlink()


if __name__ == "__main__":
    main()
