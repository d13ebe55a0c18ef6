"""Control over HTTP, by plain HTTP: what tests in other languages and the page build on."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping
from importlib.resources import files
from typing import Any, TypeVar

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import EasemobClient, Text
from easemob_async.emulator import Emulator, control
from easemob_async.emulator.control import ENDPOINTS
from tests.emulator.caller import Caller
from tests.emulator.webhook_server import SECRET, Clock, Server, serving
from tests.waiting import until

Test = TypeVar("Test", bound=Callable[..., Any])
TESTED: set[str] = set()

SPECIFIED = """
GET health
GET .
GET page/{file}
GET state
DELETE state
GET users
POST users
GET users/{username}/messages
GET users/{username}/pushes
PUT users/{username}/online
DELETE users/{username}/online
GET groups
GET groups/{id}
GET groups/{id}/messages
GET rooms
GET rooms/{id}
GET rooms/{id}/messages
POST say
GET faults
POST faults
DELETE faults
GET clock
PUT clock
DELETE clock
POST tokens/expire
GET requests
GET webhooks
POST webhooks
DELETE webhooks
GET quotas
GET events
"""


def covers(*endpoints: str) -> Callable[[Test], Test]:
    """Note the endpoints that a test is about."""
    TESTED.update(endpoints)
    return lambda test: test


class Controller:
    """Plain HTTP below ``/_emulator/``."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self.session = session

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | io.BytesIO | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        data = raw if raw is not None else None if body is None else json.dumps(body)
        url = f"{self.emulator.base_url}/_emulator/{path}"
        async with self.session.request(method, url, data=data, headers=headers) as response:
            assert response.content_type == "application/json", await response.text()
            return response.status, await response.json()

    async def good(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = await self(method, path, body)
        assert status == 200, answer
        return answer


@pytest.fixture
async def ctl(two: Emulator) -> AsyncIterator[Controller]:
    async with aiohttp.ClientSession() as session:
        yield Controller(two, session)


def test_every_specified_endpoint_has_a_test() -> None:
    specified = {line.replace(" .", " ") for line in SPECIFIED.split("\n") if line}
    there = {f"{method} {path}" for path, methods in ENDPOINTS.items() for method in methods}
    assert there == specified
    assert {name.replace(" .", " ") for name in TESTED} == specified


class TestTheEmulator:
    @covers("GET health")
    async def test_health_tells_the_apps_the_version_and_the_times(self) -> None:
        clock = Clock()
        async with (
            Emulator(app_key="a#b", more_apps=["a#c"], now=clock) as emulator,
            aiohttp.ClientSession() as session,
        ):
            clock.now += 60
            health = await Controller(emulator, session).good("GET", "health")
        began = 1_700_000_000_000
        assert health.pop("version")[0].isdigit()
        times = {"started": began, "now": began + 60_000}
        assert health == {"status": "ok", "apps": ["a#b", "a#c"], **times}

    @covers("GET state")
    async def test_the_state_in_numbers(self, ctl: Controller, client: EasemobClient) -> None:
        emulator = ctl.emulator
        await client.chat_groups.create("g", owner="ann")
        await client.chat_rooms.create("r", owner="ann", description="")
        await client.messages.send_to_users(["ann", "bob"], Text("hi"))
        emulator.log_in("ann")
        emulator.add_webhook("http://127.0.0.1:1/x", secret=SECRET)
        state = await ctl.good("GET", "state")
        assert state.pop("requests") == len(emulator.requests) >= 4
        assert state == {
            "app": "easemob-demo#testapp",
            "client_id": emulator.state.client_id,
            "client_secret": emulator.state.client_secret,
            "users": 2,
            "groups": 1,
            "rooms": 1,
            "messages": 2,
            "tokens": 1,
            "online": 1,
            "refusals": 0,
            "webhooks": {"rules": 1, "posted": 0, "suspended_until": 0},
        }

    @covers("DELETE state")
    async def test_a_reset_forgets_all_but_the_webhook_rules(
        self, ctl: Controller, client: EasemobClient, server: Server
    ) -> None:
        emulator = ctl.emulator
        emulator.add_webhook(server.url, secret=SECRET)
        group = (await client.chat_groups.create("g", owner="ann")).group_id
        sent = await client.messages.send_to_groups([group], Text("hi"))
        await client.push.labels.create("a", description="b")
        await emulator.webhooks.idle()
        emulator.fail("GET", "/users", times=5, status=500)
        assert await ctl("DELETE", "state") == (200, {"reset": True})
        state = await ctl.good("GET", "state")
        assert state.pop("webhooks") == {"rules": 1, "posted": 0, "suspended_until": 0}
        assert state.pop("app") == emulator.app_key
        assert (state.pop("client_id"), state.pop("client_secret")) == (
            emulator.state.client_id,
            emulator.state.client_secret,
        )
        assert set(state.values()) == {0}
        for path, rows in (
            *(("faults", "faults"), ("requests", "requests"), ("quotas", "quotas")),
            *(("webhooks", "posted"), ("users", "users"), ("groups", "groups")),
        ):
            assert (await ctl.good("GET", path))[rows] == []
        assert not emulator.state.messages
        assert not emulator.state.push_labels
        # Ids are not used again, and what comes next works as at the beginning.
        emulator.add_user("cid")
        again = await client.messages.send_to_users(["cid"], Text("hi"), sender="cid")
        assert int(again.message_ids["cid"]) > int(sent.message_ids[group])
        await emulator.webhooks.idle()
        assert [posted.number for posted in emulator.webhooks.posted] == [1, 2]

    @covers("GET clock", "PUT clock", "DELETE clock")
    async def test_a_clock_that_was_set_goes_on_from_there(self) -> None:
        real = Clock()
        async with Emulator(now=real) as emulator, aiohttp.ClientSession() as session:
            ctl = Controller(emulator, session)
            began = 1_700_000_000_000
            assert await ctl.good("GET", "clock") == {"now": began, "real": True}
            assert await ctl.good("PUT", "clock", {"advance": 1.5}) == {
                "now": began + 1500,
                "real": False,
            }
            assert (await ctl.good("PUT", "clock", {"now": 1000}))["now"] == 1000
            real.now += 2
            assert await ctl.good("GET", "clock") == {"now": 3000, "real": False}
            assert emulator.state.milliseconds() == 3000
            assert emulator.clock() == 3
            wrongs: list[Any] = [
                *({}, {"now": 1, "advance": 1}, {"now": "1"}, {"now": True}, {"advance": None}),
                *({"now": -1}, {"advance": 1e12}, {"advance": 10**400}, {"then": 1}, []),
            ]
            for wrong in wrongs:
                status, answer = await ctl("PUT", "clock", wrong)
                assert (status, bool(answer["error"])) == (400, True), wrong
            assert await ctl.good("DELETE", "clock") == {"now": began + 2000, "real": True}

    @covers("POST tokens/expire")
    async def test_tokens_expire_by_command(self, ctl: Controller, call: Caller) -> None:
        emulator = ctl.emulator
        mine = emulator.state.issue_token("ann", 0)
        yours = emulator.state.issue_token("bob", 100)
        assert await ctl.good("POST", "tokens/expire", {"username": "Ann"}) == {"expired": 1}
        assert (await call("GET", "/users/ann", token=mine))[0] == 401
        assert (await call("GET", "/users/bob"))[0] == 200
        assert emulator.state.check_token(f"Bearer {yours}").username == "bob"
        assert await ctl.good("POST", "tokens/expire") == {"expired": 2}  # bob's and the app's
        assert (await call("GET", "/users/bob"))[0] == 401
        assert (await ctl("POST", "tokens/expire", {"username": "zoe"}))[0] == 404
        assert (await ctl("POST", "tokens/expire", {"username": 5}))[0] == 400

    @covers("GET quotas")
    async def test_the_quotas_in_use(self) -> None:
        monotonic = Clock()
        async with (
            Emulator(quotas=0.1, monotonic=monotonic) as emulator,
            aiohttp.ClientSession() as session,
        ):
            caller, ctl = Caller(emulator, session), Controller(emulator, session)
            await caller.log_in()
            answers = [(await caller("GET", "/presence/ann/x"))[0] for _ in range(2)]
            assert answers == [404, 404]
            for _ in range(12):
                status, _answer = await caller("GET", "/users/ann/contacts/users")
            assert status == 429
            quotas = await ctl.good("GET", "quotas")
            assert quotas["scale"] == 0.1
            rows = {row["name"]: row for row in quotas["quotas"]}
            assert rows["GET /users/{username}/contacts/users"] == {
                "name": "GET /users/{username}/contacts/users",
                "units": 10,
                "seconds": 1,
                "unit": "calls",
                "used": 10,
                "refused": 2,
            }
            monotonic.now += 1
            rows = {row["name"]: row for row in (await ctl.good("GET", "quotas"))["quotas"]}
            row = rows["GET /users/{username}/contacts/users"]
            assert (row["used"], row["refused"]) == (0, 2)

    async def test_a_query_picks_the_app_else_it_is_the_first(self) -> None:
        async with (
            Emulator(app_key="a#b", more_apps=["a#c"]) as emulator,
            aiohttp.ClientSession() as session,
        ):
            ctl = Controller(emulator, session)
            await ctl.good("POST", "users?app=a%23c", {"username": "ann"})
            assert (await ctl.good("GET", "users?app=a%23c"))["total"] == 1
            assert (await ctl.good("GET", "users"))["total"] == 0
            assert (await ctl.good("GET", "state?app=a%23c"))["app"] == "a#c"
            assert (await ctl.good("GET", "state"))["app"] == "a#b"
            status, answer = await ctl("GET", "users?app=a%23x")
            assert (status, "a#b, a#c" in answer["error"]) == (404, True)


class TestUsers:
    @covers("GET users", "POST users")
    async def test_users_are_listed_and_added(self, ctl: Controller) -> None:
        emulator = ctl.emulator
        emulator.log_in("bob", "ios_1", "phone")
        emulator.state.users["bob"].nickname = "Bobby"
        assert await ctl.good("POST", "users", {"username": "Cid"}) == {"username": "cid"}
        assert emulator.state.users["cid"].password == "secret"
        await ctl.good("POST", "users", {"username": "dan", "password": "p"})
        assert emulator.state.users["dan"].password == "p"
        answer = await ctl.good("GET", "users?limit=2&offset=1")
        assert answer["total"] == 4
        created = emulator.state.users["bob"].created
        assert answer["users"][0] == {
            "username": "bob",
            "nickname": "Bobby",
            "created": created,
            "activated": True,
            "online": True,
            "devices": {"ios_1": "phone"},
            "received": 0,
            "pushed": 0,
        }
        assert [row["username"] for row in answer["users"]] == ["bob", "cid"]
        found = await ctl.good("GET", "users?q=BOBB")
        assert (found["total"], found["users"][0]["username"]) == (1, "bob")
        for wrong in (
            *({}, {"username": 5}, {"username": ""}, {"username": "a b"}, {"username": "ANN"}),
            *({"username": "eve", "password": 5}, {"username": "eve", "password": ""}),
            {"username": "eve", "nick": "e"},
        ):
            status, said = await ctl("POST", "users", wrong)
            assert (status, bool(said["error"])) == (400, True), wrong

    @covers("GET users/{username}/messages", "POST say")
    async def test_a_mailbox_is_read_page_by_page(self, ctl: Controller) -> None:
        said = [
            await ctl.good("POST", "say", {"sender": "ann", "target": "bob", "body": f"{n}"})
            for n in range(5)
        ]
        ids = [row["message_id"] for row in said]
        newest = await ctl.good("GET", "users/BOB/messages?limit=2")
        assert newest["total"] == 5
        assert [row["id"] for row in newest["messages"]] == ids[3:]
        older = await ctl.good("GET", f"users/bob/messages?limit=2&before={ids[3]}")
        assert [row["body"]["msg"] for row in older["messages"]] == ["1", "2"]
        assert len((await ctl.good("GET", "users/bob/messages"))["messages"]) == 5
        assert (await ctl.good("GET", "users/bob/messages?limit=0"))["messages"] == []
        assert (await ctl("GET", "users/zoe/messages"))[0] == 404
        assert (await ctl("GET", "users/bob/messages?before=x"))[0] == 400
        assert (await ctl("GET", "users/bob/messages?limit=-1"))[0] == 400
        for wrong in ({}, {"sender": "ann", "target": "bob"}):
            assert (await ctl("POST", "say", wrong))[0] == 400

    @covers("GET users/{username}/pushes")
    async def test_what_was_pushed_to_a_user(self, ctl: Controller, client: EasemobClient) -> None:
        assert await ctl.good("GET", "users/bob/pushes") == {"pushes": []}
        ctl.emulator.state.pushed["bob"].append({"channel": "easemob"})
        assert await ctl.good("GET", "users/bob/pushes") == {"pushes": [{"channel": "easemob"}]}
        assert (await ctl("GET", "users/zoe/pushes"))[0] == 404

    @covers("PUT users/{username}/online", "DELETE users/{username}/online")
    async def test_a_user_logs_in_and_out(self, ctl: Controller) -> None:
        row = await ctl.good("PUT", "users/bob/online")
        assert (row["online"], row["devices"]) == (True, {"web_1": "browser"})
        body = {"device_id": "ios_1", "device_name": "phone"}
        row = await ctl.good("PUT", "users/bob/online", body)
        assert row["devices"] == {"web_1": "browser", "ios_1": "phone"}
        assert ctl.emulator.online == ["bob"]
        assert (await ctl.good("DELETE", "users/bob/online"))["online"] is False
        assert ctl.emulator.online == []
        assert (await ctl("PUT", "users/zoe/online"))[0] == 404
        assert (await ctl("PUT", "users/bob/online", {"device_id": 5}))[0] == 400


class TestGroupsAndRooms:
    @covers("GET groups", "GET groups/{id}", "GET groups/{id}/messages")
    async def test_groups_and_what_they_received(
        self, ctl: Controller, client: EasemobClient
    ) -> None:
        made = await client.chat_groups.create("The group", owner="ann", members=["bob"])
        await client.chat_groups.create("Other", owner="ann")
        group = ctl.emulator.state.groups[made.group_id]
        await client.chat_groups.admins.add(made.group_id, "bob")
        await client.messages.send_to_groups([made.group_id], Text("hi"))
        listed = await ctl.good("GET", "groups?q=THE%20G&limit=5")
        entry = {
            "id": made.group_id,
            "name": "The group",
            "owner": "ann",
            "members": 2,
            "created": group.created,
            "disabled": False,
            "muted": False,
            "received": 1,
        }
        assert listed == {"total": 1, "groups": [entry]}
        assert (await ctl.good("GET", "groups?offset=1"))["groups"][0]["name"] == "Other"
        shown = await ctl.good("GET", f"groups/{made.group_id}")
        assert shown.pop("settings")["groupname"] == "The group"
        assert shown == {**entry, "usernames": ["bob", "ann"], "admins": ["bob"]}
        mailbox = await ctl.good("GET", f"groups/{made.group_id}/messages")
        assert mailbox["total"] == 1
        assert mailbox["messages"] == ctl.emulator.received(made.group_id)
        for path in ("groups/5", "groups/5/messages", f"rooms/{made.group_id}"):
            assert (await ctl("GET", path))[0] == 404

    @covers("GET rooms", "GET rooms/{id}", "GET rooms/{id}/messages")
    async def test_rooms_and_what_they_received(
        self, ctl: Controller, client: EasemobClient
    ) -> None:
        room = (
            await client.chat_rooms.create("The room", owner="ann", description="", members=["bob"])
        ).room_id
        await client.chat_rooms.mutes.mute_all(room)
        said = {"sender": "ann", "target": room, "body": "hi", "chat_type": "chatroom"}
        assert (await ctl.good("POST", "say", said))["delivered"] is True
        (entry,) = (await ctl.good("GET", "rooms"))["rooms"]
        assert (entry["name"], entry["muted"], entry["received"]) == ("The room", True, 1)
        shown = await ctl.good("GET", f"rooms/{room}")
        assert (shown["usernames"], shown["admins"]) == (["bob", "ann"], [])
        mailbox = await ctl.good("GET", f"rooms/{room}/messages")
        assert [message["from"] for message in mailbox["messages"]] == ["ann"]


class TestSay:
    async def test_a_refused_message_says_so(self, ctl: Controller, server: Server) -> None:
        server.text = '{"valid": false, "code": "no!"}'
        ctl.emulator.add_webhook(server.url, secret=SECRET, before_delivery=True)
        pair = {"sender": "ann", "target": "bob"}
        ext = {"a": 1}
        said = await ctl.good("POST", "say", {**pair, "body": "hi", "ext": ext})
        assert (said["delivered"], said["code"], said["body"]) == (False, "no!", None)
        assert server.posts[0]["payload"]["ext"] == ext

    @pytest.mark.parametrize(
        "wrong",
        [
            *({"body": 5}, {"body": {}}, {"body": {"type": 5}}, {"body": None}, {"ext": 5}),
            *({"chat_type": 5}, {"chat_type": "x"}, {"sender": "zoe"}, {"target": ["bob"]}),
            {"chatType": "chat"},
        ],
        ids=json.dumps,
    )
    async def test_a_wrong_one_is_refused_in_words(self, ctl: Controller, wrong: Any) -> None:
        body = {"sender": "ann", "target": "bob", "body": "hi", **wrong}
        status, answer = await ctl("POST", "say", body)
        assert (status, bool(answer["error"])) == (400, True)


class TestFaults:
    @covers("GET faults", "POST faults", "DELETE faults")
    async def test_faults_are_ordered_listed_and_cleared(
        self, ctl: Controller, call: Caller
    ) -> None:
        order = {"method": "get", "path": "/users", "status": 503, "times": 2}
        order |= {"body": {"error": "later"}, "headers": {"Retry-After": "1"}, "processed": True}
        (fault,) = (await ctl.good("POST", "faults", order))["faults"]
        assert fault == {**order, "method": "GET"}
        assert await call("GET", "/users/ann") == (503, {"error": "later"})
        assert (await ctl.good("GET", "faults"))["faults"][0]["times"] == 1
        assert await ctl.good("DELETE", "faults") == {"faults": []}
        assert (await call("GET", "/users/ann"))[0] == 200
        await ctl.good("POST", "faults", {"method": "*", "path": "/users", "times": 2})
        with pytest.raises(aiohttp.ClientConnectionError):
            await call("GET", "/users/bob")
        assert ctl.emulator.traffic.requests[-1].status is None

    @pytest.mark.parametrize(
        "wrong",
        [
            *({"method": 5}, {"method": None}, {"path": "users"}, {"path": 5}),
            *({"status": "500"}, {"status": 99}, {"status": 600}, {"status": True}),
            *({"times": 0}, {"times": 1.5}, {"times": "1"}, {"processed": "yes"}),
            *({"headers": []}, {"headers": {"a": 5}}, {"headers": {"a": "b\r\nc: d"}}),
            *({"headers": {"a b": "c"}}, {"headers": {"Content-Type": "a/b"}}, {"code": 5}),
        ],
        ids=json.dumps,
    )
    async def test_a_wrong_one_is_refused_in_words(self, ctl: Controller, wrong: Any) -> None:
        status, answer = await ctl("POST", "faults", {"method": "GET", "path": "/", **wrong})
        assert (status, bool(answer["error"])) == (400, True)
        assert ctl.emulator.faults == []


class TestRequestsAndWebhooks:
    @covers("GET requests")
    async def test_requests_the_newest_first_with_their_operations(
        self, ctl: Controller, call: Caller
    ) -> None:
        await call("GET", "/users/zoe?a=b")
        await call("GET", "//other/app/users")
        answer = await ctl.good("GET", "requests?limit=2")
        assert answer["total"] == 3
        stranger, user = answer["requests"]
        assert (stranger["number"], stranger["app"]) == (3, None)
        assert (stranger["operation"], stranger["status"]) == ("", 404)
        assert user["ms"] >= 0
        assert abs(user["time"] - ctl.emulator.state.milliseconds()) < 60_000
        assert json.loads(user["answer"])["error"] == "service_resource_not_found"
        assert {key: user[key] for key in user.keys() - {"ms", "time", "answer"}} == {
            "number": 2,
            "app": "easemob-demo#testapp",
            "method": "GET",
            "path": "/easemob-demo/testapp/users/zoe?a=b",
            "operation": "users.get",
            "status": 404,
            "request": "",
        }
        (token,) = (await ctl.good("GET", "requests?before=2"))["requests"]
        assert token["operation"] == "tokens.create_app_token"
        assert json.loads(token["request"])["client_secret"] == "***"
        assert json.loads(token["answer"])["access_token"] == "***"
        assert (await ctl("GET", "requests?before=x"))[0] == 400

    @covers("GET webhooks", "POST webhooks", "DELETE webhooks")
    async def test_webhook_rules_and_what_was_posted(self, ctl: Controller, server: Server) -> None:
        server.text = "x" * 2000
        rule = {"url": server.url, "secret": SECRET, "wait": 5, "deliver_on_failure": False}
        added = await ctl.good("POST", "webhooks", rule)
        shown = {"url": server.url, "wait": 5, "deliver_on_failure": False}
        assert added["rules"] == [{**shown, "before_delivery": False}]
        await ctl.good("PUT", "users/bob/online")
        await ctl.good("POST", "say", {"sender": "ann", "target": "bob", "body": "hi"})
        await ctl.emulator.webhooks.idle()
        answer = await ctl.good("GET", "webhooks")
        assert SECRET not in json.dumps(answer)
        assert answer["suspended_until"] == 0
        message, login = answer["posted"]
        assert (message["number"], message["kind"]) == (2, "chat")
        assert (login["number"], login["kind"]) == (1, "login")
        assert login["event"] == server.posts[0]
        assert abs(login["time"] - ctl.emulator.state.milliseconds()) < 60_000
        assert (login["url"], login["statuses"], login["delivered"]) == (server.url, [200], True)
        assert login["answer"] == "x" * 1000
        assert (await ctl.good("GET", "webhooks?limit=1"))["posted"] == [message]
        emptied = await ctl.good("DELETE", "webhooks")
        assert (emptied["rules"], len(emptied["posted"])) == ([], 2)
        await ctl.good("PUT", "users/ann/online")
        await ctl.emulator.webhooks.idle()
        assert len(server.posts) == 2
        for wrong in (
            *({"url": 5}, {"url": "x"}, {"secret": ""}, {"secret": 5}, {"wait": 0}, {"wait": "1"}),
            *({"before_delivery": 1}, {"deliver_on_failure": "no"}, {"retry": 5}),
        ):
            assert (await ctl("POST", "webhooks", {**rule, **wrong}))[0] == 400, wrong

    async def test_a_secret_in_the_answer_or_the_url_of_a_webhook_is_not_shown(
        self, ctl: Controller, server: Server
    ) -> None:
        server.text = json.dumps({"your": f"secret was {SECRET}", "token": "swordfish"})
        ctl.emulator.add_webhook(f"{server.url}?token=hunter2", secret=SECRET)
        ctl.emulator.log_in("bob")
        await ctl.emulator.webhooks.idle()
        text = json.dumps(await ctl.good("GET", "webhooks"))
        assert SECRET not in text
        assert "swordfish" not in text
        assert "hunter2" not in text


def parsed(text: str) -> dict[str, Any]:
    """Return the fields of an event; empty for a comment."""
    fields = dict(line.split(": ", 1) for line in text.strip().split("\n") if line[0] != ":")
    return {**fields, "data": json.loads(fields["data"])} if fields else {}


class Events:
    """A reader of the events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> dict[str, Any]:
        """Return the next event."""
        while True:
            async with asyncio.timeout(30):
                text = (await self.response.content.readuntil(b"\n\n")).decode()
            if found := parsed(text):
                return found

    async def kinds(self, number: int) -> list[tuple[str, Any]]:
        """Return the kind and the data of the next events."""
        return [
            (event["event"], event["data"]) for event in [await self.next() for _ in range(number)]
        ]


@pytest.fixture
async def events(ctl: Controller) -> AsyncIterator[Events]:
    url = f"{ctl.emulator.base_url}/_emulator/events"
    async with ctl.session.get(url) as response:
        assert response.content_type == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
        await response.content.readuntil(b"\n\n")
        yield Events(response)


class TestEvents:
    @covers("GET events")
    async def test_what_happens_comes_in_order_with_numbers(
        self, ctl: Controller, call: Caller, events: Events, server: Server
    ) -> None:
        await call("POST", "/users", {"username": "cid", "password": "hunter2"})
        made = await events.next()
        assert (made["event"], made["data"]["operation"]) == ("request", "users.create_open")
        assert made["data"] == (await ctl.good("GET", "requests?limit=1"))["requests"][0]
        assert "hunter2" not in json.dumps(made)
        changed = await events.next()
        assert (changed["event"], changed["data"]) == ("change", {"what": "users"})
        assert int(changed["id"]) == int(made["id"]) + 1
        await ctl.good("POST", "say", {"sender": "ann", "target": "bob", "body": "hi"})
        message = await events.next()
        assert message["event"] == "message"
        assert message["data"] == {"to": "bob", "message": ctl.emulator.received("bob")[0]}
        ctl.emulator.add_webhook(server.url, secret=SECRET)
        ctl.emulator.log_in("bob")
        await ctl.emulator.webhooks.idle()
        assert await events.kinds(1) == [("change", {"what": "users"})]
        assert await events.kinds(1) == [
            ("webhook", (await ctl.good("GET", "webhooks"))["posted"][0])
        ]
        await ctl.good("DELETE", "state")
        assert await events.kinds(1) == [("reset", {"app": ctl.emulator.app_key})]

    async def test_what_a_request_changes_is_told(
        self, ctl: Controller, call: Caller, events: Events
    ) -> None:
        for method, path, body, what in (
            ("POST", "/chatgroups", {"groupname": "g", "owner": "ann", "public": True}, ["groups"]),
            ("POST", "/chatrooms", {"name": "r", "description": "", "owner": "ann"}, ["rooms"]),
            ("PUT", "/users/ann", {"nickname": "Ann"}, ["users"]),
            ("DELETE", "/users/ann", None, ["users", "groups", "rooms"]),
            ("GET", "/users/bob", None, []),
            ("POST", "/users/batch/status", {"usernames": ["bob"]}, []),
            ("GET", "/users/bob/disconnect", None, ["users"]),
            ("DELETE", "/users/ann", None, []),
        ):
            status, _answer = await call(method, path, body)
            assert (status == 200) == (what != [] or "bob" in f"{path} {body}")
            assert (await events.kinds(1))[0][0] == "request"
            assert await events.kinds(len(what)) == [("change", {"what": name}) for name in what]

    async def test_a_slow_reader_loses_the_oldest_and_is_told(
        self, ctl: Controller, events: Events
    ) -> None:
        await until(lambda: ctl.emulator.traffic.feed.subscribers)
        for _ in range(1500):  # no turn of the event loop in which they could be sent
            ctl.emulator.changed("users")
        lost = await events.next()
        assert lost == {"event": "lost", "data": {"lost": 500}}
        numbers = [int((await events.next())["id"]) for _ in range(1000)]
        assert numbers == list(range(numbers[-1] - 999, numbers[-1] + 1))

    async def test_a_reader_gets_a_comment_when_nothing_happens(
        self, ctl: Controller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert control.HEARTBEAT == 15
        monkeypatch.setattr(control, "HEARTBEAT", 0.001)
        async with ctl.session.get(f"{ctl.emulator.base_url}/_emulator/events") as response:
            for _ in range(3):
                assert (await response.content.readuntil(b"\n\n")).startswith(b": ")

    async def test_events_are_those_of_one_app(self) -> None:
        async with (
            Emulator(app_key="a#b", more_apps=["a#c"]) as emulator,
            aiohttp.ClientSession() as session,
            session.get(f"{emulator.base_url}/_emulator/events?app=a%23c") as response,
        ):
            events = Events(response)
            await until(lambda: emulator.apps["a#c"].traffic.feed.subscribers)
            emulator.add_user("ann")
            emulator.apps["a#c"].reset()
            assert await events.kinds(1) == [("reset", {"app": "a#c"})]

    async def test_a_reader_that_goes_away_is_forgotten(
        self, ctl: Controller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(control, "HEARTBEAT", 0.001)
        feed = ctl.emulator.traffic.feed
        async with ctl.session.get(f"{ctl.emulator.base_url}/_emulator/events") as response:
            await response.content.readuntil(b"\n\n")
            assert len(feed.subscribers) == 1
            response.close()
        await until(lambda: not feed.subscribers)

    async def test_a_stop_ends_the_events_at_once(self) -> None:
        emulator = Emulator()
        await emulator.start()
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{emulator.base_url}/_emulator/events") as response:
                await response.content.readuntil(b"\n\n")
                await emulator.stop()
                assert await response.content.read() == b": nothing new\n\n"


class TestThePage:
    @covers("GET .", "GET page/{file}")
    async def test_the_page_and_its_files_are_served(self, ctl: Controller) -> None:
        here = files("easemob_async.emulator") / "page"
        base = f"{ctl.emulator.base_url}/_emulator"
        async with ctl.session.get(f"{base}/") as response:
            assert (response.status, response.content_type) == (200, "text/html")
            assert await response.read() == (here / "index.html").read_bytes()
            assert response.headers["Content-Security-Policy"] == "default-src 'self'"
            assert response.headers["Cache-Control"] == "no-store"
        async with ctl.session.get(base, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (302, "/_emulator/")
        types = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
        for file in here.iterdir():
            async with ctl.session.get(f"{base}/page/{file.name}") as response:
                assert response.status == 200, file.name
                assert await response.read() == file.read_bytes()
                suffix = file.name.rpartition(".")[2]
                assert response.content_type == types.get(suffix, response.content_type)

    @pytest.mark.parametrize(
        "name",
        [
            *("nothing.js", "..%2Fcontrol.py", "%2e%2e%2fcontrol.py", "..%5Ccontrol.py"),
            *("control.py", ".js", "%00.js", "index.html%00.js", "%2Fetc%2Fpasswd", "a%2Fb.js"),
        ],
    )
    async def test_nothing_else_is_served(self, ctl: Controller, name: str) -> None:
        from yarl import URL

        url = URL(f"{ctl.emulator.base_url}/_emulator/page/{name}", encoded=True)
        async with ctl.session.get(url) as response:
            assert response.status == 404
            assert (await response.json())["error"]


class TestWrongRequests:
    async def test_unknown_paths_wrong_methods_and_bodies(self, ctl: Controller) -> None:
        for path in ("nothing", "users/ann", "users/ann/messages/5", "health/", "page", "groups/"):
            status, answer = await ctl("GET", path)
            assert (status, bool(answer["error"])) == (404, True), path
        status, answer = await ctl("DELETE", "users")
        assert (status, "GET, POST" in answer["error"]) == (405, True)
        for raw in (b"{", b"[1]", b"5", b"\xff", b"[" * 10_000, b'{"username": NaN}'):
            status, answer = await ctl("POST", "users", raw=raw)
            assert (status, bool(answer["error"])) == (400, True), raw
        status, answer = await ctl("POST", "users", raw=io.BytesIO(b"x" * 1_100_000))
        assert (status, "1048576 bytes" in answer["error"]) == (413, True)

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(12):
                yield b" " * 100_000

        url = f"{ctl.emulator.base_url}/_emulator/users"
        async with ctl.session.post(url, data=pieces()) as response:
            assert response.status == 413
        packed = {"Content-Encoding": "gzip"}
        body = gzip.compress(b'{"username": "zoe"}')
        assert (await ctl("POST", "users", raw=body, headers=packed))[0] == 200
        assert (await ctl("POST", "users", raw=b"zoe", headers=packed))[0] == 400

    @given(data=st.data())
    async def test_whatever_is_sent_is_answered_in_json_below_500(
        self, data: st.DataObject
    ) -> None:
        values: Any = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        )
        writes = [(m, p) for p, methods in ENDPOINTS.items() for m in methods if m != "GET"]
        async with Emulator() as emulator, aiohttp.ClientSession() as session:
            ctl = Controller(emulator, session)
            emulator.add_user("ann")
            for method, path in data.draw(st.lists(st.sampled_from(writes), max_size=4)):
                fields = [*ENDPOINTS[path][method].fields, "other"]
                body = {
                    name: data.draw(values) for name in data.draw(st.sets(st.sampled_from(fields)))
                }
                known = {"username": "ann", "sender": "ann", "target": "ann", "path": "/users"}
                body |= {
                    n: known[n] for n in known.keys() & body.keys() if data.draw(st.booleans())
                }
                status, answer = await ctl(method, path.replace("{username}", "ann"), body)
                assert status in (200, 400, 404), (method, path, body)
                assert status == 200 or set(answer) == {"error"}
            for path in ("state", "users", "faults", "webhooks", "requests", "clock", "quotas"):
                assert (await ctl("GET", path))[0] == 200


KEY = "the key of the test"


class TestTheGuard:
    async def test_from_elsewhere_all_but_health_and_files_need_the_key(self) -> None:
        async with (
            Emulator(host="0.0.0.0", control_key=KEY) as emulator,
            aiohttp.ClientSession() as session,
        ):
            ctl = Controller(emulator, session)
            assert (await ctl("GET", "health"))[0] == 200
            for path, methods in ENDPOINTS.items():
                if path in ("health", "page/{file}"):
                    continue
                for method in methods:
                    status, answer = await ctl(method, path)
                    assert (status, "X-Emulator-Key" in answer["error"]) == (403, True), path
                    assert (await ctl(method, f"{path}?key=wrong"))[0] == 403
                    assert (await ctl(method, path, headers={"X-Emulator-Key": "ключ"}))[0] == 403
            assert (await ctl("GET", "state", headers={"X-Emulator-Key": KEY}))[0] == 200
            url = f"{emulator.base_url}/_emulator/"
            async with session.get(url, params={"key": KEY}) as response:
                assert response.status == 200
                assert response.headers["Referrer-Policy"] == "no-referrer"
            async with session.get(f"{url}page/index.html") as response:
                assert response.status == 200
            async with session.get(f"{url}events", params={"key": KEY}) as response:
                assert response.status == 200

    async def test_without_a_key_nothing_from_elsewhere_is_allowed(self) -> None:
        async with Emulator(host="0.0.0.0") as emulator, aiohttp.ClientSession() as session:
            ctl = Controller(emulator, session)
            status, answer = await ctl("GET", "state?key=")
            assert (status, "--control-key" in answer["error"]) == (403, True)
            assert (await ctl("GET", "health"))[0] == 200

    async def test_on_this_machine_no_key_is_needed(self) -> None:
        async with Emulator(control_key=KEY) as emulator, aiohttp.ClientSession() as session:
            assert (await Controller(emulator, session)("GET", "state"))[0] == 200

    async def test_the_page_of_another_site_changes_nothing(self, ctl: Controller) -> None:
        user = {"username": "zoe"}
        for site, expected in (("cross-site", 403), ("same-origin", 200)):
            status, _answer = await ctl(
                "POST",
                "users",
                user,
                headers={"Sec-Fetch-Site": site, "Content-Type": "text/plain"},
            )
            assert status == expected


async def test_control_requests_are_not_among_the_requests(ctl: Controller) -> None:
    await ctl.good("GET", "state")
    assert ctl.emulator.requests == []
    assert (await ctl.good("GET", "requests"))["total"] == 0


async def test_a_suspension_is_told_in_milliseconds() -> None:
    clock = Clock()

    async def refuse(request: aiohttp.web.Request) -> aiohttp.web.Response:
        return aiohttp.web.Response(status=500)

    async with (
        Emulator(now=clock) as emulator,
        serving(refuse) as url,
        aiohttp.ClientSession() as session,
    ):
        emulator.add_webhook(url, secret=SECRET)
        emulator.add_user("ann")
        for _ in range(46):
            emulator.log_in("ann")
        await emulator.webhooks.idle()
        answer = await Controller(emulator, session).good("GET", "webhooks")
        assert answer["suspended_until"] == (1_700_000_000 + 300) * 1000
        assert (answer["posted"][0]["statuses"], answer["posted"][0]["delivered"]) == ([], False)
        assert answer["posted"][1]["statuses"] == [500, 500]
