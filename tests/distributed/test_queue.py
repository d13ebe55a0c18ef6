"""Jobs that are handed over: planned once, sent by workers, reported from anywhere."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from easemob_async import (
    EasemobClient,
    EasemobError,
    InvalidArgumentError,
    Limit,
    Outcome,
    Quotas,
    Text,
)
from easemob_async.distributed import JobQueue, JobReport, QueuedJob
from easemob_async.distributed import chunks as chunks_module
from easemob_async.distributed import planning as planning_module
from easemob_async.distributed import uniqueness as uniqueness_module
from easemob_async.errors import (
    ClientClosedError,
    ConfigurationError,
    JournalError,
    SharedStoreError,
)
from tests.cli.shell import EASEMOB
from tests.conftest import Against
from tests.distributed.processes import until
from tests.distributed.service import Service, working
from tests.fanout.jobs import FREE, accept, adds_up, users
from tests.servers import Received, Reply
from tests.waiting import WITHIN


async def collected(outcomes: AsyncIterator[Outcome]) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    async for outcome in outcomes:
        assert outcome.target not in found
        found[outcome.target] = outcome
    return found


def counts(report: JobReport) -> tuple[int, ...]:
    assert adds_up(report)
    return report.read, report.sent, report.failed, report.unknown, report.skipped, report.not_sent


async def test_a_job_is_planned_here_and_sent_there(
    queue: JobQueue, client: EasemobClient, service: Service
) -> None:
    job = await queue.submit(
        client.fanout.to_users(users(30_000), Text("Sale!"), sender="shop"), job_id="spring"
    )
    assert counts(await job.report()) == (30_000, 0, 0, 0, 0, 30_000)
    async with working(queue, client, concurrency=2):
        report = await queue.job("spring").wait()
    assert counts(report) == (30_000, 30_000, 0, 0, 0, 0)
    assert report.complete
    assert report.state == "done"
    assert report.calls == 50
    assert (len(service.sent), service.twice) == (30_000, 0)
    outcomes = await collected(job.outcomes("sent"))
    assert outcomes.keys() == set(users(30_000))
    assert "job_id='spring'" in repr(report)


async def test_a_finished_job_leaves_nothing_in_the_engine(
    queue: JobQueue, client: EasemobClient
) -> None:
    job = await queue.submit(client.fanout.to_users(users(100), Text("hi")), job_id="small")
    async with working(queue, client):
        await job.wait()
    left = await queue._database.rows("SELECT * FROM easemob_queue_engine.procrastinate_jobs")
    assert left == []


async def test_duplicates_near_and_far_are_sent_once(
    queue: JobQueue, client: EasemobClient, service: Service
) -> None:
    def source() -> Any:
        yield from users(20_000)
        yield "u7"
        yield "u7"
        yield from users(20_005, 19_995)

    job = await queue.submit(client.fanout.to_users(source(), Text("hi")), job_id="twice")
    async with working(queue, client):
        report = await job.wait()
    assert counts(report) == (20_012, 20_005, 0, 0, 7, 0)
    assert (len(service.sent), service.twice) == (20_005, 0)


async def test_many_duplicates_are_found_on_disk(
    queue: JobQueue, client: EasemobClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uniqueness_module, "_HELD", 10)

    def source() -> Any:
        yield from users(13_000)
        yield from users(13_000)
        yield from users(13_010, 12_990)

    job = await queue.submit(client.fanout.to_users(source(), Text("hi")), job_id="many")
    report = await job.report()
    assert counts(report) == (26_020, 0, 0, 0, 13_010, 13_010)
    assert len(await collected(job.outcomes())) == 13_010


async def test_targets_that_break_a_rule_fail_alone(
    queue: JobQueue, client: EasemobClient, service: Service
) -> None:
    targets: list[Any] = ["ok", "", "line\nbreak", 7, ("bad", Text("x" * 6000)), "last"]
    job = await queue.submit(client.fanout.to_users(targets, Text("hi")), job_id="rules")
    async with working(queue, client):
        report = await job.wait()
    assert counts(report) == (6, 2, 4, 0, 0, 0)
    assert sum(report.reasons.values()) == 4
    failed = await collected(job.outcomes("failed"))
    assert failed.keys() == {"", "line\nbreak", "7", "bad"}
    assert service.sent.keys() == {"ok", "last"}


async def test_every_message_is_made_once_by_the_planner(
    queue: JobQueue, client: EasemobClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks_module, "MOST_BYTES", 2_000)
    made: list[str] = []
    received: dict[str, str] = {}

    def greet(target: str) -> Text:
        made.append(target)
        return Text(f"hello {target}\n")

    def watch(targets: list[str], message: Any) -> None:
        received.update(dict.fromkeys(targets, message["body"]["msg"]))

    service.emulator.state.watch = watch
    job = await queue.submit(client.fanout.to_users(users(50), greet), job_id="own")
    async with working(queue, client):
        report = await job.wait()
    assert counts(report) == (50, 50, 0, 0, 0, 0)
    assert made == list(users(50))
    assert received == {target: f"hello {target}\n" for target in users(50)}
    chunks = await queue._database.value("SELECT count(*) FROM @schema@.chunks")
    assert chunks > 1


async def test_some_targets_may_have_a_message_of_their_own(
    queue: JobQueue, client: EasemobClient, service: Service
) -> None:
    received: dict[str, str] = {}

    def watch(targets: list[str], message: Any) -> None:
        received.update(dict.fromkeys(targets, message["body"]["msg"]))

    service.emulator.state.watch = watch
    targets: list[Any] = ["a", ("b", Text("for b")), "c", ("d", Text("for b"))]
    job = await queue.submit(client.fanout.to_users(targets, Text("for all")), job_id="some")
    async with working(queue, client):
        await job.wait()
    assert received == {"a": "for all", "b": "for b", "c": "for all", "d": "for b"}


@pytest.mark.parametrize("kind", ["groups", "rooms", "push"])
async def test_all_kinds_of_jobs(
    queue: JobQueue, client: EasemobClient, service: Service, kind: str
) -> None:
    await client.users.create("ann", password="secret")
    if kind == "groups":
        group = await client.chat_groups.create("g", owner="ann", members=[])
        made = client.fanout.to_groups([group.group_id], Text("hi"))
    elif kind == "rooms":
        room = await client.chat_rooms.create("r", description="d", owner="ann")
        made = client.fanout.to_rooms([room.room_id], Text("hi"))
    else:
        made = client.fanout.push_to_users(["ann"], {"title": "t", "content": "c"})
    job = await queue.submit(made, job_id=kind)
    async with working(queue, client):
        report = await job.wait()
    assert counts(report) == (1, 1, 0, 0, 0, 0)


async def test_an_empty_job_is_done_at_once(queue: JobQueue, client: EasemobClient) -> None:
    job = await queue.submit(client.fanout.to_users([], Text("hi")), job_id="empty")
    assert (await job.wait()).state == "done"


async def test_options_that_mean_nothing_here_are_refused(
    queue: JobQueue, client: EasemobClient, tmp_path: Path
) -> None:
    def progress(_: object) -> None: ...

    jobs: list[tuple[dict[str, Any], str]] = [
        ({"journal": tmp_path / "j.db"}, "journal"),
        ({"progress": progress}, "progress"),
        ({"on_unknown": lambda _: "resend"}, "on_unknown"),
        ({"job_id": "own"}, "job_id of its own"),
    ]
    for options, name in jobs:
        made = client.fanout.to_users(["u1"], Text("hi"), **options)
        with pytest.raises(InvalidArgumentError, match=name):
            await queue.submit(made, job_id="refused")
        made.hand_over()
    made = client.fanout.to_users(["u1"], Text("hi"))
    with pytest.raises(InvalidArgumentError, match="job_id"):
        await queue.submit(made, job_id="")
    await queue.submit(made, job_id="fine")  # a job that was refused was not started
    assert [job.job_id for job in await queue.jobs()] == ["fine"]


async def test_a_name_is_used_once(queue: JobQueue, client: EasemobClient) -> None:
    await queue.submit(client.fanout.to_users(["u1"], Text("hi")), job_id="one")
    with pytest.raises(InvalidArgumentError, match="'one' is in the queue already"):
        await queue.submit(client.fanout.to_users(["u1"], Text("hi")), job_id="one")
    with pytest.raises(InvalidArgumentError, match="no job 'two'"):
        await queue.job("two").report()


async def test_an_unsealed_plan_is_dropped_and_made_anew(
    queue: JobQueue, client: EasemobClient, service: Service
) -> None:
    def broken() -> Any:
        yield from users(200_000)
        raise OSError("the file is gone")

    with pytest.raises(OSError, match="gone"):
        await queue.submit(client.fanout.to_users(broken(), Text("hi")), job_id="again")
    assert (await queue.job("again").report()).state == "planning"
    async with working(queue, client):
        job = await queue.submit(client.fanout.to_users(users(100), Text("hi")), job_id="again")
        report = await job.wait()
    assert counts(report) == (100, 100, 0, 0, 0, 0)
    assert len(service.sent) == 100


async def test_the_plan_of_a_planner_that_was_killed_is_dropped_and_made_anew(
    client: EasemobClient, service: Service, postgres_url: str
) -> None:
    async def is_planned() -> bool:
        return "killed" in [job.job_id for job in await queue.jobs()]

    keys = {f"EASEMOB_{k.upper()}": str(v) for k, v in service.emulator.credentials.items()}
    ids = "".join(f"{user}\n" for user in users(200_000)).encode()
    async with JobQueue(postgres_url) as queue:  # in the schema of the command line
        await queue.install()
        planner = subprocess.Popen(
            [*EASEMOB, "send", "-", "--text", "hi", "--queue", postgres_url, "--job-id", "killed"],
            stdin=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, **keys},
        )
        try:
            assert planner.stdin is not None
            await asyncio.to_thread(planner.stdin.write, ids)
            await until(is_planned)
        finally:
            planner.kill()
            planner.communicate()
        assert (await queue.job("killed").report()).state == "planning"
        async with working(queue, client):
            made = client.fanout.to_users(users(100), Text("hi"))
            job = await queue.submit(made, job_id="killed")
            assert counts(await job.wait()) == (100, 100, 0, 0, 0, 0)
        await job.purge()
    assert len(service.sent) == 100


async def test_a_plan_in_the_making_is_not_dropped(queue: JobQueue, client: EasemobClient) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[str]:
        yield "u1"
        begun.set()
        await go_on.wait()

    first = asyncio.create_task(
        queue.submit(client.fanout.to_users(slow(), Text("hi")), job_id="slow")
    )
    await begun.wait()
    with pytest.raises(JournalError, match="another process is submitting"):
        await queue.submit(client.fanout.to_users(["u2"], Text("hi")), job_id="slow")
    go_on.set()
    assert counts(await (await first).report())[0] == 1


async def test_what_every_call_would_have_stops_the_job_for_all(
    queue: JobQueue, client: EasemobClient, service: Service
) -> None:
    job = await queue.submit(client.fanout.to_users(users(5_000), Text("hi")), job_id="stops")
    service.emulator.fail("POST", "/messages/users", times=1_000, status=402)
    async with working(queue, client):
        with pytest.raises(EasemobError, match="402") as caught:
            await job.wait()
    report = caught.value.report
    assert isinstance(report, JobReport)
    assert report.state == "stopped"
    assert counts(report) == (5_000, 0, 0, 0, 0, 5_000)
    service.emulator.faults.clear()
    await job.resume()
    async with working(queue, client):
        assert counts(await job.wait()) == (5_000, 5_000, 0, 0, 0, 0)


async def test_a_stopped_job_goes_on_where_it_was(
    queue: JobQueue, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Service(delay=(0.02, 0.03)) as slow:
        async with slow.client() as client:
            made = client.fanout.to_users(users(60_000), Text("hi"), workers=2)
            job = await queue.submit(made, job_id="paused")
            async with working(queue, client):
                while not slow.sent:
                    await asyncio.sleep(0.01)
                await job.stop()
                report = await job.wait()
                while (report := await job.report()).workers:
                    await asyncio.sleep(0.05)
                assert 0 < report.sent == len(slow.sent) < 60_000
                assert report.unknown == 0
                await job.resume()
                assert counts(await job.wait()) == (60_000, 60_000, 0, 0, 0, 0)
            assert (len(slow.sent), slow.twice) == (60_000, 0)


async def test_failed_targets_are_tried_again_by_a_resume_that_says_so(
    queue: JobQueue, against: Against
) -> None:
    refused = {"u3", "u700"}
    sent: Counter[str] = Counter()

    def respond(request: Received) -> Reply:
        targets = request.json["to"]
        if refused.intersection(targets):
            body = {"error": "illegal_argument", "error_description": "no such user"}
            return Reply(status=400, body=body)
        sent.update(targets)
        return accept(request)

    async with against(respond, token="t", quotas=FREE) as (client, _):
        job = await queue.submit(client.fanout.to_users(users(2_000), Text("hi")), job_id="retry")
        async with working(queue, client):
            report = await job.wait()
            assert counts(report) == (2_000, 1_998, 2, 0, 0, 0)
            assert (await collected(job.outcomes("failed"))).keys() == refused
            assert [number for _, number in report.reasons.items()] == [2]
            refused.clear()
            await job.resume()
            assert (await job.wait()).failed == 2
            await job.resume(retry_failed=True)
            assert counts(await job.wait()) == (2_000, 2_000, 0, 0, 0, 0)
    assert sent == Counter(users(2_000))


async def test_unknown_targets_are_sent_to_again_only_if_that_is_wanted(
    queue: JobQueue, against: Against
) -> None:
    sent: Counter[str] = Counter()

    def respond(request: Received) -> Reply:
        sent.update(request.json["to"])
        if "u1" in request.json["to"] and sent["u1"] == 1:
            return Reply(status=500, body={"error": "internal"})
        return accept(request)

    async with against(respond, token="t", quotas=FREE) as (client, _):
        job = await queue.submit(client.fanout.to_users(users(900), Text("hi")), job_id="unknown")
        async with working(queue, client):
            assert counts(await job.wait()) == (900, 300, 0, 600, 0, 0)
            await job.resume()
            assert (await job.wait()).unknown == 600
            assert sent["u1"] == 1
            await job.resume(on_unknown="resend")
            assert counts(await job.wait()) == (900, 900, 0, 0, 0, 0)
    assert sent["u1"] == 2


async def test_refusals_are_counted_for_the_job_not_for_each_chunk(
    queue: JobQueue, against: Against, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty targets that are refused alone stop the job, though no chunk has so many."""
    monkeypatch.setattr(planning_module, "CHUNK", 7)
    monkeypatch.setattr(chunks_module, "CHUNK", 7)

    def respond(request: Received) -> Reply:
        body = {"error": "illegal_argument", "error_description": "no such user"}
        return Reply(status=400, body=body)

    async with against(respond, token="t", quotas=FREE) as (client, server):
        made = client.fanout.to_users(users(70), Text("hi"), workers=1)
        job = await queue.submit(made, job_id="refused")
        async with working(queue, client):
            with pytest.raises(EasemobError, match="no such user"):
                await job.wait()
        report = await job.report()
    assert report.state == "stopped"
    assert (report.failed, report.not_sent) == (20, 50)


async def test_an_export_is_a_journal_with_which_the_job_goes_on(
    queue: JobQueue, client: EasemobClient, service: Service, tmp_path: Path
) -> None:
    targets: list[Any] = [*users(15_000), "bad\nname"]
    job = await queue.submit(client.fanout.to_users(targets, Text("hi")), job_id="export")
    async with working(queue, client):
        await job.wait()
    path = tmp_path / "spring.db"
    await job.export(path)
    report = await client.fanout.to_users([*targets, "new"], Text("hi"), journal=path)
    assert (report.sent, report.skipped) == (1, 15_001)
    assert report.failed_before == 1
    assert (len(service.sent), service.twice) == (15_001, 0)
    with pytest.raises(JournalError, match="exists"):
        await job.export(path)


async def test_a_purged_job_is_gone(queue: JobQueue, client: EasemobClient) -> None:
    job = await queue.submit(client.fanout.to_users(["u1"], Text("hi")), job_id="purge")
    with pytest.raises(InvalidArgumentError, match="running"):
        await job.purge()
    await job.stop()
    await job.purge()
    assert await queue.jobs() == []


async def test_a_worker_leaves_jobs_of_another_service_alone(
    queue: JobQueue, client: EasemobClient
) -> None:
    with Service() as other:
        async with other.client() as elsewhere:
            job = await queue.submit(client.fanout.to_users(["u1"], Text("hi")), job_id="ours")
            theirs = await queue.submit(
                elsewhere.fanout.to_users(["u2"], Text("hi")), job_id="theirs"
            )
            async with working(queue, elsewhere):
                await theirs.wait()
            assert other.sent == {"u2": 1}
            assert (await job.report()).not_sent == 1


async def test_workers_share_quotas_and_token_through_the_queues_database(
    queue: JobQueue, service: Service
) -> None:
    limit = Limit(300, per=timedelta(seconds=1), unit="messages")
    quotas = Quotas(overrides={"messages.send_to_users": (limit,)})
    arrived: list[tuple[float, int]] = []

    def watch(targets: list[str], message: Any) -> None:
        arrived.append((time.monotonic(), len(targets)))

    service.emulator.state.watch = watch
    credentials = service.emulator.credentials
    async with (
        EasemobClient(**credentials, quotas=quotas) as one,
        EasemobClient(**credentials, quotas=quotas) as other,
    ):
        jobs = [
            await queue.submit(one.fanout.to_users(users(500), Text("hi")), job_id=f"half-{n}")
            for n in range(2)
        ]
        async with working(queue, one), working(queue, other):
            for job in jobs:
                assert (await job.wait()).sent == 500
        for client in (one, other):
            assert client.quotas.is_shared
    assert sum(number for _, number in arrived) == 1000
    for began, _ in arrived:
        assert sum(number for at, number in arrived if began <= at < began + 1) <= 300
    tokens = [path for method, path in service.emulator.requests if path.endswith("/token")]
    assert len(tokens) == 1


async def test_a_worker_that_cannot_share_its_quota_says_why(
    queue: JobQueue, service: Service
) -> None:
    async with EasemobClient(**service.emulator.credentials, timeout=None) as client:
        with pytest.raises(ConfigurationError, match="timeout must not be None with shared"):
            await queue.work(client)


async def test_the_secret_never_enters_the_database(
    queue: JobQueue, client: EasemobClient, postgres_url: str
) -> None:
    await queue.submit(client.fanout.to_users(["u1"], Text("hi")), job_id="secret")
    row = await queue._database.rows("SELECT j::text FROM @schema@.jobs AS j")
    assert "secret" in row[0][0]  # its name
    assert "secret" not in row[0][0].replace("secret", "", 1)


@pytest.mark.parametrize("missing", ["psycopg", "procrastinate"])
def test_a_missing_driver_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConfigurationError, match=rf"{missing} .*easemob-async\[distributed\]"):
        JobQueue("postgresql://127.0.0.1:1/x")


async def test_a_password_is_not_shown() -> None:
    queue = JobQueue("postgresql://ann:t0p-secret@127.0.0.1:1/x")
    with pytest.raises(SharedStoreError) as caught:
        await queue.jobs()
    assert "127.0.0.1:1" in str(caught.value)
    assert "t0p-secret" not in f"{caught.value!r} {queue!r} {queue.job('a')!r}"


async def test_a_job_that_could_not_be_submitted_is_submitted_elsewhere(
    queue: JobQueue, client: EasemobClient
) -> None:
    job = client.fanout.to_users(users(10), Text("hi"))
    async with JobQueue("postgresql://127.0.0.1:1/nowhere") as away:
        with pytest.raises(SharedStoreError):
            await away.submit(job, job_id="one")
    await queue.submit(client.fanout.to_users(["u1"], Text("hi")), job_id="one")
    with pytest.raises(InvalidArgumentError, match="already"):
        await queue.submit(job, job_id="one")
    await queue.submit(job, job_id="two")
    assert (await queue.job("two").report()).read == 10


async def with_outcomes(queue: JobQueue, client: EasemobClient, number: int) -> QueuedJob:
    """Return a job of so many targets that is done."""
    job = await queue.submit(client.fanout.to_users(users(number), Text("hi")), job_id="whole")
    async with working(queue, client):
        await job.wait()
    return job


async def test_an_export_that_is_cut_short_leaves_nothing(
    queue: JobQueue, client: EasemobClient, tmp_path: Path
) -> None:
    job = await with_outcomes(queue, client, 30_000)
    for turn in range(0, 40, 3):
        task = asyncio.ensure_future(job.export(tmp_path / "cut.db"))
        for _ in range(turn * 5):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            (tmp_path / "cut.db").unlink()
            (tmp_path / "cut.db.lock").unlink()
        assert list(tmp_path.iterdir()) == []
    await job.export(tmp_path / "whole.db")
    report = await client.fanout.to_users(users(30_000), Text("hi"), journal=tmp_path / "whole.db")
    assert (report.skipped, report.sent) == (30_000, 0)


async def test_what_is_read_of_a_job_that_is_purged_is_not_taken_for_all(
    queue: JobQueue, client: EasemobClient, tmp_path: Path
) -> None:
    job = await with_outcomes(queue, client, 30_000)
    seen = 0
    with pytest.raises(JournalError, match="purged"):
        async for _ in job.outcomes():
            seen += 1
            if seen == 1:
                await job.purge()
    assert 0 < seen < 30_000
    assert list(tmp_path.iterdir()) == []


async def test_options_of_a_resume_are_of_that_one_alone(
    queue: JobQueue, client: EasemobClient, service: Service
) -> None:
    service.emulator.fail("POST", "/messages/users", status=500, times=100)
    async with working(queue, client):
        job = await queue.submit(client.fanout.to_users(["u1", "u2"], Text("x")), job_id="unknown")
        assert (await job.wait()).unknown == 2
        asked = []
        for options in ({}, {"on_unknown": "resend"}, {}, {"on_unknown": "report"}, {}):
            before = len(service.emulator.requests)
            await job.resume(**options)  # type: ignore[arg-type]
            assert (await job.wait()).unknown == 2
            asked.append(len(service.emulator.requests) > before)
    assert asked == [False, True, False, False, False]


async def test_no_rejected_target_is_lost_among_many(
    queue: JobQueue, client: EasemobClient
) -> None:
    targets = [f"\n{number}" for number in range(12_000)]
    job = await queue.submit(client.fanout.to_users(targets, Text("x")), job_id="odd")
    found = [outcome.target async for outcome in job.outcomes("failed")]
    assert sorted(found) == sorted(targets)


async def test_a_job_that_is_still_planned_is_not_stopped_in_silence(
    queue: JobQueue, client: EasemobClient
) -> None:
    begun, end = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[str]:
        yield "u1"
        begun.set()
        await end.wait()

    submitting = asyncio.ensure_future(
        queue.submit(client.fanout.to_users(slow(), Text("x")), job_id="slow")
    )
    await begun.wait()
    job = queue.job("slow")
    for act in (job.stop, job.resume):
        with pytest.raises(InvalidArgumentError, match="still planned"):
            await act()
    end.set()
    await submitting
    await job.stop()
    assert (await job.report()).state == "stopped"


async def test_a_resume_that_is_cancelled_leaves_a_running_job_running(
    queue: JobQueue, client: EasemobClient
) -> None:
    job = await queue.submit(client.fanout.to_users(users(10), Text("x")), job_id="running")
    database = queue._database
    # A worker on another machine has the chunk.
    await database.rows(
        "UPDATE @schema@.chunks SET leased_until = clock_timestamp() + interval '1 hour'"
    )
    resuming = asyncio.ensure_future(job.resume(retry_failed=True))
    while (await job.report()).state == "running":
        await asyncio.sleep(0)
    resuming.cancel()
    await asyncio.wait([resuming])
    assert (await job.report()).state == "running"


async def test_a_worker_that_is_cancelled_again_and_again_leaves_nothing(
    queue: JobQueue, client: EasemobClient
) -> None:
    anyio = pytest.importorskip("anyio")
    await queue.jobs()
    before = asyncio.all_tasks()
    for _ in range(2):
        with anyio.move_on_after(0.3):
            await queue.work(client)
        await asyncio.sleep(0)
        names = {task.get_name() for task in asyncio.all_tasks() - before}
        assert not {name for name in names if name.startswith("easemob ")}


@pytest.mark.parametrize("job_id", [5, b"x", "", "\ud800", "a\0b", "x" * 201])
async def test_what_is_no_name_of_a_job_is_refused_at_once(queue: JobQueue, job_id: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="job_id must be a printable name"):
        queue.job(job_id)


async def test_wrong_arguments_are_refused_before_anything(
    queue: JobQueue, client: EasemobClient
) -> None:
    wrong: Any
    for wrong in (0, -1, "2", None, 1.5):
        with pytest.raises(InvalidArgumentError, match="concurrency"):
            await queue.work(client, concurrency=wrong)
    wrong = None
    with pytest.raises(InvalidArgumentError, match="client must be"):
        await queue.work(wrong)
    with pytest.raises(InvalidArgumentError, match="job must be"):
        await queue.submit(wrong, job_id="x")
    for wrong in (30, timedelta(0), timedelta.max):
        with pytest.raises(InvalidArgumentError, match="lease must be"):
            JobQueue("postgresql://h/d", lease=wrong)
    job = await queue.submit(client.fanout.to_users(users(1), Text("x")), job_id="x")
    wrong = "no"
    with pytest.raises(InvalidArgumentError, match="retry_failed"):
        await job.resume(retry_failed=wrong)
    with pytest.raises(InvalidArgumentError, match="status"):
        await anext(job.outcomes("bogus"))


async def test_a_worker_without_its_client_ends(queue: JobQueue, client: EasemobClient) -> None:
    await queue.submit(client.fanout.to_users(users(10), Text("x")), job_id="left")
    await client.close()
    with pytest.raises(ClientClosedError):
        async with asyncio.timeout(WITHIN):
            await queue.work(client)
    assert (await queue.job("left").report()).not_sent == 10


async def test_a_database_that_does_not_exist_is_not_waited_for(postgres_url: str) -> None:
    url = urlsplit(postgres_url)._replace(path="/nowhere").geturl()
    async with JobQueue(url) as queue:
        with pytest.raises(ConfigurationError, match="does not exist"):
            await queue.job("a").wait()
