"""The engine: procrastinate. One of its jobs is the sending of one chunk.

Claiming, waking, retrying and noticing the dead are its own. What it does not know is that a chunk
must not be sent twice: that is the ledger's part, so whatever the engine delivers, and however
often, is harmless.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from easemob_async.distributed.database import Database
from easemob_async.shared.drivers import load_driver

TASK: Final = "easemob_async.send_chunk"
_POOL: Final = 4
_OPENING: Final = 10.0


def queue_of(service: str) -> str:
    """Return the name of the engine's queue for the jobs of one app on one service."""
    return sha256(service.encode()).hexdigest()[:32]


class Engine:
    """The engine in its own schema of a queue's database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._engine = load_driver("procrastinate", "distributed")
        self.schema = f"{database.schema}_engine"

    def sql(self, text: str) -> str:
        """Return a text with the names of both schemas in it."""
        return self._database.sql(text.replace("@engine@", self.schema))

    async def install(self, connection: Any, known: str | None) -> str:
        """Make the engine's tables, or bring them up to date; return their version.

        Args:
            connection: a connection within a transaction.
            known: the version that is there; ``None`` if there is none.
        """
        migrations = self._migrations()
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self.schema}")
        await connection.execute(f"SET LOCAL search_path = {self.schema}")
        if known is None:
            await connection.execute(self._engine.schema.SchemaManager.get_schema())
        else:
            for path in migrations:
                if path.stem > known:
                    await connection.execute(path.read_text(encoding="utf-8"))
        await connection.execute("SET LOCAL search_path TO DEFAULT")
        latest = migrations[-1].stem
        return latest if known is None else max(latest, known)

    def _migrations(self) -> list[Path]:
        folder = Path(self._engine.schema.SchemaManager.get_migrations_path())
        return sorted(folder.glob("*.sql"))

    def app(self, send_chunk: Callable[[int, int], Awaitable[None]]) -> Any:
        """Return an app of the engine whose task is to send a chunk."""

        async def configure(connection: Any) -> None:
            await connection.execute(f"SET search_path = {self.schema}")
            await connection.commit()

        connector = self._engine.PsycopgConnector(
            conninfo=self._database.url,
            configure=configure,
            min_size=1,
            max_size=_POOL,
            timeout=_OPENING,
        )
        app = self._engine.App(connector=connector)

        @app.task(name=TASK)  # type: ignore[untyped-decorator]
        async def send(job: int, chunk: int) -> None:
            task = asyncio.current_task()
            assert task is not None
            task.add_done_callback(_seen)
            await send_chunk(job, chunk)

        return app

    async def sweep(self, database: Database, queue: str, dead_after: float) -> None:
        """Defer open chunks of running jobs that no living worker has.

        An engine job whose worker no longer gives a sign of life is removed. A chunk that is still
        leased to somebody is left alone.
        """
        await self._run(database, _SWEEP, (queue, dead_after, TASK, queue, queue))

    async def defer_open(self, job: int) -> None:
        """Defer the open chunks of a job."""
        await self._run(self._database, _DEFER, (TASK, job))

    async def defer(self, connection: Any, job: int) -> None:
        """Defer the open chunks of a job, in the transaction of a connection."""
        await self._execute(connection, _DEFER, (TASK, job))

    async def _run(self, database: Database, statement: str, values: tuple[object, ...]) -> None:
        async def command(connection: Any) -> None:
            async with connection.transaction():
                await self._execute(connection, statement, values)

        await database.run(command)

    async def _execute(self, connection: Any, statement: str, values: tuple[object, ...]) -> None:
        # The engine's triggers name its tables without a schema.
        await connection.execute(f"SET LOCAL search_path = {self.schema}")
        await connection.execute(self.sql(statement), values)


def _seen(task: asyncio.Task[Any]) -> None:
    """Take note of how a task of the engine ended.

    It ends with an error when a worker that was taken for dead wants to delete its engine job.
    """
    if not task.cancelled():
        task.exception()


_DEFER: Final = """
INSERT INTO @engine@.procrastinate_jobs (queue_name, task_name, queueing_lock, args)
SELECT j.queue, %s, c.job || '/' || c.number,
    jsonb_build_object('job', c.job, 'chunk', c.number)
FROM @schema@.chunks AS c JOIN @schema@.jobs AS j ON j.id = c.job
WHERE NOT c.done AND j.state = 'running' AND j.id = %s
ORDER BY c.number
ON CONFLICT DO NOTHING
"""
_SWEEP: Final = """
WITH dead AS (
    DELETE FROM @engine@.procrastinate_jobs AS e
    WHERE e.queue_name = %s AND e.status = 'doing' AND NOT EXISTS (
        SELECT FROM @engine@.procrastinate_workers AS w
        WHERE w.id = e.worker_id AND w.last_heartbeat > now() - make_interval(secs => %s)
    )
    RETURNING e.id
)
INSERT INTO @engine@.procrastinate_jobs (queue_name, task_name, queueing_lock, args)
SELECT j.queue, %s, c.job || '/' || c.number,
    jsonb_build_object('job', c.job, 'chunk', c.number)
FROM @schema@.chunks AS c JOIN @schema@.jobs AS j ON j.id = c.job
WHERE NOT c.done AND j.state = 'running' AND j.queue = %s
    AND (c.leased_until IS NULL OR c.leased_until < clock_timestamp())
    AND NOT EXISTS (
        SELECT FROM @engine@.procrastinate_jobs AS e
        WHERE e.queue_name = %s AND e.status IN ('todo', 'doing')
            AND e.queueing_lock = c.job || '/' || c.number
            AND e.id NOT IN (SELECT id FROM dead)
    )
ORDER BY c.job, c.number
ON CONFLICT DO NOTHING
"""
