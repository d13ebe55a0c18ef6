"""A worker of a queue: it takes chunks, sends them, and outlives outages of the database."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from datetime import timedelta
from typing import Final

from easemob_async.distributed.claims import Claim, claim, release
from easemob_async.distributed.database import Database
from easemob_async.distributed.engine import Engine, queue_of
from easemob_async.distributed.record import ChunkRecord
from easemob_async.distributed.writer import LostChunkError, Writer
from easemob_async.errors import (
    ClientClosedError,
    ConfigurationError,
    EasemobError,
    SharedStoreError,
    TransportError,
)
from easemob_async.fanout.refusals import Refusals
from easemob_async.fanout.runner import Runner
from easemob_async.transport.cancel_scopes import cancelled_once
from easemob_async.transport.transport import Transport

_LOGGER: Final = logging.getLogger("easemob_async")
_RETRY: Final = 1.0
"""Seconds between two tries to reach the database."""
_TROUBLE: Final = 5.0
"""Seconds that a worker pauses when the service cannot be reached from its machine."""


class Worker:
    """A worker of a queue, for one client."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        transport: Transport,
        *,
        lease: timedelta,
        concurrency: int,
    ) -> None:
        self._database = database.another()
        self._engine = engine
        self._transport = transport
        self._service = transport.service
        self._queue = queue_of(self._service)
        self._lease = lease
        self._concurrency = concurrency
        self._name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._departures = database.another()
        self._writer = Writer(self._departures, lease)
        self._mine: set[tuple[int, int]] = set()
        self._running: dict[Runner, ChunkRecord] = {}
        self._stopping = asyncio.Event()
        self._was_away = asyncio.Event()
        self._fatal: EasemobError | None = None

    async def run(self) -> None:
        """Take chunks and send them, until it is cancelled: then calls on their way finish.

        Raises:
            ConfigurationError: the database cannot be used as it is.
            ClientClosedError: the client was closed.
        """
        await self._database.rows("SELECT @schema@.check_place()")
        side = [
            asyncio.create_task(self._writer.run(), name="easemob writer"),
            asyncio.create_task(self._keep_leases(), name="easemob leases"),
            asyncio.create_task(self._sweep(), name="easemob sweep"),
        ]
        engine = asyncio.create_task(self._run_engine(), name="easemob engine")
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            # The side tasks end only with an error: without them nothing would be recorded.
            await asyncio.wait([stopping, *side], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stop()
            engine.cancel()
            try:
                await _ended(engine)
            finally:  # cancelled once more, nothing stays behind either
                for task in (stopping, *side):
                    task.cancel()
                with cancelled_once():
                    await asyncio.wait(side)
                self._database.close()
                self._departures.close()
        ended = [None if task.cancelled() else task.exception() for task in side]
        for error in (self._fatal, *ended):
            if isinstance(error, Exception):
                raise error

    def _stop(self, error: EasemobError | None = None) -> None:
        """End after the calls on their way."""
        self._fatal = self._fatal or error
        self._stopping.set()
        for runner in self._running:
            runner.stop()

    async def _run_engine(self) -> None:
        """Run the engine's worker, and another one when it ends or the database was away.

        By itself it ends when the database is away for long, and after less it may go on without
        its heartbeat.
        """
        while True:
            self._was_away.clear()
            running = asyncio.create_task(self._run_engines_worker())
            away = asyncio.create_task(self._was_away.wait())
            cancelled = True
            try:
                await asyncio.wait([running, away], return_when=asyncio.FIRST_COMPLETED)
                cancelled = False
            finally:
                away.cancel()
                running.cancel()  # it ends when its chunks do
                await _wind_down(running, cancelled=cancelled)
            _LOGGER.warning("the engine's worker ended; another starts")
            await asyncio.sleep(_RETRY)

    async def _run_engines_worker(self) -> None:
        app = self._engine.app(self._send_chunk)
        try:
            async with app.open_async():
                await app.run_worker_async(
                    queues=[self._queue],
                    concurrency=self._concurrency,
                    install_signal_handlers=False,
                    delete_jobs="always",
                    update_heartbeat_interval=self._lease.total_seconds() / 3,
                    stalled_worker_timeout=self._lease.total_seconds(),
                )
        except Exception as error:  # whatever ends it: the next one goes on
            why = " ".join(str(error.__cause__ or error).split())
            _LOGGER.warning("the engine's worker: %s", why)

    async def _keep_leases(self) -> None:
        """Extend the leases, and stop what this process no longer has."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            await asyncio.gather(*(self._keep(*item) for item in self._running.items()))

    async def _keep(self, runner: Runner, record: ChunkRecord) -> None:
        try:
            await record.keep()
        except EasemobError as error:
            runner.stop(error)

    async def _sweep(self) -> None:
        """Defer chunks that nobody has."""
        seconds = self._lease.total_seconds()
        database = self._database.another()
        try:
            while True:
                try:
                    await self._engine.sweep(database, self._queue, seconds)
                except EasemobError:  # the next one will do
                    self._was_away.set()
                await asyncio.sleep(seconds / 3)
        finally:
            database.close()

    async def _send_chunk(self, job: int, chunk: int) -> None:
        """Send a chunk as far as it can be sent from here: a task of the engine, never failing."""
        if (job, chunk) in self._mine:  # it was delivered twice
            return
        self._mine.add((job, chunk))
        try:
            await self._send_all(job, chunk)
        finally:
            self._mine.remove((job, chunk))

    async def _send_all(self, job: int, chunk: int) -> None:
        while not self._stopping.is_set():
            try:
                claimed = await claim(
                    self._database,
                    job,
                    chunk,
                    worker=self._name,
                    service=self._service,
                    lease=self._lease,
                )
                if claimed is None or await self._send(claimed) == "done":
                    return
            except SharedStoreError:
                await self._pause(_RETRY)
            except EasemobError as error:
                self._stop(error)

    async def _send(self, claimed: Claim) -> str:
        """Send what is open of a chunk, and give it back."""
        settings = claimed.settings
        refusals = Refusals(own_messages=settings.constant is None, counts=claimed.counts)
        record = ChunkRecord(
            self._writer, claimed.key, claimed.names, claimed.lease, refusals, claimed.counts
        )
        runner = Runner(self._transport, claimed.open, settings, record, refusals)
        self._running[runner] = record
        try:
            if self._stopping.is_set():
                runner.stop()
            await runner.run()
        except LostChunkError as error:
            _LOGGER.info("chunk %s: %s", claimed.key, error)
        except ClientClosedError as error:  # without the client there is nothing to send with
            self._stop(error)
        except (TransportError, SharedStoreError) as error:
            _LOGGER.warning("chunk %s: %s", claimed.key, error)
            await self._pause(_TROUBLE)
        except ConfigurationError:
            raise
        except Exception as error:
            await self._stop_job(claimed.key[0], error)
        finally:
            await record.drain()
            del self._running[runner]
        return await self._release(claimed.key)

    async def _release(self, key: tuple[int, int, int]) -> str:
        while True:
            try:
                return await release(self._database, key)
            except SharedStoreError:
                await self._pause(_RETRY)
                if self._stopping.is_set():
                    return "open"

    async def _stop_job(self, job: int, error: Exception) -> None:
        """Stop a job for an error that every call would have."""
        _LOGGER.error("job %s is stopped: %s", job, error)
        text = f"{type(error).__name__}: {error}"
        while True:
            with contextlib.suppress(SharedStoreError):
                await self._database.rows(_STOP, text.replace("\0", "\ufffd"), job)
                return
            await self._pause(_RETRY)
            if self._stopping.is_set():
                return

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


async def _ended(task: asyncio.Task[None]) -> None:
    """Wait for the end of a task; cancelled meanwhile, do not wait for what it waits for."""
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        with cancelled_once():
            await asyncio.wait([task])
        raise
    if not task.cancelled() and task.exception() is not None:
        raise task.exception() or AssertionError


async def _wind_down(task: asyncio.Task[None], *, cancelled: bool) -> None:
    """Wait for the end of a cancelled task; only a second cancellation hurries it."""
    again = cancelled
    while not task.done():
        try:
            with cancelled_once():
                await asyncio.wait([task])
        except asyncio.CancelledError:
            if again:
                task.cancel()
            again = True
    if again and not cancelled:
        raise asyncio.CancelledError


_STOP: Final = """
UPDATE @schema@.jobs SET state = 'stopped', error = %s WHERE id = %s AND state = 'running'
"""
