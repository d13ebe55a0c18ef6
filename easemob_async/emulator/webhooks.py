"""The sender of webhooks: it signs, posts and retries, and it suspends rules and stores events."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import aiohttp
import attrs
from yarl import URL

from easemob_async.emulator.refusal import JSON
from easemob_async.emulator.state import BEIJING, Posting, State

_TIMEOUT: Final = 10.0
_LONGEST_ANSWER: Final = 1000
_FAILURES: Final = 90
_WITHIN: Final = 30.0
_DAY: Final = 86_400.0
_BAN_MINUTES: Final = 5
_BANS_COUNTED: Final = 5
_SLICE: Final = 600
_POSTED_KEPT: Final = 10_000


def _check_url(url: str) -> None:
    try:
        found = URL(url)
        found.human_repr().encode()  # a half of a surrogate pair cannot be sent
        usable = found.scheme in ("http", "https") and found.host and found.port
    except ValueError:
        usable = None
    if not usable or set(" \t\r\n") & set(url):
        shown = url.encode("ascii", "backslashreplace").decode()
        raise ValueError(f"url must be a URL of http:// or https://, not {shown!r:.80}")


@attrs.define
class WebhookRule:
    """A webhook rule, as in the console."""

    url: str = attrs.field(validator=lambda _, __, url: _check_url(url))
    """The URL to post to: ``http://`` or ``https://``."""
    secret: str = attrs.field(repr=False)
    """The secret that signs the posts."""
    before_delivery: bool = False
    """Whether this is a pre-send callback, not a callback after delivery.

    Pre-send callbacks are asked before a message of a client SDK is delivered.
    """
    deliver_on_failure: bool = True
    """Whether a message is delivered if no valid answer comes."""
    wait: float = 0.2
    """The timeout, in seconds, of the answer of a pre-send callback."""


@attrs.frozen
class Posted:
    """A webhook event that was posted, with the result."""

    url: str
    """The URL that it was posted to."""
    event: dict[str, JSON]
    """The event, signed."""
    statuses: tuple[int | None, ...]
    """The status code of each attempt; ``None`` for an attempt without an answer.

    Empty while rules are suspended, since no attempt is made.
    """
    number: int
    """The number of the row, from 1."""
    time: int
    """The time of the first attempt, in Unix milliseconds."""
    answer: str = ""
    """The text of the last answer, at most 1 000 characters."""
    ms: float = 0.0
    """The duration of all attempts in milliseconds."""

    @property
    def kind(self) -> str:
        """What the event is about: ``"chat"``, ``"recall"``, ``"group.join"``, ``"login"``..."""
        return _kind(self.event)

    @property
    def delivered(self) -> bool:
        """Whether the last attempt was answered with 200."""
        return self.statuses[-1:] == (200,)


class Webhooks:
    """The sender of webhook events: posts them to each rule one by one, in order."""

    def __init__(
        self, state: State, on_posted: Callable[[Posted], None] = lambda posted: None
    ) -> None:
        self.rules: list[WebhookRule] = []
        """The rules."""
        self.posted: deque[Posted] = deque(maxlen=_POSTED_KEPT)
        """The latest 10 000 posted events."""
        self.total = 0
        """The number of all posted events."""
        self.suspended_until = 0.0
        """The end of the suspension of all rules of the app, in Unix seconds."""
        self._state = state
        self._on_posted = on_posted
        self._failures: deque[float] = deque(maxlen=_FAILURES)
        self._bans: list[float] = []
        self._session: aiohttp.ClientSession | None = None
        self._queues: dict[str, deque[tuple[Posting, WebhookRule]]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, rule: WebhookRule) -> None:
        """Add a rule; earlier events are not posted to it."""
        self.rules.append(rule)
        self._state.listening = True

    def clear(self) -> None:
        """Remove all rules."""
        self.rules.clear()
        self._state.listening = False

    def forget(self) -> None:
        """Forget what was posted, what is waiting and the failures; the rules stay."""
        self.posted.clear()
        self.total = 0
        self.suspended_until = 0.0
        self._failures.clear()
        self._bans.clear()
        for queue in self._queues.values():
            queue.clear()

    def start(self) -> None:
        """Start to post, in the running event loop."""
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        """Stop; events that were not posted yet are lost."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        self._loop = self._session = None

    def flush(self) -> None:
        """Schedule the events in the outbox to be posted; may be called from any thread."""
        if self._loop is not None and self._state.outbox:
            self._loop.call_soon_threadsafe(self._flush)

    async def idle(self) -> None:
        """Wait until all events are posted."""
        self._flush()
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    def _flush(self) -> None:
        happened, self._state.outbox = self._state.outbox, []
        for posting in happened:
            for rule in self.rules:
                if rule.before_delivery:
                    continue
                queue = self._queues.setdefault(rule.url, deque())
                queue.append((posting, rule))
                if rule.url not in self._tasks:
                    self._tasks[rule.url] = asyncio.create_task(self._work(rule.url, queue))

    async def _work(self, url: str, queue: deque[tuple[Posting, WebhookRule]]) -> None:
        try:
            while queue:
                await self._deliver(*queue.popleft())
        finally:
            self._tasks.pop(url, None)

    async def _deliver(self, posting: Posting, rule: WebhookRule) -> None:
        event = _signed(posting.event, rule.secret)
        url, statuses, answer = posting.url or rule.url, list[int | None](), ""
        at, began = self._state.milliseconds(), time.perf_counter()
        for _ in range(2):  # one retry, without a delay
            if self.suspended:
                break
            status, answer = await self.post(url, event, _TIMEOUT)
            statuses.append(status)
            if status == 200:
                break
        done = self._record(url, event, statuses, at, began, answer)
        if not done.delivered and not posting.again:
            self._store(posting)

    def _store(self, posting: Posting) -> None:
        if "webhook_storage" in self._state.switched_off:
            return
        now = self._state.now()
        begin = datetime.fromtimestamp(now - now % _SLICE, UTC).astimezone(BEIJING)
        date = begin.strftime("%Y%m%d%H%M")
        row = self._state.stored_webhooks.setdefault(date, {"size": 0, "retry": 0})
        row["size"] += 1
        self._state.stored_posts[date].append(posting)

    # ------------------------------------------------------------ before delivery

    async def ask(self, question: dict[str, JSON]) -> list[tuple[WebhookRule, JSON]]:
        """Ask all pre-send callbacks and return their answers; ``None`` for an invalid one."""
        answers = []
        for rule in self.rules:
            if rule.before_delivery:
                answer = None
                if not self.suspended:
                    event = _signed(question, rule.secret)
                    at, began = self._state.milliseconds(), time.perf_counter()
                    status, text = await self.post(rule.url, event, rule.wait)
                    answer = _verdict(text) if status == 200 else None
                    self._record(rule.url, event, [status], at, began, text)
                answers.append((rule, answer))
        return answers

    # ------------------------------------------------------------ posting and suspending

    def _record(
        self,
        url: str,
        event: dict[str, JSON],
        statuses: list[int | None],
        at: int,
        began: float,
        answer: str,
    ) -> Posted:
        self.total += 1
        ms = round((time.perf_counter() - began) * 1000, 1)
        shown = answer[:_LONGEST_ANSWER]
        posted = Posted(url, event, tuple(statuses), self.total, at, shown, ms)
        self.posted.append(posted)
        self._on_posted(posted)
        return posted

    @property
    def suspended(self) -> bool:
        """Whether all rules are currently suspended."""
        return self._state.now() < self.suspended_until

    async def post(self, url: str, event: dict[str, JSON], wait: float) -> tuple[int | None, str]:
        """Post once and return the status code and the text of the answer."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        status, text = None, ""
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            async with self._session.post(
                url,
                data=body,
                headers={"Content-Type": "application/json;charset=UTF-8"},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(wait),
            ) as response:
                text = (await response.content.read(4 * _LONGEST_ANSWER + 1)).decode(
                    errors="replace"
                )
                status = response.status
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            pass  # no answer counts as a failure, too
        # open: whether each attempt counts; here it does, and so does an answer that is too long
        if status != 200 or len(text) > _LONGEST_ANSWER:
            self._count_failure()
        return status, text

    def _count_failure(self) -> None:
        now = self._state.now()
        self._failures.append(now)
        if len(self._failures) < _FAILURES or now - self._failures[0] > _WITHIN:
            return
        self._failures.clear()
        self._bans = [at for at in self._bans if now - at < _DAY] + [now]
        minutes = _BAN_MINUTES * min(len(self._bans), _BANS_COUNTED)
        self.suspended_until = now + minutes * 60


def _signed(event: dict[str, JSON], secret: str) -> dict[str, JSON]:
    if "callId" not in event:
        return event
    text = f"{event['callId']}{secret}{event['timestamp']}".encode()
    return {**event, "security": hashlib.md5(text, usedforsecurity=False).hexdigest()}


def _kind(event: dict[str, JSON]) -> str:
    """Return what an event is about, by the fields that tell the events apart."""
    if event.get("event") == "group_op_event":
        return f"{event['type']}.{event['operation']}".lower()
    if "reason" in event and "status" in event:
        return str(event["reason"])
    match event.get("eventType"):
        case None:
            return "pre_delivery"
        case "chat":
            kind = str(event.get("chat_type"))
            what = event.get("payload", {})
            names = {"roster": what.get("operation"), "notify": what.get("type")}
            return f"{kind}.{names[kind]}" if kind in names else kind
        case "chat_offline":
            return f"{event.get('chat_type')}.offline"
        case other:
            return str(other)


def _verdict(text: str) -> JSON:
    """Return the decoded answer of a pre-send callback; ``None`` if it is invalid."""
    if len(text) > _LONGEST_ANSWER:
        return None
    try:
        answer = json.loads(text)
    except ValueError:
        return None
    proper = isinstance(answer, dict) and isinstance(answer.get("valid"), bool)
    return answer if proper else None
