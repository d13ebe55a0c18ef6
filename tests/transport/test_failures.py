"""What went wrong on the wire: its class, what may have been done, and no secret."""

from __future__ import annotations

from typing import get_args

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from easemob_async import (
    ClientClosedError,
    ConnectError,
    EasemobError,
    RateLimitError,
    RequestTimeoutError,
    Token,
    TransportError,
)
from easemob_async.operation import Operation
from easemob_async.transport.call import Journey, Phase, make_call
from easemob_async.transport.failures import closed_meanwhile, out_of_time, wire_failure

SEND = Operation("messages.send_to_users", "POST", "/messages/users", "once")
PASSWORD = "pass-w0rd-of-ann"
SECRET = "the-secret-of-the-app"
TOKEN = "YWMt-token-1"
SECRETS = (PASSWORD, SECRET, TOKEN)


def journey(phase: Phase = "wire", *, maybe_processed: bool = False) -> Journey:
    call = make_call(SEND, (), json={"to": ["ann"], "password": PASSWORD}, about=["ann"])
    made = Journey(call, "https://a1.easemob.com/acme/shop", {SECRET})
    made.phase, made.maybe_processed = phase, maybe_processed
    made.token = Token(TOKEN)
    return made


def failure(cause: BaseException, *, departed: bool, closed: bool = False) -> EasemobError:
    return wire_failure(journey(), cause, departed=departed, closed=closed)


def unreachable(words: str = "Connection refused") -> aiohttp.ClientConnectorError:
    key = ConnectionKey("a1.easemob.com", 443, True, True, None, None, None)
    return aiohttp.ClientConnectorError(key, OSError(111, words))


def bad_answer(message: str = "Bad status line") -> aiohttp.ClientResponseError:
    url = URL("http://user:proxy-pass@proxy/")
    headers = CIMultiDictProxy(CIMultiDict({"Authorization": f"Bearer {TOKEN}"}))
    request = aiohttp.RequestInfo(url, "POST", headers, url)
    return aiohttp.ClientResponseError(request, (), status=400, message=message)


CAUSES: list[BaseException] = [
    TimeoutError(),
    TimeoutError("read"),
    aiohttp.ServerTimeoutError("Timeout on reading data from socket"),
    aiohttp.ConnectionTimeoutError("Connection timeout to host"),
    unreachable(),
    bad_answer(),
    aiohttp.ServerDisconnectedError(),
    aiohttp.ClientPayloadError("Response payload is not completed"),
    ConnectionResetError(104, "reset by peer"),
    RuntimeError("a request is never sent twice by itself"),
    ValueError("Newline in headers"),
]


@given(cause=st.sampled_from(CAUSES), departed=st.booleans(), closed=st.booleans())
def test_only_what_departed_may_have_been_processed(
    cause: BaseException, departed: bool, closed: bool
) -> None:
    error = failure(cause, departed=departed, closed=closed)
    assert error.maybe_processed is departed
    assert error.operation == "messages.send_to_users"
    assert str(error).startswith('messages.send_to_users(["ann"]): ')
    assert ("it may have been processed" in str(error)) is departed


@pytest.mark.parametrize(
    ("cause", "before", "after"),
    [
        (TimeoutError(), RequestTimeoutError, RequestTimeoutError),
        (aiohttp.ServerTimeoutError("x"), RequestTimeoutError, RequestTimeoutError),
        (aiohttp.ConnectionTimeoutError("x"), ConnectError, RequestTimeoutError),
        (unreachable(), ConnectError, TransportError),
        (bad_answer(), ConnectError, TransportError),
        (aiohttp.ServerDisconnectedError(), ConnectError, TransportError),
        (ConnectionResetError(), ConnectError, TransportError),
        (RuntimeError("x"), ConnectError, TransportError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_the_class_tells_a_timeout_from_a_connection_that_never_came_or_broke(
    cause: BaseException, before: type[EasemobError], after: type[EasemobError]
) -> None:
    assert type(failure(cause, departed=False)) is before
    assert type(failure(cause, departed=True)) is after
    for departed in (False, True):
        assert type(failure(cause, departed=departed, closed=True)) is ClientClosedError


@pytest.mark.parametrize(
    ("cause", "departed", "words"),
    [
        (TimeoutError(), False, ["TimeoutError;"]),
        (aiohttp.ConnectionTimeoutError("x"), False, ["a1.easemob.com:443", "TimeoutError: x"]),
        (
            unreachable(),
            False,
            ["a1.easemob.com:443: ClientConnectorError: [Errno 111] Connection refused"],
        ),
        (TimeoutError("read"), True, ["(TimeoutError: read)"]),
        (aiohttp.ServerDisconnectedError(), True, ["(ServerDisconnectedError: Server"]),
        (bad_answer(), True, ["(ClientResponseError: 400 Bad status line)"]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_the_words_name_the_cause_and_where_no_connection_came_about(
    cause: BaseException, departed: bool, words: list[str]
) -> None:
    error = failure(cause, departed=departed)
    assert [part for part in words if part not in str(error)] == []


@given(secret=st.sampled_from(SECRETS), departed=st.booleans(), kind=st.integers(0, 3))
def test_no_words_of_the_wire_show_a_secret(secret: str, departed: bool, kind: int) -> None:
    words = f"Invalid header value {secret!r}"
    cause = (ValueError(words), OSError(words), unreachable(words), bad_answer(words))[kind]
    error = failure(cause, departed=departed)
    assert secret not in str(error)
    assert "Invalid header value" in str(error)


def test_the_url_of_a_proxy_is_not_shown() -> None:
    for departed in (False, True):
        assert "proxy" not in str(failure(bad_answer(), departed=departed))


@given(departed=st.booleans(), before=st.booleans())
def test_closing_the_client_says_whether_any_attempt_may_have_been_processed(
    departed: bool, before: bool
) -> None:
    error = closed_meanwhile(journey(maybe_processed=before), departed=departed)
    maybe_processed = departed or before
    assert error.maybe_processed is maybe_processed
    assert error.operation == "messages.send_to_users"
    assert str(error).startswith('messages.send_to_users(["ann"]): ')
    assert ("it may have been processed" in str(error)) is maybe_processed
    assert ("nothing was sent" in str(error)) is not maybe_processed


def test_a_closed_client_that_never_left_sent_nothing() -> None:
    assert not closed_meanwhile(journey()).maybe_processed


@given(phase=st.sampled_from(get_args(Phase)), before=st.booleans())
def test_a_deadline_that_passes_says_whether_the_call_may_have_been_processed(
    phase: Phase, before: bool
) -> None:
    error = out_of_time(journey(phase, maybe_processed=before), 60.0)
    assert error.maybe_processed is before
    assert error.operation == "messages.send_to_users"
    assert "60 s" in str(error)
    only_waited = phase == "quota" and not before
    assert type(error) is (RateLimitError if only_waited else RequestTimeoutError)
    assert ("it may have been processed" in str(error)) is before


def test_a_deadline_that_passes_names_what_the_call_waited_for() -> None:
    waited_for: dict[Phase, str] = {
        "quota": "quota",
        "token": "token",
        "wire": "answer",
        "backoff": "repeat",
    }
    for phase, words in waited_for.items():
        error = out_of_time(journey(phase, maybe_processed=True), 2.5)
        assert words in str(error)
        assert "2.5 s" in str(error)
        assert str(error).startswith('messages.send_to_users(["ann"]): ')
