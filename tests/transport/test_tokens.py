"""The app's token: one fetch however many wait, renewed ahead, refreshed when it is refused."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta

import pytest

from easemob_async import (
    FOREVER,
    AppToken,
    AuthenticationError,
    BadRequestError,
    ConnectError,
    EasemobClient,
    EasemobError,
    PermissionDeniedError,
    Token,
)
from easemob_async.emulator import Emulator
from easemob_async.transport.tokens import BETWEEN_FORCED, AppTokenSource
from tests.conftest import Against
from tests.servers import Answer, Received, Reply, Responder
from tests.waiting import turns

ONLINE = Reply(body={"data": {"ann": "online"}})
EXPIRED = Reply(
    status=401,
    body={
        "error": "unauthorized",
        "error_description": "Unable to authenticate due to expired access token",
    },
)


class Source:
    """A token source with a clock in the hand and a service that can fail."""

    def __init__(self, life: timedelta = timedelta(seconds=1000)) -> None:
        self.now = 0.0
        self.fetches = 0
        self.error: EasemobError | None = None
        self.life = life
        self.gate: asyncio.Event | None = None
        self.source = AppTokenSource(self.fetch, clock=lambda: self.now)

    async def fetch(self) -> AppToken:
        self.fetches += 1
        number = self.fetches
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return AppToken(f"token-{number}", self.life)

    async def get(self) -> str:
        return (await self.source.get(username=None)).value


async def test_however_many_wait_one_fetch_is_in_flight() -> None:
    source = Source()
    source.gate = asyncio.Event()
    waiting = [asyncio.create_task(source.get()) for _ in range(50)]
    await turns()
    waiting[0].cancel()  # who is cancelled must not take the fetch from the others
    await turns()
    source.gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert set(results[1:]) == {"token-1"}
    assert source.fetches == 1


async def test_it_is_renewed_ahead_of_its_end_while_it_is_still_used() -> None:
    source = Source()
    assert await source.get() == "token-1"
    source.now = 899.0
    assert await source.get() == "token-1"
    source.now = 900.0  # a tenth of its life is left
    source.gate = asyncio.Event()
    assert [await source.get() for _ in range(3)] == ["token-1"] * 3
    await turns()
    assert source.fetches == 2
    source.gate.set()
    await turns(3)
    assert await source.get() == "token-2"


async def test_it_is_never_used_past_its_end() -> None:
    source = Source()
    await source.get()
    source.now = 1000.0
    assert await source.get() == "token-2"


async def test_a_failed_renewal_is_retried_while_the_token_is_still_used() -> None:
    source = Source()
    await source.get()
    source.now, source.error = 950.0, BadRequestError("no", status=400)
    assert await source.get() == "token-1"
    await turns(2)
    assert await source.get() == "token-1"
    assert source.fetches == 2  # it backs off
    source.now, source.error = 952.0, None
    assert await source.get() == "token-1"
    await turns(3)
    assert await source.get() == "token-3"


async def test_failed_fetches_back_off_longer_each_time() -> None:
    source = Source()
    source.error = BadRequestError("tokens.create_app_token(): no", status=400)
    for _ in range(10):
        with pytest.raises(BadRequestError):
            await source.get()
    assert source.fetches == 1
    fetched_at = []
    for second in range(200):
        source.now = float(second)
        before = source.fetches
        with pytest.raises(BadRequestError):
            await source.get()
        if source.fetches > before:
            fetched_at.append(second)
    gaps = [b - a for a, b in itertools.pairwise(fetched_at)]
    assert gaps == [2, 4, 8, 16, 32, 60, 60][: len(gaps)]
    assert len(gaps) >= 5


async def test_a_fetch_that_never_arrived_does_not_back_off() -> None:
    source = Source()
    source.error = ConnectError("no connection")
    for _ in range(3):
        with pytest.raises(ConnectError):
            await source.get()
    assert source.fetches == 3


async def test_each_waiter_gets_an_error_of_its_own() -> None:
    source = Source()
    source.gate, source.error = asyncio.Event(), BadRequestError("no", status=400)
    waiting = [asyncio.create_task(source.get()) for _ in range(3)]
    await turns()
    source.gate.set()
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert len({id(error) for error in errors}) == 3
    assert {str(error) for error in errors} == {"no"}


async def test_only_the_current_token_is_replaced_and_once_a_minute_at_most() -> None:
    source = Source()
    first = await source.source.get(username=None)
    source.source.invalidate(Token("another"))
    assert await source.get() == "token-1"
    source.source.invalidate(first)
    second = await source.source.get(username=None)
    assert second.value == "token-2"
    source.now = BETWEEN_FORCED - 1
    source.source.invalidate(second)
    assert await source.get() == "token-2"
    source.now = BETWEEN_FORCED
    source.source.invalidate(second)
    assert await source.get() == "token-3"


async def test_a_token_without_an_end_is_kept() -> None:
    source = Source(FOREVER)
    token = await source.source.get(username=None)
    assert token.expires_at is None
    source.now = 1e12
    assert await source.get() == "token-1"


def refusing(refusal: Reply, times: int = 1) -> Responder:
    """Refuse the first calls, then answer."""
    count = 0

    def respond(_: Received) -> Answer:
        nonlocal count
        count += 1
        return refusal if count <= times else ONLINE

    return respond


TOKEN_401S = [
    ("unauthorized", "Unable to authenticate due to expired access token"),
    ("unauthorized", "Unable to authenticate (OAuth)"),
    ("unauthorized", "token is illegal."),
    ("auth_bad_access_token", "Unable to authenticate due to corrupt access token"),
    ("auth_bad_access_token", "Unable to authenticate"),
    ("metadata_error", "auth error"),
]


@pytest.mark.parametrize(("error", "description"), TOKEN_401S)
async def test_a_401_about_the_token_refreshes_it_and_repeats_once(
    against: Against, error: str, description: str
) -> None:
    body = {"error": error, "error_description": description}
    async with against(refusing(Reply(status=401, body=body))) as (client, server):
        assert await client.users.get_status("ann") == "online"
        tokens = [request.headers["authorization"] for request in server.calls]
        assert tokens == ["Bearer YWMt-token-1", "Bearer YWMt-token-2"]


async def test_a_second_401_is_the_callers(against: Against) -> None:
    async with against(refusing(EXPIRED, times=9)) as (client, server):
        with pytest.raises(AuthenticationError, match="expired access token"):
            await client.users.get_status("ann")
        assert len(server.calls) == 2
        assert server.tokens == 2
        with pytest.raises(AuthenticationError):
            await client.users.get_status("ann")
        assert server.tokens == 2  # at most one refresh a minute


@pytest.mark.parametrize("error", ["MetadataException", "message_rewrite_error"])
async def test_a_401_about_something_else_does_not_refresh(against: Against, error: str) -> None:
    async with against(refusing(Reply(status=401, body={"error": error}))) as (client, server):
        with pytest.raises(PermissionDeniedError):
            await client.users.get_status("ann")
        assert server.tokens == 1


async def test_many_callers_with_an_expired_token_cause_one_refresh(against: Against) -> None:
    def respond(request: Received) -> Answer:
        return EXPIRED if request.headers["authorization"].endswith("-1") else ONLINE

    async with against(respond) as (client, server):
        statuses = await asyncio.gather(*(client.users.get_status("ann") for _ in range(20)))
        assert set(statuses) == {"online"}
        assert server.tokens == 2


async def test_a_fixed_token_is_used_as_it_is_and_cannot_be_refreshed(against: Against) -> None:
    async with against(refusing(EXPIRED, times=9), token="YWMt-fixed") as (client, server):
        with pytest.raises(AuthenticationError):
            await client.users.get_status("ann")
        assert [r.headers["authorization"] for r in server.received] == ["Bearer YWMt-fixed"]


async def test_a_provider_of_the_callers_is_asked_and_told(against: Against) -> None:
    class Provider:
        def __init__(self) -> None:
            self.number = 1
            self.asked: list[str | None] = []

        async def get(self, *, username: str | None) -> Token:
            self.asked.append(username)
            return Token(f"YWMt-mine-{self.number}")

        def invalidate(self, token: Token) -> None:
            assert token.value == f"YWMt-mine-{self.number}"
            self.number += 1

    provider = Provider()
    async with against(refusing(EXPIRED), token=provider) as (client, server):
        await client.users.get_status("ann")
        assert server.tokens == 0
        assert server.calls[-1].headers["authorization"] == "Bearer YWMt-mine-2"
        assert set(provider.asked) == {None}


async def test_wrong_credentials_say_which_call_had_no_token(against: Against) -> None:
    refusal = Reply(
        status=400,
        body={"error": "invalid_grant", "error_description": "client_secret does not match"},
    )
    async with against(lambda _: ONLINE) as (client, server):
        server.respond = lambda _: refusal
        expected = (
            r'users\.get_status\("ann"\): no token: tokens\.create_app_token\(\): '
            r"400 invalid_grant: client_secret does not match"
        )
        with pytest.raises(BadRequestError, match=expected):
            await client.users.get_status("ann")
        with pytest.raises(BadRequestError, match="too early"):
            await client.users.get_status("ann")
        assert len(server.received) == 1


async def test_the_token_expires_midway(client: EasemobClient, emulator: Emulator) -> None:
    await client.users.create("ann", password="x")
    emulator.expire_tokens()
    assert await client.users.get_status("ann") == "offline"


async def test_what_a_provider_raises_when_its_token_was_refused_is_its_own(
    against: Against,
) -> None:
    class Broken:
        async def get(self, *, username: str | None) -> Token:
            return Token("t")

        def invalidate(self, token: Token) -> None:
            raise LookupError("the vault is closed")

    refused = Reply(status=401, body={"error": "unauthorized"})
    async with against(lambda _: refused, token=Broken()) as (client, server):
        with pytest.raises(LookupError, match="the vault is closed") as caught:
            await client.users.get("ann")
    assert "raised by the TokenProvider Broken" in "".join(caught.value.__notes__)
    assert len(server.calls) == 1
