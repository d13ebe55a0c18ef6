"""The receiver of webhooks, which answers immediately and runs handlers afterwards."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar, overload

from easemob_async.errors import ConfigurationError, WebhookError
from easemob_async.webhooks.aiohttp import answer_aiohttp
from easemob_async.webhooks.asgi import AsgiApp
from easemob_async.webhooks.events.base import Event
from easemob_async.webhooks.events.pre_delivery import Allow, PreDelivery, Verdict, encode_verdict
from easemob_async.webhooks.intake import Decision, Intake, WebhookAnswer
from easemob_async.webhooks.reports import (
    Dropped,
    DropReason,
    HandlerFailure,
    WebhookCounts,
    WebhookHooks,
)
from easemob_async.webhooks.workers import Workers

if TYPE_CHECKING:
    from aiohttp import web

A = TypeVar("A", bound=Event)
B = TypeVar("B", bound=Event)
C = TypeVar("C", bound=Event)
D = TypeVar("D", bound=Event)
E = TypeVar("E", bound=Event)
H = TypeVar("H", bound=Callable[..., object])
R = TypeVar("R")
V = TypeVar("V", bound=Verdict | Awaitable[Verdict])
T = TypeVar("T")

_LOGGER: Final = logging.getLogger("easemob_async")
_LOG_EVERY: Final = 1000
_OK: Final = WebhookAnswer(200)


class Registered(Protocol[E]):
    """The decorator that `WebhookReceiver.on` returns; it does not change the handler."""

    def __call__(self, handler: Callable[[E], R], /) -> Callable[[E], R]: ...


class WebhookReceiver:
    """A receiver that checks the posts of the service and passes them to handlers.

    It is an async context manager that starts workers, and waits for them at its end::

        receiver = WebhookReceiver(secret="...")

        @receiver.on(GroupMemberJoined)
        async def greet(event: GroupMemberJoined) -> None: ...

        async with receiver:
            app.router.add_post("/easemob", receiver.aiohttp_handler)

    A signed event is answered with 200 immediately, whatever the handlers do: the service suspends
    all rules of an app after 90 other answers in 30 seconds. Handlers run afterwards, several at
    the same time; events of one conversation keep their order. A signature does not cover the
    content: use https and a URL that cannot be guessed.

    Args:
        secret: the secret of the rule in the console, or the secrets of several rules.
        allow_unsigned: whether to accept events without a signature: events of reactions, threads
            and successful pushes have none. By default they are dropped.
        default: the verdict if the handler's is late, failed or too long, or no handler exists; and
            for a post that may be a pre-send callback, but has an unknown form.
        answer_within: the timeout of a verdict. The service waits 200 ms, including the network.
        max_age: the highest age of a pre-send callback. Other events have no such limit: the
            service posts stored events for days.
        max_body: the size limit of a post in bytes; a larger post is refused.
        queue_size: the most events that may wait for handlers; more events are dropped, and still
            answered with 200.
        queue_bytes: the limit for the size of all waiting posts together, with the same effect.
        ordered: whether events of one conversation (`Event.conversation`) are handled in order,
            one after the other; events of different conversations always run in parallel.
        workers: the most handlers that may run at the same time.
        remember: the number of latest events to deduplicate against, about 150 bytes each.
        drain_within: the longest wait for the handlers when the receiver is closed.
        hooks: the functions to call for dropped posts and failed handlers.
        now: the clock in Unix seconds, for `max_age`; tests can pass their own.

    Raises:
        ConfigurationError: the secret is missing, or a number is out of range.
    """

    def __init__(
        self,
        secret: str | Iterable[str],
        *,
        allow_unsigned: bool = False,
        default: Verdict = Allow(),  # noqa: B008 - it is frozen
        answer_within: timedelta = timedelta(milliseconds=150),
        max_age: timedelta = timedelta(minutes=5),
        max_body: int = 1024 * 1024,
        queue_size: int = 10_000,
        queue_bytes: int = 64 * 1024 * 1024,
        ordered: bool = True,
        workers: int = 16,
        remember: int = 100_000,
        drain_within: timedelta = timedelta(seconds=10),
        hooks: WebhookHooks | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        for name, number in {
            "max_body": max_body,
            "queue_size": queue_size,
            "queue_bytes": queue_bytes,
            "workers": workers,
            "remember": remember,
        }.items():
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise ConfigurationError(f"{name} must be an integer of at least 1, not {number!r}")
        for name, length in {
            "answer_within": answer_within,
            "max_age": max_age,
            "drain_within": drain_within,
        }.items():
            if not isinstance(length, timedelta) or length < timedelta(0):
                raise ConfigurationError(
                    f"{name} must be a timedelta of at least 0, not {length!r}"
                )
        try:
            self._default = WebhookAnswer(200, encode_verdict(default, None))
        except (WebhookError, ValueError) as error:
            raise ConfigurationError(f"default: {error}") from None
        self.max_body = max_body
        """The size limit of a post in bytes; a larger post is refused."""
        self.asgi_app = AsgiApp(self)
        """The receiver as an ASGI app; as the whole app it also starts and closes the receiver."""
        self._intake = Intake(
            secret,
            allow_unsigned=allow_unsigned,
            max_body=max_body,
            max_age=max_age.total_seconds(),
            remember=remember,
            now=now,
        )
        self._answer_within = answer_within.total_seconds()
        self._drain_within = drain_within.total_seconds()
        self._queue_size = queue_size
        self._queue_bytes = queue_bytes
        self._ordered = ordered
        self._worker_count = workers
        self._hooks = WebhookHooks() if hooks is None else hooks
        self._handlers: list[tuple[tuple[type[Event], ...], Callable[..., object]]] = []
        self._screen: Callable[[PreDelivery], object] | None = None
        self._workers: Workers | None = None
        self._late: set[asyncio.Task[Verdict]] = set()
        self._counts: Counter[str] = Counter()
        self._drops: Counter[DropReason] = Counter()

    # ------------------------------------------------------------ handlers

    @overload
    def on(self, first: type[A], /) -> Registered[A]: ...
    @overload
    def on(self, first: type[A], second: type[B], /) -> Registered[A | B]: ...
    @overload
    def on(self, first: type[A], second: type[B], third: type[C], /) -> Registered[A | B | C]: ...
    @overload
    def on(
        self, first: type[A], second: type[B], third: type[C], fourth: type[D], /
    ) -> Registered[A | B | C | D]: ...
    @overload
    def on(
        self,
        first: type[A],
        second: type[B],
        third: type[C],
        fourth: type[D],
        fifth: type[E],
        /,
    ) -> Registered[A | B | C | D | E]: ...
    @overload
    def on(
        self,
        first: type[Event],
        second: type[Event],
        third: type[Event],
        fourth: type[Event],
        fifth: type[Event],
        sixth: type[Event],
        /,
        *more: type[Event],
    ) -> Registered[Any]: ...
    def on(self, *events: type[Event]) -> Registered[Any]:
        """Register a handler, sync or async, for event classes; `Event` stands for all events.

        All matching handlers are called one after the other, in the order of registration.

        Raises:
            ConfigurationError: no event class is given, or `PreDelivery`, which needs a verdict.
        """
        for event in events:
            if not (isinstance(event, type) and issubclass(event, Event)):
                raise ConfigurationError(f"on: {event!r} must be an event class, e.g. ChatMessage")
            if issubclass(event, PreDelivery):
                raise ConfigurationError("on: PreDelivery needs a verdict; use before_delivery()")
        if not events:
            raise ConfigurationError("on: pass at least one event class")

        def register(handler: H) -> H:
            self._handlers.append((events, handler))
            return handler

        return register

    def before_delivery(
        self,
    ) -> Callable[[Callable[[PreDelivery], V]], Callable[[PreDelivery], V]]:
        """Register the handler for pre-send callbacks, which decides whether to deliver a message.

        It also decides about edits of messages, if a rule selects them: see `PreDelivery.is_edit`.
        The handler returns `Allow`, `Refuse` or `Replace` within `answer_within`.

        Raises:
            ConfigurationError: a handler is registered already.
        """
        if self._screen is not None:
            raise ConfigurationError(
                "before_delivery: a handler is registered already; only one is allowed"
            )

        def register(handler: Callable[[PreDelivery], V]) -> Callable[[PreDelivery], V]:
            self._screen = handler
            return handler

        return register

    # ------------------------------------------------------------ running

    async def start(self) -> None:
        """Start the workers; `async with` calls this."""
        if self._workers is not None:
            raise ConfigurationError("the receiver is already running; call close() first")
        self._workers = Workers(
            self._handle,
            count=self._worker_count,
            most_events=self._queue_size,
            most_bytes=self._queue_bytes,
        )

    async def close(self) -> None:
        """Stop accepting posts, wait for the handlers, and stop them; `async with` calls this."""
        workers, self._workers = self._workers, None
        if workers is None:
            return
        for event in await workers.close(self._drain_within):
            self._drop(DropReason.ABANDONED, event)
        late = tuple(self._late)
        if late:
            await asyncio.wait(late, timeout=self._drain_within)

    async def idle(self) -> None:
        """Wait until the handlers have finished with all events received so far."""
        if self._workers is not None:
            await self._workers.idle()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def counts(self) -> WebhookCounts:
        """The counts of posts, events and failures so far."""
        return WebhookCounts(
            **{
                name: self._counts[name]
                for name in ("received", "queued", "handled", "asked", "defaulted", "failures")
            },
            dropped=dict(self._drops),
        )

    # ------------------------------------------------------------ one post

    async def aiohttp_handler(self, request: web.Request) -> web.StreamResponse:
        """Answer a request of `aiohttp.web`; pass this method to ``router.add_post``."""
        return await answer_aiohttp(self, request)

    async def answer(self, body: bytes, *, content_encoding: str | None = None) -> WebhookAnswer:
        """Answer a post; for servers without an adapter.

        Args:
            body: the body of the post, unchanged.
            content_encoding: the ``Content-Encoding`` header of the post, ``gzip`` or ``deflate``;
                ``None`` if it is missing, or if the server has decompressed the body.
        """
        self._counts["received"] += 1
        decision = self._intake.decide(body, content_encoding, running=self._workers is not None)
        event = decision.event
        if decision.dropped is not None:
            self._drop(decision.dropped, event, decision.error)
        elif isinstance(event, PreDelivery):
            return await self._judged(event)
        else:
            self._enqueue(decision)
        if decision.asks:
            return self._default
        return _OK if decision.status == _OK.status else WebhookAnswer(decision.status)

    def refuse(self, error: WebhookError) -> WebhookAnswer:
        """Answer a post that cannot be read, and so does not come from the service."""
        self._counts["received"] += 1
        self._drop(DropReason.DAMAGED, error=error)
        return WebhookAnswer(400)

    # ------------------------------------------------------------ after delivery

    def _enqueue(self, decision: Decision) -> None:
        event, workers = decision.event, self._workers
        assert event is not None
        assert workers is not None
        if not workers.put(event, decision.size, event.conversation if self._ordered else ""):
            # The event is not remembered, so that a second post of it is not a duplicate.
            self._drop(DropReason.OVERFLOW, event)
            return
        self._intake.remember(decision)
        self._counts["queued"] += 1

    async def _handle(self, event: Event) -> None:
        try:
            for classes, handler in self._handlers:
                if isinstance(event, classes):
                    await self._call(handler, event)
        finally:
            self._counts["handled"] += 1

    async def _call(self, handler: Callable[..., object], event: Event) -> None:
        try:
            result = handler(event)
            if inspect.isawaitable(result):
                await result
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self._fail(event, handler, error)
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise  # the receiver is closed; a handler that cancels itself only fails

    # ------------------------------------------------------------ before delivery

    async def _judged(self, event: PreDelivery) -> WebhookAnswer:
        self._counts["asked"] += 1
        screen = self._screen
        if screen is None:
            return self._default
        if self._intake.is_stale(event):
            self._drop(DropReason.STALE, event)
            return self._by_default()
        task = asyncio.create_task(_verdict(screen, event))
        try:
            await asyncio.wait((task,), timeout=self._answer_within)
        except asyncio.CancelledError:  # the client has disconnected
            self._let_go(task)
            raise
        if not task.done():
            self._let_go(task)
            self._fail(event, screen, TimeoutError(f"no verdict within {self._answer_within:g} s"))
            return self._by_default()
        try:
            return WebhookAnswer(200, encode_verdict(task.result(), event))
        except (Exception, asyncio.CancelledError) as error:
            self._fail(event, screen, error)
            return self._by_default()

    def _by_default(self) -> WebhookAnswer:
        self._counts["defaulted"] += 1
        return self._default

    def _let_go(self, task: asyncio.Task[Verdict]) -> None:
        """Cancel a late handler without waiting for it, as it may ignore the cancellation."""
        task.cancel()
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        # The error is not needed, but Python warns about errors that are never retrieved.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    # ------------------------------------------------------------ reports

    def _drop(
        self, reason: DropReason, event: Event | None = None, error: WebhookError | None = None
    ) -> None:
        self._drops[reason] += 1
        hook = self._hooks.dropped
        if hook is not None:
            _tell(hook, Dropped(reason, event, error))
        elif reason is not DropReason.DUPLICATE and self._drops[reason] % _LOG_EVERY == 1:
            what = event.kind if event is not None else error or "a post"
            number = self._drops[reason]
            _LOGGER.warning(
                "webhook dropped: %s: %s (%d for this reason so far)", reason, what, number
            )

    def _fail(self, event: Event, handler: object, error: BaseException) -> None:
        self._counts["failures"] += 1
        name = getattr(handler, "__qualname__", type(handler).__qualname__)
        hook = self._hooks.failed
        if hook is not None:
            _tell(hook, HandlerFailure(event, name, error))
        else:
            _LOGGER.error("webhook handler %s failed: %s", name, event.kind, exc_info=error)


async def _verdict(screen: Callable[[PreDelivery], object], event: PreDelivery) -> Verdict:
    result = screen(event)
    verdict: Verdict = await result if inspect.isawaitable(result) else result  # type: ignore[assignment]
    return verdict


def _tell(hook: Callable[[T], None], value: T) -> None:
    try:
        hook(value)
    except Exception:
        _LOGGER.exception("a webhook hook failed")
