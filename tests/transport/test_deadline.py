"""Deadlines: they end one task, and take no cancellation that is somebody else's."""

from __future__ import annotations

import asyncio

import pytest

from easemob_async.transport.deadline import Deadline
from tests.waiting import turns


async def limited(at: float | None, *, end: asyncio.Event | None = None) -> str:
    """Wait for something under a deadline; say how it ended."""
    deadline = Deadline(asyncio.get_running_loop(), at)
    waiting.append(deadline)
    try:
        await (end or asyncio.Event()).wait()
    except asyncio.CancelledError:
        if deadline.ends():
            return "late"
        raise
    finally:
        deadline.ends()
    return "in time"


waiting: list[Deadline] = []


async def test_it_ends_what_takes_too_long() -> None:
    loop = asyncio.get_running_loop()
    assert await limited(loop.time() - 1) == "late"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)  # nothing is left to be cancelled


async def test_it_can_end_at_any_time_and_once() -> None:
    task = asyncio.ensure_future(limited(None))
    await turns()
    for _ in range(3):
        waiting[-1].expire()
    assert await task == "late"


async def test_it_ends_nothing_of_what_comes_after_it() -> None:
    deadline = Deadline(asyncio.get_running_loop(), None)
    assert not deadline.ends()
    deadline.expire()
    await turns(3)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_is_in_time_is_not_touched() -> None:
    end = asyncio.Event()
    end.set()
    assert await limited(asyncio.get_running_loop().time() + 60, end=end) == "in time"


@pytest.mark.parametrize("first", ["deadline", "caller"])
async def test_a_task_that_is_cancelled_as_well_stays_cancelled(first: str) -> None:
    task = asyncio.ensure_future(limited(None))
    await turns()
    if first == "caller":
        task.cancel()
        waiting[-1].expire()
    else:
        waiting[-1].expire()
        await turns()
        task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_the_limit_around_it_is_the_callers_own() -> None:
    loop = asyncio.get_running_loop()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout_at(loop.time()):
            await limited(loop.time() + 60)
    async with asyncio.timeout(60):
        assert await limited(loop.time()) == "late"
