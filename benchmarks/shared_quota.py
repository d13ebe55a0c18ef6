"""The quota that processes share, and what sharing costs: ``python -m benchmarks.shared_quota``.

Four processes use one app for a minute, with ``timeout=5``; one is killed in the middle. The server
is the emulator, which counts strictly in sliding windows, after a random delay of 0 to 50 ms for
each request. The use of a quota is the mean of its units in the window: from the second window on,
and without the time for which the killed process may hold units, its timeout and a window, and one
window more, since that of the mean reaches back so far.

Then the cost of a call: the same calls with a store and without one, in turn, to a fast server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import attrs

from benchmarks import server as fast_server
from benchmarks.rounds import in_turn, spread
from easemob_async import EasemobClient, EasemobError, Limit, Quotas, Text
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from tests.shared.servers import postgres_of_our_own, redis_of_our_own

DELAY = 0.05
TIMEOUT = 5.0
PROCESSES = 4
CALLERS = 16
FASTER = 10
"""The speed of the emulator's clock for the minute of messages, and of the client's limits."""


@attrs.frozen
class Kind:
    """What the processes do, and the limit that it uses up."""

    name: str
    """Its name."""
    unit: str
    """What the limit counts."""
    units: int
    """The units of the limit."""
    window: float
    """Its window in seconds, by the clock on the wall."""
    speed: float = 1.0
    """The speed of the emulator's clock."""


KINDS = (
    Kind("calls", "calls", 100, 1.0),
    Kind("jobs", "messages", 6000, 60.0 / FASTER, FASTER),
)


def _quotas(kind: Kind) -> Quotas:
    if kind.name == "calls":
        return Quotas()
    minute = timedelta(seconds=kind.window)
    call_limit = Limit(100, per=timedelta(seconds=1 / FASTER))
    limits = [call_limit, Limit(kind.units, per=minute, unit="messages")]
    return Quotas(overrides={"messages.send_to_users": limits})


async def _work(name: str, options: Mapping[str, Any]) -> None:
    """Use up the quota, in a process of its own, until it is killed."""
    kind = next(kind for kind in KINDS if kind.name == name)

    async def call(client: EasemobClient) -> None:
        while True:
            try:
                await client.users.get_status("ann")
            except EasemobError as error:
                print(f"{type(error).__name__}: {error}", flush=True)

    async with EasemobClient(**options, timeout=TIMEOUT, quotas=_quotas(kind)) as client:
        if name == "calls":
            await asyncio.gather(*(call(client) for _ in range(CALLERS)))
        else:
            targets = (f"user{n}" for n in range(10**9))
            await client.fanout.to_users(targets, Text("Sale!"), workers=CALLERS)


@contextmanager
def _processes(kind: Kind, options: Mapping[str, Any]) -> Iterator[list[subprocess.Popen[bytes]]]:
    command = [sys.executable, "-m", "benchmarks.shared_quota", "--work", kind.name]
    started = [subprocess.Popen([*command, json.dumps(dict(options))]) for _ in range(PROCESSES)]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def _used(emulator: Emulator, kind: Kind) -> int:
    return max(
        (usage.used for usage in emulator.quotas.usage() if usage.unit == kind.unit), default=0
    )


def _use(kind: Kind, store: str, url: str, seconds: float) -> None:
    emulator = Emulator(
        app_key=f"acme#{uuid.uuid4().hex[:12]}",
        delay=(0.0, DELAY),
        keep_messages=False,
        monotonic=lambda: time.monotonic() * kind.speed,
    )
    emulator.add_user("ann")
    samples: list[tuple[float, int]] = []
    with running(emulator), _processes(kind, {**emulator.credentials, "shared": url}) as started:
        while not _used(emulator, kind):
            time.sleep(0.01)
        began = time.monotonic()
        killed = began + seconds / 2
        while (now := time.monotonic()) < began + seconds:
            if now >= killed and started[0].returncode is None:
                started[0].kill()
                started[0].wait()
            samples.append((now, _used(emulator, kind)))
            time.sleep(0.02)
    held_until = killed + TIMEOUT + 2 * kind.window
    counted = [
        used for at, used in samples if at >= began + kind.window and not killed <= at < held_until
    ]
    use = statistics.mean(counted) / kind.units
    print(f"{store}, {kind.name}: {emulator.quotas.refusals} refusals, {use:.1%} of the quota used")


async def _cost(store: str, url: str, rounds: int) -> None:
    plenty = Quotas(overrides={"users.get_status": [Limit(10**6, per=timedelta(seconds=1))]})
    with fast_server.running() as base_url:

        def client(**options: Any) -> EasemobClient:
            given = {"token": "t", "base_url": base_url, "quotas": plenty, **options}
            return EasemobClient(fast_server.APP, **given)

        async with client() as alone, client(shared=url) as sharing:
            for callers in (1, 32):

                async def calls(one: EasemobClient, callers: int = callers) -> None:
                    async def caller() -> None:
                        for _ in range(960 // callers):
                            await one.users.get_status("ann")

                    await asyncio.gather(*(caller() for _ in range(callers)))

                spent = await in_turn(
                    {"shared": lambda: calls(sharing), "alone": lambda: calls(alone)}, rounds
                )
                shared, own = spent["shared"], spent["alone"]
                more = [(a - b) / 960 * 1e6 for a, b in zip(shared.wall, own.wall, strict=True)]
                print(
                    f"{store}, {callers} at once: a call takes {spread(shared.wall, own.wall)} "
                    f"times as long as without a store, {spread(shared.cpu, own.cpu)} times the "
                    f"CPU time of the process; {statistics.median(more):.0f} µs more"
                )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--stores", nargs="+", default=["redis", "postgres"])
    parser.add_argument("--kinds", nargs="+", default=[kind.name for kind in KINDS])
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        asyncio.run(_work(options.work[0], json.loads(options.work[1])))
        return
    for store, server in (("redis", redis_of_our_own), ("postgres", postgres_of_our_own)):
        if store in options.stores:
            with server() as running_store:
                for kind in KINDS:
                    if kind.name in options.kinds:
                        _use(kind, store, running_store.url, options.seconds)
                asyncio.run(_cost(store, running_store.url, options.rounds))


if __name__ == "__main__":
    main()
