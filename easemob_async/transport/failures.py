"""What went wrong on the wire, as an error of the tree.

Only words are taken from the objects of aiohttp: they hold headers and proxies, and with them
secrets. These errors are raised outside of exception handlers, so that no cause chain has them.
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
from easemob_async.transport.call import Journey
from easemob_async.wire.redaction import redact

_PHASES = {
    "quota": "waiting for quota to repeat it",
    "token": "waiting for a token",
    "hosts": "waiting to learn which hosts serve the app",
    "wire": "waiting for the answer",
    "backoff": "waiting to repeat it",
}


def wire_failure(
    journey: Journey, cause: BaseException, *, departed: bool, closed: bool
) -> EasemobError:
    """Make the error for an attempt that brought no answer.

    Args:
        journey: the call.
        cause: what aiohttp or the socket raised.
        departed: whether the attempt had left.
        closed: whether the client was closed meanwhile.
    """
    call = journey.call
    operation = call.operation.id
    if closed:
        return closed_meanwhile(journey, departed=departed)
    words = redact(words_of(cause), journey.secrets())
    timed_out = isinstance(cause, TimeoutError)
    if not departed and timed_out and not isinstance(cause, ConnectionTimeoutError):
        return RequestTimeoutError(
            f"{call.describe()}: {words}; it never left", operation=operation
        )
    if not departed:
        return ConnectError(
            f"{call.describe()}: no connection to {journey.url.host}:{journey.url.port}: {words}; "
            "check base_url and the network",
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


def words_of(cause: BaseException) -> str:
    """Return what aiohttp or the socket says; secrets may still be in it."""
    name = type(cause).__name__
    if isinstance(cause, ClientResponseError):  # its text has the URL, of a proxy maybe
        return f"{name}: {cause.status} {cause.message}"
    if isinstance(cause, ClientConnectorError):
        return f"{name}: {cause.os_error}"
    return f"{name}: {cause}".removesuffix(": ")


def closed_meanwhile(journey: Journey, *, departed: bool = False) -> ClientClosedError:
    """Make the error for a call whose client was closed before it was over."""
    call = journey.call
    maybe_processed = departed or journey.maybe_processed
    fate = "it may have been processed" if maybe_processed else "nothing was sent"
    return ClientClosedError(
        f"{call.describe()}: the client was closed meanwhile; {fate}",
        operation=call.operation.id,
        maybe_processed=maybe_processed,
    )


def out_of_time(journey: Journey, total: float) -> EasemobError:
    """Make the error for a call whose deadline passed."""
    call = journey.call
    operation = call.operation.id
    if journey.phase == "quota" and not journey.maybe_processed:
        return RateLimitError(
            f"{call.describe()}: no quota within the call's {total:g} s; nothing was sent",
            operation=operation,
        )
    fate = "it may have been processed" if journey.maybe_processed else "it never left"
    return RequestTimeoutError(
        f"{call.describe()}: not done within {total:g} s, {_PHASES[journey.phase]}; {fate}",
        operation=operation,
        maybe_processed=journey.maybe_processed,
    )
