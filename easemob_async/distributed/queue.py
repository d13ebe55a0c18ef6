"""A queue of bulk jobs in PostgreSQL, for workers on any number of machines."""

from __future__ import annotations

from datetime import timedelta
from types import TracebackType
from typing import Final, Self

from easemob_async.checks import fail, number
from easemob_async.client import EasemobClient, share
from easemob_async.distributed.database import Database
from easemob_async.distributed.engine import Engine
from easemob_async.distributed.installing import install
from easemob_async.distributed.job import QueuedJob
from easemob_async.distributed.planning import check, is_name, plan
from easemob_async.distributed.worker import Worker
from easemob_async.fanout.job import FanoutJob
from easemob_async.fanout.source import Source
from easemob_async.shared.postgres import PostgresStore

_LEASE: Final = timedelta(seconds=30)
_SHORTEST: Final = timedelta(seconds=1)
_LONGEST: Final = timedelta(days=1)


class JobQueue:
    """A queue of bulk jobs in PostgreSQL (14 or newer). Extra: ``easemob-async[distributed]``.

    Submit a job on one machine, and work on as many as you like: they share its targets, and what
    one leaves behind another goes on with. Nobody is sent to twice: a call departs only after the
    database has it on its disk.

    Args:
        url: ``postgresql://user:password@host:port/database``, or what libpq takes.
        schema: the schema of its tables; those of the engine are in ``<schema>_engine``.
        lease: how long a worker that gives no sign of life keeps what it has.

    Raises:
        ConfigurationError: the extra is not installed.
    """

    def __init__(
        self, url: str, *, schema: str = "easemob_jobs", lease: timedelta = _LEASE
    ) -> None:
        self._database = Database(url, schema)
        self._engine = Engine(self._database)
        if not isinstance(lease, timedelta) or not _SHORTEST <= lease <= _LONGEST:
            raise fail("JobQueue", f"lease must be {_SHORTEST} to {_LONGEST}, not {lease!r}")
        self._lease = lease

    @property
    def place(self) -> str:
        """The host and port of its database."""
        return self._database.place

    def __repr__(self) -> str:
        return f"<JobQueue at {self.place}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._database.close()

    async def install(self, *, accept_failover: bool = False) -> None:
        """Make the tables of the queue and of its engine, or bring them up to date.

        Args:
            accept_failover: whether to go on in a database that took over from another. Do it only
                if no commit is missing there: what departed and is missing is sent twice.

        Raises:
            ConfigurationError: a newer version made them, or the database took over.
        """
        await install(self._database, self._engine, accept_failover=accept_failover)

    async def submit(self, job: FanoutJob, job_id: str) -> QueuedJob:
        """Hand a job over that was made and not started: read its targets, and let workers begin.

        Targets are read once, duplicates are removed, and every message is made here. If this
        process dies before the end, nothing is sent: submit the job again.

        Args:
            job: what a method of ``client.fanout`` returned.
            job_id: a name for it, unique in the queue.

        Raises:
            InvalidArgumentError: a job of that name is in the queue, or the job has an option that
                means nothing here: a journal, a progress function, an ``on_unknown`` function.
            JournalError: another process is submitting it.
        """
        if not isinstance(job, FanoutJob):
            raise fail("JobQueue.submit", f"job must be a FanoutJob, not a {type(job).__name__}")
        check(job_id, job.settings)
        parts = job.hand_over()
        source = Source(parts.targets)
        try:
            await plan(self._database, self._engine, job_id, parts, source)
        except BaseException:
            if not source.begun:  # nothing of it is gone: it can be submitted again
                job.hand_back()
            raise
        return self.job(job_id)

    def job(self, job_id: str) -> QueuedJob:
        """Return a job of the queue by its name.

        Raises:
            InvalidArgumentError: no job has such a name.
        """
        if not is_name(job_id):
            raise fail("JobQueue.job", f"job_id must be a printable name, not {job_id!r:.80}")
        return QueuedJob(self._database, self._engine, job_id)

    async def jobs(self) -> list[QueuedJob]:
        """List the jobs of the queue, in the order in which they were submitted."""
        rows = await self._database.rows("SELECT name FROM @schema@.jobs ORDER BY id")
        return [self.job(name) for (name,) in rows]

    async def work(self, client: EasemobClient, *, concurrency: int = 1) -> None:
        """Take jobs of the client's app and send them, until this is cancelled.

        Cancelled, it ends after the calls that are on their way; others go on with the rest. It
        outlives outages of the database, during which nothing is sent.

        Workers share the quotas and the app token through the queue's database, unless the client
        has a store of its own (``shared=``).

        Args:
            client: the client to send with; jobs of other apps, or on another service, are left
                alone.
            concurrency: how many chunks of some 12 000 targets are sent at a time.

        Raises:
            ConfigurationError: the database cannot be used as it is, or the client cannot share its
                quotas: it has ``timeout=None``, or ``Quotas(share=...)``.
            ClientClosedError: the client was closed.
        """
        if not isinstance(client, EasemobClient):
            raise fail("JobQueue.work", f"client must be a client, not a {type(client).__name__}")
        number("JobQueue.work", "concurrency", concurrency, least=1)
        share(client, PostgresStore(self._database.url))
        worker = Worker(
            self._database,
            self._engine,
            client.fanout.transport,
            lease=self._lease,
            concurrency=concurrency,
        )
        await worker.run()
