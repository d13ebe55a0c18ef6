"""The client: what it refuses when made, what it shares, which event loop it belongs to."""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
from datetime import timedelta

import aiohttp
import pytest

from easemob_async import (
    AppKey,
    AttemptEnded,
    AttemptStarted,
    ClientClosedError,
    ConfigurationError,
    DataCenter,
    EasemobClient,
    Hooks,
    InvalidArgumentError,
    Limit,
    PoolOptions,
    Quotas,
    RateLimitError,
    RetryPolicy,
    Text,
    Timeouts,
)
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from tests.conftest import Against
from tests.servers import Reply

KEYS = {"client_id": "id", "client_secret": "secret"}


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
        ("acme#shop", {"client_id": "id"}, "missing: client_secret;"),
        ("acme#shop", {"client_id": "id", "client_secret": ""}, "client_secret is empty"),
        ("acme#shop", {**KEYS, "token": "t"}, "not both"),
        ("acme#shop", {"token": ""}, "token must be printable"),
        ("acme#shop", {"token": "a\r\nX: y"}, "token must be printable"),
        ("acme#shop", {"token": 5}, "a string or a TokenProvider"),
        ("acme#shop", {**KEYS, "base_url": "a1.easemob.com"}, "must begin with https://"),
        ("acme#shop", {**KEYS, "base_url": "ftp://x"}, "must begin with https://"),
        ("acme#shop", {**KEYS, "base_url": "https://u:p@x"}, "must not hold a user"),
        ("acme#shop", {**KEYS, "base_url": "https://x/?a=b"}, "must not have a query"),
        ("acme#shop", {**KEYS, "base_url": "https://a1.easemob.com "}, "must not have blanks"),
        ("acme#shop", {**KEYS, "base_url": "https://a1.easemob.com\n"}, "must not have blanks"),
        ("acme#shop", {**KEYS, "base_url": "\thttps://a1.easemob.com"}, "must not have blanks"),
        ("acme#shop", {**KEYS, "base_url": "https://x/acme/shop"}, "come from the App Key"),
        ("acme#shop", {**KEYS, "base_url": "https://x/Acme/Shop/"}, "come from the App Key"),
        ("acme#shop", {**KEYS, "base_url": "https://x/acme/shop/users"}, "come from the App Key"),
        ("acme#shop", {**KEYS, "base_url": "https://x:99999"}, "not a URL"),
        ("acme#shop", {**KEYS, "base_url": None}, "must be a string"),
        ("acme#shop", {**KEYS, "base_url": "http://a1.easemob.com"}, "in the clear"),
        ("acme#shop", {**KEYS, "base_url": "http://127.0.0.1.evil.com"}, "in the clear"),
        ("acme#shop", {**KEYS, "timeout": 0}, "positive and finite"),
        ("acme#shop", {**KEYS, "timeout": -1.5}, "positive and finite"),
        ("acme#shop", {**KEYS, "max_message_bytes": 0}, "max_message_bytes"),
    ],
)
def test_what_cannot_work_is_refused_when_the_client_is_made(
    key: str, options: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        EasemobClient(key, **options)  # type: ignore[arg-type]
    assert isinstance(caught.value, ValueError)
    assert "secret" not in str(caught.value).replace("client_secret", "")


@pytest.mark.parametrize(
    "base_url",
    ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80", "http://a.localhost"],
)
def test_http_to_this_machine_is_fine(base_url: str) -> None:
    EasemobClient("acme#shop", **KEYS, base_url=base_url)


def test_http_elsewhere_has_to_be_allowed() -> None:
    EasemobClient("acme#shop", **KEYS, base_url="http://gateway.internal", allow_http=True)


def test_a_data_center_carries_host_and_time_zone() -> None:
    client = EasemobClient("acme#shop", **KEYS, base_url=DataCenter.SINGAPORE_1)
    assert "https://a1-sgp.easemob.com/acme/shop" in repr(client)
    assert DataCenter.SINGAPORE_1.utc_offset == timedelta(0)
    assert DataCenter.CHINA_1.utc_offset == timedelta(hours=8)
    assert "https://a1.easemob.com/acme/shop" in repr(EasemobClient("acme#shop", **KEYS))


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
    with pytest.raises(ConfigurationError, match="in the clear"):
        EasemobClient.from_env(environ, allow_http=False)
    for no in ("0", "false", "No", "off", ""):
        with pytest.raises(ConfigurationError, match="in the clear"):
            EasemobClient.from_env({**environ, "EASEMOB_ALLOW_HTTP": no})
    with pytest.raises(ConfigurationError, match="EASEMOB_ALLOW_HTTP is 'perhaps'"):
        EasemobClient.from_env({**environ, "EASEMOB_ALLOW_HTTP": "perhaps"})


def test_one_set_of_credentials_at_a_time() -> None:
    environ = {"EASEMOB_APP_KEY": "acme#shop", "EASEMOB_TOKEN": "t", "EASEMOB_CLIENT_ID": "id"}
    with pytest.raises(ConfigurationError, match="EASEMOB_TOKEN and EASEMOB_CLIENT_ID"):
        EasemobClient.from_env(environ)
    EasemobClient.from_env(environ, token="other")  # what is given goes before
    EasemobClient.from_env(environ, client_secret="s")
    with pytest.raises(ConfigurationError, match="or EASEMOB_TOKEN"):
        EasemobClient.from_env({"EASEMOB_APP_KEY": "acme#shop"})


@pytest.mark.parametrize("value", ["xyzzy\n", " xyzzy", "xyzzy\r\n", "xy\tzzy", "xyzzy\x00"])
@pytest.mark.parametrize("name", ["client_id", "client_secret"])
def test_credentials_with_a_line_end_are_refused_unseen(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} has") as caught:
        EasemobClient("acme#shop", **{**KEYS, name: value})
    assert value.strip() not in str(caught.value).replace(name, "")


@pytest.mark.parametrize("proxy", ["proxy:3128", "10.0.0.1:8080", "socks5://p:1", "", "http://"])
def test_a_proxy_without_a_scheme_is_refused(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="proxy must be a URL such as http://"):
        PoolOptions(proxy=proxy)


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


def test_time_limits_take_seconds_and_lengths_of_time() -> None:
    assert Timeouts.of(5) == Timeouts.of(timedelta(seconds=5)) == Timeouts(total=5.0)
    assert Timeouts.of(None).total is None
    assert Timeouts(connect=timedelta(milliseconds=500)).connect == 0.5
    with pytest.raises(ConfigurationError):
        Timeouts(total=float("inf"))
    with pytest.raises(ValueError, match="attempts"):
        RetryPolicy(attempts=0)
    with pytest.raises(ValueError, match="limit"):
        PoolOptions(limit=0)
    assert "user:pw" not in repr(PoolOptions(proxy="http://user:pw@proxy"))


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


class TestLoops:
    def test_another_loop_is_a_clear_error_while_the_first_lives(self) -> None:
        with running(Emulator()) as emulator:
            client = EasemobClient(**emulator.credentials)
            first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
            try:
                first.run_until_complete(client.users.get_statuses(["ann"]))
                with pytest.raises(ConfigurationError, match="another event loop"):
                    second.run_until_complete(client.users.get_statuses(["ann"]))
                first.run_until_complete(client.close())
            finally:
                first.close()
                second.close()

    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_after_a_closed_loop_it_starts_anew_and_keeps_what_the_quotas_hold(self) -> None:
        with running(Emulator()) as emulator:
            client = EasemobClient(**emulator.credentials)
            asyncio.run(_send(client))
            used = {u.limit.unit: u.used for u in client.quotas.usage() if "send" in u.name}
            assert used["messages"] == 2

            async def again() -> None:
                await _send(client)
                used = {u.limit.unit: u.used for u in client.quotas.usage() if "send" in u.name}
                assert used["messages"] == 4
                await client.close()

            asyncio.run(again())
            # The connections of the first loop could not be closed by anybody: Python says so.
            gc.collect()


async def _send(client: EasemobClient) -> None:
    await client.messages.send_to_users(["a", "b"], Text("x"))


class TestHooks:
    async def test_they_see_every_attempt_and_never_a_payload(self, against: Against) -> None:
        seen: list[AttemptStarted | AttemptEnded] = []
        hooks = Hooks(attempt_started=seen.append, attempt_ended=seen.append)
        replies = iter([Reply(status=500), Reply(body={"data": {"ann": "online"}})])
        async with against(lambda _: next(replies), hooks=hooks, token="t") as (client, _):
            await client.users.get_status("ann")
        assert [(type(e).__name__, e.operation, e.attempt) for e in seen] == [
            ("AttemptStarted", "users.get_status", 1),
            ("AttemptEnded", "users.get_status", 1),
            ("AttemptStarted", "users.get_status", 2),
            ("AttemptEnded", "users.get_status", 2),
        ]
        ended = [e for e in seen if isinstance(e, AttemptEnded)]
        assert [(e.status, e.error) for e in ended] == [(500, None), (200, None)]
        assert "ann" not in repr(seen)

    async def test_one_that_fails_is_logged_and_goes_no_further(
        self, against: Against, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(_: object) -> None:
            raise RuntimeError("a defect of the hook")

        hooks = Hooks(attempt_started=fail, attempt_ended=fail)
        ok = Reply(body={"data": {"ann": "online"}})
        async with against(lambda _: ok, hooks=hooks, token="t") as (client, _):
            assert await client.users.get_status("ann") == "online"
        assert "a defect of the hook" in caplog.text

    async def test_the_logger_says_the_same_at_debug_level(
        self, against: Against, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, logger="easemob_async")
        ok = Reply(body={"data": {"ann": "online"}})
        async with against(lambda _: ok) as (client, _):
            await client.users.get_status("ann")
        assert "users.get_status attempt 1: 200" in caplog.text
        assert "ann" not in caplog.text
        assert not logging.getLogger("easemob_async").handlers


async def test_bad_arguments_are_refused_before_any_io(against: Against) -> None:
    many = [f"u{number}" for number in range(601)]
    async with against(lambda _: Reply()) as (client, server):
        messages, groups = client.messages, client.chat_groups
        for call, says in (
            (lambda: messages.send_to_users([], Text("x")), "targets is empty"),
            (
                lambda: messages.send_to_users(many, Text("x")),
                r"601 ids.*at most 600.*client\.fanout",
            ),
            (lambda: messages.send_to_users("ann", Text("x")), "targets must be a list"),
            (lambda: messages.send_to_users(["ann", ""], Text("x")), "targets ''"),
            (lambda: messages.send_to_users(["ann"], Text("x" * 5200)), "too large.*5210 bytes"),
            (lambda: messages.send_to_users(["ann"], Text("x"), sender=""), "sender ''"),
            (lambda: messages.send_to_users(["ann"], "x"), r"such as Text\('hello'\), not str"),
            (lambda: messages.send_to_users(["ann"], Text("x"), ext=[1]), "ext must be a mapping"),
            (
                lambda: messages.send_to_users(["ann"], Text("x"), env="production"),
                "env 'production'",
            ),
            (
                lambda: messages.send_to_users(["ann"], Text("x"), route_type="ONLINE"),
                "route_type 'ONLINE' must be one of 'ROUTE_ONLINE'",
            ),
            (lambda: messages.send_to_groups(list("abcd"), Text("x")), "4 ids, at most 3"),
            (lambda: messages.send_to_rooms(many[:11], Text("x")), "11 ids, at most 10"),
            (lambda: messages.send_to_rooms(["1"], Text("x"), level="urgent"), "'high', 'normal'"),
            (lambda: messages.send_to_group_members("1", many[:21], Text("x")), "at most 20"),
            (lambda: messages.send_to_group_members("1", [], Text("x")), "usernames is empty"),
            (
                lambda: messages.send_to_groups(["1"], Text("x"), roam_ignore_users=many[:21]),
                "roam_ignore_users has 21",
            ),
            (
                lambda: messages.send_legacy(["a"], Text("x"), target_type="all"),
                "target_type 'all'",
            ),
            (lambda: client.users.create("Ann", password="x"), "username 'Ann' must be"),
            (lambda: client.users.create("a" * 65, password="x"), "must be 1 to 64"),
            (lambda: client.users.create("", password="x"), "username '' must be"),
            (lambda: client.users.create("ann\n", password="x"), "username"),
            (lambda: client.users.create("ann", password=""), "password must not be empty"),
            (lambda: client.users.create("ann", password="x" * 65), "password has 65 characters"),
            (lambda: client.users.update_password("ann", password="x" * 5), "at least 6"),
            (lambda: client.users.create_many([]), "new_users is empty"),
            (lambda: client.users.delete_batch(limit=0), "limit must be from 1 to 100"),
            (lambda: client.users.delete_batch(limit=101), "limit must be from 1 to 100"),
            (lambda: client.users.delete_batch(limit=True), "limit must be an int"),
            (lambda: client.users.get_statuses([]), "usernames is empty"),
            (lambda: groups.create("x" * 129, owner="ann"), "name has 129 characters"),
            (lambda: groups.create("x", owner=""), "owner ''"),
            (lambda: groups.create("x", owner="ann", group_id="A-1"), "group_id 'A-1'"),
            (lambda: groups.create("x", owner="ann", custom="ü" * 4097), "custom has 8194 bytes"),
            (lambda: groups.update("1"), "nothing to change"),
            (lambda: groups.announcement.update("1", "x" * 513), "513 characters"),
            (lambda: client.tokens.create_user_token("ann", ttl=timedelta(0)), "ttl must be"),
        ):
            with pytest.raises(InvalidArgumentError, match=says) as caught:
                await call()
            assert caught.value.operation is not None
        for listing in (
            lambda: client.users.list(limit=101),
            lambda: groups.list(limit=1001),
            lambda: groups.list_joined("ann", limit=21),
            lambda: groups.members.list("1", limit=0),
        ):
            with pytest.raises(InvalidArgumentError, match="limit must be from 1 to"):
                listing()
        assert not server.received


async def test_ext_none_is_not_sent_and_an_empty_one_is(against: Against) -> None:
    async with against(lambda _: Reply(body={"data": {"a": "1"}})) as (client, server):
        await client.messages.send_to_users(["a"], Text("x"), ext=None)
        await client.messages.send_to_users(["a"], Text("x"), ext={})
        bodies = [request.json for request in server.calls]
        assert "ext" not in bodies[0]
        assert bodies[1]["ext"] == {}
        assert "from" not in bodies[0]


async def test_a_list_shape_method_does_not_take_a_list_for_one_id(against: Against) -> None:
    async with against(lambda _: Reply()) as (client, server):
        with pytest.raises(InvalidArgumentError, match="must be a string, not list"):
            await client.chat_groups.delete(["1", "2"])  # type: ignore[arg-type]
        assert not server.received
