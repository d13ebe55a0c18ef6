"""One call, from a resource to the wire and back: quota, token, departure, answer, repeating."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession
from multidict import CIMultiDict
from yarl import URL

from easemob_async.config import AttemptEnded, AttemptStarted, Hooks
from easemob_async.errors import (
    AppNotFoundError,
    EasemobError,
    NotFoundError,
    RateLimitError,
    ResponseError,
    ServerError,
)
from easemob_async.models.tokens import Token, TokenProvider
from easemob_async.redaction import redact
from easemob_async.transport import codec
from easemob_async.transport.account import Permit
from easemob_async.transport.answer import Answer
from easemob_async.transport.call import Bulk, Call, Core, Options, Sink
from easemob_async.transport.failures import out_of_time, wire_failure
from easemob_async.transport.operation import Operation, PathValue, QueryValue, query_string
from easemob_async.transport.replies import (
    is_about_token,
    one_line,
    read_refusal,
    shorten,
    to_error,
)
from easemob_async.transport.retry import backoff, is_refusal, may_repeat
from easemob_async.transport.session import OneShotBody, wire_timeout
from easemob_async.transport.uploads import PIECE, StreamedBody, Upload

_log: Final = logging.getLogger("easemob_async")
_USER_AGENT: Final = "easemob_async/0.1"
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
        path = operation.fill(values)
        if query is not None:
            path += query_string(query)
        if body is None:
            body = b"" if json is None else _encode(operation, json)
        url = URL(core.app_url + path, encoded=True)
        call = Call(
            operation, values, url, body, messages, username, bulk, about, headers, upload, sink
        )
        total = self.options.timeouts.total
        try:
            if bulk is not None or total is None:
                return await self._attempts(call, loop, None)
            deadline = loop.time() + total
            async with asyncio.timeout_at(deadline):
                return await self._attempts(call, loop, deadline)
        except EasemobError as error:
            error.maybe_processed = error.maybe_processed or call.unsettled
            raise
        except TimeoutError:
            pass  # the error is raised below, outside of this handler: without a context
        assert total is not None
        raise out_of_time(call, total)

    async def _attempts(
        self,
        call: Call,
        loop: asyncio.AbstractEventLoop,
        deadline: float | None,
    ) -> Answer:
        policy = self.options.retry
        renewed = False
        repeats = 0
        while True:
            call.attempt += 1
            answer, error, token_refused = await self._attempt(call, deadline)
            if answer is not None:
                return answer
            assert error is not None
            if token_refused and not renewed and await self._renew_token(call):
                renewed = True
                if call.bulk is not None:
                    await call.bulk.on_repeat()
                continue
            if (
                call.unsettled
                and call.operation.method == "DELETE"
                and isinstance(error, NotFoundError)
                and not isinstance(error, AppNotFoundError)
            ):
                # What an earlier attempt deleted cannot be found any more.
                return self._answer(call, _EMPTY_OBJECT, gone=True)
            call.unsettled = call.unsettled or error.maybe_processed
            # A bulk job waits refusals out: they do not count as tries.
            repeats += not (call.bulk is not None and is_refusal(error))
            kept = call.sink is not None and call.sink.kept
            if kept or repeats >= policy.attempts or not may_repeat(call.operation, error):
                raise error
            wait = backoff(policy, call.attempt)
            if isinstance(error, RateLimitError | ServerError) and error.retry_after is not None:
                wait += error.retry_after.total_seconds()
            if deadline is not None and loop.time() + wait >= deadline:
                raise error
            call.phase = "backoff"
            if call.bulk is not None:
                await call.bulk.on_repeat()
            await asyncio.sleep(wait)

    async def _attempt(
        self, call: Call, deadline: float | None
    ) -> tuple[Answer | None, EasemobError | None, bool]:
        core = self.core
        operation = call.operation
        bulk = call.bulk
        call.phase = "quota"
        quota = core.quotas.acquire(
            operation, messages=call.messages, values=call.values, deadline=deadline
        )
        if bulk is None:
            permit = await quota
        else:
            permit = await _admitted(bulk, quota)
        sent: OneShotBody | StreamedBody | None = None
        status: int | None = None
        failure: EasemobError | None = None
        loop = asyncio.get_running_loop()
        started = loop.time()
        self._started(call, permit)
        try:
            headers = CIMultiDict(_BODY_HEADERS if call.body else _HEADERS)
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
            if bulk is None:
                sent = OneShotBody(call.body) if call.upload is None else call.upload.body()
                exchange = self._exchange(session, call, headers, sent, permit)
                status, retry_after, data = await exchange
            else:
                sent = OneShotBody(call.body, bulk.on_departure)
                async with asyncio.timeout(self.options.timeouts.total):
                    exchange = self._exchange(session, call, headers, sent, permit)
                    status, retry_after, data = await exchange
        except (ClientError, OSError, RuntimeError, ValueError) as cause:
            if isinstance(cause, EasemobError):
                raise
            broken = getattr(sent, "broken", None)
            if broken is not None:
                raise broken from None
            departed = sent is not None and sent.departed
            failure = (sent.refused if sent is not None else None) or wire_failure(
                call, core, cause, departed=departed
            )
        finally:
            # Answered or given up: one more window. Never left: free at once.
            if sent is not None and sent.departed:
                call.unsettled = call.unsettled or (status is None and failure is None)
                permit.settle()
            else:
                permit.give_back()
            self._ended(call, permit, status, loop.time() - started, failure)
        if failure is not None:
            return None, failure, False
        assert status is not None
        if 200 <= status < 300:
            return self._decode(call, status, data), None, False
        if 300 <= status < 400:
            raise ResponseError(
                f"{call.describe()}: {status}: the server redirects, which the API never does: "
                "check base_url",
                operation=operation.id,
                status=status,
            )
        refusal = read_refusal(status, data, retry_after)
        error = to_error(
            refusal,
            call=call.describe(),
            operation=operation.id,
            request=call.request,
            secrets=call.secrets(core.credentials),
        )
        if isinstance(error, RateLimitError) and error.temporary:
            permit.refused("calls" if status == 429 else "messages", error.retry_after)
        return None, error, operation.auth and is_about_token(refusal)

    async def _exchange(
        self,
        session: ClientSession,
        call: Call,
        headers: CIMultiDict[str],
        sent: OneShotBody | StreamedBody,
        permit: Permit,
    ) -> tuple[int, str | None, bytes]:
        response = await session.request(
            call.operation.method,
            call.url,
            data=sent,
            headers=headers,
            allow_redirects=False,
            raise_for_status=False,
            auto_decompress=True,
            middlewares=(),
            timeout=self._wire_timeout,
        )
        # The service has counted the call by now: one window from the response's head on.
        permit.settle()
        try:
            if call.sink is not None and response.status == 200:
                await call.sink.begin()
                async for piece in response.content.iter_chunked(PIECE):
                    await call.sink.take(piece)
                data = b"{}"
            else:
                data = await response.read()
        except BaseException:
            response.close()
            raise
        status = response.status
        return status, None if status == 200 else response.headers.get("Retry-After"), data

    async def _token(self, tokens: TokenProvider, call: Call) -> Token:
        try:
            return await tokens.get(username=call.username)
        except EasemobError as error:
            failure = copy.copy(error)
        failure.args = (f"{call.describe()}: no token: {failure}",)
        failure.maybe_processed = False  # this call, that is; it never left
        raise failure

    async def _renew_token(self, call: Call) -> bool:
        tokens, refused = self.core.tokens, call.token
        if tokens is None or refused is None:
            return False
        tokens.invalidate(refused)
        return (await self._token(tokens, call)).value != refused.value

    def _decode(self, call: Call, status: int, data: bytes) -> Answer:
        try:
            content = codec.loads(data)
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
_BODY_HEADERS: Final = (*_HEADERS, ("Content-Type", "application/json"))


def _encode(operation: Operation, value: Any) -> bytes:
    return urlencode(value).encode() if operation.form else codec.dumps(value)


async def _admitted(bulk: Bulk, quota: Coroutine[Any, Any, Permit]) -> Permit:
    try:
        async with bulk.admission():
            return await quota
    finally:
        quota.close()  # when it was not admitted; harmless when it ran


def _run_hook(hook: Callable[[Any], None], event: AttemptStarted | AttemptEnded) -> None:
    try:
        hook(event)
    except Exception:
        _log.exception("a hook failed on %s", type(event).__name__)
