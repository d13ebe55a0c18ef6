"""What an app of the emulator has seen, within bounds, and the feed of all that happens."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

import attrs

from easemob_async.emulator.redaction import redact
from easemob_async.emulator.refusal import JSON
from easemob_async.emulator.webhooks import Posted

_REQUESTS_KEPT: Final = 10_000
_BODIES_KEPT: Final = 1_000
_WAITING: Final = 1_000
SHOWN_OF_BODY: Final = 4_096
"""The largest number of bytes that are kept and shown of a body."""
_TEXTS: Final = (
    "application/json",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
)


@attrs.frozen
class Body:
    """The beginning of a body."""

    content: bytes
    """The first bytes; not yet without secrets."""
    size: int
    """The size of the whole body."""
    content_type: str
    """The header ``Content-Type``; empty if there is none."""

    @classmethod
    def of(cls, content: bytes, content_type: str | None) -> Body:
        """Return the beginning of a body, without keeping the whole."""
        return cls(content[:SHOWN_OF_BODY], len(content), content_type or "")

    def text(self, secrets: Iterable[str]) -> str:
        """Return the body as text of at most 4 KB, without secrets."""
        kind = self.content_type.partition(";")[0].strip().lower() or "application/octet-stream"
        is_text = kind in _TEXTS or kind.startswith("text/")
        cut = self.size > len(self.content)
        if not self.size:
            return ""
        try:
            if not is_text:
                raise ValueError
            # Of a character that was cut the beginning is left out.
            text = self.content.decode() if not cut else self.content.decode(errors="ignore")
        except ValueError:
            return f"({self.size} bytes of {kind})"
        text = redact(text, secrets, cut=cut)
        if cut or len(text.encode()) > SHOWN_OF_BODY:
            text = text.encode()[: SHOWN_OF_BODY - 3].decode(errors="ignore") + "…"
        return text


EMPTY: Final = Body(b"", 0, "")


@attrs.define
class SeenRequest:
    """A request that the emulator has answered."""

    time: int
    """The time of the request, in Unix milliseconds."""
    method: str
    """The HTTP method."""
    path: str
    """The path as it was sent, with the part of the app and the query."""
    app: str | None = None
    """The App Key; ``None`` for a path of no app."""
    operation: str = ""
    """The id of the operation; empty if there is none."""
    status: int | None = None
    """The status code of the answer; ``None`` if none was sent."""
    ms: float = 0.0
    """The duration in milliseconds."""
    request: Body = EMPTY
    """The beginning of the body of the request."""
    answer: Body = EMPTY
    """The beginning of the body of the answer."""
    number: int = 0
    """The number of the request, from 1 in the order of the answers."""


class Subscriber:
    """A reader of the feed, with the events that it has not read yet.

    A reader that is too slow loses the oldest events, and learns how many.
    """

    def __init__(self, most: int) -> None:
        self.closed = False
        """Whether no more events will come."""
        self._waiting: deque[str] = deque(maxlen=most)
        self._lost = 0
        self._awake = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def put(self, text: str) -> None:
        """Add an event; may be called from any thread."""
        if len(self._waiting) == self._waiting.maxlen:
            self._lost += 1
        self._waiting.append(text)
        self._wake()

    def close(self) -> None:
        """End the feed for this reader."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._awake.set)

    async def take(self, wait: float) -> str | None:
        """Return the next event in the format of server-sent events; ``None`` after `wait` seconds.

        It also returns ``None`` when the feed ends; see `closed`.
        """
        if not self._waiting and not self.closed:
            self._awake.clear()
            try:
                await asyncio.wait_for(self._awake.wait(), wait)
            except TimeoutError:
                return None
        if self._lost:
            lost, self._lost = self._lost, 0
            return _event("lost", {"lost": lost})
        return self._waiting.popleft() if self._waiting else None


class Feed:
    """All that happens in an app, for any number of readers."""

    def __init__(self) -> None:
        self.subscribers: list[Subscriber] = []
        """The readers at this time."""
        self._numbers = itertools.count(1)

    def subscribe(self, most: int = _WAITING) -> Subscriber:
        """Add a reader, in the running event loop; it gets the events from now on.

        Args:
            most: the largest number of events that wait for the reader.
        """
        subscriber = Subscriber(most)
        self.subscribers.append(subscriber)
        return subscriber

    def publish(self, kind: str, data: Callable[[], Mapping[str, JSON]]) -> None:
        """Pass an event to all readers; without a reader, `data` is not called."""
        number = next(self._numbers)
        if self.subscribers:
            text = _event(kind, data(), number)
            for subscriber in list(self.subscribers):
                subscriber.put(text)

    def close(self) -> None:
        """End the feed for all readers."""
        for subscriber in self.subscribers:
            subscriber.close()


class Traffic:
    """The latest requests of an app, and its feed."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        self.feed = Feed()
        """The feed of all that happens in the app."""
        self.requests: deque[SeenRequest] = deque(maxlen=_REQUESTS_KEPT)
        """The latest 10 000 requests; the latest 1 000 have their bodies."""
        self.total = 0
        """The number of all requests."""
        self._with_bodies: deque[SeenRequest] = deque()
        self._secrets = secrets

    def add(self, seen: SeenRequest) -> None:
        """Add a request that was answered."""
        self.total += 1
        seen.number = self.total
        self.requests.append(seen)
        self._with_bodies.append(seen)
        if len(self._with_bodies) > _BODIES_KEPT:
            old = self._with_bodies.popleft()
            old.request = old.answer = EMPTY
        self.feed.publish("request", partial(self.show, seen))

    def show(self, seen: SeenRequest) -> dict[str, JSON]:
        """Return a request as JSON, without secrets."""
        secrets = list(self._secrets())
        return {
            "number": seen.number,
            "time": seen.time,
            "app": seen.app,
            "method": seen.method,
            "path": redact(seen.path, secrets),
            "operation": seen.operation,
            "status": seen.status,
            "ms": seen.ms,
            "request": seen.request.text(secrets),
            "answer": seen.answer.text(secrets),
        }

    def forget(self) -> None:
        """Forget all requests; the numbers begin at 1 again."""
        self.requests.clear()
        self._with_bodies.clear()
        self.total = 0


_PLACES: Final = {"users": "users", "chatgroups": "groups", "chatrooms": "rooms"}


def changed_by(method: str, path: str) -> Sequence[str]:
    """Return what a successful request may have changed: users, groups or rooms.

    Args:
        method: the HTTP method.
        path: the path below the app.
    """
    reads = method == "GET" and "/disconnect" not in path  # a GET that logs a user out
    if reads or path == "/users/batch/status":  # a POST that reads
        return []
    first = path.strip("/").partition("/")[0]
    if (method, first) == ("DELETE", "users"):  # with the groups and rooms of the user
        return list(_PLACES.values())
    return [_PLACES[first]] if first in _PLACES else []


def show_posted(posted: Posted, secrets: Iterable[str]) -> dict[str, JSON]:
    """Return a webhook post as JSON, without secrets."""
    secrets = list(secrets)
    return {
        "number": posted.number,
        "time": posted.time,
        "url": redact(posted.url, secrets),
        "event": posted.event,
        "kind": posted.kind,
        "statuses": list(posted.statuses),
        "answer": redact(posted.answer, secrets),
        "delivered": posted.delivered,
        "ms": posted.ms,
    }


def as_json(value: JSON) -> str:
    """Return a value as JSON that can always be encoded."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        text = json.dumps(value, separators=(",", ":"), default=str)
    return text


def _event(kind: str, data: Mapping[str, JSON], number: int | None = None) -> str:
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {as_json(data)}\n\n"
