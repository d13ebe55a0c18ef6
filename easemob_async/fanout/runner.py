"""Running a job: workers take calls, send them, and settle every target exactly once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Sequence
from itertools import repeat
from typing import Any, Final

import attrs

from easemob_async.errors import (
    APIError,
    AppNotFoundError,
    AuthenticationError,
    EasemobError,
    JournalError,
    RateLimitError,
    ResponseError,
)
from easemob_async.fanout.feed import Feed
from easemob_async.fanout.journal import Journal, Verdict
from easemob_async.fanout.pace import make_pacer
from easemob_async.fanout.plan import PlannedCall, make_packer
from easemob_async.fanout.records import FAILED, SENT, STATE_OF, UNKNOWN, Settled
from easemob_async.fanout.report import FanoutReport, Outcome, OutcomeStatus, Progress, Tally
from easemob_async.fanout.screen import Screen, open_screen
from easemob_async.fanout.settings import Settings
from easemob_async.fanout.source import Source
from easemob_async.fanout.worker import StoppedError, Worker
from easemob_async.transport import codec
from easemob_async.transport.transport import Transport

Listener = Callable[[Iterable[Outcome]], Awaitable[None]]

_PROGRESS_EVERY: Final = 0.25
# A server that restarts is waited for, some twelve seconds; then the job stops.
_TRIES: Final = 8


class Runner:
    """Runs one job."""

    def __init__(
        self,
        transport: Transport,
        targets: Iterable[Any] | AsyncIterable[Any],
        settings: Settings,
    ) -> None:
        options = transport.options
        retry = attrs.evolve(options.retry, attempts=max(options.retry.attempts, _TRIES))
        self._transport = Transport(transport.core, attrs.evolve(options, retry=retry))
        self.settings = settings
        self._source = Source(targets)
        self._tally = Tally()
        self._workers: list[Worker] = []
        self._feeding = asyncio.Lock()
        self._feed: Feed
        self._journal: Journal | None = None
        self._on_their_way = 0
        self._stopping = False
        self._error: BaseException | None = None
        self._listener: Listener | None = None
        # Targets of calls that were given and did not leave.
        self._unsent: list[str] = []
        self._started_at: float | None = None
        self._ended_at: float | None = None
        self._progress_at = 0.0
        self._progress_settled = 0

    def listen(self, listener: Listener) -> None:
        """Have every outcome from now on told; must come before the job runs."""
        if self._started_at is not None:
            raise RuntimeError(f"{self.settings.name}: iterate a job before it runs")
        self._listener = listener

    def report(self) -> FanoutReport:
        """Give the account as it stands."""
        seconds = 0.0
        if self._started_at is not None:
            ended = self._ended_at
            seconds = (time.monotonic() if ended is None else ended) - self._started_at
        self._tally.read = self._source.read
        path = None if self.settings.journal is None else self.settings.journal.path
        return self._tally.report(seconds, path)

    def deafen(self) -> None:
        """Tell no outcomes any more."""
        self._listener = None

    def stop(self, error: BaseException | None = None, *, abandoned: bool = False) -> None:
        """Send nothing more; calls on their way finish.

        Args:
            error: why.
            abandoned: nobody listens to outcomes any more.
        """
        if abandoned:
            self._listener = None
        if self._error is None:
            self._error = error
        self._stopping = True
        current = asyncio.current_task()
        for worker in self._workers:
            if worker.task is not current:
                worker.interrupt()

    async def run(self) -> FanoutReport:
        """Send to all targets.

        Raises:
            EasemobError: what stopped the job; it carries the report.
        """
        self._started_at = time.monotonic()
        settings = self.settings
        limits = self._transport.core.quotas.limits(settings.operation)
        packer = make_packer(settings, limits)
        screen = await open_screen(settings)
        self._journal = None if screen is None else screen.journal
        self._feed = Feed(settings, self._source, packer, screen)
        try:
            if not self._stopping:
                await self._run_workers(screen)
        finally:
            await self._finish(screen)
        if self._listener is not None:
            unsent = [Outcome(t, OutcomeStatus.NOT_SENT) for t in self._unsent]
            await self._tell(unsent)
        report = self.report()
        if self._error is not None:
            if isinstance(self._error, EasemobError):
                self._error.report = report
            raise self._error
        return report

    async def _finish(self, screen: Screen | None) -> None:
        try:
            await self._settle_fed()
        except JournalError as error:
            self.stop(error)
        self._unsent += self._feed.left()
        if screen is not None:
            self._unsent += screen.left()
        self._ended_at = time.monotonic()
        self._tell_progress(final=True)
        if screen is not None:
            await screen.close()
        await self._source.close()

    async def _run_workers(self, screen: Screen | None) -> None:
        limits = self._transport.core.quotas.limits(self.settings.operation)
        pacer = make_pacer(self.settings.pace, limits)
        for _ in range(self.settings.workers):
            worker = Worker(pacer, self._journal, screen, lambda: self._stopping)
            worker.task = asyncio.create_task(self._work(worker))
            self._workers.append(worker)
        tasks = [worker.task for worker in self._workers if worker.task is not None]
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            self.stop(abandoned=True)
            try:
                await asyncio.wait(tasks)
            except asyncio.CancelledError:
                # Told twice: who is on the way is given up, and unknown.
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
            raise

    async def _work(self, worker: Worker) -> None:
        try:
            while not self._stopping:
                async with self._feeding:
                    call = await self._take_call(worker)
                    over = call is None and self._feed.over
                if call is not None:
                    try:
                        if self._stopping:
                            self._unsent += call.targets
                        else:
                            await self._send(call.targets, call.content, worker)
                    finally:
                        self._call_is_over()
                elif over:
                    return
        except asyncio.CancelledError:
            if not self._stopping:
                self.stop(EasemobError(f"{self.settings.name}: a worker was cancelled"))
            raise
        except Exception as error:  # the source's own, or a defect: nothing may be lost silently
            self.stop(error)

    async def _take_call(self, worker: Worker) -> PlannedCall | None:
        worker.waiting = True
        call = await self._feed.next_call()
        worker.waiting = False  # what is settled is told to the end, also when the job is stopped
        if call is not None:
            self._on_their_way += 1
            self._feed.all_settled.clear()
        try:
            await self._settle_fed()
        except BaseException:
            if call is not None:
                self._unsent += call.targets
                self._call_is_over()
            raise
        return call

    def _call_is_over(self) -> None:
        self._on_their_way -= 1
        if not self._on_their_way:
            self._feed.all_settled.set()

    async def _send(self, targets: Sequence[str], content: bytes, worker: Worker) -> None:
        body = content[:-1] + b',"to":' + codec.dumps(targets) + b"}"
        error: EasemobError
        try:
            answer = await self._transport.call(
                self.settings.operation,
                body=body,
                messages=len(targets),
                about=targets,
                bulk=worker.bulk(targets),
            )
            ids = answer.read(dict[str, str], "data")
        except EasemobError as failure:
            error = failure
        except BaseException as cause:  # cancelled, or an exception of a hook or provider
            if worker.departed:
                error = EasemobError(f"{self.settings.name}: given up while on its way: {cause!r}")
                self._count(OutcomeStatus.UNKNOWN, targets, error)
            else:
                self._unsent += targets
            raise
        else:
            missing = answer.wrong("data does not name the target")
            await self._settle_sent(targets, ids, missing, worker)
            return
        await self._settle_error(targets, error, worker)

    async def _settle_sent(
        self, targets: Sequence[str], ids: dict[str, str], missing: ResponseError, worker: Worker
    ) -> None:
        lost: list[str] = []
        if not all(map(ids.__contains__, targets)):
            # The service may answer with a name in lower case.
            ids = {**{t: ids[t.lower()] for t in targets if t.lower() in ids}, **ids}
            lost = [target for target in targets if target not in ids]
            targets = [target for target in targets if target in ids]
        exceptions = tuple((target, UNKNOWN, str(missing)) for target in lost)
        if not await self._record([*targets, *lost], Verdict(SENT, None, exceptions), worker):
            return
        self._tally.calls += 1
        self._tally.add(OutcomeStatus.SENT, len(targets))
        if self._listener is not None:
            # Made one by one as they are taken: so many objects at once would cost twice as much.
            message_ids = map(ids.__getitem__, targets)
            await self._tell(map(Outcome, targets, repeat(OutcomeStatus.SENT), message_ids))
        if lost:
            await self._tell(self._count(OutcomeStatus.UNKNOWN, lost, missing))
        self._tell_progress()

    async def _settle_error(
        self, targets: Sequence[str], error: EasemobError, worker: Worker
    ) -> None:
        if error.maybe_processed:
            status = OutcomeStatus.UNKNOWN
        elif isinstance(error, APIError) and not self._for_every_call(error):
            status = OutcomeStatus.FAILED
        else:
            # Nothing was sent, and nothing else can be: these targets wait for another run.
            self._unsent += targets
            if not isinstance(error, StoppedError):
                self.stop(error)
            if not isinstance(error, JournalError | StoppedError):
                await worker.withdraw()
            return
        if await self._record(targets, Verdict(STATE_OF[status], str(error)), worker):
            self._tally.calls += 1
            await self._tell(self._count(status, targets, error))
            self._tell_progress()

    async def _record(self, targets: Sequence[str], verdict: Verdict, worker: Worker) -> bool:
        """Have the journal know; where it cannot be written the job stops, the call unknown."""
        try:
            await worker.settle(verdict)
        except JournalError as error:
            self.stop(error)
            await self._tell(self._count(OutcomeStatus.UNKNOWN, targets, error))
            return False
        return True

    def _for_every_call(self, error: APIError) -> bool:
        """Tell whether every other call would meet the same refusal."""
        if error.operation != self.settings.operation.id:
            return True  # no token
        if isinstance(error, AuthenticationError | AppNotFoundError | RateLimitError):
            return True
        # With one message for all, a refusal of the first call is one of all calls.
        return self.settings.constant is not None and not self._tally.counts[OutcomeStatus.SENT]

    async def _settle_fed(self) -> None:
        """Count, record and tell who was settled without a call."""
        settled, self._feed.settled = self._feed.settled, []
        skipped, self._feed.skipped = self._feed.skipped, []
        if skipped:
            self._tally.add(OutcomeStatus.SKIPPED, len(skipped))
            await self._tell(map(Outcome, skipped, repeat(OutcomeStatus.SKIPPED)))
            self._tell_progress()
        for outcome in settled:
            self._tally.add(outcome.status, 1, outcome.error)
        failed = [o for o in settled if o.status is OutcomeStatus.FAILED]
        try:
            if failed and self._journal is not None:
                await self._journal.note([Settled(o.target, FAILED, str(o.error)) for o in failed])
        finally:
            await self._tell(settled)

    def _count(
        self, status: OutcomeStatus, targets: Sequence[str], error: EasemobError
    ) -> list[Outcome]:
        self._tally.add(status, len(targets), error)
        if self._listener is None:
            return []
        return [Outcome(target, status, None, error) for target in targets]

    async def _tell(self, outcomes: Iterable[Outcome]) -> None:
        if self._listener is not None and outcomes:
            await self._listener(outcomes)

    def _tell_progress(self, *, final: bool = False) -> None:
        if self.settings.progress is None:
            return
        now = time.monotonic()
        passed = now - self._progress_at
        if passed < _PROGRESS_EVERY and not final:
            return
        report = self.report()
        settled = self._tally.settled
        rate = report.rate if final else (settled - self._progress_settled) / max(passed, 1e-9)
        self._progress_at, self._progress_settled = now, settled
        self.settings.progress(Progress(report, rate))
