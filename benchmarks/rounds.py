"""A measurement of several pieces of work in alternating rounds."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import attrs

Work = Callable[[], Awaitable[None]]


@attrs.frozen
class Spent:
    """The seconds that a piece of work took in each round."""

    cpu: Sequence[float]
    wall: Sequence[float]


async def in_turn(works: Mapping[str, Work], rounds: int) -> dict[str, Spent]:
    """Run each piece of work once per round, and return what each took in each round.

    The order changes in each round. The first round is a warm-up and is not counted.
    """
    spent = {name: Spent([], []) for name in works}
    names = list(works)
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            gc.collect()
            started = time.process_time(), time.perf_counter()
            await works[name]()
            cpu, wall = time.process_time() - started[0], time.perf_counter() - started[1]
            if number:
                spent[name] = Spent([*spent[name].cpu, cpu], [*spent[name].wall, wall])
    return spent


def spread(above: Sequence[float], below: Sequence[float]) -> str:
    """Return the median of the ratios of the rounds, with the smallest and the largest."""
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
