"""One call, from a resource to the wire and back: quota, token, departure, answer, repeating."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import attrs
from aiohttp import ClientError, ClientResponse, ClientSession
from multidict import CIMultiDict
from yarl import URL

from easemob_async.checks import fail, text_problem
from easemob_async.config import AttemptEnded, AttemptStarted, Hooks
from easemob_async.errors import (
    EasemobError,
    RateLimitError,
    ResponseError,
    ServerError,
)
from easemob_async.models.tokens import Token, TokenProvider
from easemob_async.operation import Operation, PathValue, QueryValue, query_string
from easemob_async.transport.answer import Answer
from easemob_async.transport.departure import Departure
from easemob_async.transport.failures import closed_meanwhile, out_of_time, wire_failure
from easemob_async.transport.quota_account import Permit
from easemob_async.transport.refusals import (
    is_about_token,
    one_line,
    read_refusal,
    shorten,
    to_error,
)
from easemob_async.transport.retry import (
    LONGEST_WAIT,
    NOT_TAKEN,
    backoff,
    is_gone,
    is_refusal,
    may_repeat,
)
from easemob_async.transport.session import OneShotBody, wire_timeout
from easemob_async.transport.state import Bulk, Call, Core, Options, OwnError, Sink
from easemob_async.transport.tokens import checked_token
from easemob_async.transport.uploads import PIECE, StreamedBody, Upload
from easemob_async.wire import codec
from easemob_async.wire.redaction import redact

_log: Final = logging.getLogger("easemob_async")
_USER_AGENT: Final = "easemob_async/0.1"
_NO_CONTENT: Final = 204
_EMPTY_OBJECT: Final[Mapping[str, Any]] = {}


class Transport:
    """Carries calls for the resources of a client."""

    def __init__(self, core: Core, options: Options) -> None:
        self.core = core
        self.options = options
        self._wire_timeout = wire_timeout(options.timeouts)
        self._hooked = options.hooks != Hooks()

    async def call(
        self,
        operation: Operation,
        *values: PathValue,
        query: Mapping[str, QueryValue] | None = None,
        json: object = None,
        body: bytes | None = None,
        messages: int = 1,
        username: str | None = None,
        bulk: Bulk | None = None,
        about: PathValue | None = None,
        headers: Mapping[str, str] | None = None,
        upload: Upload | None = None,
        sink: Sink | None = None,
    ) -> Answer:
        """Carry one call and give its answer.

        Args:
            operation: what to do.
            values: the path parameters, in path order.
            query: the query; what is ``None`` is left out.
            json: the body, if any.
            body: the body, encoded already.
            messages: how many messages the call counts as.
            username: whose token is wanted; ``None`` for the app's.
            bulk: set for the calls of a bulk job.
            about: what the body is about, to name it in errors: a username, the targets.
            headers: headers of the operation's own.
            upload: the file that is the body.
            sink: takes the file that the answer is.

        Raises:
            EasemobError: see the tree; raised outside of any handler, so that no cause chain holds
                a request with its headers.
        """
        core = self.core
        loop = core.enter_loop()
        if headers is not None:
            _check_headers(operation, headers)
        path = operation.fill(values)
        if query is not None:
            path += query_string(query)
        if body is None:
            body = b"" if json is None else _encode(operation, json)
        url = URL(core.app_url + path, encoded=True)
        call = Call(
            operation, values, url, body, messages, username, bulk, about, headers, upload, sink
        )
        total = None if bulk is not None else self.options.timeouts.total
        deadline = None if total is None else loop.time() + total
        limit = asyncio.timeout_at(deadline)
        core.calls.add(limit)
        failure: BaseException
        try:
            async with limit:
                return await self._attempts(call, loop, deadline)
        except OwnError as own:
            failure = own.cause
            if isinstance(failure, EasemobError):
                failure.maybe_processed = failure.maybe_processed or call.unsettled
        except EasemobError as error:
            error.maybe_processed = error.maybe_processed or call.unsettled
            raise
        except TimeoutError:
            if core.pool.is_closed() or total is None:
                failure = closed_meanwhile(call)
            else:
                failure = out_of_time(call, total)
        finally:
            core.calls.discard(limit)
        raise failure  # outside of the handler: without a context

    async def _attempts(
        self,
        call: Call,
        loop: asyncio.AbstractEventLoop,
        deadline: float | None,
    ) -> Answer:
        policy, bulk = self.options.retry, call.bulk
        renewed = False
        repeats = 0
        while True:
            call.attempt += 1
            ended = await self._attempt(call, deadline)
            error = ended.error
            if error is None:
                assert ended.answer is not None
                return ended.answer
            kept = (call.sink is not None and call.sink.kept) or (
                call.upload is not None and call.upload.consumed
            )
            may_renew = ended.token_refused and not renewed and not kept
            if may_renew:
                if bulk is not None:
                    await bulk.on_repeat()  # the answer was a definite no, whatever comes of this
                if await self._renew_token(call):
                    renewed = True
                    continue
            if call.unsettled and call.operation.method == "DELETE" and is_gone(error):
                # What an earlier attempt deleted cannot be found any more.
                return self._answer(call, _EMPTY_OBJECT, gone=True)
            call.unsettled = call.unsettled or error.maybe_processed
            if ended.stale and call.stale < self.core.pool.size:
                # Kept-alive connections that are used up are no tries: the next may be fresh.
                call.stale += 1
                if bulk is not None:
                    await bulk.on_repeat()
                continue
            # A bulk job waits refusals out: they do not count as tries.
            repeats += not (bulk is not None and is_refusal(error))
            if kept or repeats >= policy.attempts or not may_repeat(call.operation, error):
                raise error
            wait = backoff(policy, call.attempt)
            if isinstance(error, RateLimitError | ServerError) and error.retry_after is not None:
                wait += error.retry_after.total_seconds()
            if wait > LONGEST_WAIT or (deadline is not None and loop.time() + wait >= deadline):
                raise error
            call.phase = "backoff"
            if bulk is not None:
                await bulk.on_repeat()
            await asyncio.sleep(wait)

    async def _attempt(self, call: Call, deadline: float | None) -> _Ended:
        permit = await self._admitted(call, deadline)
        departure = Departure(
            self.core.pool.is_closed, None if call.bulk is None else call.bulk.on_departure
        )
        reply: _Reply | None = None
        failure: EasemobError | None = None
        loop = asyncio.get_running_loop()
        started = loop.time()
        self._started(call, permit)
        try:
            reply = await self._send(call, departure, permit)
        except (ClientError, OSError, RuntimeError, ValueError) as cause:
            if isinstance(cause, EasemobError):
                raise
            if departure.refusal is not None:
                raise departure.refusal from None
            failure = wire_failure(call, self.core, cause, departed=departure.left)
        finally:
            # Answered or given up: one more window. Never left: free at once.
            if departure.left:
                call.unsettled = call.unsettled or (reply is None and failure is None)
                permit.settle()
            else:
                permit.give_back()
            status = None if reply is None else reply.status
            self._ended(call, permit, status, loop.time() - started, failure)
        if reply is None:
            return _Ended(error=failure, stale=departure.stale)
        return self._read(call, reply, permit)

    async def _admitted(self, call: Call, deadline: float | None) -> Permit:
        """Wait for quota."""
        call.phase = "quota"
        quota = self.core.quotas.acquire(
            call.operation, messages=call.messages, values=call.values, deadline=deadline
        )
        if call.bulk is None:
            return await quota
        try:
            async with call.bulk.admission():
                return await quota
        finally:
            quota.close()  # when it was not admitted; harmless when it ran

    async def _send(self, call: Call, departure: Departure, permit: Permit) -> _Reply:
        """Send one request, and take its answer in."""
        core, operation = self.core, call.operation
        has_content = call.upload is None and (call.body or operation.method in _WITH_CONTENT)
        headers = CIMultiDict(_CONTENT_HEADERS if has_content else _HEADERS)
        if operation.form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if operation.auth and core.tokens is not None:
            call.phase = "token"
            call.token = await self._token(core.tokens, call)
            headers["Authorization"] = f"Bearer {call.token.value}"
        call.phase = "wire"
        session = core.pool.session()
        if call.headers is not None:
            headers.update(call.headers)
        if call.upload is not None:
            upload = call.upload.body(departure)
            try:
                return await self._exchange(session, call, headers, upload, permit)
            except ClientError:
                if upload.broken is None:
                    raise
                broken = upload.broken
            raise OwnError(broken)
        body = OneShotBody(call.body, departure)
        if call.bulk is None:
            return await self._exchange(session, call, headers, body, permit)
        async with asyncio.timeout(self.options.timeouts.total):
            return await self._exchange(session, call, headers, body, permit)

    async def _exchange(
        self,
        session: ClientSession,
        call: Call,
        headers: CIMultiDict[str],
        body: OneShotBody | StreamedBody,
        permit: Permit,
    ) -> _Reply:
        response = await session.request(
            call.operation.method,
            call.url,
            data=body,
            headers=headers,
            allow_redirects=False,
            raise_for_status=False,
            auto_decompress=True,
            timeout=self._wire_timeout,
            **self.core.pool.options(body.departure, own_type=call.upload is not None),
        )
        # The service has counted the call by now: one window from the response's head on.
        permit.settle()
        status = response.status
        try:
            if call.sink is not None and status == 200:
                await call.sink.begin()
                async for piece in response.content.iter_chunked(PIECE):
                    await call.sink.take(piece)
                data = b"{}"
            else:
                data = await self._content(call, response)
        except BaseException:
            response.close()
            raise
        body.departure.answered(reusable=status not in NOT_TAKEN)
        retry_after = None if status == 200 else response.headers.get("Retry-After")
        return _Reply(status, retry_after, data)

    async def _content(self, call: Call, response: ClientResponse) -> bytes:
        """Read an answer, as long as it is no larger than it may be."""
        most, size, pieces = self.core.pool.max_answer_bytes, 0, []
        async for piece in response.content.iter_any():
            pieces.append(piece)
            size += len(piece)
            if size > most:
                raise ResponseError(
                    f"{call.describe()}: {response.status}: the answer is larger than {most} "
                    "bytes, unpacked; PoolOptions(max_answer_bytes=...) allows more",
                    operation=call.operation.id,
                    status=response.status,
                )
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read(self, call: Call, reply: _Reply, permit: Permit) -> _Ended:
        """Make the typed answer, or the error, of what came back."""
        status = reply.status
        if 200 <= status < 300:
            return _Ended(answer=self._decode(call, status, reply.data))
        if 300 <= status < 400:
            raise ResponseError(
                f"{call.describe()}: {status}: the server redirects, which the API never does: "
                "check base_url",
                operation=call.operation.id,
                status=status,
            )
        refusal = read_refusal(status, reply.data, reply.retry_after)
        error = to_error(
            refusal,
            call=call.describe(),
            operation=call.operation.id,
            request=call.request,
            secrets=call.secrets(self.core.credentials),
        )
        if isinstance(error, RateLimitError) and error.temporary:
            permit.refused("calls" if status == 429 else "messages", error.retry_after)
        about_token = call.operation.auth and is_about_token(refusal)
        return _Ended(error=error, token_refused=about_token)

    async def _token(self, tokens: TokenProvider, call: Call) -> Token:
        provider = self._provider_name(tokens)
        failure: EasemobError
        try:
            asked: object = tokens.get(username=call.username)
            token = await asked if isinstance(asked, Awaitable) else asked
            return checked_token(token, f"{call.describe()}: {provider}")
        except EasemobError as error:
            failure = copy.copy(error)
            who = "" if self.core.owns_tokens else f" from {provider}"
            failure.args = (f"{call.describe()}: no token{who}: {error}",)
            failure.maybe_processed = False  # this call, that is; it never left
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            failure = EasemobError(f"{call.describe()}: {provider} was cancelled")
        except Exception as error:
            error.add_note(f"{call.describe()}: raised by {provider}; nothing was sent")
            raise OwnError(error) from None
        raise failure if self.core.owns_tokens else OwnError(failure)

    async def _renew_token(self, call: Call) -> bool:
        tokens, refused = self.core.tokens, call.token
        if tokens is None or refused is None:
            return False
        try:
            tokens.invalidate(refused)
        except Exception as error:
            error.add_note(f"{call.describe()}: raised by {self._provider_name(tokens)}")
            raise OwnError(error) from None
        return (await self._token(tokens, call)).value != refused.value

    def _provider_name(self, tokens: TokenProvider) -> str:
        return (
            "the service" if self.core.owns_tokens else f"the TokenProvider {type(tokens).__name__}"
        )

    def _decode(self, call: Call, status: int, data: bytes) -> Answer:
        if not data and (status == _NO_CONTENT or call.operation.method != "GET"):
            return self._answer(call, _EMPTY_OBJECT)  # a deed is confirmed by the status
        try:
            content = codec.read(data)
        except ValueError:
            content = None
        if isinstance(content, dict):
            return self._answer(call, content)
        shown = shorten(redact(one_line(data), call.secrets(self.core.credentials)))
        what = "nothing" if not data else f"something that is not a JSON object: {shown!r}"
        raise ResponseError(
            f"{call.describe()}: {status}: the server answered {what}; is base_url Easemob's?",
            operation=call.operation.id,
            status=status,
            excerpt=shown,
        )

    def _answer(self, call: Call, content: Mapping[str, Any], *, gone: bool = False) -> Answer:
        prefix = self.core.app_key.id_prefix
        return Answer(call, content, prefix, gone=gone)

    def _started(self, call: Call, permit: Permit) -> None:
        hook = self.options.hooks.attempt_started
        if hook is not None:
            _run_hook(hook, AttemptStarted(call.operation.id, call.attempt, permit.waited))

    def _ended(
        self,
        call: Call,
        permit: Permit,
        status: int | None,
        duration: float,
        failure: EasemobError | None,
    ) -> None:
        hook = self.options.hooks.attempt_ended
        debug = _log.isEnabledFor(logging.DEBUG)
        if hook is None and not debug:
            return
        error = type(failure).__name__ if failure is not None else None
        if error is None and status is None:
            error = "given up"
        event = AttemptEnded(
            call.operation.id, call.attempt, status, permit.waited, duration, error
        )
        if debug:
            _log.debug(
                "%s attempt %d: %s, %.3f s (quota %.3f s)",
                event.operation,
                event.attempt,
                event.error or event.status,
                event.duration,
                event.quota_wait,
            )
        if hook is not None:
            _run_hook(hook, event)


_HEADERS: Final = (
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
    ("User-Agent", _USER_AGENT),
)
_CONTENT_HEADERS: Final = (*_HEADERS, ("Content-Type", "application/json"))
# aiohttp would call the content of these "application/octet-stream" when there is none.
_WITH_CONTENT: Final = frozenset({"POST", "PUT"})


@attrs.frozen
class _Reply:
    """What came back over the wire."""

    status: int
    retry_after: str | None
    data: bytes


@attrs.frozen
class _Ended:
    """How an attempt ended: with an answer, or with an error."""

    answer: Answer | None = None
    error: EasemobError | None = None
    token_refused: bool = False
    """A new token may help."""
    stale: bool = False
    """The request did not leave, since its connection was used up."""


def _encode(operation: Operation, value: Any) -> bytes:
    return urlencode(value).encode() if operation.form else codec.dumps(value)


def _check_headers(operation: Operation, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        problem = text_problem(value)
        if problem is not None:
            raise fail(operation.id, f"the header {name} {problem}")


def _run_hook(hook: Callable[[Any], None], event: AttemptStarted | AttemptEnded) -> None:
    try:
        hook(event)
    except Exception:
        _log.exception("a hook failed on %s", type(event).__name__)
