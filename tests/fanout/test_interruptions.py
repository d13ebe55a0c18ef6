"""What else ends a job: exceptions of any kind, scopes that cancel again and again, forks."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from easemob_async import EasemobClient, InvalidArgumentError, Quotas, Text
from easemob_async.fanout.report import Progress
from tests.conftest import Against
from tests.servers import Received, Reply
from tests.waiting import happens

anyio = pytest.importorskip("anyio")

FREE = Quotas(enabled=False)


class PanicError(BaseException):
    """Such as those of extension modules and of test libraries, which are no `Exception`."""


def sent(request: Received) -> Reply:
    return Reply(body={"data": dict.fromkeys(json.loads(request.body)["to"], "1")})


@pytest.mark.parametrize("error", [PanicError, GeneratorExit, MemoryError, StopAsyncIteration])
async def test_any_exception_of_the_source_is_raised(
    error: type[BaseException], against: Against
) -> None:
    def source() -> Iterator[str]:
        yield from (f"u{n}" for n in range(1200))
        raise error

    class Source:
        def __iter__(self) -> Iterator[str]:
            return self

        def __next__(self) -> str:
            return next(inner)

    inner = source()
    async with against(sent, token="t", quotas=FREE) as (client, _):
        job = client.fanout.to_users(Source(), Text("x"))
        with pytest.raises(error):
            await job
    assert job.report.read == 1200
    assert job.report.sent + job.report.not_sent == 1200


async def test_any_exception_of_a_body_is_raised_once(against: Against) -> None:
    asked = []

    def body(target: str) -> Text:
        asked.append(target)
        raise PanicError

    async with against(sent, token="t", quotas=FREE) as (client, server):
        job = client.fanout.to_users(["a", "b"], body)
        with pytest.raises(PanicError):
            await job
    assert asked == ["a"]
    assert server.calls == []
    assert (job.report.read, job.report.not_sent) == (2, 2)


@pytest.mark.parametrize("way", ["await", "iterate", "with"])
async def test_a_scope_of_anyio_waits_for_the_calls_in_flight(
    way: str, tmp_path: Path, against: Against
) -> None:
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def later(request: Received) -> Reply:
        arrived.set()
        await answer.wait()
        return sent(request)

    before = asyncio.all_tasks()
    async with against(later, token="t", quotas=FREE) as (client, _):
        targets = (f"u{n}" for n in range(60_000))
        job = client.fanout.to_users(targets, Text("x"), journal=tmp_path / "j.db", workers=4)

        async def run() -> None:
            if way == "await":
                await job
            elif way == "iterate":
                async for _ in job:
                    pass
            else:
                async with job:
                    await asyncio.Event().wait()

        with anyio.CancelScope() as scope:

            async def cancel() -> None:
                await happens(arrived)
                scope.cancel()
                for _ in range(50):  # the scope cancels in each of these turns
                    await asyncio.sleep(0)
                answer.set()

            cancelling = asyncio.create_task(cancel())
            await run()
        await cancelling
        assert scope.cancelled_caught
    report = job.report
    assert (report.unknown, report.failed) == (0, 0)
    assert 0 < report.sent == report.read - report.not_sent
    await asyncio.sleep(0)
    assert {task for task in asyncio.all_tasks() - before if not task.done()} == set()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
async def test_a_child_that_was_forked_keeps_no_lock(tmp_path: Path, against: Against) -> None:
    begin, end = os.pipe()
    children: list[int] = []

    def fork(_: Progress) -> None:
        if not children:
            child = os.fork()
            if child == 0:
                os.close(end)
                os.read(begin, 1)  # until the test ends
                os._exit(0)
            children.append(child)

    try:
        async with against(sent, token="t") as (client, _):
            for expected in (1, 0):
                job = client.fanout.to_users(
                    ["a"], Text("x"), journal=tmp_path / "j.db", progress=fork
                )
                assert (await job).sent == expected
    finally:
        os.close(end)
        os.close(begin)
        for child in children:
            os.waitpid(child, 0)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in 3.12")
async def test_a_job_can_be_iterated_where_tasks_are_eager(against: Against) -> None:
    async with against(sent, token="t") as (client, _):
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        try:
            async with client.fanout.to_users(["a", "b"], Text("x")) as job:
                assert sorted([outcome.target async for outcome in job]) == ["a", "b"]
        finally:
            loop.set_task_factory(None)


WRONG_OPTIONS: list[dict[str, Any]] = [
    {"progress": 5},
    {"progress": asyncio.sleep},
    {"on_unknown": asyncio.sleep},
    {"on_unknown": "send"},
    {"job_id": 5},
    {"retry_failed": "no"},
    {"keep_message_ids": "no"},
    {"sync_device": 5},
    {"push": {"title": "x"}},
    {"workers": 0},
    {"pace": "fast"},
]


@pytest.mark.parametrize("options", WRONG_OPTIONS, ids=lambda given: next(iter(given)))
async def test_an_option_that_means_nothing_is_refused_before_anything(
    options: dict[str, Any],
) -> None:
    client = EasemobClient("acme#shop", token="t")
    with pytest.raises(InvalidArgumentError, match=r"fanout\.to_users: "):
        client.fanout.to_users(["a"], Text("x"), **options)


@pytest.mark.parametrize("bad", [ValueError("\ud800"), Text("x" * 6000), object(), PanicError()])
async def test_a_duplicate_with_a_bad_message_stops_no_job(
    bad: Any, tmp_path: Path, against: Against
) -> None:
    targets: list[Any] = [("a", Text("x")), ("a", bad), ("c", Text("x"))]
    async with against(sent, token="t") as (client, _):
        report = await client.fanout.to_users(targets, journal=tmp_path / "j.db")
    assert (report.sent, report.failed + report.skipped, report.not_sent) == (2, 1, 0)


async def test_an_id_that_cannot_be_one_fails_in_a_resumed_job_too(
    tmp_path: Path, against: Against
) -> None:
    async with against(sent, token="t") as (client, _):
        for targets, failed, skipped in ((["a"], 0, 0), (["a\0b", "a", "\0"], 2, 1)):
            job = client.fanout.to_users(targets, Text("x"), journal=tmp_path / "j.db")
            report = await job
            assert (report.failed, report.skipped) == (failed, skipped)


async def test_what_on_unknown_says_must_be_one_of_the_two(
    tmp_path: Path, against: Against
) -> None:
    journal = tmp_path / "j.db"
    body: dict[str, Any] = {"data": {}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert (await client.fanout.to_users(["a"], Text("x"), journal=journal)).unknown == 1
        wrong: Any = lambda _: "Resend"  # noqa: E731
        job = client.fanout.to_users(["a"], Text("x"), journal=journal, on_unknown=wrong)
        with pytest.raises(InvalidArgumentError, match="on_unknown"):
            await job
