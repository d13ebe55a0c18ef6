"""The client: what it refuses when made, what it shares, which event loop it belongs to."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import aiohttp
import pytest

from easemob_async import (
    AppKey,
    ClientClosedError,
    ConfigurationError,
    EasemobClient,
    Hooks,
    Limit,
    PoolOptions,
    Quotas,
    RateLimitError,
    RetryPolicy,
    Timeouts,
    Token,
)
from easemob_async.emulator import Emulator
from tests.conftest import KEYS

AGORA = {"app_id": "0123456789abcdefABCDEF0123456789", "app_certificate": "5ec2e75e" * 4}


MISSPELT = Quotas(overrides={"users.gte": [Limit(1, per=timedelta(seconds=1))]})


@pytest.mark.parametrize(
    ("key", "options", "says"),
    [
        ("acme", KEYS, "must be 'org#app'"),
        ("", KEYS, "app_key is empty"),
        ("#shop", KEYS, "must be 'org#app'"),
        ("acme#", KEYS, "must be 'org#app'"),
        ("acme#..", KEYS, "must be 'org#app'"),
        ("acme#shop/users", KEYS, "must be 'org#app'"),
        ("acme#sh\nop", KEYS, "must be 'org#app'"),
        (None, KEYS, "app_key is a NoneType"),
        ("acme#shop", {}, "credentials are missing"),
        ("acme#shop", {"client_id": "id"}, "missing: pass client_secret,"),
        ("acme#shop", {"client_id": "id", "client_secret": ""}, "client_secret is empty"),
        ("acme#shop", {**KEYS, "token": "t"}, "not both"),
        ("acme#shop", {**KEYS, **AGORA}, "client_secret, or app_id and app_certificate, not both"),
        ("acme#shop", {"client_id": "id", "app_id": "0" * 32}, "not both"),
        ("acme#shop", {**AGORA, "token": "t"}, "either token, or app_id and app_certificate"),
        ("acme#shop", {"app_id": "0" * 32}, "missing: pass app_certificate,"),
        ("acme#shop", {**AGORA, "app_id": ""}, "app_id is empty"),
        ("acme#shop", {**AGORA, "app_certificate": 5}, "app_certificate is a int"),
        *(
            ("acme#shop", {**AGORA, name: value}, f"{name} must be 32 hexadecimal digits")
            for name in ("app_id", "app_certificate")
            for value in (
                *("5ec2e7" * 5, "5ec2e75e" * 4 + "0", "5ec2e75g" * 4),
                *("5ec2e75e" * 4 + "\n", " " + "5ec2e75e" * 4, "\uff15" * 32),
            )
        ),
        ("acme#shop", {"token": ""}, "token must be printable"),
        ("acme#shop", {"token": "a\r\nX: y"}, "token must be printable"),
        ("acme#shop", {"token": 5}, "a string or a TokenProvider"),
        ("acme#shop", {**KEYS, "base_url": "a1.easemob.com"}, "must begin with https://"),
        ("acme#shop", {**KEYS, "base_url": "ftp://x"}, "must begin with https://"),
        ("acme#shop", {**KEYS, "base_url": "https://u:p@x"}, "must not contain a username"),
        ("acme#shop", {**KEYS, "base_url": "https://x/?a=b"}, "must not contain a query"),
        ("acme#shop", {**KEYS, "base_url": "https://a1.easemob.com "}, "must not contain spaces"),
        ("acme#shop", {**KEYS, "base_url": "https://a1.easemob.com\n"}, "must not contain spaces"),
        ("acme#shop", {**KEYS, "base_url": "\thttps://a1.easemob.com"}, "must not contain spaces"),
        ("acme#shop", {**KEYS, "base_url": "https://x/acme/shop"}, "come from the App Key"),
        ("acme#shop", {**KEYS, "base_url": "https://x/Acme/Shop/"}, "come from the App Key"),
        ("acme#shop", {**KEYS, "base_url": "https://x/acme/shop/users"}, "come from the App Key"),
        ("acme#shop", {**KEYS, "base_url": "https://x:99999"}, "not a URL"),
        ("acme#shop", {**KEYS, "base_url": None}, "must be a string"),
        ("acme#shop", {**KEYS, "base_url": "http://a1.easemob.com"}, "unencrypted"),
        ("acme#shop", {**KEYS, "base_url": "http://127.0.0.1.evil.com"}, "unencrypted"),
        ("acme#shop", {**KEYS, "timeout": 0}, "positive and finite"),
        ("acme#shop", {**KEYS, "timeout": -1.5}, "positive and finite"),
        ("acme#shop", {**KEYS, "timeout": "5"}, "positive and finite"),
        ("acme#shop", {**KEYS, "timeout": True}, "positive and finite"),
        ("acme#shop", {**KEYS, "max_message_bytes": 0}, "max_message_bytes"),
        ("acme#shop", {**KEYS, "max_message_bytes": "5"}, "max_message_bytes"),
        ("acme#shop", {**KEYS, "retry": 3}, "retry must be a RetryPolicy"),
        ("acme#shop", {**KEYS, "retry": {}}, "retry must be a RetryPolicy"),
        ("acme#shop", {**KEYS, "hooks": print}, "hooks must be a Hooks"),
        ("acme#shop", {**KEYS, "pool": {"proxy": "http://u:secret@h"}}, "must be a PoolOptions"),
        ("acme#shop", {**KEYS, "quotas": 3}, "quotas must be a Quotas or QuotaAccount"),
        ("acme#shop", {**KEYS, "session": "x"}, "session must be a ClientSession"),
        ("acme#shop", {**KEYS, "allow_http": "no"}, "allow_http must be a bool"),
        ("acme#shop", {**KEYS, "quotas": MISSPELT}, "did you mean 'users.get'"),
    ],
)
def test_what_cannot_work_is_refused_when_the_client_is_made(
    key: str, options: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        EasemobClient(key, **options)  # type: ignore[arg-type]
    assert isinstance(caught.value, ValueError)
    assert "secret" not in str(caught.value).replace("client_secret", "")
    assert "5ec2" not in str(caught.value)


@pytest.mark.parametrize(
    "base_url",
    ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80", "http://a.localhost"],
)
def test_http_to_this_machine_is_fine(base_url: str) -> None:
    EasemobClient("acme#shop", **KEYS, base_url=base_url)


def test_http_elsewhere_has_to_be_allowed() -> None:
    EasemobClient("acme#shop", **KEYS, base_url="http://gateway.internal", allow_http=True)


def test_credentials_from_the_environment() -> None:
    environ = {
        "EASEMOB_APP_KEY": "acme#shop",
        "EASEMOB_CLIENT_ID": "id",
        "EASEMOB_CLIENT_SECRET": "secret",
        "EASEMOB_BASE_URL": "http://127.0.0.1:1",
    }
    client = EasemobClient.from_env(environ, timeout=3)
    assert client.app_key == AppKey("acme", "shop")
    assert "127.0.0.1:1" in repr(client)
    del environ["EASEMOB_CLIENT_SECRET"], environ["EASEMOB_APP_KEY"]
    with pytest.raises(ConfigurationError, match="EASEMOB_APP_KEY, EASEMOB_CLIENT_SECRET"):
        EasemobClient.from_env(environ)
    environ["EASEMOB_APP_KEY"] = "acme#shop"
    assert EasemobClient.from_env(environ, token="t").app_key.app == "shop"


@pytest.mark.parametrize("setting", ["1", "true", "Yes", "ON "])
def test_a_token_and_plain_http_from_the_environment(setting: str) -> None:
    environ = {
        "EASEMOB_APP_KEY": "acme#shop",
        "EASEMOB_TOKEN": "YWMt",
        "EASEMOB_CLIENT_ID": "",
        "EASEMOB_BASE_URL": "http://gateway.internal",
        "EASEMOB_ALLOW_HTTP": setting,
    }
    assert "gateway.internal" in repr(EasemobClient.from_env(environ))
    with pytest.raises(ConfigurationError, match="unencrypted"):
        EasemobClient.from_env(environ, allow_http=False)
    for no in ("0", "false", "No", "off", ""):
        with pytest.raises(ConfigurationError, match="unencrypted"):
            EasemobClient.from_env({**environ, "EASEMOB_ALLOW_HTTP": no})
    with pytest.raises(ConfigurationError, match="EASEMOB_ALLOW_HTTP is 'perhaps'"):
        EasemobClient.from_env({**environ, "EASEMOB_ALLOW_HTTP": "perhaps"})


def test_one_set_of_credentials_at_a_time() -> None:
    environ = {"EASEMOB_APP_KEY": "acme#shop", "EASEMOB_TOKEN": "t", "EASEMOB_CLIENT_ID": "id"}
    with pytest.raises(ConfigurationError, match="EASEMOB_TOKEN and EASEMOB_CLIENT_ID"):
        EasemobClient.from_env(environ)
    EasemobClient.from_env(environ, token="other")  # what is given goes before
    EasemobClient.from_env(environ, **AGORA)  # type: ignore[arg-type]
    EasemobClient.from_env(environ, client_secret="s")
    with pytest.raises(ConfigurationError, match="or EASEMOB_TOKEN, or EASEMOB_APP_ID and"):
        EasemobClient.from_env({"EASEMOB_APP_KEY": "acme#shop"})


def test_credentials_of_agora_from_the_environment() -> None:
    of_agora = {f"EASEMOB_{name.upper()}": value for name, value in AGORA.items()}
    environ = {"EASEMOB_APP_KEY": "acme#shop", **of_agora}
    client = EasemobClient.from_env(environ)
    shown = repr(client._transport.credentials)
    assert AGORA["app_id"] in shown
    assert AGORA["app_certificate"] not in shown
    with pytest.raises(ConfigurationError, match=r"set in the env.*: EASEMOB_APP_CERTIFICATE$"):
        EasemobClient.from_env({**environ, "EASEMOB_APP_CERTIFICATE": ""})
    EasemobClient.from_env({"EASEMOB_APP_KEY": "acme#shop"}, **AGORA)  # type: ignore[arg-type]
    for other in ("EASEMOB_TOKEN", "EASEMOB_CLIENT_SECRET"):
        with pytest.raises(ConfigurationError, match=f"{other} and EASEMOB_APP_ID and"):
            EasemobClient.from_env({**environ, other: "x"})
        EasemobClient.from_env({**environ, other: "x"}, token="t")


@pytest.mark.parametrize("value", ["xyzzy\n", " xyzzy", "xyzzy\r\n", "xy\tzzy", "xyzzy\x00"])
@pytest.mark.parametrize("name", ["client_id", "client_secret"])
def test_credentials_with_a_line_end_are_refused_unseen(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} contains") as caught:
        EasemobClient("acme#shop", **{**KEYS, name: value})  # type: ignore[arg-type]
    assert value.strip() not in str(caught.value).replace(name, "")


async def test_a_proxy_of_the_environment_without_a_scheme_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "user:hunter2@proxy:3128")
    pool = PoolOptions(trust_env=True)
    async with EasemobClient("acme#shop", **KEYS, pool=pool) as client:
        with pytest.raises(ConfigurationError, match="HTTPS_PROXY must be a URL") as caught:
            await client.users.get("ann")
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["Content-Length", "Transfer-Encoding", "Host", "Content-Type", "authorization"]
)
async def test_a_session_whose_own_headers_would_break_calls_is_refused(name: str) -> None:
    async with aiohttp.ClientSession(headers={name: "1"}) as session:
        client = EasemobClient("acme#shop", **KEYS, session=session)
        with pytest.raises(ConfigurationError, match=f"(?i)sends {name}"):
            await client.users.get("ann")


def test_creating_a_client_needs_no_loop_and_does_no_io() -> None:
    program = (
        "import asyncio, socket\n"
        "socket.socket = None\n"
        "from easemob_async import EasemobClient\n"
        "client = EasemobClient('acme#shop', client_id='a', client_secret='b')\n"
        "copy = client.with_options(timeout=3)\n"
        "client.users, copy.messages, client.fanout, client.quotas\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_a_light_copy_shares_pool_token_and_quotas(
    emulator: Emulator, client: EasemobClient
) -> None:
    copy = client.with_options(timeout=3, retry=RetryPolicy(attempts=1))
    assert copy.quotas is client.quotas
    assert copy.users is not client.users
    assert copy._transport.state is client._transport.state
    assert copy._transport.options.timeouts.total == 3
    assert client._transport.options.timeouts.total == 60


async def test_closing_a_copy_closes_nothing(emulator: Emulator, client: EasemobClient) -> None:
    emulator.add_user("ann")
    async with client.with_options(timeout=3) as copy:
        await copy.users.get("ann")
    await client.users.get("ann")
    tokens = [path for _, path in emulator.requests if path.endswith("/token")]
    assert len(tokens) == 1
    await client.close()
    with pytest.raises(ClientClosedError, match="closed"):
        await copy.users.get("ann")


async def test_two_clients_of_one_app_can_share_one_account(emulator: Emulator) -> None:
    emulator.add_user("ann")
    override = Quotas(overrides={"users+push": [Limit(3, per=timedelta(minutes=1))]})
    async with (
        EasemobClient(**emulator.credentials, quotas=override) as one,
        EasemobClient(**emulator.credentials, quotas=one.quotas, timeout=5) as two,
    ):
        assert two.quotas is one.quotas
        for client in (one, two, one):
            await client.users.get("ann")
        with pytest.raises(RateLimitError, match=r"users\.get.*nothing was sent") as caught:
            await two.users.get("ann")
        assert caught.value.retry_after is not None
        assert 50 < caught.value.retry_after.total_seconds() <= 60
        usage = {item.name: (item.used, item.left) for item in one.quotas.usage()}
        assert usage["users+push"] == (3, 0)


async def test_a_call_over_a_quota_waits_within_its_deadline(emulator: Emulator) -> None:
    emulator.add_user("ann")
    window = timedelta(milliseconds=50)
    quotas = Quotas(overrides={"users+push": [Limit(2, per=window)]})
    waits: list[float] = []
    hooks = Hooks(attempt_started=lambda e: waits.append(e.quota_wait))
    async with EasemobClient(**emulator.credentials, quotas=quotas, hooks=hooks) as client:
        await asyncio.gather(*(client.users.get_status("ann") for _ in range(6)))
    gets = waits[-6:]
    assert sorted(gets)[:2] == [0, 0]
    assert max(gets) >= 0.1


@pytest.mark.parametrize(
    "make",
    [
        lambda: RetryPolicy(attempts="3"),  # type: ignore[arg-type]
        lambda: RetryPolicy(attempts=0),
        lambda: RetryPolicy(attempts=1.5),  # type: ignore[arg-type]
        lambda: RetryPolicy(base=None),  # type: ignore[arg-type]
        lambda: AppKey(3, 4),  # type: ignore[arg-type]
        lambda: PoolOptions(proxy=3),  # type: ignore[arg-type]
        lambda: PoolOptions(limit=0),
        lambda: PoolOptions(ssl="x"),  # type: ignore[arg-type]
        lambda: PoolOptions(trust_env="no"),  # type: ignore[arg-type]
        lambda: PoolOptions(max_answer_bytes=True),
        lambda: Hooks(attempt_started=3),  # type: ignore[arg-type]
        lambda: Timeouts(total="x"),  # type: ignore[arg-type]
        lambda: Token("t", "tomorrow"),  # type: ignore[arg-type]
        lambda: EasemobClient("a#b", token="t").with_options(retry=3),  # type: ignore[arg-type]
        lambda: EasemobClient("a#b", token="t").with_options(hooks=3),  # type: ignore[arg-type]
        lambda: EasemobClient("a#b", token="t").with_options(timeout="x"),  # type: ignore[arg-type]
    ],
)
def test_a_setting_that_means_nothing_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError):
        make()
