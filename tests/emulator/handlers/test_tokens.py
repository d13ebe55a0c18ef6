"""App tokens of the emulator: refusals, expiry, and three kinds of bad tokens."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from easemob_async.emulator import Emulator
from tests.emulator.caller import Caller, refusal


class TestTokens:
    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"client_id": ""}, (400, "illegal_argument", "client_id must be provided.")),
            ({"client_secret": None}, (400, "illegal_argument", "client_secret must be provided")),
            ({"client_id": "x"}, (400, "invalid_grant", "client_id does not match")),
            ({"client_secret": "x"}, (400, "invalid_grant", "client_secret does not match")),
        ],
    )
    async def test_refusals(self, call: Caller, change: Any, expected: Any) -> None:
        state = call.emulator.state
        body = {
            "grant_type": "client_credentials",
            "client_id": state.client_id,
            "client_secret": state.client_secret,
            **change,
        }
        assert refusal(await call("POST", "/token", body, token="")) == expected

    @pytest.mark.parametrize(
        ("ttl", "seconds"),
        [(None, 5_184_000), ("", 5_184_000), (60.9, 60), ("60", 60), (0, 5_184_000)],
    )
    async def test_a_ttl_may_be_a_text_a_float_or_nothing(
        self, call: Caller, ttl: object, seconds: int
    ) -> None:
        call.emulator.add_user("ann", password="x")
        body = {"grant_type": "password", "username": "Ann", "password": "x", "ttl": ttl}
        status, answer = await call("POST", "/token", body, token="")
        assert (status, answer["expires_in"]) == (200, seconds)

    @pytest.mark.parametrize("ttl", [-1, "²", "9" * 5000, True, [], "1.5"])
    async def test_a_ttl_that_is_no_number_is_refused(self, call: Caller, ttl: object) -> None:
        call.emulator.add_user("ann", password="x")
        body = {"grant_type": "password", "username": "ann", "password": "x", "ttl": ttl}
        found = refusal(await call("POST", "/token", body, token=""))
        assert found[:2] == (400, "illegal_argument")

    async def test_an_answer_has_no_envelope(self, call: Caller) -> None:
        state = call.emulator.state
        body = {
            "grant_type": "client_credentials",
            "client_id": state.client_id,
            "client_secret": state.client_secret,
            "ttl": 1024000,
        }
        _, answer = await call("POST", "/token", body)
        assert set(answer) == {"access_token", "expires_in", "application"}
        assert answer["expires_in"] == 1024000

    async def test_expiry_goes_by_the_clock(self) -> None:
        now = 1_000_000.0
        async with (
            Emulator(now=lambda: now, token_ttl=100) as emulator,
            aiohttp.ClientSession() as session,
        ):
            caller = Caller(emulator, session)
            await caller.log_in()
            assert (await caller("GET", "/users"))[0] == 200
            now += 100
            assert refusal(await caller("GET", "/users")) == (
                401,
                "unauthorized",
                "Unable to authenticate due to expired access token",
            )

    @pytest.mark.parametrize(
        ("token", "error", "description"),
        [
            ("", "unauthorized", "Unable to authenticate due to expired access token"),
            (
                "rubbish",
                "auth_bad_access_token",
                "Unable to authenticate due to corrupt access token",
            ),
            ("YWMt" + "x" * 60, "auth_bad_access_token", "Unable to authenticate"),
        ],
    )
    async def test_three_kinds_of_bad_tokens(
        self, call: Caller, token: str, error: str, description: str
    ) -> None:
        assert refusal(await call("GET", "/users", token=token)) == (401, error, description)
