"""Tokens that an app of Agora has signed itself: exchanged for an app token, or a user's own."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from easemob_async.agora import ChatPrivilege, Service, ServiceType, access_token
from easemob_async.emulator import Emulator
from easemob_async.emulator.refusal import Refusal
from easemob_async.emulator.state import State
from tests.agora_tokens import APP_ID, CERTIFICATE, packed
from tests.emulator.caller import Caller, refusal

NOW = 1_764_072_000
DAY = 86_400
GRANT = {"grant_type": "agora"}
EXPIRED = (401, "unauthorized", "Unable to authenticate due to expired access token")
CORRUPT = (
    *(401, "auth_bad_access_token"),
    "Unable to authenticate due to corrupt access token",
)
OTHER_PRIVILEGE = (401, "unauthorized", "Unable to authenticate (OAuth)")


def token(
    privilege: ChatPrivilege = ChatPrivilege.APP,
    *,
    user: str = "",
    app_id: str = APP_ID,
    certificate: str = CERTIFICATE,
    lasts: int = DAY,
    privilege_lasts: int | None = None,
    both: bool = False,
    more: tuple[Service, ...] = (),
) -> str:
    lives = lasts if privilege_lasts is None else privilege_lasts
    held = ChatPrivilege if both else [privilege]
    chat = Service(ServiceType.CHAT, dict.fromkeys(held, lives), [user])
    return access_token(app_id, certificate, [chat, *more], issued_at=NOW, expires_in=lasts, salt=1)


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def call(clock: Clock) -> Any:
    async with (
        Emulator(app_id=APP_ID, app_certificate=CERTIFICATE, now=clock) as emulator,
        aiohttp.ClientSession() as session,
    ):
        yield Caller(emulator, session)


class TestExchange:
    async def test_an_apps_own_token_becomes_an_app_token(self, call: Caller) -> None:
        status, answer = await call("POST", "/token", GRANT, token=token())
        assert status == 200
        assert set(answer) == {"access_token", "expire_timestamp"}
        assert answer["expire_timestamp"] == (NOW + DAY) * 1000
        assert (await call("GET", "/users", token=answer["access_token"]))[0] == 200

    @pytest.mark.parametrize(
        ("changes", "seconds"),
        [
            ({"lasts": 600}, 600),
            ({"lasts": 600, "privilege_lasts": 60}, 60),
            ({"lasts": 60, "privilege_lasts": 600}, 60),
            ({"lasts": 9 * DAY}, DAY),
        ],
    )
    async def test_it_ends_with_the_apps_own_token_and_after_a_day(
        self, call: Caller, clock: Clock, changes: Any, seconds: int
    ) -> None:
        _, answer = await call("POST", "/token", GRANT, token=token(**changes))
        assert answer["expire_timestamp"] == (NOW + seconds) * 1000
        clock.now += seconds - 1
        assert (await call("GET", "/users", token=answer["access_token"]))[0] == 200
        clock.now += 1
        assert refusal(await call("GET", "/users", token=answer["access_token"])) == EXPIRED

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"certificate": CERTIFICATE[::-1]}, CORRUPT),
            ({"app_id": APP_ID[::-1]}, CORRUPT),
            ({"lasts": 0}, EXPIRED),
            ({"privilege_lasts": 0}, EXPIRED),
            ({"privilege": ChatPrivilege.USER, "user": "u"}, OTHER_PRIVILEGE),
            ({"user": "u"}, OTHER_PRIVILEGE),
            ({"both": True}, OTHER_PRIVILEGE),
        ],
    )
    async def test_another_token_is_refused(
        self, call: Caller, changes: Any, expected: Any
    ) -> None:
        assert refusal(await call("POST", "/token", GRANT, token=token(**changes))) == expected

    async def test_without_a_token_and_with_an_app_token_it_is_refused(self, call: Caller) -> None:
        assert refusal(await call("POST", "/token", GRANT, token="")) == EXPIRED
        await call.log_in()
        assert refusal(await call("POST", "/token", GRANT)) == CORRUPT

    async def test_a_token_without_chat_is_refused(self, call: Caller) -> None:
        rtc = Service(ServiceType.RTC, {1: DAY}, ["room", "42"])
        made = access_token(APP_ID, CERTIFICATE, [rtc], issued_at=NOW, expires_in=DAY, salt=1)
        assert refusal(await call("POST", "/token", GRANT, token=made)) == OTHER_PRIVILEGE

    async def test_an_apps_own_token_is_no_app_token(self, call: Caller) -> None:
        assert refusal(await call("GET", "/users", token=token())) == OTHER_PRIVILEGE


class TestOverseas:
    """An app of Agora is outside China: the hours of its files and pushes are those of UTC."""

    async def test_the_hours_of_history_are_those_of_utc(self, call: Caller) -> None:
        call.emulator.add_user("ann")
        _, answer = await call("POST", "/token", GRANT, token=token())
        own = answer["access_token"]
        body = {"from": "bob", "to": ["ann"], "type": "txt", "body": {"msg": "hi"}}
        await call("POST", "/messages/users", body, token=own)
        hour = datetime.fromtimestamp(NOW, UTC).strftime("%Y%m%d%H")
        status, found = await call("GET", f"/chatmessages/{hour}", token=own)
        assert status == 200
        async with aiohttp.request("GET", found["data"][0]["url"]) as file:
            (record,) = gzip.decompress(await file.read()).splitlines()
        assert json.loads(record)["to"] == "ann"
        await call.log_in()
        assert (await call("GET", f"/chatmessages/{hour}"))[0] == 404

    async def test_a_push_starts_in_utc(self, call: Caller) -> None:
        call.emulator.quotas.scale = 100
        _, answer = await call("POST", "/token", GRANT, token=token())
        start = datetime.fromtimestamp(NOW + 2 * 3600, UTC).strftime("%Y-%m-%d %H:%M:%S")
        body = {"pushMessage": {"title": "a", "content": "b"}, "startDate": start}
        own = answer["access_token"]
        assert (await call("POST", "/push/task", body, token=own))[0] == 200
        await call.log_in()
        assert (await call("POST", "/push/task", body))[0] == 400


class TestUsersOwn:
    async def test_a_user_token_is_taken_where_one_is_taken(
        self, call: Caller, clock: Clock
    ) -> None:
        for name in ("ann", "bob"):
            call.emulator.add_user(name)
        uuid = call.emulator.state.users["ann"].uuid
        rtc = Service(ServiceType.RTC, {1: DAY}, ["room", "42"])
        own = token(ChatPrivilege.USER, user=uuid, lasts=600, more=(rtc,))
        paths = {name: f"/users/{name}/notification/user/{name}" for name in ("ann", "bob")}
        assert (await call("GET", paths["ann"], token=own))[0] == 200
        assert refusal(await call("GET", paths["bob"], token=own)) == OTHER_PRIVILEGE
        assert refusal(await call("GET", "/users", token=own)) == OTHER_PRIVILEGE
        call.emulator.state.users["ann"].activated = False
        assert refusal(await call("GET", paths["ann"], token=own)) == CORRUPT
        call.emulator.state.users["ann"].activated = True
        clock.now += 600
        assert refusal(await call("GET", paths["ann"], token=own)) == EXPIRED

    async def test_a_user_token_with_the_apps_privilege_is_refused(self, call: Caller) -> None:
        call.emulator.add_user("ann")
        uuid = call.emulator.state.users["ann"].uuid
        own = token(ChatPrivilege.USER, user=uuid, both=True)
        path = "/users/ann/notification/user/ann"
        assert refusal(await call("GET", path, token=own)) == OTHER_PRIVILEGE
        assert refusal(await call("GET", "/users", token=own)) == OTHER_PRIVILEGE

    async def test_a_user_that_does_not_exist_has_no_token(self, call: Caller) -> None:
        own = token(ChatPrivilege.USER, user="nobody")
        assert refusal(await call("GET", "/users/ann", token=own)) == CORRUPT


def state() -> State:
    return State("acme", "shop", "id", "s", lambda: NOW, app_id=APP_ID, app_certificate=CERTIFICATE)


@given(st.one_of(st.text(max_size=60), st.binary(max_size=200).map(packed)))
@example("Bearer")
@example("Bearer 007")
@example("Bearer 007é")
@example("Bearer 007" + base64.b64encode(zlib.compress(b"")).decode())
def test_any_header_is_a_token_or_refused(text: str) -> None:
    for header in (text, f"Bearer {text}", f"Bearer 007{text}"):
        for check in (state().check_token, state().check_apps_own):
            with pytest.raises(Refusal) as found:
                check(header)
            assert found.value.status == 401


async def test_the_page_and_the_log_show_no_token_and_no_certificate() -> None:
    async with Emulator() as emulator, aiohttp.ClientSession() as session:
        call, certificate = Caller(emulator, session), emulator.state.app_certificate
        own = token(app_id=emulator.state.app_id, certificate=certificate)
        body = {**GRANT, "note": f"{own} {certificate}", "app_certificate": "x"}
        await call("POST", "/token", body, token=own)
        async with session.get(f"{emulator.base_url}/_emulator/requests?bodies=true") as answer:
            shown = await answer.text()
        assert own not in shown
        assert certificate not in shown
        assert "agora" in shown
