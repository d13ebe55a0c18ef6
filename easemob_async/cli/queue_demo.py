"""The demonstration of ``easemob demo --queue``: workers, one of which is killed in the middle."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from easemob_async import EasemobClient, Quotas, Text
from easemob_async.cli.embedded_postgres import embedded_postgres
from easemob_async.cli.progress import print_report
from easemob_async.cli.queues import watch
from easemob_async.cli.run import out
from easemob_async.distributed import JobQueue, JobReport, QueuedJob
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running

_WORKERS: Final = 3
_LEASE: Final = 3
_DELAY: Final = (0.1, 0.3)
_SCALE: Final = 1000
_POLL: Final = 0.1


async def demonstrate(count: int) -> int:
    """Send to so many users with three workers, kill one of them, and let the report add up."""
    emulator = Emulator(quotas=None, delay=_DELAY, keep_messages=False)
    received: Counter[str] = Counter()
    emulator.state.watch = lambda targets, message: received.update(targets)
    with embedded_postgres() as url, running(emulator):
        out.print(
            f"[bold]emulator[/]  the emulated service, in this process, without quotas: "
            f"{emulator.base_url}"
        )
        out.print(f"[bold]queue[/]     a PostgreSQL of its own: {url}")
        async with (
            EasemobClient(**emulator.credentials, quotas=Quotas(enabled=False)) as client,
            JobQueue(url) as queue,
        ):
            await queue.install()
            names = (f"user{number:07}" for number in range(count))
            job = await queue.submit(
                client.fanout.to_users(names, Text("Sale!"), sender="shop", workers=2),
                job_id="spring",
            )
            out.print(f"[bold]job[/]       {job.job_id}: {count:,} users, planned and sealed")
            with _workers(url, emulator) as workers:
                out.print(f"[bold]workers[/]   {len(workers)} processes: easemob worker")
                killing = asyncio.create_task(_kill_one(job, workers))
                report = await watch(job)
                await killing
            print_report(out, report)
    return _check(report, received)


def _check(report: JobReport, received: Counter[str]) -> int:
    twice = sum(number > 1 for number in received.values())
    at_most = report.sent + report.unknown
    out.print(
        f"[bold]check[/]     the emulator delivered it to {len(received):,} users, to {twice} of "
        f"them twice; {report.takeovers} takeover(s), {report.unknown:,} unknown: what the killed "
        "worker had on its way"
    )
    adds_up = report.sent <= len(received) <= at_most and at_most == report.read
    return 0 if adds_up and not twice else 1


async def _kill_one(job: QueuedJob, workers: list[subprocess.Popen[bytes]]) -> None:
    """Kill a worker once all of them send."""
    report = await job.report()
    while report.state == "running":
        if report.workers == len(workers) and report.sent:
            workers[0].kill()
            out.print(f"[bold]kill -9[/]   worker {workers[0].pid}; others go on with its part")
            return
        await asyncio.sleep(_POLL)
        report = await job.report()


@contextmanager
def _workers(url: str, emulator: Emulator) -> Iterator[list[subprocess.Popen[bytes]]]:
    keys: dict[str, Any] = {**emulator.credentials}
    environ = {
        **os.environ,
        **{f"EASEMOB_{name.upper()}": str(value) for name, value in keys.items()},
        "EASEMOB_QUEUE": url,
    }
    command = [sys.executable, "-m", "easemob_async", "worker", "--lease", str(_LEASE)]
    command += ["--quota-scale", str(_SCALE)]
    started = [
        subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)  # noqa: S603
        for _ in range(_WORKERS)
    ]
    try:
        yield started
    finally:
        for worker in started:
            worker.send_signal(signal.SIGTERM)
        for worker in started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(10)
            worker.kill()
            worker.wait()
