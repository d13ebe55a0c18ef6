"""What went wrong on the wire, as an error of the tree.

Only words are taken from the objects of aiohttp: they hold headers and proxies, and with them
secrets. Whoever raises these errors does so outside of a handler, so that no cause chain has them.
"""

from __future__ import annotations

from aiohttp import ClientConnectorError, ClientResponseError, ConnectionTimeoutError

from easemob_async.errors import (
    ClientClosedError,
    ConnectError,
    EasemobError,
    RateLimitError,
    RequestTimeoutError,
    TransportError,
)
from easemob_async.transport.state import Call, Core
from easemob_async.wire.redaction import redact

_PHASES = {
    "quota": "waiting for quota to repeat it",
    "token": "waiting for a token",
    "wire": "waiting for the answer",
    "backoff": "waiting to repeat it",
}


def wire_failure(call: Call, core: Core, cause: BaseException, *, departed: bool) -> EasemobError:
    """Make the error for an attempt that brought no answer."""
    operation = call.operation.id
    if isinstance(cause, ClientResponseError):  # its text has the URL, of a proxy maybe
        cause_words = f"{type(cause).__name__}: {cause.status} {cause.message}"
    elif isinstance(cause, ClientConnectorError):
        cause_words = f"{type(cause).__name__}: {cause.os_error}"
    else:
        cause_words = f"{type(cause).__name__}: {cause}".removesuffix(": ")
    words = redact(cause_words, call.secrets(core.credentials))
    if core.pool.is_closed():
        return closed_meanwhile(call, departed=departed)
    timed_out = isinstance(cause, TimeoutError)
    if not departed and timed_out and not isinstance(cause, ConnectionTimeoutError):
        return RequestTimeoutError(
            f"{call.describe()}: {words}; it never left", operation=operation
        )
    if not departed:
        return ConnectError(
            f"{call.describe()}: no connection to {call.url.host}:{call.url.port}: {words}",
            operation=operation,
        )
    if timed_out:
        return RequestTimeoutError(
            f"{call.describe()}: no answer in time ({words}); it may have been processed",
            operation=operation,
            maybe_processed=True,
        )
    return TransportError(
        f"{call.describe()}: the connection broke before the answer was complete ({words}); "
        "it may have been processed",
        operation=operation,
        maybe_processed=True,
    )


def closed_meanwhile(call: Call, *, departed: bool = False) -> ClientClosedError:
    """Make the error for a call whose client was closed before it was over."""
    maybe_processed = departed or call.unsettled
    fate = "it may have been processed" if maybe_processed else "nothing was sent"
    return ClientClosedError(
        f"{call.describe()}: the client was closed meanwhile; {fate}",
        operation=call.operation.id,
        maybe_processed=maybe_processed,
    )


def out_of_time(call: Call, total: float) -> EasemobError:
    """Make the error for a call whose deadline passed."""
    operation = call.operation.id
    if call.phase == "quota" and not call.unsettled:
        return RateLimitError(
            f"{call.describe()}: no quota within the call's {total:g} s; nothing was sent",
            operation=operation,
        )
    fate = "it may have been processed" if call.unsettled else "it never left"
    return RequestTimeoutError(
        f"{call.describe()}: not done within {total:g} s, {_PHASES[call.phase]}; {fate}",
        operation=operation,
        maybe_processed=call.unsettled,
    )
