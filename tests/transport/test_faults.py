"""What goes wrong on the wire: cut, slow, refused, not Easemob. Real sockets throughout."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from easemob_async import (
    APIError,
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    EasemobClient,
    EasemobError,
    NotFoundError,
    Quotas,
    RateLimitError,
    RequestTimeoutError,
    ResponseError,
    RetryPolicy,
    ServerError,
    Text,
    Timeouts,
    TransportError,
)
from tests.conftest import FAST, Against
from tests.servers import CUT, HANG, Answer, Received, Reply
from tests.waiting import happens, turns

pytestmark = pytest.mark.usefixtures("either_way")

ONLINE = Reply(body={"data": {"ann": "online"}})
SENT = Reply(body={"data": {"u1": "1"}})


def in_turn(*answers: Answer) -> Callable[[Received], Answer]:
    """Answer with each in turn, and with the last for ever."""
    remaining = itertools.chain(answers, itertools.repeat(answers[-1]))
    return lambda _: next(remaining)


async def test_a_connection_that_dies_before_the_answer_never_makes_a_second_delete(
    against: Against,
) -> None:
    # The first call leaves a kept-alive connection; the second dies on it before the answer:
    # just when aiohttp by itself would send it again.
    async with against(in_turn(ONLINE, CUT, ONLINE)) as (client, server):
        await client.users.get_status("ann")
        with pytest.raises(TransportError) as caught:
            await client.users.delete_batch(limit=10)
        assert caught.value.maybe_processed
        assert [r.method for r in server.calls] == ["GET", "DELETE"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_every_attempt_is_ours_with_the_callers_own_session_too(
    against: Against, method: str
) -> None:
    async with aiohttp.ClientSession() as session:
        once = RetryPolicy(attempts=1)
        answers = in_turn(ONLINE, CUT, ONLINE)
        async with against(answers, session=session, retry=once) as (client, server):
            await client.users.get_status("ann")
            calls: dict[str, Callable[[], Awaitable[object]]] = {
                "GET": lambda: client.users.get_status("ann"),
                "POST": lambda: client.users.get_statuses(["ann"]),
                "PUT": lambda: client.users.update_password("ann", password="secret1"),
                "DELETE": lambda: client.users.delete("ann"),
            }
            with pytest.raises(TransportError) as caught:
                await calls[method]()
            assert caught.value.maybe_processed
            assert not isinstance(caught.value, ConnectError)
            assert [r.method for r in server.calls] == ["GET", method]
        assert not session.closed


async def test_aiohttp_still_repeats_by_itself(against: Against) -> None:
    # What the one-shot body is for. When this fails, aiohttp has stopped and the body could go.
    async with against(in_turn(ONLINE, CUT, ONLINE)) as (_, server):
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                async with session.delete(f"{server.url}/acme/shop/users?limit=10") as response:
                    await response.read()
        assert len(server.calls) == 3


async def test_connection_refused_is_a_connect_error_and_repeated() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    attempts: list[str | None] = []
    async with EasemobClient(
        "acme#shop", token="t", base_url=f"http://127.0.0.1:{port}", retry=FAST
    ) as client:
        from easemob_async import Hooks

        hooked = client.with_options(hooks=Hooks(attempt_ended=lambda e: attempts.append(e.error)))
        with pytest.raises(ConnectError, match=rf"send_to_users.*127\.0\.0\.1:{port}") as caught:
            await hooked.messages.send_to_users(["u1"], Text("x"))
    assert not caught.value.maybe_processed
    assert attempts == ["ConnectError"] * 4


async def test_a_connection_that_is_reset_before_the_request_was_read(against: Against) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(reset, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, EasemobClient("acme#shop", token="t", base_url=url, retry=FAST) as client:
        # The client cannot know that nobody read it: once it left, it may have been processed.
        with pytest.raises(TransportError):
            await client.messages.send_to_users(["u1"], Text("x"))


async def test_a_kept_connection_that_the_server_closed_is_not_used_again(
    against: Against,
) -> None:
    async with against(in_turn(SENT)) as (client, server):
        for _ in range(3):
            await client.messages.send_to_users(["u1"], Text("x"))
            server.abort()
            await turns(3)  # the client sees that its end was closed
        assert len(server.calls) == 3


async def test_units_of_what_never_left_come_back_at_once() -> None:
    async with EasemobClient(
        "acme#shop", token="t", base_url="http://127.0.0.1:1", retry=FAST
    ) as client:
        with pytest.raises(ConnectError):
            await client.messages.send_to_users(["u1"], Text("x"))
        assert {usage.used for usage in client.quotas.usage()} == {0}


async def test_units_of_a_cut_call_are_held_for_a_window(against: Against) -> None:
    async with against(in_turn(CUT)) as (client, _):
        with pytest.raises(TransportError):
            await client.messages.send_to_users(["u1", "u2"], Text("x"))
        held = {u.limit.unit: u.used for u in client.quotas.usage() if "send" in u.name}
        assert held == {"messages": 2, "calls": 1}


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(CUT, id="no answer"),
        pytest.param(Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Le"), id="cut in the head"),
        pytest.param(
            Reply(raw=b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"data": '),
            id="cut in the body",
        ),
        pytest.param(Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n"), id="not HTTP"),
        pytest.param(Reply(status=500, body={"error": "internal"}), id="500"),
        pytest.param(Reply(status=502, body="<html>bad gateway</html>"), id="502"),
        pytest.param(Reply(status=503), id="503 without Retry-After"),
        pytest.param(Reply(status=504), id="504"),
    ],
)
async def test_what_may_have_been_processed_is_repeated_only_when_safe(
    against: Against, broken: Answer
) -> None:
    async with against(in_turn(broken, broken, ONLINE)) as (client, server):
        assert await client.users.get_status("ann") == "online"
        assert len(server.calls) == 3
    async with against(in_turn(broken, SENT)) as (client, server):
        with pytest.raises(EasemobError) as caught:
            await client.messages.send_to_users(["u1"], Text("x"))
        assert caught.value.maybe_processed
        assert len(server.calls) == 1


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(Reply(status=429, body={"error": "reach_limit"}), id="429"),
        pytest.param(Reply(status=429, headers={"Retry-After": "0"}), id="429 with Retry-After"),
        pytest.param(Reply(status=503, headers={"Retry-After": "0"}), id="503 with Retry-After"),
        pytest.param(
            Reply(
                status=403,
                body={
                    "error": "message_send_error",
                    "error_description": " message send reach limit",
                },
            ),
            id="403 of the messages quota",
        ),
    ],
)
async def test_what_was_refused_before_it_was_processed_is_always_repeated(
    against: Against, refused: Reply
) -> None:
    quotas = Quotas(enabled=False)
    async with against(in_turn(refused, refused, SENT), quotas=quotas) as (client, server):
        sent = await client.messages.send_to_users(["u1"], Text("x"))
        assert sent.message_ids == {"u1": "1"}
        assert len(server.calls) == 3


async def test_a_storm_of_refusals_ends_with_a_rate_limit_error(against: Against) -> None:
    refused = Reply(status=429, body={"error": "reach_limit", "error_description": "too many"})
    async with against(in_turn(refused), quotas=Quotas(enabled=False)) as (client, server):
        with pytest.raises(RateLimitError) as caught:
            await client.users.get("ann")
        assert caught.value.temporary
        assert not caught.value.maybe_processed
        assert len(server.calls) == 4


async def test_a_limit_of_the_plan_is_not_repeated(against: Against) -> None:
    refused = Reply(status=429, body={"error": "resource_limited"})
    async with against(in_turn(refused)) as (client, server):
        with pytest.raises(RateLimitError) as caught:
            await client.users.create("ann", password="x")
        assert not caught.value.temporary
        assert len(server.calls) == 1


@pytest.mark.parametrize("error", ["no_full_text_index", "unsupported_service_operation"])
async def test_a_500_that_comes_again_is_not_repeated(against: Against, error: str) -> None:
    async with against(in_turn(Reply(status=500, body={"error": error}))) as (client, server):
        with pytest.raises(ServerError):
            await client.users.get("ann")
        assert len(server.calls) == 1


async def test_a_retry_after_beyond_the_deadline_is_not_waited_for(against: Against) -> None:
    refused = Reply(status=429, headers={"Retry-After": "3600"})
    async with against(in_turn(refused)) as (client, server):
        with pytest.raises(RateLimitError) as caught:
            await client.users.get("ann")
        assert caught.value.retry_after is not None
        assert caught.value.retry_after.total_seconds() == 3600
        assert len(server.calls) == 1


async def test_the_retry_after_of_a_503_is_honoured(against: Against) -> None:
    busy = Reply(status=503, headers={"Retry-After": "3600"})
    async with against(in_turn(busy)) as (client, server):
        with pytest.raises(ServerError) as caught:
            await client.messages.send_to_users(["u1"], Text("x"))
        assert caught.value.retry_after is not None
        assert caught.value.retry_after.total_seconds() == 3600
        assert not caught.value.maybe_processed
        assert len(server.calls) == 1


async def test_closing_during_a_token_fetch_is_no_cancellation(against: Against) -> None:
    async with against(in_turn(ONLINE)) as (client, server):
        asked = asyncio.Event()

        def hang(_: Received) -> Answer:
            asked.set()
            return HANG

        server.respond = hang
        call = asyncio.create_task(client.users.get("ann"))
        await happens(asked)
        await client.close()
        with pytest.raises(EasemobError, match="closed"):
            await call


async def test_a_404_on_the_repeat_of_a_delete_counts_as_done(against: Against) -> None:
    missing = Reply(status=404, body={"error": "service_resource_not_found"})
    async with against(in_turn(CUT, missing)) as (client, server):
        assert (await client.users.delete("ann")).username == "ann"
        assert len(server.calls) == 2
    async with against(in_turn(CUT, missing)) as (client, _):
        await client.chat_groups.delete("1")
    async with against(in_turn(missing)) as (client, _):
        with pytest.raises(NotFoundError):  # nothing was deleted before
            await client.users.delete("ann")
    app = Reply(status=404, body={"error": "organization_application_not_found"})
    async with against(in_turn(CUT, app)) as (client, _):
        with pytest.raises(APIError):
            await client.users.delete("ann")


@pytest.mark.parametrize(
    "slow",
    [
        pytest.param(HANG, id="headers"),
        pytest.param(
            Reply(raw=b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"da', hold=True), id="body"
        ),
    ],
)
async def test_slow_headers_and_slow_bodies_end_at_the_deadline(
    against: Against, slow: Answer
) -> None:
    async with against(in_turn(slow), timeout=0.1) as (client, server):
        with pytest.raises(RequestTimeoutError, match=r"users\.get.*may have been proc") as caught:
            await client.users.get("ann")
        assert caught.value.maybe_processed
        assert isinstance(caught.value, TimeoutError)
        assert len(server.calls) == 1


async def test_a_silence_longer_than_the_read_limit_ends_the_attempt(against: Against) -> None:
    limits = Timeouts(total=None, read=0.05)
    async with against(in_turn(HANG), timeout=limits) as (client, server):
        with pytest.raises(RequestTimeoutError) as caught:
            await client.messages.send_to_users(["u1"], Text("x"))
        assert caught.value.maybe_processed
        assert len(server.calls) == 1


async def test_a_deadline_while_waiting_for_the_token_says_so(against: Against) -> None:
    async with against(in_turn(ONLINE), timeout=0.05) as (client, server):
        server.respond = lambda _: HANG
        with pytest.raises(
            RequestTimeoutError, match="waiting for a token; it never left"
        ) as caught:
            await client.users.get("ann")
        assert not caught.value.maybe_processed


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("<html>Welcome to nginx</html>", "not a JSON object.*Welcome to nginx.*base_url"),
        ("", "answered nothing"),
        ("[1, 2]", "not a JSON object"),
        (b"\xff\xfe\x00", "not a JSON object"),
        ('{"data": {"ann": 5}}', "data must have one key"),
        ('{"data": NaN}', "data must have one key"),
        ('{"data": ', "not a JSON object"),
    ],
)
async def test_a_success_that_is_not_easemobs_is_a_response_error(
    against: Against, body: Any, says: str
) -> None:
    async with against(in_turn(Reply(body=body))) as (client, server):
        with pytest.raises(ResponseError, match=rf'users\.get_status\("ann"\).*{says}') as caught:
            await client.users.get_status("ann")
        assert caught.value.operation == "users.get_status"
        assert len(server.calls) == 1


async def test_a_redirect_is_refused(against: Against) -> None:
    moved = Reply(status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"})
    async with against(in_turn(moved)) as (client, server):
        with pytest.raises(ResponseError, match="302.*redirects"):
            await client.users.delete_batch(limit=1)
        assert len(server.calls) == 1


async def test_gzip_is_understood(against: Against) -> None:
    import gzip

    packed = gzip.compress(b'{"data": {"ann": "offline"}}')
    reply = Reply(body=packed, headers={"Content-Encoding": "gzip"})
    async with against(in_turn(reply)) as (client, server):
        assert await client.users.get_status("ann") == "offline"
        assert "gzip" in server.calls[0].headers["accept-encoding"]


async def test_cookies_are_not_kept(against: Against) -> None:
    reply = Reply(body={"data": {"ann": "online"}}, headers={"Set-Cookie": "a=b; Path=/"})
    async with against(in_turn(reply)) as (client, server):
        for _ in range(2):
            await client.users.get_status("ann")
        assert all("cookie" not in request.headers for request in server.calls)


async def test_a_connection_is_kept_alive(against: Against) -> None:
    async with against(in_turn(ONLINE)) as (client, server):
        for _ in range(5):
            await client.users.get_status("ann")
        assert server.connections == 1


async def test_closing_while_a_call_is_on_its_way_is_a_clear_error(against: Against) -> None:
    async with against(in_turn(HANG)) as (client, server):
        call = asyncio.create_task(client.messages.send_to_users(["u1"], Text("x")))
        await server.until(1)
        await client.close()
        with pytest.raises(EasemobError) as caught:
            await call
        assert caught.value.maybe_processed
        with pytest.raises(ClientClosedError):
            await client.users.get("ann")
        await client.close()  # twice is fine


async def test_cancelling_a_call_is_a_cancellation_and_keeps_the_account(against: Against) -> None:
    async with against(in_turn(HANG)) as (client, server):
        call = asyncio.create_task(client.messages.send_to_users(["u1"], Text("x")))
        await server.until(1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        held = {u.limit.unit: u.used for u in client.quotas.usage() if "send" in u.name}
        assert held == {"messages": 1, "calls": 1}


class TestSessionsOfTheCaller:
    async def test_what_would_break_a_call_is_overridden(self, against: Against) -> None:
        missing = Reply(status=404, body={"error": "service_resource_not_found"})
        async with (
            aiohttp.ClientSession(raise_for_status=True, auto_decompress=False) as session,
            against(in_turn(missing), session=session) as (client, _),
        ):
            with pytest.raises(NotFoundError):
                await client.users.get("ann")

    async def test_an_auth_of_its_own_is_refused(self, against: Against) -> None:
        headers = {"Authorization": "Basic abc"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            against(in_turn(ONLINE), session=session) as (client, server),
        ):
            with pytest.raises(ConfigurationError, match="Authorization"):
                await client.users.get("ann")
            assert not server.received

    async def test_one_that_reads_netrc_is_refused(self, against: Against) -> None:
        async with (
            aiohttp.ClientSession(trust_env=True) as session,
            against(in_turn(ONLINE), session=session) as (client, server),
        ):
            with pytest.raises(ConfigurationError, match="trust_env"):
                await client.users.get("ann")
            assert not server.received

    async def test_a_closed_one_is_a_clear_error(self, against: Against) -> None:
        session = aiohttp.ClientSession()
        await session.close()
        async with against(in_turn(ONLINE), session=session) as (client, _):
            with pytest.raises(ClientClosedError, match="session that was given"):
                await client.users.get("ann")


@pytest.mark.parametrize("status", [101, 103, 199])
async def test_a_status_that_is_no_answer_leaves_it_unknown(status: int, against: Against) -> None:
    answers = in_turn(Reply(status, {}), SENT)
    async with against(answers, token="t", timeout=0.5) as (client, server):
        with pytest.raises((ResponseError, TransportError)) as caught:
            await client.messages.send_to_users(["u1"], Text("x"))
        assert caught.value.maybe_processed
        assert len(server.calls) == 1
        assert (await client.messages.send_to_users(["u1"], Text("x"))).message_ids == {"u1": "1"}
