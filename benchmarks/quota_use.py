"""The part of the quota that a job uses without a refusal: ``python -m benchmarks.quota_use``.

The server is the emulator, which counts strictly in sliding windows, after a random delay of 0 to
50 ms for each request. The possible rate is the quota times window / (window + mean delay), since
units are held from the departure until one window after the answer. The minute of
`messages.send_to_users` runs ten times as fast, in client and emulator, so that this takes minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from datetime import timedelta

import attrs

from easemob_async import AttemptStarted, EasemobClient, FanoutJob, Hooks, Limit, Quotas, Text
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from easemob_async.fanout.pacing import Pace

DELAY = 0.05
FASTER = 10


@attrs.frozen
class Kind:
    """A kind of targets with its limits."""

    name: str
    """The name of the targets: groups, rooms or users."""
    units: int
    """The number of messages that a window allows."""
    window: float
    """The length of the window, in seconds."""
    call: int
    """The largest number of targets of a call."""
    clock: float = 1.0
    """The speed of the emulator's clock."""
    overrides: tuple[Limit, ...] = ()
    """The limits of the client, if they differ from the defaults."""


KINDS = (
    Kind("groups", 20, 1.0, 3),
    Kind("rooms", 100, 1.0, 10),
    Kind(
        "users",
        6000,
        60.0 / FASTER,
        600,
        FASTER,
        (
            Limit(100, per=timedelta(seconds=1 / FASTER)),
            Limit(6000, per=timedelta(minutes=1 / FASTER), unit="messages"),
        ),
    ),
)


def _emulator(kind: Kind) -> Emulator:
    return Emulator(
        delay=(0.0, DELAY),
        keep_messages=False,
        monotonic=lambda: time.monotonic() * kind.clock,
    )


def _client(emulator: Emulator, kind: Kind, hooks: Hooks | None = None) -> EasemobClient:
    overrides = {f"messages.send_to_{kind.name}": kind.overrides} if kind.overrides else {}
    return EasemobClient(**emulator.credentials, quotas=Quotas(overrides=overrides), hooks=hooks)


def _job(client: EasemobClient, kind: Kind, windows: int, pace: Pace) -> FanoutJob:
    start = getattr(client.fanout, f"to_{kind.name}")
    targets = (f"t{n}" for n in range(kind.units * (windows + 1)))
    job: FanoutJob = start(targets, Text("Sale!"), pace=pace, workers=64)
    return job


async def _timeline(job: FanoutJob) -> list[float]:
    """Run a job and return the time at which each target was sent."""
    times = []
    async for outcome in job:
        assert outcome.status in ("sent", "not_sent"), outcome
        if outcome.status == "sent":
            times.append(time.monotonic())
    return times


async def _use(kind: Kind, pace: Pace, windows: int) -> None:
    with running(_emulator(kind)) as emulator:
        async with _client(emulator, kind) as client:
            times = await _timeline(_job(client, kind, windows, pace))
    # The first window has the full quota at the start: only the rate after it is measured.
    took = times[-1] - times[kind.units - 1]
    rate = (len(times) - kind.units) / took
    possible = kind.units / (kind.window + DELAY / 2)
    print(
        f"{kind.name:6} {pace:5}: {emulator.quotas.refusals} refusals; {rate / possible:.1%} of "
        f"the possible rate, {rate * kind.window / kind.units:.1%} of the quota"
    )


async def _singles(kind: Kind, windows: int) -> None:
    waits: list[float] = []

    def started(event: AttemptStarted) -> None:
        waits.append(event.quota_wait)

    with running(_emulator(kind)) as emulator:
        async with _client(emulator, kind) as client:
            send = getattr(
                client.with_options(hooks=Hooks(attempt_started=started)).messages,
                f"send_to_{kind.name}",
            )
            async with _job(client, kind, windows, "even") as job:
                await asyncio.sleep(kind.window)  # the quota is in full use now
                while not job.report.complete or job.report.read < kind.units * (windows + 1):
                    await send(["one"], Text("hello"))
                    await asyncio.sleep(kind.window / 40)
    worth = kind.window * kind.call / kind.units
    print(
        f"{kind.name:6} even, with {len(waits)} single calls: they waited for the quota for "
        f"{statistics.median(waits) / worth:.2f} (median) and {max(waits) / worth:.2f} (longest) "
        f"bulk calls of {worth * 1000:.0f} ms; {emulator.quotas.refusals} refusals"
    )


async def _other(kind: Kind, windows: int) -> None:
    """Run a job while another client, with its own account of the quota, uses up the quota."""
    with running(_emulator(kind)) as emulator:
        async with _client(emulator, kind) as client, _client(emulator, kind) as rival:
            job = _job(client, kind, 10 * windows + 20, "even")
            told = asyncio.create_task(_timeline(job))
            await asyncio.sleep(windows * kind.window)
            began = time.monotonic()
            await _timeline(_job(rival, kind, windows, "burst"))
            ended = time.monotonic()
            await asyncio.sleep(12 * kind.window)
            stopped = time.monotonic()
            job.cancel()
            times = await told

    def pace(since: float, until: float) -> float:
        done = sum(since <= moment < until for moment in times)
        return done / (until - since) * kind.window / kind.units

    window = kind.window
    print(
        f"{kind.name:6} even, with another sender: {pace(times[0], began):.0%} of the quota before "
        f"it, {pace(began + window, ended):.0%} during it, "
        f"{pace(stopped - 3 * window, stopped):.0%} after it; no target failed, "
        f"{emulator.quotas.refusals} refusals in total"
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=10)
    parser.add_argument("--kinds", nargs="+", default=[kind.name for kind in KINDS])
    options = parser.parse_args()
    for kind in KINDS:
        if kind.name in options.kinds:
            for pace in ("burst", "even"):
                asyncio.run(_use(kind, pace, options.windows))
            asyncio.run(_singles(kind, options.windows))
            asyncio.run(_other(kind, options.windows))


if __name__ == "__main__":
    main()
