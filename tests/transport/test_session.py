"""The session pool: what it makes, what of a caller's session it refuses, and what it closes."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import hdrs
from yarl import URL

from easemob_async import (
    ClientClosedError,
    ConfigurationError,
    PoolOptions,
    Timeouts,
)
from easemob_async.transport.departure import Departure, WatchedConnection
from easemob_async.transport.loops import LoopBinding
from easemob_async.transport.session import (
    OneShotBody,
    OneShotRequest,
    SessionPool,
    wire_timeout,
)

pytestmark = pytest.mark.usefixtures("either_way")

BASE = URL("https://a1.easemob.com")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")

MakeSession = Callable[..., aiohttp.ClientSession]


def pool(
    session: aiohttp.ClientSession | None = None, *, url: URL = BASE, **options: Any
) -> SessionPool:
    binding = LoopBinding("in use")
    binding.loop = asyncio.get_running_loop()
    return SessionPool(PoolOptions(**options), url, binding, session)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
async def theirs() -> AsyncIterator[MakeSession]:
    """Makes sessions of a caller's own."""
    made: list[aiohttp.ClientSession] = []

    def make(**options: Any) -> aiohttp.ClientSession:
        made.append(aiohttp.ClientSession(**options))
        return made[-1]

    yield make
    for session in made:
        await session.close()


# ---------------------------------------------------------------- our own


async def test_a_session_is_made_once_and_when_it_is_needed() -> None:
    made = pool(limit=7, max_answer_bytes=99)
    assert (made.size, made.max_answer_bytes) == (7, 99)
    session = made.session()
    assert made.session() is session
    assert not made.is_closed()
    await made.close()
    assert session.closed


async def test_what_our_own_session_does_and_does_not_do() -> None:
    made = pool(limit=7, keepalive=3.5)
    session = made.session()
    connector = session.connector
    assert isinstance(connector, aiohttp.TCPConnector)
    assert connector.limit == 7
    assert connector._keepalive_timeout == 3.5
    assert isinstance(session.cookie_jar, aiohttp.DummyCookieJar)
    assert session.trust_env is False  # with it a .netrc would send its password along
    assert session.timeout.total is None  # the transport keeps the time
    assert session._retry_connection is False
    assert session._request_class is OneShotRequest
    assert session._default_proxy is None
    connection = connector._factory()
    assert isinstance(connection, WatchedConnection)
    await made.close()


async def test_a_closed_pool_makes_no_session() -> None:
    made = pool()
    await made.close()
    await made.close()  # twice is fine
    assert made.is_closed()
    with pytest.raises(ClientClosedError):
        made.session()


@pytest.mark.parametrize("closes", [True, False])
def test_a_loop_that_is_gone_is_left_without_a_warning(closes: bool) -> None:
    left: list[tuple[SessionPool, aiohttp.ClientSession]] = []

    async def first() -> None:
        made = pool()
        left.append((made, made.session()))

    asyncio.run(first())
    ((made, session),) = left
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if closes:
            asyncio.run(made.close())
            assert made.is_closed()
            return
        made.leave_closed_loop()
        assert session.connector is None  # nothing is left for it to warn about
        assert not made.is_closed()

        async def second() -> None:
            made._binding.loop = asyncio.get_running_loop()
            assert made.session() is not session
            await made.close()

        asyncio.run(second())


# ---------------------------------------------------------------- proxies


@pytest.mark.parametrize(
    ("environment", "options", "url", "expected"),
    [
        ({"HTTPS_PROXY": "http://proxy:1"}, {}, BASE, None),
        ({"HTTPS_PROXY": "http://proxy:1"}, {"trust_env": True}, BASE, "http://proxy:1"),
        ({"HTTP_PROXY": "http://proxy:1"}, {"trust_env": True}, BASE, None),
        (
            {"HTTP_PROXY": "http://proxy:1"},
            {"trust_env": True},
            URL("http://127.0.0.1:1"),
            "http://proxy:1",
        ),
        (
            {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "easemob.com"},
            {"trust_env": True},
            BASE,
            None,
        ),
        (
            {"HTTPS_PROXY": "http://proxy:1"},
            {"trust_env": True, "proxy": "http://other:2"},
            BASE,
            "http://other:2",
        ),
        ({}, {"proxy": "http://other:2"}, BASE, "http://other:2"),
        ({}, {"trust_env": True}, BASE, None),
    ],
)
async def test_a_proxy_is_taken_from_the_environment_where_that_is_asked_for(
    environment: dict[str, str],
    options: dict[str, Any],
    url: URL,
    expected: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    made = pool(url=url, **options)
    found = made.session()._default_proxy
    assert found == expected
    await made.close()


async def test_a_proxy_of_the_environment_that_is_no_url_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://user:proxy-pass@proxy:1")
    made = pool(trust_env=True)
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as caught:
        made.session()
    assert "proxy-pass" not in str(caught.value)
    await made.close()


# ---------------------------------------------------------------- the caller's own


async def test_a_session_of_the_callers_is_used_and_not_closed(theirs: MakeSession) -> None:
    session = theirs()
    made = pool(session)
    assert made.session() is session
    assert made.session() is session
    await made.close()
    assert not session.closed
    with pytest.raises(ClientClosedError):
        made.session()


async def test_a_session_of_the_callers_that_is_closed_is_told_whenever(
    theirs: MakeSession,
) -> None:
    session = theirs()
    made = pool(session)
    made.session()
    await session.close()
    with pytest.raises(ClientClosedError):
        made.session()
    with pytest.raises(ClientClosedError):
        pool(session).session()


@pytest.mark.parametrize(
    "options",
    [
        {"trust_env": True},
        {"headers": {"X-Line": "a\nb"}},
        {"headers": {"X-Half": "\ud83d"}},
        *(
            {"headers": {name: "x"}}
            for name in (
                hdrs.AUTHORIZATION,
                hdrs.CONTENT_ENCODING,
                hdrs.CONTENT_LENGTH,
                hdrs.CONTENT_TYPE,
                hdrs.EXPECT,
                hdrs.HOST,
                hdrs.TRANSFER_ENCODING,
                "authorization",
            )
        ),
    ],
    ids=str,
)
async def test_what_a_session_would_do_to_every_call_is_refused(
    theirs: MakeSession, options: dict[str, Any]
) -> None:
    made = pool(theirs(**options))
    for _ in range(2):  # and again at the next call
        with pytest.raises(ConfigurationError, match="session"):
            made.session()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # aiohttp's own way to give one
async def test_an_auth_of_its_own_is_refused(theirs: MakeSession) -> None:
    session = theirs(auth=aiohttp.BasicAuth("user", "their-pass"))
    with pytest.raises(ConfigurationError, match="auth") as caught:
        pool(session).session()
    assert "their-pass" not in str(caught.value)


async def test_headers_that_break_nothing_are_fine(theirs: MakeSession) -> None:
    session = theirs(headers={"X-Trace": "5", "Accept-Language": "zh-CN,中文"})
    assert pool(session).session() is session


async def test_headers_that_are_refused_are_named_all_at_once(theirs: MakeSession) -> None:
    made = pool(theirs(headers={"Host": "x", "Authorization": "their-token"}))
    with pytest.raises(ConfigurationError, match=r"Authorization and Host") as caught:
        made.session()
    assert "their-token" not in str(caught.value)


def test_a_session_of_another_loop_is_refused() -> None:
    async def make() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    async def use() -> None:
        with pytest.raises(ConfigurationError, match="another event loop"):
            pool(session).session()

    loop = asyncio.new_event_loop()
    try:
        session = loop.run_until_complete(make())
        asyncio.run(use())
        loop.run_until_complete(session.close())
    finally:
        loop.close()


async def test_a_session_of_the_callers_does_not_move_to_another_loop(
    theirs: MakeSession,
) -> None:
    made = pool(theirs())
    with pytest.raises(ConfigurationError, match="closed"):
        made.leave_closed_loop()


# ---------------------------------------------------------------- requests


async def test_requests_of_our_own_session_need_nothing(theirs: MakeSession) -> None:
    departure = Departure(lambda: False)
    for own_type in (True, False):
        assert pool().options(departure, own_type=own_type) == {"middlewares": ()}
    for own_type, skipped in ((True, ()), (False, (hdrs.CONTENT_TYPE,))):
        options = pool(theirs()).options(departure, own_type=own_type)
        assert options["skip_auto_headers"] == skipped
        assert len(options["middlewares"]) == 1


class Writer:
    """Keeps what is written to a connection."""

    def __init__(self) -> None:
        self.protocol = object()
        self.written: list[bytes] = []

    async def write(self, data: bytes) -> None:
        self.written.append(data)

    def send_headers(self) -> None:
        self.written.append(b"headers alone")


class Taken(Departure):
    """A departure that is taken without a connection."""

    def __init__(self) -> None:
        super().__init__(lambda: False)

    async def take(self, connection: Any) -> None:
        self.left = True


@pytest.mark.parametrize(
    ("value", "written"), [(b"{}", [b"{}"]), (b"", [b"headers alone"])], ids=["content", "empty"]
)
async def test_a_body_is_written_once_and_never_again(value: bytes, written: list[bytes]) -> None:
    body, writer = OneShotBody(value, Taken()), Writer()
    assert body.content == value
    write: Callable[[Any, int | None], Awaitable[None]] = body.write_with_length
    await write(writer, None)
    assert writer.written == written
    with pytest.raises(RuntimeError, match="twice"):
        await write(writer, None)
    assert writer.written == written
    assert body.departure.left


def test_the_parts_of_the_time_limits_that_are_aiohttps() -> None:
    limits = Timeouts(total=60, connect=10, read=5)
    assert wire_timeout(limits) == aiohttp.ClientTimeout(
        total=None, connect=None, sock_connect=10, sock_read=5
    )
    assert wire_timeout(limits, whole=True) == aiohttp.ClientTimeout(
        total=60, connect=None, sock_connect=10, sock_read=5
    )
