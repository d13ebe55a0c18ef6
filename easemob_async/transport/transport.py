"""One call, from a resource to the wire and back: quota, token, departure, answer, repeating."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Final, NamedTuple

import attrs
from aiohttp import ClientError, ClientResponse, StreamReader
from multidict import CIMultiDict
from yarl import URL

from easemob_async.config import AppKey, DataCenter, RetryPolicy
from easemob_async.credentials import AgoraCredentials, Credentials
from easemob_async.errors import (
    ConnectError,
    EasemobError,
    RateLimitError,
    ResponseError,
    TransportError,
)
from easemob_async.models.tokens import Token
from easemob_async.operation import Operation, PathValue, QueryValue
from easemob_async.quotas import Limit
from easemob_async.transport.answer import Answer
from easemob_async.transport.authorization import ask_for_token, renew_token
from easemob_async.transport.call import Call, Journey, make_call
from easemob_async.transport.callers_error import CallersError
from easemob_async.transport.departure import Departure
from easemob_async.transport.direct import DirectWire
from easemob_async.transport.downloads import PIECE, Sink
from easemob_async.transport.failures import closed_meanwhile, out_of_time, wire_failure
from easemob_async.transport.hooks import tell_ended, tell_started
from easemob_async.transport.permit import Permit
from easemob_async.transport.policy import SINGLE, Policy
from easemob_async.transport.reading import Refused, Reply, already_gone, read_reply
from easemob_async.transport.retry import NOT_TAKEN, FailedAttempt, Next, decide
from easemob_async.transport.session import OneShotBody, wire_timeout
from easemob_async.transport.state import ClientState, Options
from easemob_async.transport.uploads import StreamedBody
from easemob_async.version import __version__

_USER_AGENT: Final = f"easemob_async/{__version__}"
_OK: Final = 200
_HEADERS: Final = (
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
    ("User-Agent", _USER_AGENT),
)
_JSON_HEADERS: Final = (*_HEADERS, ("Content-Type", "application/json"))
_FORM_HEADERS: Final = (*_HEADERS, ("Content-Type", "application/x-www-form-urlencoded"))
_LINES: Final = "".join(f"{name}: {value}\r\n" for name, value in _HEADERS).encode()
_NONE: Final = b""
_JSON: Final = b"Content-Type: application/json\r\n"
_FORM: Final = b"Content-Type: application/x-www-form-urlencoded\r\n"
# aiohttp would call the content of these "application/octet-stream" when it is empty.
_WITH_CONTENT: Final = frozenset({"POST", "PUT"})


class _Failed(NamedTuple):
    """An attempt without an answer to return."""

    error: EasemobError
    token_refused: bool = False
    stale: bool = False
    """It did not leave, since its kept-alive connection was used up."""
    unreachable: bool = False
    """It did not leave, since its host cannot be connected to."""


class Transport:
    """Carries calls for the resources of a client, and tells them what they may know of it."""

    def __init__(self, state: ClientState, options: Options) -> None:
        self.state = state
        self.options = options
        self._wire_timeout = wire_timeout(options.timeouts)
        credentials = state.credentials
        self._secrets = frozenset[str]() if credentials is None else frozenset({credentials.secret})

    @property
    def app_key(self) -> AppKey:
        """The app."""
        return self.state.app_key

    @property
    def service(self) -> str:
        """The app and where its API is: equal for clients of the same app on the same service."""
        return f"{self.app_key} {self.state.hosts.shown}"

    @property
    def url_length(self) -> int:
        """The largest length of the app's URL."""
        return self.state.hosts.url_length

    @property
    def credentials(self) -> Credentials | None:
        """What the client gets its app token with, where it has that."""
        return self.state.credentials

    @property
    def max_message_bytes(self) -> int:
        """The most that body and ext of a message may have together."""
        return self.state.max_message_bytes

    @property
    def shares_quotas(self) -> bool:
        """Whether the quotas are those of several processes, in a store."""
        return self.state.quotas.is_shared

    def limits(self, operation: Operation) -> tuple[Limit, ...]:
        """Return the limits in force for an operation."""
        return self.state.quotas.limits(operation)

    async def utc_offset(self, operation: str) -> timedelta:
        """Return the time zone of the service: Beijing time in China, UTC elsewhere.

        Raises:
            EasemobError: no host is known.
        """
        self.state.enter_loop()
        centre = await self.state.hosts.data_center(operation)
        if centre is not None:
            return centre.utc_offset
        # Agora Chat runs outside China; another host that is unknown is taken for one there.
        is_agora = isinstance(self.credentials, AgoraCredentials)
        return timedelta(0) if is_agora else DataCenter.CHINA_1.utc_offset

    def with_retry(self, retry: RetryPolicy) -> Transport:
        """Return the same with another retry policy."""
        return Transport(self.state, attrs.evolve(self.options, retry=retry))

    async def call(
        self,
        operation: Operation,
        *values: PathValue,
        query: Mapping[str, QueryValue] | None = None,
        json: object = None,
        about: PathValue | None = None,
        username: str | None = None,
        messages: int = 1,
        token: Token | None = None,
    ) -> Answer:
        """Make one call and return its answer.

        Args:
            operation: what to do.
            values: the path parameters, in path order.
            query: the query; what is ``None`` is left out.
            json: the body, if any.
            about: what the body is about, to name it in errors: a username, the targets.
            username: whose token is wanted; ``None`` for the app's.
            messages: how many messages the call counts as.
            token: a token of its own, for an operation without the app's.

        Raises:
            EasemobError: see the tree.
        """
        call = make_call(
            operation,
            values,
            query=query,
            json=json,
            about=about,
            username=username,
            messages=messages,
            token=token,
        )
        return await self.carry(call)

    async def carry(self, call: Call, policy: Policy = SINGLE) -> Answer:
        """Carry a call to its answer, in as many attempts as that takes.

        Raises:
            EasemobError: see the tree; raised outside of any handler, so that no cause chain holds
                a request with its headers.
        """
        state = self.state
        loop = state.enter_loop()
        journey = Journey(call, state.hosts.unchosen_url, self._secrets)
        total = None if policy.waits_out else self.options.timeouts.total
        limit = state.deadlines.begin(loop, total)
        failure: BaseException
        try:
            return await self._attempts(journey, policy, limit.at)
        except asyncio.CancelledError:
            if not limit.end():
                raise
            if state.pool.is_closed() or total is None:
                failure = closed_meanwhile(journey)
            else:
                failure = out_of_time(journey, total)
        except CallersError as own:
            failure = own.cause
            if isinstance(failure, EasemobError):
                failure.maybe_processed = failure.maybe_processed or journey.maybe_processed
        except EasemobError as error:
            error.maybe_processed = error.maybe_processed or journey.maybe_processed
            raise
        finally:
            limit.end()
        raise failure  # outside of the handler: without a context

    async def fetch(self, url: str, operation: str) -> AsyncIterator[bytes]:
        """Download a file from a URL that is signed: it takes no token, and none is sent to it.

        Raises:
            TransportError: it cannot be downloaded.
        """
        session = self.state.pool.session()
        try:
            async with session.get(
                URL(url, encoded=True),
                allow_redirects=False,
                timeout=wire_timeout(self.options.timeouts, whole=True),
            ) as response:
                if response.status == _OK:
                    async for piece in response.content.iter_chunked(PIECE):
                        yield piece
                    return
                problem = f"status {response.status}"
        except (ClientError, OSError) as error:
            problem = type(error).__name__  # its text may hold the signed URL
        raise TransportError(
            f"{operation}: a file cannot be downloaded: {problem}", operation=operation
        )

    async def _attempts(self, journey: Journey, policy: Policy, deadline: float | None) -> Answer:
        call, loop = journey.call, asyncio.get_running_loop()
        renewed = False
        counted = stale = moved = 0
        while True:
            journey.attempt += 1
            ended = await self._attempt(journey, policy, deadline)
            if isinstance(ended, Answer):
                return ended
            hosts = self.state.hosts
            elsewhere = ended.unreachable and moved < hosts.unreachable(journey.app_url)
            failed = FailedAttempt(
                operation=call.operation,
                error=ended.error,
                number=journey.attempt,
                counted=counted,
                time_left=None if deadline is None else deadline - loop.time(),
                maybe_processed_before=journey.maybe_processed,
                may_renew_token=ended.token_refused and not renewed,
                stale=ended.stale and stale < self.state.pool.size,
                elsewhere=elsewhere,
                cannot_repeat=call.cannot_repeat,
                waits_out=policy.waits_out,
            )
            decision = decide(failed, self.options.retry)
            if decision.next is Next.RENEW_TOKEN:
                await policy.on_repeat()  # the answer was a definite no, whatever comes of this
                renewed = await renew_token(self.state, call, journey.token)
                if renewed:
                    continue
                raise ended.error
            if decision.next is Next.ALREADY_DONE:
                return already_gone(journey, self.state.app_key.id_prefix)
            journey.maybe_processed = journey.maybe_processed or ended.error.maybe_processed
            if decision.next is Next.GIVE_UP:
                raise ended.error
            counted += decision.counts
            stale += failed.stale
            moved += failed.elsewhere
            journey.phase = "backoff"
            await policy.on_repeat()
            if decision.wait:
                await asyncio.sleep(decision.wait)

    async def _attempt(
        self, journey: Journey, policy: Policy, deadline: float | None
    ) -> Answer | _Failed:
        state, hooks = self.state, self.options.hooks
        permit = await self._admitted(journey, policy, deadline)
        departure = Departure(state.pool.is_closed, policy.on_departure, permit.latest)
        loop = asyncio.get_running_loop()
        began = loop.time()
        told = hooks, journey.call.operation.id, journey.attempt, permit.waited
        reply: Reply | None = None
        failure: EasemobError | None = None
        journey.status = None
        try:
            tell_started(*told)
            if not policy.waits_out:  # the whole call has its limit: see `carry`
                reply = await self._send(journey, departure, permit)
            elif permit.latest is not None:  # it was fixed when the units were taken
                async with asyncio.timeout_at(permit.latest.at):
                    reply = await self._send(journey, departure, permit)
            else:
                with state.deadlines.begin(loop, self.options.timeouts.total):
                    reply = await self._send(journey, departure, permit)
        except EasemobError as error:
            failure = error
            raise
        # aiohttp raises RuntimeError and ValueError as well: a closed session, an odd answer.
        except (ClientError, OSError, RuntimeError, ValueError) as cause:
            if departure.blocked_by is not None:
                raise departure.blocked_by from None
            closed = state.pool.is_closed()
            failure = wire_failure(journey, cause, departed=departure.left, closed=closed)
            unreachable = isinstance(failure, ConnectError) and not departure.stale
            return _Failed(failure, stale=departure.stale, unreachable=unreachable)
        finally:
            given_up = reply is None and failure is None
            # Answered or given up: one more window. Never left: free immediately.
            if departure.left:
                journey.maybe_processed = journey.maybe_processed or given_up
                permit.settle()
            else:
                permit.give_back()
            why = "given up" if given_up else None if failure is None else type(failure).__name__
            tell_ended(*told, took=loop.time() - began, status=journey.status, error=why)
        return self._read(journey, reply, permit)

    def _read(self, journey: Journey, reply: Reply, permit: Permit) -> Answer | _Failed:
        """Read a reply; a refusal for the rate slows the pace down."""
        answer = read_reply(journey, reply, self.state.app_key.id_prefix)
        if not isinstance(answer, Refused):
            return answer
        error = answer.error
        if isinstance(error, RateLimitError) and error.temporary:
            permit.refused("calls" if reply.status == 429 else "messages", error.retry_after)
        return _Failed(error, token_refused=answer.about_token)

    async def _admitted(self, journey: Journey, policy: Policy, deadline: float | None) -> Permit:
        """Take the quota of an attempt, waiting for it where that is needed."""
        call, quotas = journey.call, self.state.quotas
        if policy is SINGLE:  # most calls need not wait
            permit = quotas.take(call.operation, call.messages, call.values)
            if permit is not None:
                return permit
        journey.phase = "quota"
        async with policy.admission():
            permit = await quotas.acquire(
                call.operation,
                messages=call.messages,
                values=call.values,
                deadline=deadline,
                attempt=self.options.timeouts.total,
                flexible=policy.flexible,
            )
            if policy.on_admission is not None:
                journey.call = policy.on_admission(call, permit.messages)
            return permit

    async def _send(self, journey: Journey, departure: Departure, permit: Permit) -> Reply:
        """Send one request, and take its answer in."""
        state, call = self.state, journey.call
        operation = call.operation
        token = call.token
        if operation.auth and state.tokens is not None:
            token = None if state.ready_token is None else state.ready_token()
            if token is None:
                journey.phase = "token"
                token = await ask_for_token(state, state.tokens, call)
            journey.token = token
        app_url = state.hosts.ready()
        if app_url is None:
            journey.phase = "hosts"
            app_url = await state.hosts.find(call.describe())
        journey.app_url = app_url
        journey.phase = "wire"
        content = call.upload is None and (call.body or operation.method in _WITH_CONTENT)
        if call.is_plain:
            wire = state.pool.direct(app_url, _LINES)
            if wire is not None:
                kind = _NONE if not content else _FORM if operation.form else _JSON
                request = wire.encode(operation.method, call.target, token, kind, call.body)
                return await self._exchange_directly(journey, wire, request, departure, permit)
        given = _FORM_HEADERS if operation.form else _JSON_HEADERS if content else _HEADERS
        headers = CIMultiDict(given)
        if token is not None:
            headers["Authorization"] = f"Bearer {token.value}"
        if call.headers is not None:
            headers.update(call.headers)
        body: OneShotBody | StreamedBody
        if call.upload is None:
            body = OneShotBody(call.body, departure)
        else:
            body = call.upload.body(departure)
        try:
            return await self._exchange(journey, headers, body, permit)
        except ClientError:
            if isinstance(body, StreamedBody) and body.broken is not None:
                broken = body.broken
            else:
                raise
        raise CallersError(broken)

    async def _exchange_directly(
        self,
        journey: Journey,
        wire: DirectWire,
        request: bytes,
        departure: Departure,
        permit: Permit,
    ) -> Reply:
        connection, message, content = await wire.send(request, departure, self._wire_timeout)
        # The service has counted the call by now: one window from the answer's head on.
        permit.settle()
        status = journey.status = message.code
        try:
            data = await self._content(journey.call, status, content)
        except BaseException:
            connection.close()
            raise
        departure.answered(reusable=status not in NOT_TAKEN)
        if status < _OK:  # what follows on the connection is no answer
            connection.close()
        connection.release()
        return Reply(status, None if status == _OK else message.headers.get("Retry-After"), data)

    async def _exchange(
        self,
        journey: Journey,
        headers: CIMultiDict[str],
        body: OneShotBody | StreamedBody,
        permit: Permit,
    ) -> Reply:
        call, pool = journey.call, self.state.pool
        response = await pool.session().request(
            call.operation.method,
            journey.url,
            data=body,
            headers=headers,
            allow_redirects=False,
            raise_for_status=False,
            auto_decompress=True,
            timeout=self._wire_timeout,
            **pool.options(body.departure, own_type=call.upload is not None),
        )
        # The service has counted the call by now: one window from the response's head on.
        permit.settle()
        status = journey.status = response.status
        try:
            if call.sink is not None and status == _OK:
                await _pour(response, call.sink)
                data = b"{}"
            else:
                data = await self._content(call, status, response.content)
        except BaseException:
            response.close()
            raise
        body.departure.answered(reusable=status not in NOT_TAKEN)
        if status < _OK:
            response.close()
        return Reply(status, None if status == _OK else response.headers.get("Retry-After"), data)

    async def _content(self, call: Call, status: int, content: StreamReader) -> bytes:
        """Read an answer, up to the largest size that is allowed."""
        most, size, pieces = self.state.pool.max_answer_bytes, 0, list[bytes]()
        while True:
            # A small answer is here as a whole, nearly always: then nothing is waited for.
            is_last = content.is_eof()
            piece = content.read_nowait() if is_last else await content.readany()
            size += len(piece)
            if size > most:
                raise ResponseError(
                    f"{call.describe()}: {status}: the answer is larger than {most} bytes, "
                    "unpacked; PoolOptions(max_answer_bytes=...) allows more",
                    operation=call.operation.id,
                    status=status,
                )
            if is_last and not pieces:
                return piece
            pieces.append(piece)
            if is_last or content.at_eof():
                return b"".join(pieces)


async def _pour(response: ClientResponse, sink: Sink) -> None:
    """Hand a file on, piece by piece."""
    await sink.begin()
    if sink.piece is None:
        async for piece, _ in response.content.iter_chunks():
            if piece:
                await sink.take(piece)
    else:
        async for piece in response.content.iter_chunked(sink.piece):
            await sink.take(piece)
    await sink.end()
