"""The emulator goes by the facts, whoever calls: envelopes, refusals, faults on purpose."""

from __future__ import annotations

import ast
import ssl
from pathlib import Path

import aiohttp
import pytest
import trustme

import easemob_async.emulator
from easemob_async.emulator import Emulator, server
from tests.emulator.caller import Caller, refusal
from tests.emulator.handlers.test_history import hour


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


async def test_urls_in_answers_are_those_of_the_request() -> None:
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)
    async with (
        Emulator(ssl=serving) as emulator,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting)) as session,
    ):
        emulator.add_user("ann")
        caller = Caller(emulator, session)
        await caller.log_in()
        group = {"groupname": "g", "public": True, "owner": "ann"}
        path = f"/chatgroups/{(await caller('POST', '/chatgroups', group))[1]['data']['groupid']}"
        content = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--'
        kind = "multipart/form-data; boundary=b"
        answer = await caller("POST", f"{path}/share_files", raw=content, content_type=kind)
        headers = {"Authorization": f"Bearer {caller.token}"}
        async with session.get(answer[1]["data"]["file_url"], headers=headers) as response:
            assert (response.status, await response.read()) == (200, b"x")
        message = {"to": ["ann"], "type": "txt", "body": {"msg": "hello"}}
        await caller("POST", "/messages/users", message)
        _, answer = await caller("GET", f"/chatmessages/{hour(caller)}")
        async with session.get(answer["data"][0]["url"]) as response:
            assert response.status == 200


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

    async def test_an_empty_parameter_of_the_query_is_not_given(self, call: Caller) -> None:
        status, answer = await call("GET", "/users?limit=&cursor=")
        assert (status, answer["params"]) == (200, {"limit": ["10"]})

    async def test_a_content_that_cannot_be_read_is_refused_in_json(self, call: Caller) -> None:
        url = f"{call.emulator.base_url}/easemob-demo/testapp/users"
        async with call.session.post(
            url, data=b"no gzip", headers={"Content-Encoding": "gzip"}
        ) as response:
            assert (response.status, (await response.json())["error"]) == (400, "web_application")

    async def test_a_content_that_is_too_large_is_refused_in_json(
        self, call: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server, "_LARGEST_BODY", 1000)
        async with server.Emulator() as emulator:
            small = Caller(emulator, call.session)
            answer = refusal(await small("POST", "/token", raw=b"x" * 1001))
            assert answer == (413, *["Request Entity Too Large"] * 2)

    async def test_half_a_character_is_replaced_before_it_is_stored(self, call: Caller) -> None:
        raw = b'{"to": ["ann"], "type": "txt", "body": {"msg": "a\\ud83d \\ud83d\\ude00"}}'
        assert (await call("POST", "/messages/users", raw=raw))[0] == 200
        assert call.emulator.received("ann")[0]["body"] == {"msg": "a\ufffd \U0001f600"}

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
