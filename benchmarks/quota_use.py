"""How much of the quota a job uses, and that it is not refused: ``python -m benchmarks.quota_use``.

Against the emulator, which counts strictly in sliding windows, and counts each request after a
delay of 0 to 50 ms drawn at random. Possible is the quota times window / (window + mean delay):
units are held from the departure until one window after the answer. The minute of
`messages.send_to_users` is played ten times as fast, on both sides, so that this takes minutes.
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
    """What is sent to, under which limits, and how much faster the emulator's clock runs."""

    name: str
    units: int
    window: float
    call: int
    clock: float = 1.0
    overrides: tuple[Limit, ...] = ()


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
    """Run a job; gives the time at which each target was settled."""
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
    # The first window's worth found the quota untouched: what counts is the pace after it.
    took = times[-1] - times[kind.units - 1]
    rate = (len(times) - kind.units) / took
    possible = kind.units / (kind.window + DELAY / 2)
    print(
        f"{kind.name:6} {pace:5}: refused {emulator.quotas.refusals} times; "
        f"{rate / possible:.1%} of the possible, {rate * kind.window / kind.units:.1%} of the quota"
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
                await asyncio.sleep(kind.window)  # the quota is in use by now
                while not job.report.complete or job.report.read < kind.units * (windows + 1):
                    await send(["one"], Text("hello"))
                    await asyncio.sleep(kind.window / 40)
    worth = kind.window * kind.call / kind.units
    print(
        f"{kind.name:6} even, {len(waits)} single calls meanwhile: they waited for quota "
        f"{statistics.median(waits) / worth:.2f} (median), {max(waits) / worth:.2f} (most) bulk "
        f"calls' worth of {worth * 1000:.0f} ms; refused {emulator.quotas.refusals} times"
    )


async def _other(kind: Kind, windows: int) -> None:
    """Have another sender, with an account of its own, use up the quota in the middle."""
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
        f"{kind.name:6} even, another sender in the middle: {pace(times[0], began):.0%} of the "
        f"quota before, {pace(began + window, ended):.0%} with it, "
        f"{pace(stopped - 3 * window, stopped):.0%} after it; none failed, "
        f"{emulator.quotas.refusals} refusals in all"
    )


def main() -> None:
    """Run all of it."""
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
