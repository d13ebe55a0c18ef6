"""Whatever is sent, the emulator answers in JSON, never with 500, and its state can be read."""

from __future__ import annotations

import copy
import http.client
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from tests import facts_reader as facts

FILES: Final = ("push_notifications", "more")
"""The files of the facts whose operations are called."""
ALSO: Final = [
    *("contacts.check", "contacts.blocklist.check", "conversations.delete", "favorites.add"),
    *("favorites.list", "users.get_statuses", "presence.subscribe", "push.set_nicknames"),
    *("messages.send_legacy", "messages.recall_many", "messages.stream_to_user"),
    *("message_imports.create_group_message", "broadcasts.send_to_all_users"),
    *("chat_groups.transfer_owner", "chat_groups.admins.add"),
    *("chat_groups.member_attributes.set", "chat_groups.member_attributes.set_many"),
]
"""Operations of other files that have answered with 500, or stored what could not be read."""
OPERATIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    **{
        entry["id"]: entry
        for name in FILES
        for group in ("operations", "legacy")
        for entry in facts.read(name).get(group, ())
    },
    **{id_: facts.operations()[id_] for id_ in ALSO},
}
READS: Final = [
    *("push.labels.list", "push.labels.users.list", "push.notifications.get", "robots.list"),
    *("moderation.word_lists.search", "moderation.words.search", "moderation.exports.list"),
    *("moderation.check_text", "messages.search", "conversations.list"),
    "chat_groups.list_joined_legacy",
]
"""Operations that show what others have stored."""


# ---------------------------------------------------------------- what is there


@attrs.frozen
class Service:
    """A running emulator that has the things which the documented examples are about."""

    emulator: Emulator
    connection: http.client.HTTPConnection
    token: str
    params: Mapping[str, str]
    """Values of parameters, by their names."""
    fields: Mapping[str, Any]
    """Values of fields of the body, by their names."""
    kept: Mapping[str, Any]
    """A copy of the state."""

    def restore(self) -> None:
        """Undo what the calls have done."""
        for name, value in copy.deepcopy(self.kept).items():
            setattr(self.emulator.state, name, value)

    def call(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str, bytes]:
        """Return the status, the content type and the content of an answer."""
        state = self.emulator.state
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self.connection.request(method, f"/{state.org}/{state.app}{path}", body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers.get_content_type(), answer.read()


def containers(emulator: Emulator) -> dict[str, Any]:
    """Everything that the state contains."""
    fields = attrs.asdict(emulator.state, recurse=False)
    return {name: value for name, value in fields.items() if isinstance(value, dict | list)}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running(Emulator(quotas=None)) as emulator:
        state = emulator.state
        state.listening = True
        for name in ("ann", "test1", "test2", "hx1", "hx2", "user01", "user02", "vip"):
            emulator.add_user(name)
        emulator.add_user("c", password="1")
        emulator.add_robot("helper", "ann")
        token = state.issue_token(None, 0)
        host, _, port = emulator.base_url.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        made = Service(emulator, connection, token, {}, {}, {})

        def make(method: str, path: str, body: object) -> Any:
            status, _, content = made.call(method, path, json.dumps(body).encode())
            assert status == 200, content
            return json.loads(content)

        make("POST", "/push/label", {"name": "vip"})
        make("POST", "/push/label/vip/user", {"usernames": ["hx1"]})
        stored = make("POST", "/push/message", {"title": "a", "content": "b"})["data"]
        list_ = {"name": "list", "scope": "ALL", "disposition": "EXCHANGE"}
        words = make("POST", "/moderation/text/list", {**list_, "textContexts": ["hello"]})
        period = {"dateFrom": 1, "dateTo": 2}
        export = make("POST", "/moderation/record/message/export", period)["entity"]["uuid"]
        group = {"groupname": "g", "public": True, "owner": "user01", "members": ["ann"]}
        make("POST", "/chatgroups", {**group, "groupid": "group01"})
        for target, path in (("user02", "users"), ("group01", "chatgroups")):
            text = {"from": "user01", "type": "txt", "body": {"msg": "hello"}}
            make("POST", f"/messages/{path}", {"to": [target], **text, "ext": {"k": "v"}})
        (word,) = words["entity"]["textList"]
        params = {
            "username": "user01",
            "group_id": "group01",
            "labelname": "vip",
            "target": "test1",
            "messageId": str(stored),
            "list_id": words["entity"]["id"],
            "uuid": export,
            "wordId": word["id"],
            "appKey": f"{state.org}#{state.app}",
            "type": "record",
        }
        fields = {
            "pushMsgId": stored,
            "targets": ["vip"],
            "id": word["id"],
            "wordIds": [word["id"]],
        }
        kept = copy.deepcopy(containers(emulator))
        yield attrs.evolve(made, params=params, fields=fields, kept=kept)
        connection.close()


# ---------------------------------------------------------------- what is sent


@attrs.frozen
class Request:
    """The odd values of a request; all others are proper."""

    path: Mapping[str, str] = {}
    """Values of parameters in the path."""
    query: Mapping[str, str] = {}
    """Values of parameters in the query."""
    body: bytes | Callable[[Any], Any] = lambda proper: proper
    """The content, or a function that changes the proper body."""


def proper(operation: Mapping[str, Any], known: Mapping[str, Any]) -> list[Any]:
    """The documented requests, about things that are there."""
    examples = operation.get("examples") or ()
    found = [one["request"] for one in examples if "request" in one]
    if not found and operation.get("body"):
        found = [{row["name"]: 1 if row["type"] == "long" else "a" for row in operation["body"]}]
    return [
        {**body, **{k: v for k, v in known.items() if k in body}}
        if isinstance(body, dict)
        else body
        for body in found
    ] or [None]


PUSH_FIELDS: Final = [
    row["name"]
    for row in facts.read("push_notifications")["push_message"]["fields"]
    if "." not in row["name"]  # the emulator reads none of the vendors' options
]


def field_paths(operation: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The paths of the documented fields of the body: ``("data", "keywords", "[]")``."""
    names: list[str] = []
    for row in operation.get("body") or ():
        names += PUSH_FIELDS if row["name"] == "(body)" else [row["name"]]
        if row["type"].startswith("list"):
            names.append(f"{row['name']}[]")
    return [tuple(name.replace("[]", ".[]").lstrip(".").split(".")) for name in names]


def put(value: Any, path: Sequence[str], new: object, *, drop: bool) -> Any:
    """Return a body with another value at a path, or with none."""
    if not path:
        return new
    head, *rest = path
    if head == "[]":
        items = value if isinstance(value, list) and value else [None]
        return [put(items[0], rest, new, drop=drop), *items[1:]]
    found = dict(value) if isinstance(value, dict) else {}
    if drop and not rest:
        found.pop(head, None)
    else:
        found[head] = put(found.get(head), rest, new, drop=drop)
    return found


TEXTS: Final = (
    *("", " ", "-1", "0", "1", "1.5", "1e3", "abc", "²", "٣", "null", "true", "NaN", "inf", "%"),
    *("9" * 30, "9" * 5000, "\x00", "\n", "\ud800", "\U0001f600", "a b", "a/b", "..", "{}", "ß"),
)
SCALARS: Final[Sequence[object]] = (
    *(None, True, False, 0, -1, 1, 2**63, 10**400, -0.5, 1.0, 1e308),
    *("", " ", "-1", "1.5", "abc", "²", "9" * 5000, "\x00", "\ud800"),
)
VALUES: Final[Sequence[object]] = (
    *SCALARS,
    *([], {}, [None], [[]], [{}], ["a", 5], [["a"], {"a": []}], {"a": None}, {"": [], "id": {}}),
)
CONTENTS: Final = (
    *(b"", b" ", b"{", b"nul", b"\xff", b'"\xed\xa0\x80"', b"NaN", b'{"a": -Infinity}', b"[1e999]"),
    *(b"[" * 100_000, b"[" * 900 + b"]" * 900, b'{"a":' * 990 + b"1" + b"}" * 990, b"9" * 5000),
    *(b"null", b"true", b"0", b"1.5", b'"a"', b"[]", b"{}", b"[null]", b"[[]]", b"[{}]", b"[1]"),
)
# As they are, they cannot be part of an answer.
TOKENS: Final = ("NaN", "-Infinity", "1e999", '"\\ud800"', "[" * 700 + "]" * 700)
LONGEST: Final = 7000
"""As many bytes of odd values as the HTTP library takes in a URL."""


def one_wrong(operation: Mapping[str, Any]) -> Iterator[list[Request]]:
    """Requests with one thing wrong, in groups: all odd values of one parameter or field."""
    for name in re.findall(r"\{(.*?)\}", operation["path"]):
        yield [Request(path={name: text}) for text in TEXTS if text]
    for row in operation.get("query") or ():
        yield [Request(query={row["name"]: text}) for text in TEXTS]
    for where in field_paths(operation):
        changes = [changed((where, value, False)) for value in VALUES]
        yield [Request(body=change) for change in (*changes, changed((where, None, True)))]
        raws = [changed((where, RAW, False), raw=token) for token in TOKENS]
        yield [Request(body=raw) for raw in raws]
    if operation.get("body"):
        yield [Request(body=content) for content in CONTENTS]


Change = tuple[Sequence[str], object, bool]
"""A field, its new value, and whether it is left out."""
RAW: Final = "a value that is not valid JSON"


def changed(*changes: Change, raw: str | None = None) -> Callable[[Any], Any]:
    """What changes fields of a body; `raw` stands for the value `RAW`, as it is."""

    def change(body: Any) -> Any:
        for where, new, drop in changes:
            body = put(body, where, new, drop=drop)
        return body if raw is None else dumps(body).replace(dumps(RAW), raw.encode())

    return change


texts = st.sampled_from(TEXTS) | st.text(max_size=5)
scalars = st.sampled_from(SCALARS) | texts | st.integers() | st.floats(allow_nan=False)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def requests(draw: st.DrawFn, operation: Mapping[str, Any]) -> Request:
    """Draw a request in which several things may be wrong."""
    params = re.findall(r"\{(.*?)\}", operation["path"])
    path = {name: draw(texts.filter(bool)) for name in params if draw(st.integers(0, 3)) == 0}
    names = [row["name"] for row in operation.get("query") or ()]
    query = draw(st.dictionaries(st.sampled_from(names or PAGES), texts, max_size=2))
    assume(sum(len(quoted(text)) for text in (*path.values(), *query.values())) < LONGEST)
    fields = field_paths(operation)
    if not fields:
        return Request(path, query)
    change = st.tuples(st.sampled_from(fields), values, st.sampled_from([False, False, True]))
    return Request(path, query, changed(*draw(st.lists(change, min_size=1, max_size=3))))


PAGES: Final = ("pagesize", "pagenum", "page", "size", "limit", "cursor")


def dumps(value: object) -> bytes:
    return json.dumps(value).encode()


def quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def send(
    service: Service, operation: Mapping[str, Any], request: Request, number: int = 0
) -> tuple[int, Any]:
    """Send a request, and return the status and the decoded answer."""
    path = re.sub(
        r"\{(.*?)\}",
        lambda m: quoted(request.path.get(m[1], service.params.get(m[1], "ann"))),
        operation["path"],
    )
    names = [row["name"] for row in operation.get("query") or ()]
    query = {**{name: service.params.get(name, "") for name in names}, **request.query}
    target = f"{path}?{'&'.join(f'{quoted(k)}={quoted(v)}' for k, v in query.items())}"
    content = request.body
    if callable(content):
        wanted = proper(operation, service.fields)
        body = content(wanted[number % len(wanted)])
        content = body if isinstance(body, bytes) else b"" if body is None else dumps(body)
    status, kind, answer = service.call(operation["method"], target, content)
    assert status < 500, (status, answer)
    if kind == "application/octet-stream":
        assert (status, operation["response"]["data"]) == (200, "binary")
        return status, answer
    assert kind == "application/json", (status, answer)
    found = json.loads(answer, parse_constant=no_json)
    if status >= 400:
        assert isinstance(found, dict)
        assert isinstance(found["timestamp"], int)
    return status, found


def no_json(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def read_all(service: Service, resource: str = "") -> None:
    """Read what is stored, of one resource or of all."""
    for name in READS:
        if name.startswith(resource):
            send(service, OPERATIONS[name], Request())


# ---------------------------------------------------------------- what is claimed


@pytest.mark.parametrize("id_", [id_ for id_ in OPERATIONS if id_ not in ALSO])
def test_a_proper_request_succeeds(service: Service, id_: str) -> None:
    """So the wrong ones of the next tests reach what is behind the checks."""
    service.restore()
    assert send(service, OPERATIONS[id_], Request())[0] == 200


@pytest.mark.parametrize("id_", OPERATIONS)
def test_one_wrong_value_is_answered_in_json_and_what_is_stored_can_be_read(
    service: Service, id_: str
) -> None:
    resource, operation = id_.partition(".")[0], OPERATIONS[id_]
    for group in one_wrong(operation):
        service.restore()
        for request in group:
            send(service, operation, request)
        read_all(service, resource if id_ not in ALSO else "")


@pytest.mark.parametrize("id_", OPERATIONS)
def test_several_wrong_values_are_answered_in_json_and_what_is_stored_can_be_read(
    service: Service, id_: str
) -> None:
    operation = OPERATIONS[id_]

    @settings(derandomize=True, max_examples=15)
    @given(requests(operation), st.integers(0, 3))
    def check(request: Request, number: int) -> None:
        service.restore()
        send(service, operation, request, number)
        read_all(service, id_.partition(".")[0] if id_ not in ALSO else "")

    check()
