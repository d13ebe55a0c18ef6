"""Waiting for what a test needs: for a signal, for turns of the event loop, for another process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

WITHIN = 30.0
"""Seconds after which a test gives up."""


async def happens(event: asyncio.Event) -> None:
    """Wait for a signal."""
    async with asyncio.timeout(WITHIN):
        await event.wait()


async def turns(number: int = 1) -> None:
    """Let the event loop go round so many times: every task that is ready goes on as often."""
    for _ in range(number):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop go round until something is true that gives no signal."""
    async with asyncio.timeout(WITHIN):
        while not condition():
            await turns()


def eventually(condition: Callable[[], T]) -> T:
    """Wait for something in another process or thread, and return what the condition found."""
    end = time.monotonic() + WITHIN
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found
