"""Reading which hosts serve an app, whatever the answer is; and asking, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from easemob_async import AppKey, ConfigurationError, ConnectError, PoolOptions
from easemob_async.transport import discovery
from easemob_async.transport.discovery import ask_for_hosts, read_hosts
from easemob_async.transport.loops import LoopBinding
from easemob_async.transport.session import SessionPool
from tests import facts_reader as facts
from tests.servers import CUT, HANG, Answer, Received, Reply, scripted

ASKED = "https://rs.example/server.json"


def answer(*hosts: Any) -> bytes:
    return json.dumps({"deploy_name": "x", "rest": {"hosts": hosts}}).encode()


def host(**fields: object) -> dict[str, Any]:
    return {"protocol": "https", "domain": "a1.example.com", "port": 443, **fields}


NOT_PROTOCOLS: Sequence[object] = ("ftp", "", None, "https://", 5)
NOT_PORTS: Sequence[object] = (0, 65_536, -2, 1.5, "x", "8e1", "\u0661", True, [], 10**30)
NOT_NAMES: Sequence[object] = (
    *("a1.example.com/evil", "user@a1.example.com", "a1.example.com:80", "a b", "a1.example.com#"),
    *("a1.example.com?x", "a\nb", "..", ".", "é.example", "[::1]", "fe80::1%eth0", "x" * 254),
    *(5, ["a"], {"a": 1}),
)
NO_HOSTS: Sequence[object] = (
    *(None, "a1.example.com", 5, [], {}, {"protocol": "https"}, {"domain": "a1.example.com"}),
    *(host(protocol=value) for value in NOT_PROTOCOLS),
    *(host(port=value) for value in NOT_PORTS),
    *(host(domain=value) for value in NOT_NAMES),
)


class TestReading:
    def test_the_example_of_the_facts(self) -> None:
        example = facts.read("agora")["discovery"]["answer"].encode()
        assert read_hosts(example, ASKED, allow_http=False) == ["https://a1.example.com"]
        assert read_hosts(example, ASKED, allow_http=True) == [
            *("https://a1.example.com", "http://192.0.2.4")
        ]

    @pytest.mark.parametrize(
        ("row", "url"),
        [
            (host(), "https://a1.example.com"),
            (host(port=-1), "https://a1.example.com"),
            (host(port="-1"), "https://a1.example.com"),
            (host(port=None), "https://a1.example.com"),
            (host(port=""), "https://a1.example.com"),
            ({"protocol": "https", "domain": "a1.example.com"}, "https://a1.example.com"),
            (host(port=8443), "https://a1.example.com:8443"),
            (host(port="8443"), "https://a1.example.com:8443"),
            (host(port=80), "https://a1.example.com:80"),
            (host(protocol="HTTPS"), "https://a1.example.com"),
            (host(protocol="http", port=-1), "http://a1.example.com"),
            (host(protocol="http", port=443), "http://a1.example.com:443"),
            (host(domain=None, ip="192.0.2.4"), "https://192.0.2.4"),
            (host(domain="", ip="192.0.2.4", port=9), "https://192.0.2.4:9"),
            (host(domain=None, ip="2001:DB8::1"), "https://[2001:db8::1]"),
            (host(ip="192.0.2.4"), "https://a1.example.com"),  # a certificate has the name
            (host(domain="A1.Example.com."), "https://a1.example.com."),
            (host(domain="my_host"), "https://my_host"),
        ],
    )
    def test_a_host_is_read(self, row: Any, url: str) -> None:
        assert read_hosts(answer(row), ASKED, allow_http=True) == [url]

    @pytest.mark.parametrize("row", NO_HOSTS)
    def test_an_entry_that_names_no_host_costs_that_entry_alone(self, row: Any) -> None:
        found = read_hosts(answer(row, host(domain="b.example"), row), ASKED, allow_http=True)
        assert found == ["https://b.example"]

    def test_a_host_is_listed_once(self) -> None:
        rows = (host(), host(port=-1), host(domain="b.example"), host(domain="A1.EXAMPLE.com"))
        found = read_hosts(answer(*rows), ASKED, allow_http=False)
        assert found == ["https://a1.example.com", "https://b.example"]

    def test_http_is_for_this_machine_unless_it_is_allowed(self) -> None:
        mine = host(protocol="http", domain=None, ip="127.0.0.1", port=8099)
        others = host(protocol="http", domain="127.0.0.1.example.com")
        assert read_hosts(answer(others, mine), ASKED, allow_http=False) == [
            "http://127.0.0.1:8099"
        ]
        expected = r"names only hosts with http \(http://127.0.0.1.example.com:443\).*allow_http"
        with pytest.raises(ConfigurationError, match=expected):
            read_hosts(answer(others), ASKED, allow_http=False)

    @pytest.mark.parametrize(
        "content",
        [
            *(b"", b"null", b"[]", b"<html>", b'"x"', b"{", b"\xff", b"[" * 5000),
            *(b'{"rest": null}', b'{"rest": {"hosts": {"a": 1}}}', b'{"rest": []}'),
            *(answer(), answer(None), b" " * (discovery.LARGEST + 1)),
        ],
    )
    def test_an_answer_without_a_host_is_a_clear_error(self, content: bytes) -> None:
        with pytest.raises(ConnectError, match=f"^{ASKED}: it names no host") as caught:
            read_hosts(content, ASKED, allow_http=True)
        assert not caught.value.maybe_processed

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(["rest", "hosts", "protocol", "domain", "ip", "port"]), inner
                )
            ),
        )
    )
    def test_any_json_is_hosts_or_an_error(self, value: Any) -> None:
        for content in (value, {"rest": {"hosts": [value]}}, {"rest": {"hosts": [host(), value]}}):
            try:
                found = read_hosts(json.dumps(content).encode(), ASKED, allow_http=True)
            except ConnectError:
                continue
            assert all(URL(url).host and URL(url).path == "/" for url in found)


async def ask(respond: Any, **options: Any) -> tuple[Any, list[Received]]:
    """Ask a server for hosts; return them or the error, and the requests."""
    async with scripted(respond) as server:
        session = options.pop("session", None)
        url = URL(f"{server.url}/easemob/server.json")
        pool = SessionPool(PoolOptions(**options), url, bound(), session)
        try:
            found: Any = await ask_for_hosts(pool, url, AppKey("acme", "shop"), allow_http=True)
        except ConnectError as error:
            assert error.__context__ is None
            assert str(error).startswith(str(url))
            assert "base_url may name" in str(error)
            found = str(error)
        await pool.close()
    return found, server.received


def bound() -> LoopBinding:
    binding = LoopBinding("")
    binding.enter(asyncio.get_running_loop(), lambda: None)
    return binding


class TestAsking:
    async def test_the_app_key_is_asked_for_and_nothing_secret_is_told(self) -> None:
        found, (request,) = await ask(lambda _: Reply(body=json.loads(answer(host()))))
        assert found == ["https://a1.example.com"]
        assert request.method == "GET"
        assert request.target == "/easemob/server.json?app_key=acme%23shop"
        assert "authorization" not in request.headers

    async def test_a_session_of_the_callers_asks_too(self) -> None:
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            found, _ = await ask(lambda _: Reply(body=json.loads(answer(host()))), session=session)
            assert found == ["https://a1.example.com"]
            found, _ = await ask(lambda _: Reply(503), session=session)
            assert "it answered 503" in found

    @pytest.mark.parametrize(
        ("reply", "says"),
        [
            (CUT, "it cannot be asked"),
            (Reply(302, headers={"Location": "http://evil.example/"}), "it answered 302"),
            (Reply(404, body={}), "it answered 404"),
            (Reply(200, body="<html>"), "it names no host"),
            (Reply(raw=b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n{"), "it cannot be asked"),
            (Reply(raw=b"no http"), "it cannot be asked"),
        ],
    )
    async def test_what_goes_wrong_is_told(self, reply: Answer, says: str) -> None:
        found, requests = await ask(lambda _: reply)
        assert says in found
        assert len(requests) == 1

    async def test_a_service_that_does_not_answer_is_not_waited_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(discovery, "TAKES", 0.01)
        found, _ = await ask(lambda _: HANG)
        assert "it cannot be asked (TimeoutError)" in found

    async def test_an_answer_that_never_ends_does_not_fill_the_memory(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(discovery, "LARGEST", 1000)
        found, _ = await ask(lambda _: Reply(body=b" " * 10_000_000))
        assert "it names no host" in found

    async def test_a_proxy_with_a_password_is_not_shown(self) -> None:
        found, _ = await ask(lambda _: CUT, proxy="http://user:hunter2@127.0.0.1:1")
        assert "it cannot be asked" in found
        assert "hunter2" not in found
