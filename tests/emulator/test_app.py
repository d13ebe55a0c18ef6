"""Several apps in one emulator: each with its own users, tokens, quotas and faults."""

from __future__ import annotations

import pytest

from easemob_async import AuthenticationError, EasemobClient, NotFoundError, ServerError
from easemob_async.emulator import Emulator
from tests.conftest import FAST


async def test_each_app_has_a_state_of_its_own() -> None:
    async with Emulator(app_key="acme#shop", more_apps=["acme#game", "other#shop"]) as emulator:
        assert list(emulator.apps) == ["acme#shop", "acme#game", "other#shop"]
        keys = emulator.credentials
        beside = keys.copy()
        beside["app_key"] = "acme#game"
        async with (
            EasemobClient(**keys) as shop,
            EasemobClient(**beside) as game,
        ):
            await shop.users.create("ann", password="secret1")
            await game.users.create("bob", password="secret1")
            assert [user.username async for user in game.users.list()] == ["bob"]
            with pytest.raises(NotFoundError):
                await game.users.get("ann")
            emulator.apps["acme#game"].fail("GET", "/users", status=501)
            with pytest.raises(ServerError):
                await game.users.list()
            assert len((await shop.users.list()).items) == 1
            token = (await shop.tokens.create_app_token()).access_token
        stranger = EasemobClient("other#shop", token=token, base_url=emulator.base_url, retry=FAST)
        async with stranger:
            with pytest.raises(AuthenticationError):
                await stranger.users.list()
        assert set(emulator.state.users) == {"ann"}
        assert set(emulator.apps["acme#game"].state.users) == {"bob"}
