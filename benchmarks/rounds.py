"""A measurement of several pieces of work in alternating rounds."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping

Work = Callable[[], Awaitable[None]]


async def in_turn(works: Mapping[str, Work], rounds: int) -> dict[str, tuple[float, float]]:
    """Run each piece of work once per round, and return the medians of CPU and wall seconds.

    The order changes in each round. The first round is a warm-up and is not counted.
    """
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    names = list(works)
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            gc.collect()
            started = time.process_time(), time.perf_counter()
            await works[name]()
            if number:
                cpu, wall = time.process_time() - started[0], time.perf_counter() - started[1]
                spent[name].append((cpu, wall))
    return {
        name: (
            statistics.median(cpu for cpu, _ in values),
            statistics.median(wall for _, wall in values),
        )
        for name, values in spent.items()
    }
