"""The run of a job: workers take calls, send them, and settle every target exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Sequence
from itertools import chain, repeat
from typing import Any, Final

import attrs

from easemob_async.errors import APIError, EasemobError, JournalError
from easemob_async.fanout.deduplication import Deduplication, open_deduplication
from easemob_async.fanout.journal.rows import FAILED, SENT, STATE_OF, Settled
from easemob_async.fanout.journal.writer import Verdict
from easemob_async.fanout.pacing import make_pacer
from easemob_async.fanout.packing import PlannedCall, call_sizes, make_packer
from easemob_async.fanout.planner import Planner, Step
from easemob_async.fanout.record import Record
from easemob_async.fanout.refusals import ALONE, Refusals, about, halves, kind, spread
from easemob_async.fanout.report import Progress, Tally
from easemob_async.fanout.settings import Settings
from easemob_async.fanout.source import Source
from easemob_async.fanout.worker import StoppedError, Worker
from easemob_async.ids import encode_ids
from easemob_async.outcomes import FanoutReport, Outcome, OutcomeStatus
from easemob_async.resources.sending import Receipt
from easemob_async.transport.answer import Answer
from easemob_async.transport.call import Call
from easemob_async.transport.cancel_scopes import cancelled_once
from easemob_async.transport.transport import Transport

Listener = Callable[[Iterable[Outcome]], Awaitable[None]]

_PROGRESS_EVERY: Final = 0.25
_FIRST_PROGRESS: Final = 1.0
# So many attempts wait about twelve seconds for a server that restarts; then the job stops.
_TRIES: Final = 8


class Runner:
    """The run of one job.

    A target that was read is at any moment with one of these, and moves on in this order: the
    `Planner` (read, set aside as a possible duplicate, packed into a call), a `Worker` (its present
    request), the parts of a refused call that is split, and the tally, where its outcome is
    counted. When the job is stopped, those that are with nobody's request are ``_unsent``.
    """

    def __init__(
        self,
        transport: Transport,
        targets: Iterable[Any] | AsyncIterable[Any],
        settings: Settings,
        record: Record | None = None,
        refusals: Refusals | None = None,
    ) -> None:
        """Prepare a run.

        Args:
            transport: the client's way to the service.
            targets: the source of the targets.
            settings: the settings of the job.
            record: the record of its calls, if that is not a journal.
            refusals: the counts of refusals, if the record keeps them.
        """
        retry = transport.options.retry
        self._transport = transport.with_retry(
            attrs.evolve(retry, attempts=max(retry.attempts, _TRIES))
        )
        self.settings = settings
        self._source = Source(targets)
        self._tally = Tally()
        self._workers: list[Worker] = []
        self._planning = asyncio.Lock()
        self._trying_alone = asyncio.Lock()
        self._refusals = refusals or Refusals(own_messages=settings.constant is None, counts={})
        self._again: set[str] = set()
        self._keep_ids = settings.options.keep_message_ids
        self._planner: Planner
        self._least = 1
        self._record = record
        self._stopping = False
        self._error: BaseException | None = None
        self._listener: Listener | None = None
        # Targets that were read and not sent, when the job is stopped.
        self._unsent: list[str] = []
        self._started_at: float | None = None
        self._ended_at: float | None = None
        self._progress_at: float | None = None
        self._progress_settled = 0

    def attach_listener(self, listener: Listener) -> None:
        """Report every outcome to a listener; this must come before the job runs."""
        if self._started_at is not None:
            raise RuntimeError(
                f"{self.settings.name}: the job is already running; iterate it before it runs"
            )
        self._listener = listener

    def report(self) -> FanoutReport:
        """Return the counts so far."""
        seconds = 0.0
        if self._started_at is not None:
            ended = self._ended_at
            seconds = (time.monotonic() if ended is None else ended) - self._started_at
        self._tally.read = self._source.read
        return self._tally.report(seconds, self.settings.journal)

    def detach_listener(self) -> None:
        """Stop reporting outcomes."""
        self._listener = None

    def stop(self, error: BaseException | None = None, *, abandoned: bool = False) -> None:
        """Stop sending; calls in flight finish.

        Args:
            error: the reason, if it is an error.
            abandoned: whether nobody reads the outcomes any longer.
        """
        if abandoned:
            self._listener = None
        if self._error is None:
            self._error = error
        self._stopping = True
        at_work = [w for w in self._workers if w.task is not None and not w.task.done()]
        current = asyncio.current_task() if at_work else None  # a job that is over needs no loop
        for worker in at_work:
            if worker.task is not current:
                worker.interrupt()

    async def run(self) -> FanoutReport:
        """Send to all targets.

        Raises:
            EasemobError: the error that stopped the job; its ``report`` has the counts.
        """
        self._started_at = time.monotonic()
        settings = self.settings
        limits = self._transport.limits(settings.send.operation)
        _, self._least = call_sizes(settings.send.most_targets, limits)
        packer = make_packer(settings, limits)
        try:
            deduplication = await open_deduplication(settings)
        except EasemobError as error:
            error.report = self.report()
            raise
        if deduplication is not None:
            self._record = deduplication.journal
            self._refusals = Refusals(
                own_messages=settings.constant is None, counts=deduplication.journal.counts
            )
            self._again = deduplication.again
        self._planner = Planner(settings, self._source, packer, deduplication)
        try:
            if not self._stopping:
                await self._run_workers(deduplication)
        finally:
            with cancelled_once():
                await self._finish(deduplication)
        if self._listener is not None:
            unsent = [Outcome(t, OutcomeStatus.NOT_SENT) for t in self._unsent]
            await self._tell(unsent)
        report = self.report()
        if self._error is not None:
            with contextlib.suppress(AttributeError, TypeError):  # not every error can have it
                self._error.report = report  # type: ignore[attr-defined]
            raise self._error
        return report

    async def _finish(self, deduplication: Deduplication | None) -> None:
        """Settle the rest of the targets, and close everything, whatever fails meanwhile."""
        try:
            try:
                rest, left = self._planner.stop()
                self._unsent += left
                await self._settle_step(rest)
                if deduplication is not None and self._listener is not None:
                    self._unsent += deduplication.left()
            except Exception as error:
                self.stop(error)
            self._ended_at = time.monotonic()
            try:
                self._tell_progress(final=True)
            except Exception as error:  # from the caller's function
                self.stop(error)
        finally:
            try:
                if deduplication is not None:
                    await deduplication.close()
            except JournalError as error:
                self.stop(error)
            finally:
                try:
                    await self._source.close()
                except Exception as error:  # from the caller's generator
                    self.stop(error)

    async def _run_workers(self, deduplication: Deduplication | None) -> None:
        limits = self._transport.limits(self.settings.send.operation)
        together = self._transport.shares_quotas
        pacer = make_pacer(self.settings.options.pace, limits, together=together)
        for _ in range(self.settings.options.workers):
            worker = Worker(
                pacer, self._planner, self._record, deduplication, lambda: self._stopping
            )
            worker.task = asyncio.create_task(self._work(worker))
            self._workers.append(worker)
        tasks = [worker.task for worker in self._workers if worker.task is not None]
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            self.stop(abandoned=True)
            with cancelled_once():
                try:
                    await asyncio.wait(tasks)
                except asyncio.CancelledError:
                    # Cancelled twice: calls in flight are given up, with an unknown outcome.
                    for task in tasks:
                        task.cancel()
                    await asyncio.wait(tasks)
            raise

    async def _work(self, worker: Worker) -> None:
        try:
            while not self._stopping:
                worker.waiting = True
                async with self._planning:
                    step = await self._take_step(worker)
                    call = step.call
                    if call is not None:
                        self._planner.call_waits(call)
                if call is not None:
                    try:
                        if self._stopping:
                            self._unsent += call.targets
                        else:
                            await self._send(call, worker)
                    finally:
                        self._planner.call_is_admitted(call)
                        self._planner.call_is_over()
                elif step.over:
                    return
                else:
                    await asyncio.sleep(0)  # of such steps there may be thousands in a row
        except asyncio.CancelledError:
            if not self._stopping:
                self.stop(EasemobError(f"{self.settings.name}: a worker was cancelled"))
            raise
        except (KeyboardInterrupt, SystemExit) as error:
            self.stop(error)
            raise  # they end the loop
        except BaseException as error:  # from the source, or a defect: nothing may be lost silently
            self.stop(error)

    async def _take_step(self, worker: Worker) -> Step:
        step = await self._planner.next()
        worker.waiting = False  # settled targets are all reported, also if the job is stopped
        try:
            await self._settle_step(step)
        except BaseException:
            if step.call is not None:
                self._unsent += step.call.targets
                self._planner.call_is_over()
            raise
        return step

    async def _send(self, call: PlannedCall, worker: Worker) -> None:
        """Send a call; a call that is refused as a whole is split, if that may help."""
        refusal = await self._try(call, worker, least=self._least)
        if refusal is None:
            return
        targets = worker.targets
        refusals = self._refusals
        about_message = about(refusal, self.settings.send.operation.id) == "the message"
        its_own = call.content != self.settings.constant
        if about_message and not its_own and not refusals.accepted:
            self._unsent += targets
            self.stop(refusal)
            await worker.withdraw()
            return
        if len(targets) == 1 or (about_message and its_own):
            # The call cannot be split: it has one target, or all targets have the refused message.
            if refusals.accepted:
                await self._fail(targets, refusal, worker)
                if refusals.note_ended_early():
                    self._stop_refused(refusal)
                return
            try:
                await self._trying_alone.acquire()
            except asyncio.CancelledError:
                self._unsent += targets
                worker.withdraw_at_once()
                raise
            try:
                if self._stopping:
                    self._unsent += targets
                    await worker.withdraw()
                else:
                    await self._refused_alone(targets, refusal, worker)
            finally:
                self._trying_alone.release()
            return
        # The targets in here are neither settled nor in flight.
        left: deque[list[str]] = deque([list(targets)])
        try:
            await worker.withdraw()
            if self._refusals.accepted:
                halved = await self._try_some_alone(left, call.content, worker)
            else:
                async with self._trying_alone:  # the number counts for the job, not per worker
                    halved = await self._try_some_alone(left, call.content, worker)
            while halved and left and not self._stopping:
                part = left.popleft()
                error = await self._try(PlannedCall(part, call.content), worker)
                if error is not None and len(part) == 1:
                    await self._refused_alone(part, error, worker)
                elif error is not None:
                    left.extend(halves(part))
                    await worker.withdraw()
        finally:
            self._unsent += [target for part in left for target in part]

    async def _try_some_alone(self, left: deque[list[str]], content: bytes, worker: Worker) -> bool:
        """Try some targets of a refused call alone; return whether the rest is to be halved."""
        refusals = self._refusals
        (whole,) = left
        alone, rest = spread(whole, refusals.alone())
        left.clear()
        left.extend((alone, rest))
        kinds, tried = set(), 0
        error: APIError | None = None
        while alone and tried < refusals.alone() and not self._stopping:
            target = alone.pop(0)
            tried += 1
            error = await self._try(PlannedCall([target], content), worker)
            if error is None:
                break
            kinds.add(kind(error, target))
            await self._refused_alone([target], error, worker)
        if self._stopping:
            return False
        if error is not None and len(kinds) == 1 and tried >= min(ALONE, len(whole)):
            left.clear()
            if alone or rest:
                await self._fail([*alone, *rest], error, worker)
            if refusals.note_ended_early():
                self._stop_refused(error)
            return False
        left.clear()
        left.extend(halves([*alone, *rest]))
        return True

    async def _try(
        self, call: PlannedCall, worker: Worker, *, least: int | None = None
    ) -> APIError | None:
        """Send one request; return a definite refusal that is not about every call, unsettled.

        ``None`` means that its targets need nothing more: they are settled, or unsent since the job
        stops. With the fewest targets of a request given, those for which the quota has no room are
        put back: its targets are those of the worker.
        """
        send = self.settings.send
        operation = send.operation

        def request(targets: Sequence[str]) -> Call:
            body = call.content[:-1] + f',"{send.key}":'.encode() + encode_ids(targets) + b"}"
            return Call(
                operation, (), operation.fill(()), body, about=targets, messages=len(targets)
            )

        policy = worker.begin(call, least or len(call.targets), request)
        error: EasemobError
        try:
            answer = await self._transport.carry(request(call.targets), policy)
            receipt = send.receipt(answer, worker.targets)
        except EasemobError as failure:
            error = failure
        except BaseException as cause:  # cancelled, or an exception from a hook or provider
            if worker.departed:
                error = EasemobError(f"{self.settings.name}: given up while in flight: {cause!r}")
                self._count(OutcomeStatus.UNKNOWN, worker.targets, error)
            else:
                self._unsent += worker.targets
                worker.withdraw_at_once()
            raise
        else:
            self._tally.calls += 1
            await self._settle_sent(worker.targets, receipt, answer, worker)
            return None
        targets = worker.targets
        if error.maybe_processed:
            self._tally.calls += 1
            await self._settle_error(targets, OutcomeStatus.UNKNOWN, error, worker)
        elif (
            isinstance(error, APIError)
            and about(error, self.settings.send.operation.id) != "every call"
        ):
            self._tally.calls += 1
            return error
        else:
            # Nothing was sent, and no other call can be: these targets wait for another run.
            self._unsent += targets
            if isinstance(error, APIError) and error.status is not None:
                self._tally.calls += error.operation == self.settings.send.operation.id
            if not isinstance(error, StoppedError):
                self.stop(error)
            if not isinstance(error, JournalError | StoppedError):
                await worker.withdraw()
        return None

    async def _refused_alone(self, targets: Sequence[str], error: APIError, worker: Worker) -> None:
        stops = self._refusals.note_refused_alone()
        await self._fail(targets, error, worker)
        if stops:
            self._stop_refused(error)

    def _stop_refused(self, error: APIError) -> None:
        error.add_note(
            f"{self.settings.name}: stopped: all targets that were tried last were refused, so "
            "nearly all others would be refused too; targets that were not tried count as not "
            "sent, and another run continues with them"
        )
        self.stop(error)

    async def _settle_sent(
        self, targets: Sequence[str], receipt: Receipt, answer: Answer, worker: Worker
    ) -> None:
        ids = receipt.accepted
        errors: dict[OutcomeStatus, list[tuple[str, EasemobError]]] = {}
        if not receipt.complete and not all(map(ids.__contains__, targets)):
            errors = _not_accepted(targets, receipt, answer)
        exceptions: tuple[tuple[str, int, str | None], ...] = ()
        if errors:
            exceptions = tuple(
                (target, STATE_OF[status], str(error))
                for status, found in errors.items()
                for target, error in found
            )
        kept = None
        if self._keep_ids:
            kept = [ids.get(target) or "" for target in targets]
        if len(exceptions) < len(targets):
            self._refusals.note_accepted()
        verdict = Verdict(SENT, None, exceptions, kept)
        failure, cancelled = await self._write_down(targets, verdict, worker)
        told: Iterable[Outcome] = ()
        if failure is not None:
            told = self._count(OutcomeStatus.UNKNOWN, targets, failure)
        else:
            sent = targets if not errors else [target for target in targets if target in ids]
            self._tally.add(OutcomeStatus.SENT, len(sent))
            if self._listener is not None:
                # Made one by one as they are taken: making them together would cost twice as much.
                names = ids if receipt.complete else sent  # the same, and strings already
                accepted = ids.values() if receipt.complete else map(ids.__getitem__, sent)
                told = map(Outcome, names, repeat(OutcomeStatus.SENT), accepted)
            for status, found in errors.items():
                for target, error in found:
                    told = chain(told, self._count(status, [target], error))
        if cancelled:
            raise asyncio.CancelledError
        await self._tell(told)
        self._tell_progress()

    async def _fail(self, targets: Sequence[str], error: EasemobError, worker: Worker) -> None:
        await self._settle_error(targets, OutcomeStatus.FAILED, error, worker)

    async def _settle_error(
        self, targets: Sequence[str], status: OutcomeStatus, error: EasemobError, worker: Worker
    ) -> None:
        verdict = Verdict(STATE_OF[status], str(error))
        failure, cancelled = await self._write_down(targets, verdict, worker)
        if failure is not None:
            status, error = OutcomeStatus.UNKNOWN, failure
        told = self._count(status, targets, error)
        if cancelled:
            raise asyncio.CancelledError
        await self._tell(told)
        self._tell_progress()

    async def _write_down(
        self, targets: Sequence[str], verdict: Verdict, worker: Worker
    ) -> tuple[JournalError | None, bool]:
        """Record the outcome of a call in the journal, before anything else happens to the call.

        Returns:
            The error if it cannot be written (then the job stops, and the outcome of the call is
            unknown), and whether the worker was cancelled meanwhile: an answered call is counted
            in any case.
        """
        written = worker.settle(targets, verdict, self._refusals.changes())
        cancelled = False
        while written is not None and not written.done():
            try:
                await asyncio.shield(written)
            except asyncio.CancelledError:
                cancelled = True
            except JournalError:
                break
        try:
            if written is not None:
                written.result()
        except JournalError as error:
            self.stop(error)
            return error, cancelled
        return None, cancelled

    async def _settle_step(self, step: Step) -> None:
        """Count, record and report the targets that were settled without a call."""
        settled, skipped = step.settled, step.skipped
        if skipped:
            self._tally.add(OutcomeStatus.SKIPPED, len(skipped))
        for outcome in settled:
            self._tally.add(outcome.status, 1, outcome.error, outcome.target)
        try:
            if step.rejected and self._record is not None:
                found = [Settled(o.target, FAILED, str(o.error)) for o in step.rejected]
                await self._record.note(found, self._again)
                self._again.difference_update(o.target for o in step.rejected)
        finally:
            if skipped:
                await self._tell(map(Outcome, skipped, repeat(OutcomeStatus.SKIPPED)))
            await self._tell(settled)
        if skipped or settled:
            self._tell_progress()  # last, since it may raise

    def _count(
        self, status: OutcomeStatus, targets: Sequence[str], error: EasemobError
    ) -> list[Outcome]:
        self._tally.add(status, len(targets), error, targets[0] if len(targets) == 1 else None)
        if self._listener is None:
            return []
        return [Outcome(target, status, None, error) for target in targets]

    async def _tell(self, outcomes: Iterable[Outcome]) -> None:
        if self._listener is not None:
            await self._listener(outcomes)

    def _tell_progress(self, *, final: bool = False) -> None:
        if self.settings.options.progress is None:
            return
        now = time.monotonic()
        if self._progress_at is None:  # the first calls leave at once, the next in their slots
            passed = max(now - (self._started_at or now), _FIRST_PROGRESS)
        else:
            passed = now - self._progress_at
        if passed < _PROGRESS_EVERY and not final:
            return
        report = self.report()
        settled = self._tally.settled
        rate = report.rate if final else (settled - self._progress_settled) / passed
        self._progress_at, self._progress_settled = now, settled
        self.settings.options.progress(Progress(report, rate))


def _not_accepted(
    targets: Sequence[str], receipt: Receipt, answer: Answer
) -> dict[OutcomeStatus, list[tuple[str, EasemobError]]]:
    """Return the errors of the targets that an answer refuses, or does not mention."""
    missing = answer.wrong("data does not say what became of the target")
    refused: list[tuple[str, EasemobError]] = []
    unknown: list[tuple[str, EasemobError]] = []
    for target in targets:
        if target in receipt.accepted:
            continue
        if target in receipt.refused:
            refused.append((target, answer.refused(receipt.refused[target])))
        else:
            unknown.append((target, missing))
    return {OutcomeStatus.FAILED: refused, OutcomeStatus.UNKNOWN: unknown}
