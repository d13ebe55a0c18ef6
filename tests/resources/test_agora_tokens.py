"""Tokens of Agora Chat: exchanged for an app token, renewed, and signed for users."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from easemob_async import (
    FOREVER,
    AppToken,
    AuthenticationError,
    ConfigurationError,
    DataCenter,
    EasemobClient,
    InvalidArgumentError,
    RtcAccess,
    RtcPrivilege,
    RtmAccess,
)
from easemob_async.emulator import Emulator, access_token
from easemob_async.emulator.access_token import AccessToken
from tests.agora_tokens import APP_ID, CERTIFICATE, TOKENS
from tests.conftest import FAST
from tests.servers import Answer, Received, Reply, scripted

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ONLINE = Reply(body={"data": {"ann": "online"}})
UUID = "da920000-ecf9-11eb-9af3-296ff79acb67"


def client() -> EasemobClient:
    return EasemobClient("acme#shop", app_id=APP_ID, app_certificate=CERTIFICATE)


def read(token: str) -> AccessToken:
    return access_token.read(token, APP_ID, CERTIFICATE)


class Service:
    """A service that exchanges tokens of Agora's apps, and notes those that it got."""

    def __init__(self, give: Callable[[int], Any]) -> None:
        self.give = give
        self.exchanged: list[Received] = []
        self.refused: set[str] = set()

    def __call__(self, request: Received) -> Answer:
        if not request.path.endswith("/token"):
            token = request.headers["authorization"].removeprefix("Bearer ")
            refusal = {"error": "unauthorized", "error_description": "expired access token"}
            return Reply(401, refusal) if token in self.refused else ONLINE
        self.exchanged.append(request)
        answer = self.give(len(self.exchanged))
        return answer if isinstance(answer, Reply) else Reply(body=answer)


def lasting(seconds: float, **more: Any) -> Callable[[int], Any]:
    def give(number: int) -> Any:
        ends = int((datetime.now(UTC).timestamp() + seconds) * 1000)
        return {"access_token": f"YWMt-{number}", "expire_timestamp": ends, **more}

    return give


@asynccontextmanager
async def agora(
    service: Service,
) -> AsyncIterator[tuple[EasemobClient, Callable[[], list[Received]]]]:
    """Start a service and a client of it; yield also what returns the calls that it has got."""
    async with scripted(service) as server:
        server.respond = service  # it gives its own tokens
        async with EasemobClient(
            "acme#shop",
            app_id=APP_ID,
            app_certificate=CERTIFICATE,
            base_url=server.url,
            retry=FAST,
        ) as connected:
            yield connected, lambda: server.calls


class TestExchange:
    async def test_a_signed_token_is_exchanged_once_for_all(self) -> None:
        service = Service(lasting(80_000))
        async with agora(service) as (connected, calls):
            statuses = [connected.users.get_status("ann") for _ in range(20)]
            assert set(await asyncio.gather(*statuses)) == {"online"}
            (request,) = service.exchanged
            assert request.method == "POST"
            assert request.target == "/acme/shop/token"
            assert request.headers["content-type"] == "application/json"
            assert request.json == {"grant_type": "agora"}
            scheme, _, token = request.headers["authorization"].partition(" ")
            assert scheme == "Bearer"
            signed = read(token)
            lasts = signed.expires_at - signed.issued_at
            assert lasts == DAY.total_seconds()
            assert abs(signed.issued_at - datetime.now(UTC).timestamp()) < 60
            assert {k: dict(s.privileges) for k, s in signed.services.items()} == {
                5: {2: signed.expires_at}
            }
            assert signed.services[5].fields == ("",)
            assert {r.headers["authorization"] for r in calls()} == {"Bearer YWMt-1"}

    async def test_a_refused_token_is_exchanged_anew_and_the_call_repeated(self) -> None:
        service = Service(lasting(80_000))
        service.refused = {"YWMt-1"}
        async with agora(service) as (connected, calls):
            assert await connected.users.get_status("ann") == "online"
            first, second = (read(r.headers["authorization"][7:]) for r in service.exchanged)
            assert [r.headers["authorization"] for r in calls()] == [
                *("Bearer YWMt-1", "Bearer YWMt-2")
            ]
            assert first.issued_at <= second.issued_at
            service.refused = {"YWMt-2"}
            with pytest.raises(AuthenticationError):
                await connected.users.get_status("ann")
            assert len(service.exchanged) == 2  # at most one refresh a minute

    async def test_a_refused_certificate_says_so_and_shows_nothing(self) -> None:
        def refuse(_: int) -> Any:
            (request,) = service.exchanged
            text = f"not signed: {request.headers['authorization']} {CERTIFICATE}"
            return Reply(401, {"error": "unauthorized", "error_description": text})

        service = Service(refuse)
        async with agora(service) as (connected, calls):
            expected = r'users\.get_status\("ann"\): no token: tokens\.create_app_token\(\): 401'
            with pytest.raises(AuthenticationError, match=expected) as caught:
                await connected.users.get_status("ann")
            with pytest.raises(AuthenticationError, match="too early"):
                await connected.users.get_status("ann")
            assert not calls()
        (request,) = service.exchanged
        error = caught.value
        told = "".join(traceback.format_exception(error)) + repr(error) + error.description
        assert request.headers["authorization"][7:] not in told
        assert CERTIFICATE not in told
        assert CERTIFICATE not in repr(connected)

    @pytest.mark.parametrize(
        ("give", "least", "most"),
        [
            (lasting(600), 590, 600),
            (lasting(600, expires_in=77), 77, 77),
            (lasting(3 * 86_400), 86_400, 86_400),  # a day at most
            (lasting(-1000), 86_400, 86_400),  # this machine's clock is wrong
            (lambda _: {"access_token": "t"}, 86_400, 86_400),
        ],
    )
    async def test_it_is_known_when_the_token_ends(
        self, give: Callable[[int], Any], least: int, most: int
    ) -> None:
        async with agora(Service(give)) as (connected, _):
            token: AppToken = await connected.tokens.create_app_token()
        assert least <= token.expires_in.total_seconds() <= most

    async def test_a_shorter_life_is_signed(self) -> None:
        service = Service(lasting(80_000))
        async with agora(service) as (connected, _):
            token = await connected.tokens.create_app_token(ttl=HOUR)
            assert token.expires_in == HOUR
            signed = read(service.exchanged[0].headers["authorization"][7:])
            assert signed.expires_at - signed.issued_at == 3600
            assert signed.services[5].privileges == {2: signed.expires_at}
            for ttl in (timedelta(0), timedelta(days=1, seconds=1), FOREVER, HOUR / 7000):
                with pytest.raises(InvalidArgumentError, match="ttl"):
                    await connected.tokens.create_app_token(ttl=ttl)
            assert len(service.exchanged) == 1


class TestUserTokens:
    def test_a_user_token_has_the_privilege_of_the_user_alone(self) -> None:
        signed = read(client().tokens.sign_agora_user_token(UUID, expires_in=HOUR))
        assert signed.expires_at - signed.issued_at == 3600
        assert list(signed.services) == [5]
        assert signed.services[5].fields == (UUID,)
        assert signed.services[5].privileges == {1: signed.expires_at}

    def test_two_tokens_differ(self) -> None:
        tokens = client().tokens
        made = {tokens.sign_agora_user_token(UUID, expires_in=HOUR) for _ in range(9)}
        assert len(made) == 9

    def test_it_may_hold_rtc_and_rtm_with_lives_of_their_own(self) -> None:
        signed = read(
            client().tokens.sign_agora_user_token(
                UUID,
                expires_in=HOUR,
                rtc=RtcAccess(
                    "房间 1",
                    "42",
                    ["publish_video", RtcPrivilege.JOIN_CHANNEL],
                    expires_in=timedelta(minutes=5),
                ),
                rtm=RtmAccess("ann"),
            )
        )
        at = signed.issued_at
        assert {kind: dict(s.privileges) for kind, s in signed.services.items()} == {
            1: {1: at + 300, 3: at + 300},
            2: {1: at + 3600},
            5: {1: at + 3600},
        }
        assert signed.services[1].fields == ("房间 1", "42")
        assert signed.services[2].fields == ("ann",)

    @pytest.mark.parametrize("privilege", RtcPrivilege)
    def test_the_privileges_are_those_of_the_facts(self, privilege: RtcPrivilege) -> None:
        rtc = RtcAccess("room", "42", [privilege])
        made = client().tokens.sign_agora_user_token(UUID, expires_in=HOUR, rtc=rtc)
        documented = TOKENS["fields"]["rtc"]["privileges"]
        assert list(read(made).services[1].privileges) == [documented[privilege]]
        assert set(documented) == set(RtcPrivilege)

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ({"user_uuid": ""}, "user_uuid '' must not be empty"),
            ({"user_uuid": None}, "user_uuid None must be a string"),
            ({"user_uuid": "a\n"}, "control characters"),
            ({"user_uuid": "\ud83d"}, "surrogate"),
            ({"user_uuid": "x" * 65_536}, "65536 bytes"),
            ({"expires_in": timedelta(0)}, "expires_in in seconds must be from 1"),
            ({"expires_in": HOUR / 7000}, "whole seconds"),
            ({"expires_in": 3600}, "must be a timedelta"),
            ({"expires_in": FOREVER}, "whole seconds"),
            ({"expires_in": timedelta(days=60_000)}, "must be from 1 to 4294967295"),
            ({"rtc": RtcAccess("", "42")}, "rtc.channel '' must not be empty"),
            ({"rtc": RtcAccess("r", 42)}, "rtc.uid 42 must be a string"),  # type: ignore[arg-type]
            ({"rtc": RtcAccess("r", "42", [])}, "rtc.privileges is empty"),
            ({"rtc": RtcAccess("r", "42", "join_channel")}, "must be a list"),
            ({"rtc": RtcAccess("r", "42", ["admin"])}, "'admin' must be one of 'join_channel'"),
            ({"rtc": RtcAccess("r", "42", expires_in=-HOUR)}, "rtc.expires_in in seconds"),
            ({"rtm": RtmAccess("")}, "rtm.user_id '' must not be empty"),
            ({"rtm": RtmAccess("ann", expires_in=timedelta(0))}, "rtm.expires_in in seconds"),
        ],
    )
    def test_what_cannot_be_in_a_token_is_refused(
        self, arguments: dict[str, Any], says: str
    ) -> None:
        given = {"user_uuid": UUID, "expires_in": HOUR, **arguments}
        with pytest.raises(
            InvalidArgumentError, match=r"^tokens\.sign_agora_user_token: "
        ) as caught:
            client().tokens.sign_agora_user_token(given.pop("user_uuid"), **given)
        assert says in str(caught.value)

    def test_each_kind_of_token_needs_its_credentials(self) -> None:
        with pytest.raises(ConfigurationError, match="pass app_id and app_certificate to"):
            EasemobClient("a#b", token="t").tokens.sign_agora_user_token(UUID, expires_in=HOUR)
        with pytest.raises(ConfigurationError, match="pass client_id and client_secret"):
            client().tokens.sign_user_token("ann", ttl=HOUR)

    async def test_the_service_takes_it_as_the_users(self) -> None:
        async with Emulator() as emulator:
            for name in ("ann", "bob"):
                emulator.add_user(name)
            async with EasemobClient(**emulator.agora_credentials) as connected:
                uuid = (await connected.users.get("ann")).uuid
                assert uuid
                own = connected.tokens.sign_agora_user_token(uuid, expires_in=HOUR)
            async with EasemobClient(
                emulator.app_key, token=own, base_url=emulator.base_url
            ) as users_own:
                await users_own.push.set_settings("ann", mode="NONE")
                with pytest.raises(AuthenticationError):
                    await users_own.push.get_settings("bob")
                with pytest.raises(AuthenticationError):
                    await users_own.users.get("ann")


@pytest.mark.parametrize(
    ("host", "offset"),
    [("https://a1.example.com", 0), (DataCenter.CHINA_1, 8), (DataCenter.SINGAPORE_1, 0)],
)
async def test_a_host_that_is_unknown_is_not_in_china(host: str | DataCenter, offset: int) -> None:
    connected = EasemobClient(
        "acme#shop", app_id=APP_ID, app_certificate=CERTIFICATE, base_url=host
    )
    assert await connected._transport.utc_offset("history.get") == timedelta(hours=offset)


async def test_a_token_that_the_emulator_expires_is_exchanged_anew() -> None:
    async with Emulator() as emulator, EasemobClient(**emulator.agora_credentials) as connected:
        await connected.users.create("ann", password="x")
        emulator.expire_tokens()
        assert await connected.users.get_status("ann") == "offline"
