"""The conversation of a process with its store: one request at a time, with all there is to say."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta
from typing import Final

from easemob_async.errors import (
    ConfigurationError,
    EasemobError,
    RateLimitError,
    SharedStoreError,
)
from easemob_async.shared.asking import Asking, Granted, Wish
from easemob_async.shared.news import News, RefusedCall, ReturnedCall, SettledCall
from easemob_async.shared.protocol import (
    SECOND,
    Answer,
    LimitKey,
    Reply,
    Request,
    SharedStore,
    TakeReply,
)
from easemob_async.shared.queues import Queues
from easemob_async.shared.reliance import Reliance
from easemob_async.shared.requests import compose
from easemob_async.shared.states import States
from easemob_async.shared.store_clock import steady

_TELL_AFTER: Final = 0.01
_TELL_ANSWERED_AFTER: Final = 0.1
"""Seconds until the end of a call is told, if nothing else is said before; that it was answered
may take longer, but not more than a tenth of the window for which it is still counted."""
_BEAT_IN_FLIGHT: Final = 0.25
"""Seconds between requests while calls are in flight: a lost account has to be seen before its
limits open again, so that what is in flight is entered anew."""
_BEAT_ACTIVE: Final = 1.0
_ACTIVE: Final = 30.0
_BEAT_IDLE: Final = 10.0
"""A process that does not say for 30 seconds how it is configured is taken for dead."""
_PAUSE_FIRST: Final = 0.05
_PAUSE_LONGEST: Final = 1.0
"""Seconds between attempts to reach the store."""
_SILENCE: Final = 0.25
"""Seconds without a reply after which the store counts as unreachable for a call that ends."""
_BEFORE_THE_END: Final = 0.05
"""Seconds before the end of a call at which its wait ends, to say what it waited for."""
_LAST_WORD: Final = 1.0
"""Seconds that closing may take."""
_NEVER: Final = float("inf")

_LOG: Final = logging.getLogger("easemob_async")


class Link:
    """What a process says to the store of an app, and what it hears.

    A background task makes one request after the other; each carries the takes that are due, the
    ends of calls, and what is in flight where the account was lost.
    """

    def __init__(self, store: SharedStore, app: str, clock: Callable[[], float] = steady) -> None:
        """Say nothing yet.

        Args:
            store: the store.
            app: the App Key.
            clock: a clock that only goes forward, to compare the store's clock with.
        """
        self._store = store
        self._app = app
        self._clock = clock
        self.states = States()
        """The state of the limits as the store told it last."""
        self._reliance = Reliance()
        self._news = News()
        self._in_flight: dict[str, Granted] = {}
        self._keep = False
        self._tell_at = _NEVER
        self._said_at = -_NEVER
        self._states_at = -_NEVER
        self._active_at = -_NEVER
        self._retry_at = -_NEVER
        self._failures = 0
        self._failure: EasemobError | None = None
        self._failing_since = 0.0
        self._speaking_since: float | None = None
        self._is_closed = False
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop
        self._wake: asyncio.Event
        self._queues: Queues

    def enter(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to a loop from now on; what waited in another, closed one is forgotten."""
        self._loop = loop
        self._wake = asyncio.Event()
        self._task = None
        self._queues = Queues(loop, _ids())
        self._in_flight.clear()  # held until their deadlines and a window

    async def take(self, wish: Wish) -> Granted:
        """Wait for the units of an attempt, in order.

        Raises:
            RateLimitError: they cannot be had before the deadline, or not by waiting at all.
            SharedStoreError: the store cannot be reached before the deadline.
        """
        loop, deadline = self._loop, wish.deadline
        asking = self._queues.add(wish)
        self._is_closed = False
        self._active_at = asking.since
        self._speak()
        until = None
        if deadline is not None:
            until = deadline - min(_BEFORE_THE_END, (deadline - loop.time()) / 20)
        try:
            async with asyncio.timeout_at(until):
                return await asking.future
        except TimeoutError:
            failure = self._why_late(asking)
            self._leave(asking)
        except BaseException:
            self._leave(asking)
            raise
        raise failure

    def settle(self, granted: Granted) -> None:
        """Say that a call was answered or given up."""
        self._in_flight.pop(granted.permit, None)
        self._news.settled.append(SettledCall(granted, self._loop.time()))
        window = min((limit.window for limit in granted.units if limit.window), default=0)
        self._tell_soon(min(_TELL_ANSWERED_AFTER, window / SECOND / 10))

    def give_back(self, granted: Granted) -> None:
        """Say that a call never departed."""
        self._in_flight.pop(granted.permit, None)
        self._return(granted.permit, granted.units)
        self._queues.hurry()

    def refused(
        self, granted: Granted, pause: timedelta | None, limits: Collection[LimitKey]
    ) -> None:
        """Say that the service refused a call for its rate."""
        microseconds = None if pause is None else pause // timedelta(microseconds=1)
        self._news.refused.append(RefusedCall(granted, microseconds, limits))
        self._tell_soon()

    async def refresh(self) -> None:
        """Ask for the state of all limits that were used.

        Raises:
            SharedStoreError: the store cannot be reached.
        """
        if self.states.of:
            await self._say(takes=False, used=list(self.states.of))

    async def close(self) -> None:
        """Send what was not sent yet, if the store can be reached, and end the conversation.

        It goes on while the account is still used, by another client.
        """
        task, self._is_closed = self._task, True
        if task is not None and not task.done() and not self._loop.is_closed():
            self._wake.set()
            await asyncio.wait([task], timeout=_LAST_WORD)
            if not task.done() and not self._is_used():
                task.cancel()
                await asyncio.wait([task])
        if task is None or task.done():
            await self._store.close()

    def _why_late(self, asking: Asking) -> EasemobError:
        """Return the error for a call that did not get its units in time."""
        speaking = self._speaking_since
        silent = speaking is not None and self._loop.time() - speaking > _SILENCE
        if self._failure is not None or silent or not asking.replied:
            return self._unreachable(asking)
        operation = asking.wish.operation
        return RateLimitError(
            f"{operation}: no quota within the call's deadline; nothing was sent",
            operation=operation,
        )

    def _unreachable(self, asking: Asking) -> SharedStoreError:
        why = "it did not answer" if self._failure is None else str(self._failure)
        operation = asking.wish.operation
        return SharedStoreError(
            f"{operation}: the shared store could not be reached in time ({why}); nothing was sent",
            operation=operation,
        )

    def _leave(self, asking: Asking) -> None:
        """Forget a call that no longer waits, and what the store may have for it."""
        if self._queues.remove(asking):
            if asking.replied or asking.first_asked is not None:
                self._give_up(asking)
        elif not asking.future.cancelled() and asking.future.exception() is None:
            self.give_back(asking.future.result())  # given and left in the same turn of the loop

    def _give_up(self, asking: Asking) -> None:
        """Give up the ticket of a call, and what the store may have given it."""
        self._return(asking.permit, asking.wish.amounts)

    def _return(self, permit: str, limits: Collection[LimitKey]) -> None:
        self._news.returned.append(ReturnedCall(permit, limits))
        self._tell_soon()

    def _speak(self) -> None:
        """Let the background task see what is due."""
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._converse())
        self._wake.set()

    def _tell_soon(self, after: float = _TELL_AFTER) -> None:
        due = self._loop.time() + after
        if due < self._tell_at:
            self._tell_at = due
            self._speak()

    async def _converse(self) -> None:
        while not self._is_over():
            self._wake.clear()
            wait = self._next_at() - self._loop.time()
            if wait <= 0:
                await self._exchange()
                continue
            handle = self._loop.call_later(wait, self._wake.set)
            try:
                await self._wake.wait()
            finally:
                handle.cancel()
        with contextlib.suppress(Exception):  # a store that cannot be closed was used to the end
            await self._store.close()

    def _is_over(self) -> bool:
        """Return whether the account is closed and not used, and there is nothing to tell."""
        told = not self._news or self._failure is not None
        return self._is_closed and told and not self._is_used()

    def _is_used(self) -> bool:
        return bool(self._in_flight or self._queues.waiting())

    def _next_at(self) -> float:
        """Return when the next request is due."""
        if self._keep or self._reliance.stepped or (self._is_closed and not self._is_used()):
            return self._retry_at
        if self._in_flight:
            beat = _BEAT_IN_FLIGHT
        else:
            active = self._loop.time() - self._active_at < _ACTIVE
            beat = _BEAT_ACTIVE if active else _BEAT_IDLE
        due = min(self._said_at + beat, self._tell_at, self._queues.due_at())
        return max(due, self._retry_at)

    async def _exchange(self) -> None:
        try:
            await self._say(takes=True)
        except ConfigurationError as error:
            self._fail(error)
        except Exception as error:
            # Also what a store of somebody else's making raises: calls wait, and say why.
            self._note_failure(error)

    async def _say(self, *, takes: bool, used: Sequence[LimitKey] = ()) -> None:
        """Make one request, also about the limits that were used, and act on the reply."""
        now = self._said_at = self._loop.time()
        asked = list(self._queues.due(now, self._give_up)) if takes else []
        news = self._news.take()
        self._tell_at = now if self._news else _NEVER
        kept = list(self._in_flight.values()) if self._keep else []
        if now - self._states_at >= _BEAT_ACTIVE:
            self._states_at, used = now, used or self.states.recent(now)
        request = compose(self._reliance, used=used, kept=kept, news=news, asked=asked, now=now)
        for one in asked:
            self.states.use(one.wish.amounts, now)
            if one.first_asked is None:
                one.first_asked = now
        self._speaking_since, began = now, self._clock()
        try:
            reply = await self._store.exchange(self._app, request)
        except BaseException:
            self._news.put_back(news)
            raise
        finally:
            self._speaking_since = None
        self._failures, self._failure = 0, None
        if kept:
            self._keep = False
        self._hear(request, asked, reply, began)

    def _note_failure(self, error: Exception) -> None:
        now = self._loop.time()
        if self._failure is None:
            self._failing_since = now
        self._failure = (
            error
            if isinstance(error, EasemobError)
            else SharedStoreError(f"{type(error).__name__}: {error}".removesuffix(": "))
        )
        pause = min(_PAUSE_LONGEST, _PAUSE_FIRST * 2 ** min(self._failures, 8))
        self._failures += 1
        self._retry_at = now + pause
        for asking in self._queues.waiting():
            waited = now - max(asking.since, self._failing_since)
            if asking.wish.deadline is None and waited >= asking.wish.attempt:
                self._queues.refuse(asking, self._unreachable(asking))

    def _fail(self, error: ConfigurationError) -> None:
        """Fail every call: the store cannot be used as it is set up."""
        self._news = News()
        self._retry_at = self._loop.time() + _PAUSE_LONGEST
        for asking in self._queues.waiting():
            operation = asking.wish.operation
            self._queues.refuse(
                asking, ConfigurationError(f"{operation}: {error}", operation=operation)
            )

    def _hear(self, request: Request, asked: list[Asking], reply: Reply, began: float) -> None:
        """Act on a reply."""
        if self._reliance.lost(reply, began, self._clock()):
            _LOG.warning("the shared quota account of %s was lost or renewed", self._app)
            self._keep = bool(self._in_flight)
        self.states.note(request.limits, reply.limits)
        for asking, take in zip(asked, reply.takes, strict=True):
            self._reply_to(asking, take, request, reply)

    def _reply_to(self, asking: Asking, take: TakeReply, request: Request, reply: Reply) -> None:
        now = self._loop.time()
        ends = asking.ends(now)
        asking.first_asked, asking.replied = None, True
        waits = asking in asking.group.queue and not asking.future.done()
        if take.answer is Answer.TAKEN:
            closed = self._reliance.closed(asking.wish.amounts, self._clock())
            if waits and closed is None:
                granted = self._queues.grant(asking, take.messages, ends, reply.now)
                self._in_flight[granted.permit] = granted
                return
            self._give_up(asking)
            self._queues.renew(asking)
            if closed is not None:
                limit, wait = closed
                take = TakeReply(Answer.WAIT, wait, wait, request.limits.index(limit))
        if waits and take.answer not in (Answer.TAKEN, Answer.BEHIND):
            key, capacity = request.limits[take.limit], reply.limits[take.limit].capacity
            self._queues.keep_waiting(asking, take, key, capacity, now)
            if asking.future.done():
                self._give_up(asking)


def _ids() -> Iterator[str]:
    """Return ids of permits; made in the process that uses them, since a fork copies its parent."""
    process, number = secrets.token_hex(6), 0
    while True:
        number += 1
        yield f"{process}-{number}"
