"""A bulk job as its user holds it: awaited, iterated, or kept in the hand while it runs."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterable, AsyncIterator, Generator, Iterable
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

from easemob_async.fanout.outcomes import Outcome
from easemob_async.fanout.preview import preview
from easemob_async.fanout.report import FanoutPlan, FanoutReport
from easemob_async.fanout.runner import Runner
from easemob_async.fanout.settings import Settings
from easemob_async.transport.transport import Transport

_DONE: Final = None


class FanoutJob:
    """One message, or one for each, on its way to many targets.

    - ``report = await job`` sends to all. `run` is the same as a coroutine.
    - ``async for outcome in job`` gives each outcome as it is settled; leaving the loop stops it.
    - ``async with job:`` runs it meanwhile: look at `report`, stop it with `cancel`; leaving the
      block waits for its end, or stops it when the block raised.

    A job runs once. Stopping lets calls that are on their way finish and sends no other; an error
    that every call would meet stops it at once and carries the account as ``error.report``.
    """

    def __init__(
        self,
        transport: Transport,
        targets: Iterable[Any] | AsyncIterable[Any],
        settings: Settings,
    ) -> None:
        self._runner = Runner(transport, targets, settings)
        self._preview = partial(preview, transport, targets, settings)
        self._name = settings.name
        self._started = False
        self._task: asyncio.Task[FanoutReport] | None = None
        self._queue: asyncio.Queue[Iterable[Outcome] | None] | None = None

    @property
    def report(self) -> FanoutReport:
        """The account as it stands; while the job runs, who is on the way counts as not sent."""
        return self._runner.report()

    def __await__(self) -> Generator[Any, None, FanoutReport]:
        return self.run().__await__()

    async def run(self) -> FanoutReport:
        """Send to all; the same as awaiting, for ``create_task`` and the like.

        Raises:
            EasemobError: an error that every call would meet; it carries the report.
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
        """Tell what the job would do, without sending: reads all targets, and makes all messages.

        In place of running it: a source that can be read once is read to its end by this.
        A journal that is there is taken into account; ids that are given twice far apart are
        seen only by ``dedupe`` or by the run itself.
        """
        self._start()
        return await self._preview()

    def cancel(self) -> None:
        """Stop: calls on their way finish, no other leaves. Harmless when it is over."""
        self._runner.stop()

    async def __aenter__(self) -> Self:
        self._start()
        self._task = asyncio.create_task(self._runner.run(), name=self._name)
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
        # Whoever iterated has left: who waits to tell an outcome must not wait for ever.
        self._runner.detach_listener()
        drain = None if self._queue is None else asyncio.create_task(_drain(self._queue))
        try:
            await asyncio.shield(self._task)
        except asyncio.CancelledError:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            raise
        except Exception:
            # The block's own error says more than what it made of the job.
            if error is None:
                raise
        finally:
            if drain is not None:
                drain.cancel()

    async def __aiter__(self) -> AsyncIterator[Outcome]:
        queue: asyncio.Queue[Iterable[Outcome] | None] = asyncio.Queue(
            self._runner.settings.options.workers
        )
        self._runner.attach_listener(queue.put)
        self._queue = queue
        if self._task is None:
            self._start()
            self._task = asyncio.create_task(self._runner.run(), name=self._name)
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
                # Who waits to tell an outcome that nobody hears any more must not wait for ever.
                drain = asyncio.create_task(_drain(queue))
                await asyncio.gather(task, return_exceptions=True)
                drain.cancel()
            ended.cancel()

    def __repr__(self) -> str:
        state = "not started" if not self._started else str(self.report).splitlines()[0]
        return f"<FanoutJob {self._name}: {state}>"

    def _start(self) -> None:
        if self._started:
            raise RuntimeError(f"{self._name}: this job was started before; make another")
        self._started = True

    def __del__(self) -> None:
        # Attributes may be missing when the constructor failed.
        if not getattr(self, "_started", True):
            warnings.warn(
                f"{self._name}: a job was made and never started: nothing was sent; is an await "
                "missing? Await it, iterate it, or hold it with async with",
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
