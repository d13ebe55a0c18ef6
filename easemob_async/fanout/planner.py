"""The planner of a job: it reads targets, removes duplicates, adds content and packs calls."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, NamedTuple, Protocol

from easemob_async.errors import InvalidArgumentError
from easemob_async.fanout.deduplication import Sifted
from easemob_async.fanout.packing import Packer, PlannedCall, rejected
from easemob_async.fanout.settings import Encoded, Settings
from easemob_async.fanout.source import Source
from easemob_async.outcomes import Outcome, OutcomeStatus

# After so many targets that were settled without a call, they are reported before more are read.
_TELL_AT: Final = 5_000
# Where none is new, as at the beginning of a resumed job, so many are read and looked up at once,
# in two thirds of the time. A slow source gives fewer: after this time no more are asked for.
_AHEAD: Final = 10_000
_AHEAD_SECONDS: Final = 0.02


class Step(NamedTuple):
    """The next step of the planner."""

    call: PlannedCall | None
    """The next call; it counts as in flight until `Planner.call_is_over`."""
    settled: Sequence[Outcome]
    """Targets that were settled without a call."""
    rejected: Sequence[Outcome]
    """Those of them that break a rule. Duplicates are not among them: what is recorded of a target
    is what became of its call."""
    skipped: Sequence[str]
    """Targets that do not need a call."""
    over: bool
    """Whether this was the last step."""


class Sifter(Protocol):
    """What separates new targets from those that were met before."""

    async def let_through(self, items: list[Any]) -> Sifted:
        """Separate items to be sent now from settled ones and possible duplicates.

        The ids of those to be sent differ from each other, and from all before.
        """
        ...

    def second_look(self, number: int) -> AsyncIterator[Sifted]:
        """Yield the items that were set aside, once all others are recorded."""
        ...


class Planner:
    """The planner of a job, which plans one call after the other on request."""

    def __init__(
        self,
        settings: Settings,
        source: Source,
        packer: Packer,
        deduplication: Sifter | None,
    ) -> None:
        self._settings = settings
        self._source = source
        self._packer = packer
        self._deduplication = deduplication
        # Items that are read and not planned yet, and calls that are planned and not returned yet.
        self._read: list[Any] = []
        self._ready: deque[PlannedCall] = deque()
        self._unsifted: list[Any] = []
        # Whether earlier runs knew what was read last, and none was new.
        self._none_was_new = False
        # The error of the source that came while it was read ahead.
        self._failure: Exception | None = None
        self._second: AsyncIterator[Sifted] | None = None
        self._over = False
        self._settled: list[Outcome] = []
        self._rejected: list[Outcome] = []
        self._skipped: list[str] = []
        self._on_their_way = 0
        self._all_over = asyncio.Event()
        self._all_over.set()
        # Calls that wait for quota: what it has no room for is put back.
        self._waiting: set[PlannedCall] = set()
        self._none_waits = asyncio.Event()
        self._none_waits.set()

    async def next(self) -> Step:
        """Return the next call, or targets settled without one; a cancelled wait loses nothing."""
        if self._settings.options.pace == "even":
            # One call at a time waits for quota, and the next begins with what it has put back.
            await self._none_waits.wait()
        if not self._ready:
            await self._plan_some()
        return self._step(self._ready.popleft() if self._ready else None)

    def call_waits(self, call: PlannedCall) -> None:
        """Record that a call which was returned waits for quota, until `call_is_admitted`."""
        self._waiting.add(call)
        self._none_waits.clear()

    def call_is_admitted(self, call: PlannedCall) -> None:
        """Record that a call no longer waits for quota, if it did."""
        self._waiting.discard(call)
        if not self._waiting:
            self._none_waits.set()

    def call_is_over(self) -> None:
        """Record that a call which was returned is settled."""
        self._on_their_way -= 1
        if not self._on_their_way:
            self._all_over.set()

    def put_back(self, call: PlannedCall) -> None:
        """Plan targets anew, before all others: a call that was returned had no room for them."""
        self._settled += self._packer.put_back(call)

    def stop(self) -> tuple[Step, list[str]]:
        """Stop early: return the settled targets, and the targets that were read and not sent."""
        names = [target for call in self._ready for target in call.targets]
        names += self._packer.held()
        names += map(_shown, [*self._read, *self._unsifted, *self._source.left()])
        return self._step(None), names

    def _step(self, call: PlannedCall | None) -> Step:
        if call is not None:
            self._on_their_way += 1
            self._all_over.clear()
        settled, self._settled = self._settled, []
        rejected, self._rejected = self._rejected, []
        skipped, self._skipped = self._skipped, []
        return Step(call, settled, rejected, skipped, self._over and not self._ready)

    async def _plan_some(self) -> None:
        packer, constant = self._packer, self._settings.constant
        wanted = packer.wanted
        while len(self._read) < wanted and (self._unsifted or not self._source.exhausted):
            if len(self._skipped) >= _TELL_AT or len(self._settled) >= _TELL_AT:
                return
            await self._read_some(wanted - len(self._read))
        if not self._read:
            await self._none_waits.wait()  # the last call is as full as possible
            call = packer.flush()
            if call is not None:
                self._ready.append(call)
            else:
                self._over = not await self._look_again()
            return
        part, self._read = self._read, []
        if len(part) > wanted:  # they were read ahead
            part, self._read = part[:wanted], part[wanted:]
        try:
            if constant is not None:
                distinct = self._deduplication is not None
                whole = packer.whole(part, constant, distinct=distinct)
                if whole is not None:
                    self._ready.append(whole)
                    part = []
            while part:
                # An item is removed when it is planned: the caller's function may be cancelled.
                await self._plan(part[0])
                del part[0]
        finally:
            self._read = part + self._read

    async def _read_some(self, number: int) -> None:
        now = asyncio.get_running_loop().time
        until = now() + _AHEAD_SECONDS
        items = await self._source.take(number)
        if self._deduplication is None:
            self._read += items
            return
        # Kept here until they are sifted, so that a cancellation does not lose them.
        self._unsifted += items
        most = _AHEAD if self._none_was_new else 0
        try:
            while len(self._unsifted) < most and not self._source.exhausted and now() < until:
                items = await self._source.take(number)
                self._unsifted += items
        except Exception as error:  # from the source: what came before is sifted nevertheless
            self._failure = error
        if self._unsifted:
            sifted = await self._deduplication.let_through(self._unsifted)
            self._unsifted = []
            self._none_was_new = bool(sifted.skipped) and not sifted.items
            self._take(sifted)
        if self._failure is not None:
            raise self._failure

    async def _look_again(self) -> bool:
        """Plan targets that were set aside as possible duplicates; return ``False`` at the end."""
        if self._deduplication is None:
            return False
        if self._second is None:
            # Calls that are planned and not sent yet are not in the journal.
            await self._all_over.wait()
            if self._packer.holds_some:
                return True  # they were put back meanwhile, and are planned in the next turn
            self._second = self._deduplication.second_look(self._packer.wanted)
        try:
            self._take(await anext(self._second))  # planned in the next turn, like items read
        except StopAsyncIteration:
            return False
        return True

    def _take(self, sifted: Sifted) -> None:
        self._read += sifted.items
        self._skipped += sifted.skipped
        self._settled += sifted.settled

    async def _plan(self, item: Any) -> None:
        packer = self._packer
        target, message = item if isinstance(item, tuple) and len(item) == 2 else (item, None)
        settled = packer.check(target)
        if settled is not None:
            self._settle(settled)
            return
        try:
            content = await self._content(target, message)
        except Exception as error:  # from the caller's function, or the message breaks a rule
            self._settle(rejected(target, error))
            return
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # The caller's function was cancelled, not this job.
            cancelled = InvalidArgumentError(f"{target}: the function for its body was cancelled")
            self._settle(rejected(target, cancelled))
            return
        packed = packer.add(target, content)
        if isinstance(packed, PlannedCall):
            self._ready.append(packed)
        elif packed is not None:
            self._settle(packed)

    def _settle(self, outcome: Outcome) -> None:
        self._settled.append(outcome)
        if outcome.status is OutcomeStatus.FAILED:
            self._rejected.append(outcome)

    async def _content(self, target: str, message: Any) -> bytes:
        settings = self._settings
        if isinstance(message, Encoded):
            return message
        if isinstance(message, Exception):
            raise message
        if message is None:
            if settings.constant is not None:
                return settings.constant
            if settings.make_body is None:
                raise InvalidArgumentError(
                    f"{settings.name}: the target has no body; pass body=... to the job, or "
                    "(target, message) pairs as targets"
                )
            message = settings.make_body(target)
            if inspect.isawaitable(message):
                message = await message
        return settings.encoder.encode(message)


def _shown(item: object) -> str:
    target = item[0] if isinstance(item, tuple) and item else item
    return target if isinstance(target, str) else repr(target)
