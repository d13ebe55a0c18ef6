"""What the emulator has seen: bounded, without secrets, named by operation, and fed to readers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import EasemobClient, Text
from easemob_async.emulator import Emulator
from easemob_async.emulator.handlers import routes
from easemob_async.emulator.operations import operation_of
from easemob_async.emulator.redaction import redact
from easemob_async.emulator.routes import Call, Route
from easemob_async.emulator.traffic import Body, Feed, SeenRequest, Traffic
from tests import facts_reader as facts
from tests.emulator.caller import Caller
from tests.emulator.test_control import parsed
from tests.emulator.webhook_server import SECRET, Server

HIDDEN = "hunter2hunter2"


def seen(number: int = 0, body: Body | None = None) -> SeenRequest:
    body = body or Body(b"", 0, "application/json")
    return SeenRequest(number, "GET", f"/a/b/{number}", request=body, answer=body)


def every(node: Mapping[Any, Any]) -> Iterator[Route]:
    """Yield every route of the table."""
    for value in node.values():
        if isinstance(value, tuple):
            yield value[0]
        else:
            yield from every(value)


class TestOperations:
    @pytest.mark.parametrize("id_", facts.operations())
    def test_every_operation_is_named_by_its_route(self, id_: str) -> None:
        operation = facts.operations()[id_]
        path = re.sub(r"\{.*?\}", "x1", operation["path"])
        route, _params = routes.find(operation["method"], path)
        assert id_ in route.operations

    def test_no_route_names_an_operation_that_does_not_exist(self) -> None:
        named = {name for route in every(routes._root) for name in route.operations}
        assert named == set(facts.operations())

    def test_a_route_without_an_operation_is_none_of_the_api(self) -> None:
        assert [r.path for r in every(routes._root) if not r.operations] == [
            "/chatmessages/{hour}/file"  # the address of a history file
        ]

    @pytest.mark.parametrize(
        ("method", "path", "body", "id_"),
        [
            ("POST", "/users", {"username": "x"}, "users.create_open"),
            ("POST", "/users", [{"username": "x"}], "users.create"),
            ("POST", "/users", [{"username": "x"}, {"username": "y"}], "users.create_many"),
            ("POST", "/users", 5, "users.create_open"),
            ("POST", "/token", {"grant_type": "client_credentials"}, "tokens.create_app_token"),
            ("POST", "/token", {"grant_type": "inherit"}, "tokens.create_user_token"),
            (
                *("POST", "/token", {"grant_type": "password"}),
                "tokens.create_user_token_with_password",
            ),
            ("PUT", "/users/x", {"nickname": "n"}, "push.set_nickname"),
            ("PUT", "/users/x", {"notification_display_style": 1}, "push.set_display_style"),
            ("PUT", "/users/x", None, "push.set_nickname"),
            ("PUT", "/chatgroups/1", {"groupname": "g"}, "chat_groups.update"),
            ("PUT", "/chatgroups/1", {"newowner": "x"}, "chat_groups.transfer_owner"),
            ("PUT", "/chatrooms/1", {"newowner": "x"}, "chat_rooms.transfer_owner"),
            ("DELETE", "/chatgroups/1/users/x", None, "chat_groups.members.remove"),
            ("DELETE", "/chatgroups/1/users/x,y", None, "chat_groups.members.remove_many"),
            ("DELETE", "/chatrooms/1/users/x,y", None, "chat_rooms.members.remove_many"),
            ("DELETE", "/chatrooms/1/blocks/users/x", None, "chat_rooms.blocklist.remove"),
            ("DELETE", "/chatrooms/1/blocks/users/x,y", None, "chat_rooms.blocklist.remove_many"),
            ("POST", "/chatrooms/1/mute", {}, "chat_rooms.mutes.add_many"),
            ("POST", "/chatgroups/1/mute", {}, "chat_groups.mutes.add_many"),
            ("GET", "/chatfiles/1", None, "files.download"),
        ],
    )
    async def test_operations_of_one_route_are_told_apart(
        self, emulator: Emulator, method: str, path: str, body: Any, id_: str
    ) -> None:
        route, params = routes.find(method, path)
        assert operation_of(route, Call(emulator.state, method, path, params, {}, body)) == id_

    async def test_a_thumbnail_is_told_by_its_header(self, emulator: Emulator) -> None:
        route, params = routes.find("GET", "/chatfiles/1")
        call = Call(emulator.state, "GET", "/chatfiles/1", params, {}, None)
        for value in ("true", "1"):
            call.headers = {"thumbnail": value}
            assert operation_of(route, call) == "files.download_thumbnail"

    async def test_a_refused_request_has_its_operation(self, call: Caller) -> None:
        assert (await call("GET", "/users/ann", token="wrong"))[0] == 401
        assert (await call("POST", "/chatgroups", raw=b"{"))[0] == 400
        operations = [row.operation for row in call.emulator.traffic.requests]
        assert operations[1:] == ["users.get", "chat_groups.create"]


class TestBounds:
    def test_the_latest_10_000_are_kept_and_the_bodies_of_1_000(self) -> None:
        traffic = Traffic(tuple)
        for number in range(10_500):
            traffic.add(seen(number, Body.of(b"x" * 10_000, "text/plain")))
        rows = list(traffic.requests)
        assert (traffic.total, len(rows), rows[0].number, rows[-1].number) == (
            *(10_500, 10_000, 501),
            10_500,
        )
        sizes = [len(row.request.content) for row in rows]
        assert sizes == [0] * 9_000 + [4096] * 1_000
        assert sum(len(row.answer.content) for row in rows) == 4096 * 1_000

    async def test_the_paths_of_the_latest_requests_are_a_list(self, call: Caller) -> None:
        await call("GET", "/users/zoe?a=b")
        assert call.emulator.requests[1:] == [("GET", "/easemob-demo/testapp/users/zoe?a=b")]

    async def test_requests_belong_to_their_app_else_to_the_first(self) -> None:
        async with Emulator(app_key="a#b", more_apps=["a#c"]) as emulator:
            async with aiohttp.ClientSession() as session:
                for path in ("/a/c/users", "/a/b/users", "/x/y/users"):
                    await session.get(emulator.base_url + path)
            assert emulator.apps["a#c"].requests == [("GET", "/a/c/users")]
            assert emulator.requests == [("GET", "/a/b/users"), ("GET", "/x/y/users")]

    def test_a_body_is_shown_with_at_most_4_kb(self) -> None:
        text = Body.of("你好".encode() * 5_000, "application/json").text([])
        assert text[-2:] in ("你…", "好…")
        assert 4090 <= len(text.encode()) <= 4096

    @pytest.mark.parametrize(
        ("content", "kind", "shown"),
        [
            (b"", "application/json", ""),
            (b'{"a": 1}', "application/octet-stream", '{"a": 1}'),
            (b"\xff\xd8", "application/octet-stream", "(2 bytes of application/octet-stream)"),
            (b"--x\r\n", "multipart/form-data", "(5 bytes of multipart/form-data)"),
            (b"<p>", "text/html", "<p>"),
        ],
    )
    def test_what_is_no_text_is_shown_by_its_size(
        self, content: bytes, kind: str, shown: str
    ) -> None:
        assert Body.of(content, kind).text([]) == shown


# Names under which a password, a secret or a token is sent or answered.
NAMES = st.sampled_from(
    [
        *("password", "newpassword", "oldPassword", "PASSWORD", "client_secret", "secret"),
        *("access_token", "token", "device_token", "share-secret", "Authorization", "pin"),
    ]
)
KINDS = st.sampled_from(["text", "ascii", "escaped"])
PLAIN = st.text(max_size=8)
OTHERS = st.none() | st.booleans() | st.integers() | PLAIN


@st.composite
def secret_values(draw: st.DrawFn) -> Any:
    """What may stand under such a name: a text mostly, or anything that holds one."""
    text = draw(PLAIN) + HIDDEN + draw(PLAIN)
    return draw(st.sampled_from([text, text, [text], {"value": text}, [1, {"a": [text]}]]))


@st.composite
def bodies(draw: st.DrawFn) -> Any:
    """JSON with secrets anywhere: at any depth, and in JSON inside of strings."""

    def with_secret(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        secret = st.dictionaries(NAMES, secret_values(), min_size=1, max_size=2)
        return st.one_of(
            st.lists(inner, max_size=3),
            st.builds(lambda a, b: {**a, **b}, st.dictionaries(PLAIN, inner, max_size=3), secret),
            st.builds(json.dumps, secret),
        )

    return draw(st.recursive(OTHERS, with_secret, max_leaves=8))


def spelled(body: Any, kind: str, indent: int | None = None) -> str:
    """Return JSON as clients may write it: as text, in ASCII, or with all letters escaped."""
    text = json.dumps(body, indent=indent, ensure_ascii=kind != "text")
    if kind != "escaped":
        return text
    return re.sub(r'"(?:[^"\\]|\\.)*"', _escaped, text)


def _escaped(found: re.Match[str]) -> str:
    letters = json.loads(found.group())
    return "".join(
        ['"', *(f"\\u{ord(c):04x}" if c < "\x7f" else json.dumps(c)[1:-1] for c in letters), '"']
    )


def readings(text: str) -> Iterator[str]:
    """Yield a text, and what it says with escapes resolved, twice."""
    for _ in range(3):
        yield text
        text = re.sub(r"\\+u([0-9a-f]{4})", lambda m: chr(int(m.group(1), 16)), text)


def assert_hidden(text: str) -> None:
    for reading in readings(text):
        assert "hunter2" not in reading, text


class TestSecrets:
    @given(body=bodies(), indent=st.sampled_from([None, 2]), kind=KINDS)
    def test_json_shows_no_secret(self, body: Any, indent: int | None, kind: str) -> None:
        text = spelled(body, kind, indent)
        assert_hidden(redact(text))
        json.loads(redact(text))  # it stays JSON

    @given(body=bodies(), length=st.integers(0, 400), kind=KINDS)
    def test_json_that_is_cut_anywhere_shows_no_secret(
        self, body: Any, length: int, kind: str
    ) -> None:
        text = spelled(body, kind)[:length]
        assert_hidden(redact(text, cut=True))

    @given(body=bodies(), padding=st.integers(0, 4200))
    def test_a_large_body_shows_no_secret(self, body: Any, padding: int) -> None:
        content = json.dumps({"padding": "x" * padding, "body": body}).encode()
        shown = Body.of(content, "application/json").text([])
        assert len(shown.encode()) <= 4096
        assert_hidden(shown)

    @given(fields=st.dictionaries(NAMES, st.just(HIDDEN), min_size=1), other=PLAIN)
    def test_a_form_and_a_query_show_no_secret(self, fields: Mapping[str, str], other: str) -> None:
        form = urlencode({"a": other, **fields})
        assert_hidden(redact(form))
        assert_hidden(redact(f"/a/b/users?{form}"))
        assert_hidden(redact(form.replace("o", "%6f")))

    @pytest.mark.parametrize(
        "text",
        [
            "{'password': 'hunter2 and more'}",
            '{"password": "hunter2 and more"',
            "{password: hunter2}",
            "password=hunter2",
            "Authorization: Bearer hunter2",
            '{"a": "see http://x/y?access_token=hunter2&b=c"}',
            '{"password": "a\\"hunter2"}',
            '{"password" : \n "hunter2"}',
            '["{\\"password\\": \\"hunter2 and',
        ],
    )
    def test_what_is_nearly_json_shows_no_secret(self, text: str) -> None:
        assert "hunter2" not in redact(text)
        assert "and more" not in redact(text)

    @given(before=PLAIN, after=PLAIN, length=st.integers(0, 60))
    def test_known_secrets_and_tokens_are_hidden_wherever_they_are(
        self, before: str, after: str, length: int
    ) -> None:
        secret = 'YXA6 "emulator" secret'
        text = json.dumps({"msg": f"{before}{secret}{after}", "other": "YWMt-abc_123"})
        assert "emulator" not in redact(text, [secret])
        assert "abc_123" not in redact(text)
        assert "emula" not in redact(text[:length], [secret], cut=True)

    def test_the_rest_of_a_body_stays_as_it_was(self) -> None:
        text = '{"username": "ann", "password": "x", "msg": "a=b&c: {1}", "n": null, "pin": null}'
        assert redact(text) == text.replace('"x"', '"***"')

    async def test_requests_and_answers_show_no_secret(self, call: Caller, server: Server) -> None:
        emulator = call.emulator
        emulator.add_webhook(server.url, secret=SECRET)
        await call("POST", "/users", [{"username": "ann", "password": "hunter2"}])
        await call("PUT", "/users/ann/password", {"newpassword": "hunter2"})
        await call("GET", f"/users/ann?access_token={call.token}")
        grant = {"grant_type": "password", "username": "ann", "password": "hunter2"}
        _status, answer = await call("POST", "/token", grant)
        await call("POST", "/messages/users", raw=json.dumps({"text": SECRET}).encode())
        shown = json.dumps([emulator.traffic.show(row) for row in emulator.traffic.requests])
        for secret in (
            *("hunter2", SECRET, call.token, answer["access_token"]),
            emulator.state.client_secret,
        ):
            assert secret not in shown


class TestFeed:
    async def test_events_come_in_order_with_rising_ids(self) -> None:
        feed = Feed()
        one, two = feed.subscribe(), feed.subscribe()
        for number in range(3):
            feed.publish("change", lambda number=number: {"n": number})  # type: ignore[misc]
        for subscriber in (one, two):
            events = [parsed(str(await subscriber.take(0.01))) for _ in range(3)]
            assert [event["id"] for event in events] == ["1", "2", "3"]
            assert [event["data"] for event in events] == [{"n": 0}, {"n": 1}, {"n": 2}]
            assert await subscriber.take(0.001) is None

    async def test_a_full_queue_loses_the_oldest_once_told(self) -> None:
        feed = Feed()
        subscriber = feed.subscribe(most=3)
        for _ in range(10):
            feed.publish("change", dict)
        first = parsed(str(await subscriber.take(1)))
        assert (first["event"], first["data"]) == ("lost", {"lost": 7})
        assert [parsed(str(await subscriber.take(1)))["id"] for _ in range(3)] == ["8", "9", "10"]
        feed.publish("change", dict)
        assert parsed(str(await subscriber.take(1)))["id"] == "11"

    async def test_without_a_reader_no_data_is_made(self) -> None:
        def fail() -> Mapping[str, Any]:
            raise AssertionError

        Feed().publish("change", fail)

    async def test_an_event_wakes_a_waiting_reader_from_any_thread(self) -> None:
        feed = Feed()
        subscriber = feed.subscribe()
        waiting = asyncio.create_task(subscriber.take(30))
        await asyncio.sleep(0)
        await asyncio.to_thread(feed.publish, "change", dict)
        assert parsed(str(await waiting))["event"] == "change"

    async def test_a_closed_feed_ends(self) -> None:
        feed = Feed()
        subscriber = feed.subscribe()
        feed.close()
        assert await subscriber.take(30) is None
        assert subscriber.closed

    async def test_text_in_events_is_one_line_and_can_always_be_sent(self) -> None:
        feed = Feed()
        subscriber = feed.subscribe()
        feed.publish("change", lambda: {"a": "x\r\ny\n\nid: 5", "b": "\udc00", "c": "你"})
        text = str(await subscriber.take(1))
        assert text.encode().count(b"\n") == 4
        assert parsed(text)["data"] == {"a": "x\r\ny\n\nid: 5", "b": "\udc00", "c": "你"}


class TestWebhookPosts:
    async def test_an_event_has_a_kind_a_number_and_a_time(
        self, two: Emulator, client: EasemobClient, server: Server
    ) -> None:
        server.text = '{"valid": true}'
        two.add_webhook(server.url, secret=SECRET)
        two.add_webhook(server.url, secret=SECRET, before_delivery=True, wait=10)
        two.log_in("ann")
        await two.webhooks.idle()
        await two.say("bob", "ann", "hi")
        group = await client.chat_groups.create("g", owner="ann", members=["bob"], public=True)
        sent = await client.messages.send_to_groups([group.group_id], Text("hi"), sender="ann")
        (message_id,) = sent.message_ids.values()
        await client.messages.recall(message_id, target=group.group_id, chat_type="groupchat")
        await client.contacts.add("ann", "bob")
        two.log_out("ann")
        await two.webhooks.idle()
        posted = list(two.webhooks.posted)
        assert [row.kind for row in posted] == [
            *("login", "pre_delivery", "chat", "group.create", "group.join", "groupchat"),
            *("groupchat.offline", "recall", "roster.add", "logout"),
        ]
        assert [row.number for row in posted] == list(range(1, 11))
        assert all(row.answer == server.text and row.ms >= 0 for row in posted)
        assert all(row.time <= two.state.milliseconds() for row in posted)


class TestThePythonObject:
    """What the control over HTTP does, by the methods of an app."""

    async def test_expiry_of_one_user_or_all(self, two: Emulator) -> None:
        for name in ("ann", "bob", None):
            two.state.issue_token(name, 0)
        assert two.expire_tokens("ann") == 1
        assert two.expire_tokens() == 2
        assert two.expire_tokens() == 0

    async def test_a_reset_leaves_a_state_like_a_new_one(self, two: Emulator) -> None:
        two.add_robot("r", "ann")
        two.log_in("ann")
        two.state.rtc_minutes = 5
        await two.say("ann", "bob", "hi")
        two.reset()
        new = Emulator().state
        same = {"application", "now", "watch", "blobs", "serials", "_group_ids", "_message_ids"}
        for field in attrs.fields(type(new)):
            if field.name not in same:
                assert getattr(two.state, field.name) == getattr(new, field.name), field.name
        assert two.online == []
        assert two.received("bob") == []
