"""From the source to calls: read, screened, given content, packed; nothing is lost on the way."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Final

from easemob_async.errors import InvalidArgumentError
from easemob_async.fanout.deduplication import Screen, Screened
from easemob_async.fanout.outcomes import Outcome
from easemob_async.fanout.packing import Packer, PlannedCall
from easemob_async.fanout.settings import Encoded, Settings
from easemob_async.fanout.source import Source

# So many targets settled without a call are told before more is read.
_TELL_AT: Final = 5_000


class Feed:
    """Gives the calls of a job, one after the other, as they are asked for."""

    def __init__(
        self, settings: Settings, source: Source, packer: Packer, screen: Screen | None
    ) -> None:
        self.settings = settings
        self._source = source
        self._packer = packer
        self._screen = screen
        # Items read and not planned yet, and calls planned and not asked for yet.
        self._read: deque[Any] = deque()
        self._ready: deque[PlannedCall] = deque()
        self._unscreened: list[Any] = []
        self._second: AsyncIterator[Screened] | None = None
        self._over = False
        self.settled: list[Outcome] = []
        """Targets that were settled without a call; whoever reads it empties it."""
        self.skipped: list[str] = []
        """Targets that need no call any more; whoever reads it empties it."""
        self.all_settled = asyncio.Event()
        """Set while no call that was given is on its way."""
        self.all_settled.set()

    async def next_call(self) -> PlannedCall | None:
        """Give a call; ``None`` when there is only what is settled to look at, or at the end.

        See `over` for which.
        """
        if not self._ready:
            await self._plan_some()
        return self._ready.popleft() if self._ready else None

    @property
    def over(self) -> bool:
        """Whether there are no calls any more."""
        return self._over and not self._ready

    def left(self) -> list[str]:
        """Give up who was read and is in no call that was given."""
        names = [target for call in self._ready for target in call.targets]
        names += self._packer.held()
        names += map(_name, [*self._read, *self._unscreened, *self._source.left()])
        return names

    async def _plan_some(self) -> None:
        packer, constant = self._packer, self.settings.constant
        wanted = packer.wanted
        while len(self._read) < wanted and not self._source.exhausted:
            if len(self.skipped) >= _TELL_AT or len(self.settled) >= _TELL_AT:
                return
            await self._read_some(wanted - len(self._read))
        if not self._read:
            call = packer.flush()
            if call is not None:
                self._ready.append(call)
            else:
                self._over = not await self._look_again()
            return
        if constant is not None:
            whole = packer.whole(list(self._read), constant)
            if whole is not None:
                self._read.clear()
                self._ready.append(whole)
                return
        try:
            while self._read:
                # Taken off only when it is planned: a body of the caller's may be cancelled.
                await self._plan(self._read[0])
                self._read.popleft()
        finally:
            self._take_settled()

    async def _read_some(self, number: int) -> None:
        items = await self._source.take(number)
        if self._screen is not None and items:
            # Kept where a cancellation finds them, until it is known what becomes of them.
            self._unscreened = items
            screened = await self._screen.let_through(items)
            self._unscreened = []
            self._take(screened)
        else:
            self._read.extend(items)

    async def _look_again(self) -> bool:
        """Plan what was put aside because it may have been met before; ``False`` at the end."""
        if self._screen is None:
            return False
        if self._second is None:
            # What is planned and has not left is in no journal yet.
            await self.all_settled.wait()
            self._second = self._screen.second_look(self._packer.wanted)
        try:
            self._take(await anext(self._second))  # planned in the next turn, like what was read
        except StopAsyncIteration:
            return False
        return True

    def _take(self, screened: Screened) -> None:
        self._read.extend(screened.items)
        self.skipped += screened.skipped
        self.settled += screened.settled

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
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # The caller's function was cancelled, not this job.
            packer.reject(target, InvalidArgumentError(f"{target}: its body was cancelled"))
            return
        call = packer.add(target, content)
        if call is not None:
            self._ready.append(call)

    async def _content(self, target: str, message: Any) -> bytes:
        settings = self.settings
        if isinstance(message, Encoded):
            return message
        if isinstance(message, Exception):
            raise message
        if message is None:
            if settings.constant is not None:
                return settings.constant
            if settings.make_body is None:
                raise InvalidArgumentError(
                    f"{settings.name}: no body is given and the target brings none"
                )
            message = settings.make_body(target)
            if inspect.isawaitable(message):
                message = await message
        return settings.encode(message)

    def _take_settled(self) -> None:
        self.settled += self._packer.settled
        self._packer.settled.clear()


def _name(item: object) -> str:
    target = item[0] if isinstance(item, tuple) and item else item
    return target if isinstance(target, str) else repr(target)
