"""Deadlines: they end one task, and take no cancellation that is somebody else's."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async.transport.deadline import Deadline, Deadlines
from tests.clock import run_virtual
from tests.waiting import turns


async def limited(
    seconds: float | None, *, end: asyncio.Event | None = None, among: Deadlines | None = None
) -> str:
    """Wait for something under a deadline; say how it ended."""
    deadline = (among or Deadlines()).begin(asyncio.get_running_loop(), seconds)
    waiting.append(deadline)
    try:
        await (end or asyncio.Event()).wait()
    except asyncio.CancelledError:
        if deadline.end():
            return "late"
        raise
    finally:
        deadline.end()
    return "in time"


waiting: list[Deadline] = []


async def test_it_ends_what_takes_too_long() -> None:
    assert await limited(0) == "late"
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
    deadline = Deadlines().begin(asyncio.get_running_loop(), None)
    assert not deadline.end()
    deadline.expire()
    await turns(3)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_is_in_time_is_not_touched() -> None:
    end = asyncio.Event()
    end.set()
    assert await limited(60, end=end) == "in time"


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
            await limited(60)
    async with asyncio.timeout(60):
        assert await limited(0) == "late"


CALLS = st.tuples(
    st.integers(0, 40),  # when it begins
    st.none() | st.integers(0, 12),  # its limit
    st.none() | st.integers(0, 30),  # how long it takes
)


@given(st.lists(CALLS, max_size=12))
def test_each_of_many_ends_at_its_own_time(calls: list[tuple[int, int | None, int | None]]) -> None:
    """One timer serves all calls of a limit: none is woken early, late or in place of another."""
    deadlines = Deadlines()

    async def one(begins: int, limit: int | None, takes: int | None) -> tuple[str, int]:
        loop = asyncio.get_running_loop()
        end = asyncio.Event()
        await asyncio.sleep(begins)
        started = loop.time()
        if takes is not None:
            loop.call_later(takes + 0.5, end.set)  # no call ends at the time of its limit
        how = await limited(limit, end=end, among=deadlines)
        return how, int(loop.time() - started)

    async def work() -> None:
        tasks = [asyncio.ensure_future(one(*call)) for call in calls]
        await asyncio.sleep(100)  # every limit has passed, and every call that ends by itself
        assert [task.done() for task in tasks] == [
            limit is not None or takes is not None for _, limit, takes in calls
        ]
        deadlines.expire()
        for (_, limit, takes), (how, took) in zip(calls, await asyncio.gather(*tasks), strict=True):
            if takes is not None and (limit is None or takes < limit):
                assert (how, took) == ("in time", takes)
            elif limit is not None:
                assert (how, took) == ("late", limit)
            else:
                assert how == "late"
        assert deadlines.are_over()

    run_virtual(work())


def test_nothing_is_kept_of_calls_that_are_over() -> None:
    """Neither a call nor what waits for calls of its limit, however many limits there were."""
    deadlines = Deadlines()

    async def work() -> None:
        over = [asyncio.ensure_future(limited(2 + n / 7, among=deadlines)) for n in range(100)]
        left = [weakref.ref(task) for task in over]
        waiting.clear()
        await asyncio.sleep(1)
        for task in over[::2]:
            task.cancel()
        await asyncio.wait(over)
        waiting.clear()
        over.clear()
        del task
        gc.collect()
        assert [ref for ref in left if ref() is not None] == []
        await asyncio.sleep(60)
        loop = asyncio.get_running_loop()
        assert [timer for timer in loop._scheduled if not timer.cancelled()] == []  # type: ignore[attr-defined]
        assert deadlines._groups == deadlines._timers == {}

    run_virtual(work())


async def test_a_call_that_cannot_be_cancelled_costs_itself_alone() -> None:
    class Odd(asyncio.Future[None]):
        def cancel(self, msg: object = None) -> bool:
            raise ValueError("not me")

    deadlines, odd = Deadlines(), Odd()
    told: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context))

    async def stubborn() -> None:
        deadline = deadlines.begin(loop, 0.01)
        await odd
        deadline.end()

    task = asyncio.ensure_future(stubborn())
    await turns()
    assert await limited(0.01, among=deadlines) == "late"
    assert await limited(0.01, among=deadlines) == "late"
    assert [str(context["exception"]) for context in told] == ["not me"]
    odd.set_result(None)
    await task


async def test_limits_that_no_call_has_any_longer_are_not_kept() -> None:
    deadlines = Deadlines()
    loop = asyncio.get_running_loop()
    kept = [deadlines.begin(loop, 1000 + n) for n in range(30)]
    for n in range(1000):
        deadlines.begin(loop, 30 + n / 7).end()
    assert len(deadlines._timers) == len(deadlines._groups) <= 200
    assert all(deadline in deadlines._groups[1000 + n] for n, deadline in enumerate(kept))
    deadlines.expire()
    for deadline in kept:
        deadline.end()
    assert deadlines.are_over()
