"""What a client shares among its calls, and what one call keeps while it is on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from urllib.parse import parse_qsl

import attrs
from yarl import URL

from easemob_async.config import AppKey, Hooks, RetryPolicy, Timeouts
from easemob_async.errors import Request
from easemob_async.models.tokens import Token, TokenProvider
from easemob_async.operation import Operation, PathValue
from easemob_async.transport.departure import OnDeparture
from easemob_async.transport.quota_account import QuotaAccount
from easemob_async.transport.session import SessionPool
from easemob_async.transport.uploads import Upload
from easemob_async.wire import codec
from easemob_async.wire.redaction import secrets_in


@attrs.frozen
class Options:
    """What `EasemobClient.with_options` can change."""

    timeouts: Timeouts
    retry: RetryPolicy
    hooks: Hooks


@attrs.frozen
class Bulk:
    """How a call of a bulk job differs.

    Refusals and quotas are waited out without limit, and the deadline is each attempt's own.
    """

    admission: Callable[[], AbstractAsyncContextManager[None]]
    """The context in which each attempt acquires its quota."""
    on_departure: OnDeparture
    """Awaited right before an attempt leaves."""
    on_repeat: Callable[[], Awaitable[None]]
    """Awaited when an attempt surely was not processed and will be repeated."""


class OwnError(Exception):
    """An error of the caller's own code (file, iterator, provider), on its way to the caller.

    It passes by whatever takes errors for those of the wire.
    """

    def __init__(self, cause: BaseException) -> None:
        super().__init__(cause)
        self.cause = cause


class Sink:
    """Where the content of an answer goes that is a file."""

    kept = False
    """Whether something of it cannot be taken back: the call is not repeated then."""

    async def begin(self) -> None:
        """An attempt is answered: what is taken from now on is the file from its beginning."""

    async def take(self, piece: bytes) -> None:
        """Take a piece."""
        raise NotImplementedError


class Core:
    """What a client and its light copies share: where, who, and the accounts that are kept."""

    def __init__(
        self,
        *,
        app_key: AppKey,
        base_url: URL,
        pool: SessionPool,
        quotas: QuotaAccount,
        credentials: tuple[str, str] | None,
        max_message_bytes: int,
    ) -> None:
        self.app_key = app_key
        self.app_url = f"{str(base_url).rstrip('/')}/{app_key.org}/{app_key.app}"
        self.pool = pool
        self.quotas = quotas
        self.credentials = credentials
        self.max_message_bytes = max_message_bytes
        self.tokens: TokenProvider | None = None
        self.owns_tokens = False
        self.loop: asyncio.AbstractEventLoop | None = None
        self.calls: set[asyncio.Timeout] = set()
        """The time limits of the calls that are not over: closing the client ends them at once."""

    def enter_loop(self) -> asyncio.AbstractEventLoop:
        """Bind to the running loop; raises from another one, unless the first is closed."""
        loop = asyncio.get_running_loop()
        if loop is not self.loop or self.pool.is_closed():
            if self.pool.enter_loop(loop):
                self.calls.clear()
                leave = getattr(self.tokens, "leave_loop", None)
                if leave is not None:
                    leave()
            self.loop = loop
        return loop

    def end_calls(self) -> None:
        """Have every call end that is not over: nothing leaves any more."""
        if self.loop is None or self.loop.is_closed():
            return
        for limit in self.calls:
            if not limit.expired():
                limit.reschedule(self.loop.time())


class Call:
    """One call on its way: what stays the same over its attempts, and what they left behind."""

    __slots__ = (
        "about",
        "attempt",
        "body",
        "bulk",
        "headers",
        "messages",
        "operation",
        "phase",
        "sink",
        "stale",
        "token",
        "unsettled",
        "upload",
        "url",
        "username",
        "values",
    )

    def __init__(
        self,
        operation: Operation,
        values: Sequence[PathValue],
        url: URL,
        body: bytes,
        messages: int,
        username: str | None,
        bulk: Bulk | None,
        about: PathValue | None,
        headers: Mapping[str, str] | None,
        upload: Upload | None,
        sink: Sink | None,
    ) -> None:
        self.headers = headers
        self.upload = upload
        self.sink = sink
        self.operation = operation
        self.values = values
        self.url = url
        self.body = body
        self.messages = messages
        self.username = username
        self.bulk = bulk
        self.about = about
        self.attempt = 0
        self.stale = 0
        self.phase = "quota"
        self.token: Token | None = None
        # An earlier attempt left and may have been processed.
        self.unsettled = False

    def describe(self) -> str:
        """Name the call: ``users.get("ann")``."""
        values = self.values if self.about is None else (*self.values, self.about)
        return self.operation.describe(values)

    @property
    def request(self) -> Request:
        """What is asked, without secrets."""
        return Request(self.operation.method, str(self.url))

    def secrets(self, credentials: tuple[str, str] | None) -> set[str]:
        """Collect every secret that a text about this call could repeat."""
        known = set() if credentials is None else {credentials[1]}
        if self.token is not None:
            known.add(self.token.value)
        known |= secrets_in(self.headers or {})
        if self.operation.form:
            known |= secrets_in(dict(parse_qsl(self.body.decode())))
        elif self.body[:1] in (b"{", b"["):
            known |= secrets_in(codec.loads(self.body))
        return known
