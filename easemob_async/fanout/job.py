"""A bulk job: to be awaited, iterated, or used as an async context manager."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import attrs

from easemob_async.fanout.preview import preview
from easemob_async.fanout.report import FanoutPlan
from easemob_async.fanout.runner import Runner
from easemob_async.fanout.settings import Settings
from easemob_async.outcomes import FanoutReport, Outcome
from easemob_async.transport.cancel_scopes import cancelled_once
from easemob_async.transport.transport import Transport

_DONE: Final = None


@attrs.frozen
class JobParts:
    """What a job is made of."""

    transport: Transport
    """The client's way to the service."""
    targets: Iterable[Any] | AsyncIterable[Any]
    """The source of the targets."""
    settings: Settings
    """The settings."""


class FanoutJob:
    """A bulk job that sends one message, or one message each, to many targets.

    - ``report = await job`` sends to all targets. `run` is the same as a coroutine.
    - ``async for outcome in job`` yields each outcome as soon as it is settled; leaving the loop
      stops the job.
    - ``async with job:`` runs the job while the block runs: look at `report`, stop the job with
      `cancel`. The end of the block waits for the job, or stops it if the block raised an error.

    A job runs once. A job that is stopped lets the calls in flight finish and sends no others. An
    error that every call would have stops the job immediately and has the report as
    ``error.report``.
    """

    def __init__(
        self,
        transport: Transport,
        targets: Iterable[Any] | AsyncIterable[Any],
        settings: Settings,
    ) -> None:
        self._parts = JobParts(transport, targets, settings)
        self._runner = Runner(transport, targets, settings)
        self._preview = partial(preview, transport, targets, settings)
        self._name = settings.name
        self._started = False
        self._tried = False  # whether it was handed over, and handed back
        self._task: asyncio.Task[FanoutReport] | None = None
        self._queue: asyncio.Queue[Iterable[Outcome] | None] | None = None

    @property
    def report(self) -> FanoutReport:
        """The counts so far; while the job runs, targets in flight count as not sent."""
        return self._runner.report()

    def __await__(self) -> Generator[Any, None, FanoutReport]:
        return self.run().__await__()

    async def run(self) -> FanoutReport:
        """Send to all targets; the same as ``await job``, for ``create_task`` and the like.

        Raises:
            EasemobError: an error that every call would have; its ``report`` has the counts.
        """
        if self._task is None:
            self._start()
            return await self._runner.run()
        try:
            return await asyncio.shield(self._task)
        except asyncio.CancelledError:
            self.cancel()
            raise

    async def plan(self) -> FanoutPlan:
        """Return what the job would do, without sending: read all targets and make all messages.

        A job can be planned or run, not both, and this reads the targets to their end. An existing
        journal is taken into account. Ids that come twice far apart are found only by ``dedupe`` or
        by the run itself.
        """
        self._start()
        return await self._preview()

    @property
    def settings(self) -> Settings:
        """The settings of the job."""
        return self._parts.settings

    def hand_over(self) -> JobParts:
        """Return what the job is made of, for a `JobQueue` that runs it in place of this process.

        The job counts as started.
        """
        self._start()
        return self._parts

    def hand_back(self) -> None:
        """Take back a job that was handed over and of which nothing was read."""
        self._started, self._tried = False, True

    def cancel(self) -> None:
        """Stop the job: calls in flight finish, no others are sent. Harmless if the job is over."""
        self._runner.stop()

    async def __aenter__(self) -> Self:
        self._start()
        self._task = self._run_in_task()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._task is not None
        if error is not None:
            self._runner.stop(abandoned=True)
        # The caller no longer iterates: a worker that reports an outcome must not wait forever.
        self._runner.detach_listener()
        drain = None if self._queue is None else asyncio.create_task(_drain(self._queue))
        try:
            await asyncio.shield(self._task)
        except asyncio.CancelledError:
            self._task.cancel()
            with cancelled_once():
                await asyncio.gather(self._task, return_exceptions=True)
            raise
        except Exception:
            # The error of the block is more useful than the error of the job that it stopped.
            if error is None:
                raise
        finally:
            if drain is not None:
                drain.cancel()

    async def __aiter__(self) -> AsyncGenerator[Outcome, None]:
        queue: asyncio.Queue[Iterable[Outcome] | None] = asyncio.Queue(
            self._runner.settings.options.workers
        )
        self._runner.attach_listener(queue.put)
        self._queue = queue
        if self._task is None:
            self._start()
            self._task = self._run_in_task()
        task = self._task
        ended = asyncio.create_task(_tell_end(task, queue))
        try:
            while (outcomes := await queue.get()) is not _DONE:
                for outcome in outcomes:
                    yield outcome
            await task
        finally:
            if not task.done():
                self._runner.stop(abandoned=True)
                # A worker that reports an outcome which nobody reads must not wait forever.
                drain = asyncio.create_task(_drain(queue))
                try:
                    with cancelled_once():
                        await asyncio.gather(task, return_exceptions=True)
                finally:
                    drain.cancel()
                    ended.cancel()
            ended.cancel()

    def _run_in_task(self) -> asyncio.Task[FanoutReport]:
        async def run() -> FanoutReport:
            await asyncio.sleep(0)  # an eager task would begin before the caller can iterate
            return await self._runner.run()

        return asyncio.create_task(run(), name=self._name)

    def __repr__(self) -> str:
        state = "not started" if not self._started else str(self.report).splitlines()[0]
        return f"<FanoutJob {self._name}: {state}>"

    def _start(self) -> None:
        if self._started:
            raise RuntimeError(
                f"{self._name}: this job was started before; a job runs once: make another"
            )
        self._started = True

    def __del__(self) -> None:
        # Attributes may be missing if the constructor failed.
        if not getattr(self, "_started", True) and not self._tried:
            warnings.warn(
                f"{self._name}: a job was never started, so nothing was sent; is `await` missing? "
                "Await the job, iterate it, or use it with `async with`",
                RuntimeWarning,
                stacklevel=2,
                source=self,
            )


async def _drain(queue: asyncio.Queue[Iterable[Outcome] | None]) -> None:
    while True:
        await queue.get()


async def _tell_end(
    task: asyncio.Task[FanoutReport], queue: asyncio.Queue[Iterable[Outcome] | None]
) -> None:
    await asyncio.wait([task])
    await queue.put(_DONE)
