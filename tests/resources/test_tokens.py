"""Tokens of the app and of users."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from easemob_async import (
    FOREVER,
    AppNotFoundError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    EasemobClient,
    InvalidArgumentError,
    NotFoundError,
    Text,
    UserTokens,
)
from easemob_async.emulator import Emulator
from tests.conftest import KEYS, Against
from tests.resources.stories import every_operation
from tests.servers import Received, Reply


async def test_every_operation_end_to_end() -> None:
    async with every_operation("tokens") as (c, em):
        app = await c.tokens.create_app_token()
        assert em.state.tokens[app.access_token].username is None
        user = await c.tokens.create_user_token("ann")
        assert em.state.tokens[user.access_token].username == "ann"
        own = await c.tokens.create_user_token_with_password(
            "Ann", password="secret", ttl=timedelta(hours=1)
        )
        assert em.state.tokens[own.access_token].username == "ann"
        assert own.expires_in == timedelta(hours=1)
        for name in ("ann", "nobody"):
            with pytest.raises(BadRequestError, match="invalid username or"):
                await c.tokens.create_user_token_with_password(name, password="wrong")


async def test_app_and_user_tokens(client: EasemobClient, emulator: Emulator) -> None:
    app = await client.tokens.create_app_token(ttl=timedelta(hours=1))
    assert app.expires_in == timedelta(hours=1)
    assert app.access_token not in repr(app)
    with pytest.raises(NotFoundError):
        await client.tokens.create_user_token("ann")
    user = await client.tokens.create_user_token("ann", auto_create=True, ttl=FOREVER)
    assert user.user is not None
    assert user.user.username == "ann"
    assert emulator.state.tokens[user.access_token].expires_at is None
    await client.users.ban("ann")
    with pytest.raises(BadRequestError, match="user not activated"):
        await client.tokens.create_user_token("ann")


async def test_a_users_token_is_no_app_token(client: EasemobClient, emulator: Emulator) -> None:
    token = await client.tokens.create_user_token("ann", auto_create=True)
    async with EasemobClient(
        emulator.credentials["app_key"], token=token.access_token, base_url=emulator.base_url
    ) as other:
        with pytest.raises(AuthenticationError):
            await other.users.get("ann")


async def test_a_wrong_app_key_is_not_a_missing_user(emulator: Emulator) -> None:
    keys = emulator.credentials
    keys["app_key"] = "acme#other"
    async with EasemobClient(**keys) as client:
        with pytest.raises(AppNotFoundError, match="acme/other"):
            await client.users.get("ann")


def test_a_token_is_computed_as_the_service_says() -> None:
    client = EasemobClient("acme#shop", client_id="the-id", client_secret="the-secret")
    now = datetime.fromtimestamp(1686207557, UTC)
    token = client.tokens.sign_user_token("ann", ttl=timedelta(seconds=600), now=now)
    text = base64.urlsafe_b64decode(token).decode()
    assert text.startswith("dt-")
    # sha256 of "the-id" "acme#shop" "ann" "1686207557" "600" "the-secret", put together by hand
    by_hand = hashlib.sha256(b"the-idacme#shopann1686207557600the-secret").hexdigest()
    assert json.loads(text.removeprefix("dt-")) == {
        "signature": by_hand,
        "appkey": "acme#shop",
        "userId": "ann",
        "curTime": 1686207557,
        "ttl": 600,
    }
    assert "the-secret" not in text
    with pytest.raises(InvalidArgumentError, match="ttl"):
        client.tokens.sign_user_token("ann", ttl=timedelta(0))
    with pytest.raises(ConfigurationError, match="pass client_id and client_secret"):
        EasemobClient("a#b", token="t").tokens.sign_user_token("ann", ttl=timedelta(hours=1))


async def test_operations_that_want_a_users_token_get_one() -> None:
    async with Emulator() as emulator:
        emulator.add_user("ann")
        keys = emulator.credentials
        tokens = UserTokens(keys["client_id"], keys["client_secret"])
        async with EasemobClient(
            keys["app_key"], token=tokens, base_url=keys["base_url"]
        ) as client:
            await client.push.set_settings("ann", mode="NONE")
            await client.push.get_settings("ann")
            await client.users.get("ann")
            given = [record.username for record in emulator.state.tokens.values()]
            assert given == [None, "ann"]  # one of each, used again
            emulator.expire_tokens()
            await client.push.get_settings("ann")
            with pytest.raises(ConfigurationError, match="another client's"):
                EasemobClient(keys["app_key"], token=tokens, base_url=keys["base_url"])
        assert "secret" not in repr(tokens)


async def test_one_token_is_made_for_a_user_however_many_wait() -> None:
    async with Emulator() as emulator:
        emulator.add_user("ann")
        keys = emulator.credentials
        tokens = UserTokens(keys["client_id"], keys["client_secret"], ttl=timedelta(hours=1))
        async with EasemobClient(keys["app_key"], token=tokens, base_url=keys["base_url"]) as c:
            given = await asyncio.gather(*(tokens.get(username="ann") for _ in range(50)))
            assert len({token.value for token in given}) == 1
            for _ in range(3):  # refused again and again: renewed once a minute at most
                tokens.invalidate(await tokens.get(username="ann"))
            await tokens.get(username="ann")
            assert len([r for r in emulator.state.tokens.values() if r.username == "ann"]) == 2
            await c.messages.send_to_users(["ann"], Text("x"))


@pytest.mark.parametrize("given", [2**63 - 1, 1e15, "", "x", True, None, 0, -1, [1], {"a": 1}])
async def test_a_good_token_with_an_odd_lifetime_is_used(given: object, against: Against) -> None:
    def respond(request: Received) -> Reply:
        if request.path.endswith("/token"):
            return Reply(body={"access_token": "YWMt-good", "expires_in": given})
        return Reply(body={"data": {"ann": "online"}})

    async with against(respond, **KEYS) as (client, server):
        server.respond = respond  # it gives tokens by itself otherwise
        for _ in range(2):
            assert await client.users.get_status("ann") == "online"
    assert server.calls[-1].headers["authorization"] == "Bearer YWMt-good"
