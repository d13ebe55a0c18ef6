"""The plan of a bulk job: what it would send, without sending it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, Iterable
from datetime import timedelta
from typing import Any

import attrs

from easemob_async.fanout.deduplication import open_deduplication
from easemob_async.fanout.pacing import shortest
from easemob_async.fanout.packing import make_packer
from easemob_async.fanout.planner import Planner
from easemob_async.fanout.report import FanoutPlan, Tally
from easemob_async.fanout.settings import Settings
from easemob_async.fanout.source import Source
from easemob_async.outcomes import OutcomeStatus
from easemob_async.transport.transport import Transport


async def preview(
    transport: Transport, targets: Iterable[Any] | AsyncIterable[Any], settings: Settings
) -> FanoutPlan:
    """Read all targets, make and check their messages, pack them into calls, and send nothing.

    An existing journal is read as if the job were run again; a missing one is not created.
    """
    limits = transport.limits(settings.send.operation)
    if settings.journal is not None and not settings.journal.exists():
        settings = attrs.evolve(settings, journal=None)
    source, tally = Source(targets), Tally()
    sizes: Counter[int] = Counter()
    deduplication = await open_deduplication(settings)
    try:
        planner = Planner(settings, source, make_packer(settings, limits), deduplication)
        over = False
        while not over:
            step = await planner.next()
            over = step.over
            if step.call is not None:
                sizes[len(step.call.targets)] += 1
                planner.call_is_over()
            for outcome in step.settled:
                tally.add(outcome.status, 1, outcome.error, outcome.target)
            tally.add(OutcomeStatus.SKIPPED, len(step.skipped))
    finally:
        if deduplication is not None:
            await deduplication.close()
        await source.close()
    calls = sizes.total()
    messages = sum(size * number for size, number in sizes.items())
    tally.read = source.read
    report = tally.report(0.0)
    return FanoutPlan(
        read=report.read,
        to_send=messages,
        calls=calls,
        failed=report.failed,
        unknown=report.unknown,
        skipped=report.skipped,
        duration=timedelta(seconds=shortest(limits, calls=calls, messages=messages)),
        reasons=report.reasons,
    )
