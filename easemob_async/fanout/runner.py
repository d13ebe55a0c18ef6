"""Running a job: workers pull targets, send calls, and settle every target exactly once."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any, Final

import attrs

from easemob_async.errors import (
    APIError,
    AppNotFoundError,
    AuthenticationError,
    EasemobError,
    InvalidArgumentError,
    RateLimitError,
    ResponseError,
)
from easemob_async.fanout.pace import Pace, Pacer, make_pacer
from easemob_async.fanout.plan import Packer, PlannedCall, call_sizes
from easemob_async.fanout.report import FanoutReport, Outcome, OutcomeStatus, Progress, Tally
from easemob_async.models.messages import Message
from easemob_async.transport import codec
from easemob_async.transport.call import Bulk
from easemob_async.transport.operation import Operation
from easemob_async.transport.transport import Transport

Listener = Callable[[list[Outcome]], Awaitable[None]]

_PROGRESS_EVERY: Final = 0.25
# A server that restarts is waited for, some twelve seconds; then the job stops.
_TRIES: Final = 8


@attrs.frozen(kw_only=True)
class Settings:
    """What a job does, checked."""

    name: str
    """``"fanout.to_users"``."""
    operation: Operation
    most_targets: int
    """The most targets that the service takes in a call."""
    encode: Callable[[Message], bytes]
    """Checks a message and gives it as JSON with its options, without the targets."""
    constant: bytes | None
    """The message of who brings none."""
    make_body: Callable[[str], Any] | None
    workers: int
    pace: Pace
    dedupe: int | None
    progress: Callable[[Progress], None] | None


class _Worker:
    """One of the tasks of a job, and where its call is."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self.task: asyncio.Task[None] | None = None
        self.waiting = True
        """It reads, or waits for quota or to repeat: nothing is on its way."""
        self.departed = False
        """Its call left and is not answered yet."""

    def bulk(self, messages: int) -> Bulk:
        """Give what the transport has to tell about the attempts of a call."""

        @asynccontextmanager
        async def admission() -> AsyncIterator[None]:
            self.waiting = True
            async with self._pacer.admission(messages):
                yield
            self.waiting = False

        async def on_departure() -> None:
            self.departed = True

        def on_repeat() -> None:
            self.rest()
            self._pacer.unused()

        return Bulk(admission, on_departure, on_repeat)

    def rest(self) -> None:
        """Nothing is on its way any more."""
        self.departed = False
        self.waiting = True

    def interrupt(self) -> None:
        """Cancel it, unless that would leave the fate of a call unknown."""
        if self.task is not None and self.waiting:
            self.task.cancel()


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
        self._targets = targets
        self.settings = settings
        self._tally = Tally()
        self._workers: list[_Worker] = []
        self._reading = asyncio.Lock()
        self._iterator: Any = None
        # Items read and not planned yet, and calls planned and not sent yet.
        self._read: deque[Any] = deque()
        self._ready: deque[PlannedCall] = deque()
        self._exhausted = False
        self._stopping = False
        self._error: BaseException | None = None
        self._listener: Listener | None = None
        # Targets that were read and have no outcome when the job stops.
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
            now = asyncio.get_event_loop().time() if ended is None else ended
            seconds = now - self._started_at
        return self._tally.report(seconds)

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
        loop = asyncio.get_running_loop()
        self._started_at = loop.time()
        limits = self._transport.core.quotas.limits(self.settings.operation)
        self._packer = Packer(
            self.settings.name,
            call_sizes(self.settings.most_targets, limits),
            look_ahead=self.settings.workers * self.settings.most_targets,
            dedupe=self.settings.dedupe,
        )
        targets = self._targets
        self._iterator = aiter(targets) if isinstance(targets, AsyncIterable) else iter(targets)
        try:
            if not self._stopping:
                await self._run_workers(make_pacer(self.settings.pace, limits))
        finally:
            await self._settle_planned()
            self._unsent += (target for call in self._ready for target in call.targets)
            self._unsent += self._packer.held()
            self._unsent += map(_name, self._read)
            self._ended_at = loop.time()
            self._tell_progress(final=True)
            await self._close_source()
        if self._listener is not None:
            await self._tell([Outcome(t, OutcomeStatus.NOT_SENT) for t in self._unsent])
        report = self.report()
        if self._error is not None:
            if isinstance(self._error, EasemobError):
                self._error.report = report
            raise self._error
        return report

    async def _run_workers(self, pacer: Pacer) -> None:
        for _ in range(self.settings.workers):
            worker = _Worker(pacer)
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

    async def _work(self, worker: _Worker) -> None:
        try:
            while not self._stopping:
                async with self._reading:
                    call = await self._next_call()
                if call is None:
                    return
                await self._send(call, worker)
        except Exception as error:  # the source's own, or a defect: nothing may be lost silently
            self.stop(error)

    async def _next_call(self) -> PlannedCall | None:
        """Read and plan until a call is ready; ``None`` at the end of the source."""
        constant = self.settings.constant
        while not self._ready:
            if not self._read:
                if self._exhausted:
                    return self._packer.flush()
                await self._read_some(self._packer.wanted)
                if constant is not None:
                    whole = self._packer.whole(list(self._read), constant)
                    if whole is not None:
                        self._read.clear()
                        return whole
            while self._read:
                # Taken off only when it is planned: a body of the caller's may be cancelled.
                await self._plan(self._read[0])
                self._read.popleft()
            await self._settle_planned()
        return self._ready.popleft()

    async def _read_some(self, number: int) -> None:
        iterator = self._iterator
        if isinstance(self._targets, AsyncIterable):
            while len(self._read) < number:
                try:
                    self._read.append(await anext(iterator))
                except StopAsyncIteration:
                    self._exhausted = True
                    return
                self._tally.read += 1
        else:
            self._read.extend(islice(iterator, number))
            self._tally.read += len(self._read)
            self._exhausted = len(self._read) < number

    async def _plan(self, item: Any) -> None:
        packer = self._packer
        target, message = item if isinstance(item, tuple) and len(item) == 2 else (item, None)
        if not packer.accepts(target):
            return
        try:
            content = await self._content(target, message)
        except Exception as error:  # of the caller's function, or of a message that breaks a rule
            packer.reject(target, error)
            return
        call = packer.add(target, content)
        if call is not None:
            self._ready.append(call)

    async def _content(self, target: str, message: Message | None) -> bytes:
        if message is None:
            if self.settings.constant is not None:
                return self.settings.constant
            if self.settings.make_body is None:
                raise InvalidArgumentError(
                    f"{self.settings.name}: no body is given and the target brings none"
                )
            message = self.settings.make_body(target)
            if inspect.isawaitable(message):
                message = await message
        return self.settings.encode(message)

    async def _send(self, call: PlannedCall, worker: _Worker) -> None:
        targets = call.targets
        body = call.content[:-1] + b',"to":' + codec.dumps(targets) + b"}"
        error: EasemobError
        try:
            answer = await self._transport.call(
                self.settings.operation,
                body=body,
                messages=len(targets),
                about=targets,
                bulk=worker.bulk(len(targets)),
            )
            ids = answer.read(dict[str, str], "data")
        except asyncio.CancelledError:
            if worker.departed:
                error = EasemobError(f"{self.settings.name}: given up while on its way")
                await self._settle(targets, OutcomeStatus.UNKNOWN, error)
            else:
                self._unsent += targets
            raise
        except EasemobError as failure:
            error = failure
        else:
            await self._settle_sent(targets, ids, answer.wrong("data does not name the target"))
            worker.rest()
            return
        await self._settle_error(targets, error)
        worker.rest()

    async def _settle_sent(
        self, targets: Sequence[str], ids: dict[str, str], missing: ResponseError
    ) -> None:
        if not all(map(ids.__contains__, targets)):
            # The service may answer with a name in lower case.
            ids = {**{t: ids[t.lower()] for t in targets if t.lower() in ids}, **ids}
            lost = [target for target in targets if target not in ids]
            await self._settle(lost, OutcomeStatus.UNKNOWN, missing, calls=0)
            targets = [target for target in targets if target in ids]
        self._tally.calls += 1
        self._tally.add(OutcomeStatus.SENT, len(targets))
        if self._listener is not None:
            await self._tell([Outcome(t, OutcomeStatus.SENT, ids[t]) for t in targets])
        self._tell_progress()

    async def _settle_error(self, targets: Sequence[str], error: EasemobError) -> None:
        if error.maybe_processed:
            await self._settle(targets, OutcomeStatus.UNKNOWN, error)
        elif isinstance(error, APIError) and not self._for_every_call(error):
            await self._settle(targets, OutcomeStatus.FAILED, error)
        else:
            # Nothing was sent, and nothing else can be: these targets wait for another run.
            self._unsent += targets
            self.stop(error)

    def _for_every_call(self, error: APIError) -> bool:
        """Tell whether every other call would meet the same refusal."""
        if error.operation != self.settings.operation.id:
            return True  # no token
        if isinstance(error, AuthenticationError | AppNotFoundError | RateLimitError):
            return True
        # With one message for all, a refusal of the first call is one of all calls.
        return self.settings.constant is not None and not self._tally.counts[OutcomeStatus.SENT]

    async def _settle(
        self,
        targets: Sequence[str],
        status: OutcomeStatus,
        error: EasemobError,
        *,
        calls: int = 1,
    ) -> None:
        self._tally.calls += calls
        self._tally.add(status, len(targets), error)
        if self._listener is not None:
            await self._tell([Outcome(target, status, None, error) for target in targets])
        self._tell_progress()

    async def _settle_planned(self) -> None:
        settled, self._packer.settled = self._packer.settled, []
        for outcome in settled:
            self._tally.add(outcome.status, 1, outcome.error)
        if settled and self._listener is not None:
            await self._tell(settled)

    async def _tell(self, outcomes: list[Outcome]) -> None:
        if self._listener is not None and outcomes:
            await self._listener(outcomes)

    def _tell_progress(self, *, final: bool = False) -> None:
        if self.settings.progress is None:
            return
        now = asyncio.get_running_loop().time()
        passed = now - self._progress_at
        if passed < _PROGRESS_EVERY and not final:
            return
        report = self.report()
        settled = self._tally.settled
        rate = report.rate if final else (settled - self._progress_settled) / max(passed, 1e-9)
        self._progress_at, self._progress_settled = now, settled
        self.settings.progress(Progress(report, rate))

    async def _close_source(self) -> None:
        close = getattr(self._iterator, "aclose", None)
        if close is not None and isinstance(self._targets, AsyncIterable):
            await close()


def _name(item: object) -> str:
    target = item[0] if isinstance(item, tuple) and item else item
    return target if isinstance(target, str) else repr(target)
