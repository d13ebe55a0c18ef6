"""Whatever is sent, the emulator answers in JSON, never with 500, and its state can be read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests import facts_reader as facts
from tests.emulator.furnished import (
    FORMS,
    UPLOAD,
    UPLOADS,
    Service,
    bodies,
    furnished,
    path_of,
    quoted,
)

OPERATIONS: Final[Mapping[str, Mapping[str, Any]]] = facts.operations()
READS: Final = [
    *(id_ for id_, operation in OPERATIONS.items() if operation["method"] == "GET"),
    *("chat_groups.member_attributes.get_many", "chat_rooms.attributes.get", "messages.search"),
    *("moderation.check_text", "moderation.word_lists.search", "moderation.words.search"),
    *("contacts.check", "contacts.blocklist.check", "users.get_statuses", "presence.get_many"),
    "user_attributes.get_many",
]
"""Operations that show what others have stored."""
FILES: Final = (
    *("files.download", "files.download_thumbnail", "chat_groups.files.download"),
    "moderation.exports.download",
)
"""Operations whose answer is a file."""
OFTEN: Final = [
    *("users.list", "chat_groups.get", "chat_rooms.get", "messages.search", "conversations.list"),
    *("history.get", "user_attributes.get"),
]
"""Reads that show what several resources have stored."""
ALL: Final = bool(os.environ.get("EASEMOB_WRONG_TYPES"))
"""Whether all odd values are sent, more than 50 000 requests, and not some in every field:
``EASEMOB_WRONG_TYPES=1 pytest -s tests/emulator/test_wrong_types.py``."""
EXAMPLES: Final = 100 if ALL else 3


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with furnished() as made:
        yield made
        if ALL:
            print(f"\n{made.wrong} odd requests were sent, and {made.sent} in all")


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


def some(values: Sequence[Any], number: int) -> Sequence[Any]:
    """Return all values or, in an ordinary run, some of them: others for each number."""
    return values if ALL else values[number % 8 :: 8]


def one_wrong(operation: Mapping[str, Any]) -> Iterator[list[Request]]:
    """Requests with one thing wrong, in groups: odd values of one parameter or field."""
    start = sum(map(ord, operation["id"]))
    for number, name in enumerate(re.findall(r"\{(.*?)\}", operation["path"]), start):
        yield [Request(path={name: text}) for text in some([t for t in TEXTS if t], number)]
    for number, row in enumerate(operation.get("query") or (), start):
        yield [Request(query={row["name"]: text}) for text in some(TEXTS, number)]
    for number, where in enumerate(field_paths(operation), start):
        changes = [changed((where, value, False)) for value in some(VALUES, number)]
        yield [Request(body=change) for change in (*changes, changed((where, None, True)))]
        raws = [changed((where, RAW, False), raw=token) for token in some(TOKENS, number)]
        yield [Request(body=raw) for raw in raws]
    if operation.get("body"):
        yield [Request(body=content) for content in some(CONTENTS, start)]


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


def send(
    service: Service, operation: Mapping[str, Any], request: Request, number: int = 0
) -> tuple[int, Any]:
    """Send a request, and return the status and the decoded answer."""
    names = [row["name"] for row in operation.get("query") or ()]
    query = {**{name: service.params.get(name, "") for name in names}, **request.query}
    target = path_of(service, operation, request.path)
    target += f"?{'&'.join(f'{quoted(k)}={quoted(v)}' for k, v in query.items())}"
    content, content_type = request.body, "application/json"
    if operation["id"] in UPLOADS:
        content = UPLOAD if callable(content) else content
        content_type = "multipart/form-data; boundary=xyz"
    elif callable(content):
        wanted = bodies(service, operation)
        body = content(wanted[number % len(wanted)])
        if operation["id"] in FORMS and isinstance(body, dict):
            pairs = {k: v if isinstance(v, str) else json.dumps(v) for k, v in body.items()}
            body = urlencode(pairs, errors="surrogatepass").encode()
        if isinstance(body, str) or operation["id"] in FORMS:
            content_type = "application/x-www-form-urlencoded"
            body = body.encode() if isinstance(body, str) else body
        content = body if isinstance(body, bytes) else b"" if body is None else dumps(body)
    status, kind, answer = service.call(operation["method"], target, content, content_type)
    assert status < 500, (status, answer)
    assert not service.defects.found, service.defects.found
    if kind == "application/octet-stream":
        assert status == 200
        assert operation["id"] in FILES
        return status, answer
    assert kind == "application/json", (status, answer)
    found = json.loads(answer, parse_constant=no_json)
    if status >= 400:
        assert isinstance(found, dict)
        assert isinstance(found["timestamp"], int)
    return status, found


def send_wrong(
    service: Service, operation: Mapping[str, Any], request: Request, number: int = 0
) -> None:
    """Send an odd request, and count it."""
    service.wrong += 1
    send(service, operation, request, number)


def no_json(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def read(service: Service, id_: str, *, everything: bool = False) -> None:
    """Read what an operation may have stored: of its own resource and some others, or of all."""
    resource = id_.partition(".")[0]
    for name in READS:
        if everything or name in OFTEN or name.startswith(f"{resource}."):
            send(service, OPERATIONS[name], Request())


# ---------------------------------------------------------------- what is claimed


@pytest.fixture(autouse=True)
def no_defect_yet(service: Service) -> None:
    service.defects.found.clear()


@pytest.mark.parametrize("id_", OPERATIONS)
def test_a_proper_request_succeeds(service: Service, id_: str) -> None:
    """So the wrong ones of the next tests reach what is behind the checks."""
    service.restore()
    assert send(service, OPERATIONS[id_], Request())[0] == 200


@pytest.mark.parametrize("id_", OPERATIONS)
def test_one_wrong_value_is_answered_in_json_and_what_is_stored_can_be_read(
    service: Service, id_: str
) -> None:
    operation = OPERATIONS[id_]
    service.restore()
    for group in one_wrong(operation):
        if ALL:
            service.restore()
        for request in group:
            send_wrong(service, operation, request)
        if ALL:
            read(service, id_, everything=True)
    read(service, id_)


@pytest.mark.parametrize("id_", OPERATIONS)
def test_several_wrong_values_are_answered_in_json_and_what_is_stored_can_be_read(
    service: Service, id_: str
) -> None:
    operation = OPERATIONS[id_]

    @settings(derandomize=True, max_examples=EXAMPLES)
    @given(requests(operation), st.integers(0, 3))
    def check(request: Request, number: int) -> None:
        service.restore()
        send_wrong(service, operation, request, number)
        if ALL:
            read(service, id_)

    check()
    read(service, id_)
