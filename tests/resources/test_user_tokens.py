"""Users' own tokens: computed by oneself, and made for the operations that want them."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from easemob_async import ConfigurationError, EasemobClient, InvalidArgumentError, UserTokens
from easemob_async.emulator import Emulator


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
    with pytest.raises(ConfigurationError, match="give client_id"):
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
