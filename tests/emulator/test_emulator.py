"""The emulator goes by the facts, whoever calls: plain requests, no client of ours."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import easemob_async.emulator
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from easemob_async.emulator.quotas import RULES, StrictQuotas
from easemob_async.emulator.routes import routes
from easemob_async.resources import operations
from tests import facts_reader as facts

APP = "/easemob-demo/testapp"


class Caller:
    """Plain HTTP with the app's token."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self.session = session
        self.token = ""

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        raw: bytes | None = None,
        content_type: str = "application/json",
    ) -> tuple[int, Any]:
        headers = {"Content-Type": content_type}
        used = self.token if token is None else token
        if used:
            headers["Authorization"] = f"Bearer {used}"
        data = raw if raw is not None else None if body is None else json.dumps(body)
        url = self.emulator.base_url + (path if path.startswith("//") else APP + path)
        async with self.session.request(
            method, url.replace("//other", "/other"), data=data, headers=headers
        ) as response:
            return response.status, await response.json()

    async def log_in(self) -> None:
        status, answer = await self(
            "POST",
            "/token",
            {
                "grant_type": "client_credentials",
                "client_id": self.emulator.state.client_id,
                "client_secret": self.emulator.state.client_secret,
            },
        )
        assert status == 200
        self.token = answer["access_token"]


@pytest.fixture
async def call(emulator: Emulator) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        caller = Caller(emulator, session)
        await caller.log_in()
        yield caller


def refusal(answer: tuple[int, Any]) -> tuple[int, str, str]:
    status, body = answer
    assert isinstance(body["timestamp"], int)
    return status, body["error"], body["error_description"]


def test_it_imports_nothing_of_the_client_but_constants() -> None:
    folder = Path(easemob_async.emulator.__file__).parent
    imported = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("easemob_async"):
                names = {alias.name for alias in node.names}
                imported |= {f"{node.module}.{name}" for name in names}
    outside = {name for name in imported if not name.startswith("easemob_async.emulator")}
    assert outside == {"easemob_async.api_limits"}


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


class TestRequests:
    async def test_the_envelope(self, call: Caller) -> None:
        status, answer = await call("POST", "/users", [{"username": "ann", "password": "x"}])
        assert status == 200
        assert answer["action"] == "post"
        assert answer["organization"] == "easemob-demo"
        assert answer["applicationName"] == "testapp"
        assert answer["path"] == "/users"
        assert answer["uri"].endswith("/easemob-demo/testapp/users")
        assert answer["entities"][0]["type"] == "user"

    async def test_what_is_not_a_request_of_the_api(self, call: Caller) -> None:
        assert (await call("GET", "/nothing"))[0] == 404
        assert (await call("PUT", "/users"))[0] == 405
        assert (await call("GET", "//other/app/users"))[1]["error"] == (
            "organization_application_not_found"
        )
        assert refusal(await call("POST", "/users", raw=b"{"))[:2] == (400, "json_parse")
        assert refusal(await call("POST", "/messages/users", raw=b"{"))[:2] == (
            *(400, "invalid_request_body"),
        )
        assert refusal(
            await call(
                "POST", "/users", raw=b"a=b", content_type="application/x-www-form-urlencoded"
            )
        )[:2] == (415, "web_application")

    async def test_a_segment_with_an_encoded_slash_is_one_segment(self, call: Caller) -> None:
        assert refusal(await call("GET", "/users/a%2Fstatus"))[1] == "service_resource_not_found"

    async def test_deleting_without_a_name_deletes_ten(self, call: Caller) -> None:
        # What an empty username would do, if a client let it through.
        for number in range(12):
            call.emulator.add_user(f"u{number}")
        _, answer = await call("DELETE", "/users/")
        assert len(answer["entities"]) == 10

    async def test_faults_on_purpose(self, call: Caller) -> None:
        call.emulator.fail("GET", "/users", status=503, headers={"Retry-After": "2"}, times=1)
        assert (await call("GET", "/users"))[0] == 503
        assert (await call("GET", "/users"))[0] == 200
        call.emulator.fail("POST", "/messages/users", processed=True)
        message = {"to": ["ann"], "type": "txt", "body": {"msg": "x"}}
        with pytest.raises(aiohttp.ClientError):
            await call("POST", "/messages/users", message)
        assert len(call.emulator.received("ann")) == 1


MESSAGE = {"from": "ann", "to": ["u1"], "type": "txt", "body": {"msg": "x"}}


@pytest.mark.parametrize(
    ("change", "description"),
    [
        ({"from": ""}, "param from can't be empty"),
        ({"to": []}, "param to can't be empty"),
        ({"type": ""}, "param type can't be empty"),
        ({"body": {}}, "param body can't be empty"),
        ({"ext": None}, "param ext must be JSONObject"),
        ({"ext": "x"}, "param ext must be JSONObject"),
        ({"to": [f"u{n}" for n in range(601)]}, "params to's size can't exceed limit 600"),
        ({"body": {"msg": "x" * 5200}}, "message is too large"),
        ({"to": "u1"}, "Request body is invalid. Please check body is correct."),
        ({"to": [1]}, "Request body is invalid. Please check body is correct."),
        ({"type": "smell"}, "Request body is invalid. Please check body is correct."),
    ],
)
async def test_messages_that_are_refused(call: Caller, change: Any, description: str) -> None:
    status, body = await call("POST", "/messages/users", {**MESSAGE, **change})
    assert (status, body["error_description"]) == (400, description)
    if description == "message is too large":
        assert body["error_code"] == 14007
    documented = {
        row.get("description") for row in facts.operations()["messages.send_to_users"]["errors"]
    }
    assert description in documented


class TestQuotas:
    def test_a_window_slides_and_a_call_over_it_is_refused_whole(self) -> None:
        now = 0.0
        quotas = StrictQuotas(1.0, lambda: now)
        for _ in range(10):
            quotas.count("messages.users", "POST /messages/users", 600)
        from easemob_async.emulator.refusal import Refusal

        with pytest.raises(Refusal) as caught:
            quotas.count("messages.users", "POST /messages/users", 1)
        assert (caught.value.status, caught.value.body["error_description"]) == (
            *(403, "message send reach limit"),
        )
        now = 59.9
        with pytest.raises(Refusal):
            quotas.count("messages.users", "POST /messages/users", 1)
        now = 60.0
        quotas.count("messages.users", "POST /messages/users", 600)
        assert quotas.refusals == 2

    def test_calls_a_second_are_429_and_shared_where_the_service_shares(self) -> None:
        from easemob_async.emulator.refusal import Refusal

        quotas = StrictQuotas(1.0, lambda: 0.0)
        for number in range(100):
            quotas.count("users", f"route {number % 3}", 1)
        with pytest.raises(Refusal) as caught:
            quotas.count("users", "route 9", 1)
        assert caught.value.status == 429
        assert caught.value.body["error"] == "reach_limit"
        quotas.count("default", "another", 1)

    def test_scaled_and_off(self) -> None:
        from easemob_async.emulator.refusal import Refusal

        half = StrictQuotas(0.5, lambda: 0.0)
        for _ in range(50):
            half.count("default", "r", 1)
        with pytest.raises(Refusal):
            half.count("default", "r", 1)
        off = StrictQuotas(None, lambda: 0.0)
        for _ in range(10_000):
            off.count("default", "r", 1)

    def test_the_clients_limits_are_the_emulators(self) -> None:
        for operation in operations().values():
            path = re.sub(r"\{.*?\}", "x", operation.path)
            route, _ = routes.find(operation.method, path)
            ours = {
                (x.units, x.per.total_seconds(), x.unit, x.name, x.fixed, x.key is not None)
                for x in operation.limits
            }
            theirs = {
                (r.units, r.seconds, r.unit, r.group, r.fixed, r.keyed) for r in RULES[route.quota]
            }
            assert ours == theirs, operation.id


def test_it_runs_in_a_thread_and_says_why_it_cannot() -> None:
    with running(Emulator()) as emulator:
        port = int(emulator.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match=str(port)), running(Emulator(port=port)):
            pass
    with pytest.raises(RuntimeError, match="not running"):
        _ = emulator.base_url


def test_a_test_can_count_without_keeping() -> None:
    emulator = Emulator(keep_messages=False)
    emulator.state.deliver(["a", "b"], {})
    assert emulator.state.delivered == 2
    assert emulator.received("a") == []
