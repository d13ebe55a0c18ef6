"""The code is not behind the facts: every documented field is read, every documented value taken.

Each operation is called against a server that answers as its example does, with one field of the
answer changed: a field is read if the result of the call changes as well.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode

import attrs
import pytest

from easemob_async import EasemobClient, EasemobError, Quotas, ResponseError
from tests import facts_reader as facts
from tests.conftest import Against
from tests.contract.calls import CALLS
from tests.contract.example import Example
from tests.contract.examples import any_example, read_example
from tests.contract.test_operations import asked, leaves
from tests.servers import Received, Reply, ScriptedServer, always

# test_recipe names the operations that have no call yet
IDS: Final = sorted(CALLS.keys() & facts.operations().keys())
Field = Mapping[str, Any]
UNPACED: Final = Quotas(enabled=False)

# ---------------------------------------------------------------- the exceptions

IGNORED: Final = re.compile(r"\b(ignored?|reserved|not used)\b")
"""The notes of fields that the facts themselves say to ignore."""

NOT_READ: Final[Mapping[str, Sequence[str]]] = {
    "part of the envelope": (
        r"\S+ properties",
        r"\S+ timestamp",
        r"\S+ meta\.(timestamp|requestId)",
    ),
    "the number of the rows, which are there themselves": (
        r"\S+ (data\.pagination\.)?count",
        r"(moderation\.\w+\.(list|search)|robots\.list) (numberOfElements|elements)",
    ),
    "the page of the request, repeated": (
        r"\S+ params(\.\w+)?",
        r"(moderation\.\w+\.(list|search)|robots\.list) (first|size|number|page)",
    ),
    "the last page says so, or reaches the total": (r"moderation\.\w+\.(list|search) totalPages",),
    "in errors alone": (r"messages\.search meta\.retryAfter",),
    "the name of what was done": (r"chat_(groups|rooms)\.\S+ data(\[\])?\.action",),
    "the group or room of the call, repeated": (
        r"chat_(groups|rooms)\.(members|allowlist|blocklist)\.\S+ data(\[\])?\.(\w*id)",
        r"chat_(groups|rooms)\.delete data\.(groupid|id)",
        r"chat_(groups|rooms)\.announcement\.update data\.id",
        r"chat_groups\.files\.delete data\.(group_id|file_id)",
    ),
    "the user of the call, repeated": (
        r"chat_(groups|rooms)\.(members|allowlist|blocklist)\.(add|remove) data\.user",
        r"chat_(groups|rooms)\.admins\.(add|remove) data\.(newadmin|oldadmin)",
        r"chat_rooms\.super_admins\.remove data\.newSuperAdmin",
    ),
    "always the same": (r"chat_groups\.list data\[\]\.type", r"files\.upload entities\[\]\.type"),
    "the value of another field, repeated": (
        r"chat_groups\.list_joined entities\[\]\.id",
        r"moderation\.word_lists\.\w+ (entity|entities\[\])\.suggestion",
    ),
    "the list of the words that are added": (
        r"moderation\.words\.add_many entity\.(?!textList|moderationId)\w+",
    ),
    "not in the table of the page, and not explained": (
        r"moderation\.words\.search entities\[\]\.status",
    ),
    "the name that the call has given": (r"threads\.update data\.name",),
    "the template that the call has deleted": (r"push\.templates\.delete data\.\w+",),
    "says ok beside the data, without which the call fails": (
        r"chat_rooms\.attributes\.delete status",
        r"contacts\.import_many status",
        r"(moderation\.(?!word_lists\.(delete|update)|words\.update)|robots\.)\S+ status",
        r"push\.get_statistics status",
        r"reactions\.(add|get|list) requestStatusCode",
    ),
    "always empty": (r"contacts\.remove_all entities",),
}
"""The documented fields that no result shows, as patterns of "id field", and why."""

FLAGS: Final[Mapping[str, Sequence[str]]] = {
    "an outcome or an error": (
        r"chat_groups\.admins\.remove data\.result",
        r"files\.set_lifetime data\.\{file_uuid\}",
        r"moderation\.words\.remove_many entity",
        r"webhook_storage\.retry data",
    ),
    "whether there is a further page": (r"messages\.search data\.pagination\.isFinished",),
    "the kind of a text, which its other fields show": (
        r"messages\.search data\.list\[\]\.content\.subtype",
    ),
}
"""The fields with documented values that become no member of an enum, and why."""

# ---------------------------------------------------------------- places in an answer

_STEP = re.compile(r"\[\]|(?:\{[^}]*\}|<[^>]*>|[^.\[\]])+")
_PLACEHOLDER = re.compile(r"\{[^}]*\}|<[^>]*>|\*")


def steps(name: str) -> Sequence[str]:
    """Take the name of a field apart: ``data[].{username}`` is ``data``, ``[]``, a placeholder."""
    return _STEP.findall(name)


def key(node: Mapping[str, Any], step: str) -> str:
    """Return the key that a step means; a placeholder is the first key there is."""
    if _PLACEHOLDER.fullmatch(step):
        return next(iter(node), "x")
    return _PLACEHOLDER.sub("63112447328257", step)


def look(node: Any, path: Sequence[str]) -> Any:
    """Return the value at a path, of the first row that has it; ``None`` where there is none."""
    if not path:
        return node
    if path[0] == "[]":
        rows = node if isinstance(node, list) else [node]
        return next((v for row in rows if (v := look(row, path[1:])) is not None), None)
    return look(node.get(key(node, path[0])), path[1:]) if isinstance(node, dict) else None


def put(node: Any, path: Sequence[str], value: Any) -> Any:
    """Return a copy with a value at a path, in the first row that has one there."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if step == "[]":
        rows = list(node) if isinstance(node, list) else [node] if node else [None]
        at = next((i for i, row in enumerate(rows) if look(row, rest) is not None), 0)
        rows[at : at + 1] = [put(rows[at] if rows else None, rest, value)]
        return rows
    node = dict(node) if isinstance(node, dict) else {}
    name = key(node, step)
    return {**node, name: put(node.get(name), rest, value)}


# ---------------------------------------------------------------- values of a field

_NOTED: Final = re.compile(r"\w+( \| \w+)+")
_EXPLAINED: Final = re.compile(r"\w+ = [\w -]+(, \w+ = [\w -]+)+")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT")
SAMPLES: Final[Mapping[str, tuple[Any, Any]]] = {
    "bool": (True, False),
    "string": ("1700000000001", "1700000007002"),
    "list[string]": ([], ["x"]),
    "list": ([], [{}]),
    "number": (1_700_000_000_001, 1_700_000_007_002),
    "object": ({}, {"x": "y"}),
}
_LIKE: Final = {"int": "number", "long": "number", "float": "number", "double": "number"}
_LIKE.update({"any": "string", "dict": "object", "map": "object"})


def choices(field: Field) -> Sequence[Any]:
    """Return the documented values of a field, if they are a fixed set."""
    note: str = field.get("note", "")
    found: Sequence[Any] = field.get("enum", ())
    if _NOTED.fullmatch(note):
        found = note.split(" | ")
    elif _EXPLAINED.fullmatch(note):
        found = [part.partition(" = ")[0] for part in note.split(", ")]
    return found


def changed(value: Any) -> Any:
    """Return another value of the same kind."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 7_000
        case list():
            return value[:-1]
        case dict():
            return {**value, **{name: changed(value[name]) for name in list(value)[:1]}}
        case "true" | "false":
            return "false" if value == "true" else "true"
        case str() if value.isdigit():
            return str(int(value) + 7_000)
        case str() if _DATE.match(value):
            return "1999" + value[4:]
    return f"{value}x"


def values(field: Field, value: Any) -> Sequence[Any]:
    """Return the values that a field is given: the documented ones, or its own and another."""
    if documented := choices(field):
        return documented if len(documented) > 1 else (*documented, "another")
    if value in (None, [], {}):
        kind: str = field["type"]
        kind = kind if kind in SAMPLES else kind.partition("[")[0]
        return SAMPLES[_LIKE.get(kind, kind)]
    return value, changed(value)


# ---------------------------------------------------------------- answers and calls

ANSWERS: Final[Mapping[str, Mapping[str, Any]]] = {
    **{
        f"contacts.import_many data.{name}": {"data.success": [], f"data.{name}": ["username1"]}
        for name in ("UnKnowFailed", "NotExistFailed", "maxLimitFailed")
    },
    **{
        f"push.labels.users.{name}_many data.fail": {
            "data": {"success": ["hx2"], "fail": {"hx1": "no such user"}}
        }
        for name in ("add", "remove")
    },
    **{
        f"messages.search data.list[].translations[].{name}": {
            "data.list[].translations": [{"code": "en", "text": "phone"}]
        }
        for name in ("code", "text")
    },
    "messages.search data.list[].content.dimensions": {
        "data.list[].content.dimensions": {"height": 1, "width": 1}
    },
    "chat_groups.member_attributes.set_many data.updateMetadataFailed": {
        "data": {"updateMetadataFailed": [{"username": "user1", "error": "no such user"}]}
    },
}
"""What the answer has besides, where a field alone says nothing: by "id field"."""


def successes(id_: str) -> Iterator[Field]:
    """Yield the documented examples of an operation that show an answer with JSON."""
    for example in facts.operations()[id_].get("examples") or []:
        answer, status = example.get("response"), example.get("status", 200)
        if isinstance(answer, dict | list) and status == 200 and "error" not in answer:
            yield example


def fields(id_: str) -> Sequence[Field]:
    """Return the documented fields of an answer; what has fields of its own is not one."""
    found = (facts.operations()[id_].get("response") or {}).get("fields") or []
    inner = [field["name"] for field in found]
    return [
        field
        for field in found
        if not any(name.startswith((field["name"] + ".", field["name"] + "[")) for name in inner)
    ]


def tidied(id_: str, answer: Any) -> Any:
    """Return an answer without the slips of its page (see the quirks)."""
    if id_ == "chat_groups.member_attributes.set_many":
        return {"data": {name.rstrip(":"): rows for name, rows in answer["data"].items()}}
    if id_ == "chat_groups.members.remove_many":
        return put(answer, steps("data[].user"), "ttXXXX81")
    return answer


def about(id_: str, call: Example, answer: Any) -> Example:
    """Return a call that the answer is about."""
    if id_ == "files.set_lifetime":
        return Example(call.path, call.query, {**call.body, "chatfile_ids": list(answer["data"])})
    if id_ == "reactions.get":  # a short page would be the last one, whose cursor says nothing
        return Example(call.path, {**call.query, "limit": "1"}, call.body)
    return asked(id_, call, answer)


def staged(id_: str, field: Field) -> tuple[Example, Any]:
    """Return a call, and an answer to it that has a field."""
    path = steps(field["name"])
    shown = sorted(successes(id_), key=lambda e: look(e["response"], path) in (None, [], {}))
    example = shown[0] if shown else {}
    answer = tidied(id_, example["response"]) if shown else {}
    call = read_example(id_, example)
    if call.body is None and facts.operations()[id_].get("body"):
        call = any_example(id_)
    if shown:
        call = about(id_, call, answer)
    for other in () if shown else fields(id_):
        answer = put(answer, steps(other["name"]), values(other, None)[0])
    if field["name"].endswith(".reason"):  # a reason stands beside a refusal
        answer = put(answer, [*path[:-1], "result"], False)
    for name, value in ANSWERS.get(f"{id_} {field['name']}", {}).items():
        answer = put(answer, steps(name), value)
    return call, answer


def shown(result: object) -> object:
    """Return what a caller sees of a result."""
    if result is None or isinstance(result, bool | int | float | str | bytes):
        return result
    return getattr(result, "has_more", None), *leaves(result)


async def outcome(
    client: EasemobClient, server: ScriptedServer, id_: str, call: Example, answer: Any
) -> object:
    """Make a call that gets an answer, and return what a caller sees of it."""
    server.respond = always(Reply(body=answer))
    try:
        return shown(await CALLS[id_](client, call))
    except EasemobError as error:
        return type(error), str(error)


def listed(table: Mapping[str, Sequence[str]], id_: str, field: Field) -> bool:
    name = f"{id_} {field['name']}"
    return any(re.fullmatch(pattern, name) for rows in table.values() for pattern in rows)


@pytest.mark.parametrize("id_", IDS)
async def test_every_documented_field_of_an_answer_is_read(id_: str, against: Against) -> None:
    unread = []
    async with against(lambda _: Reply(), token="YWMt-app", quotas=UNPACED) as (client, server):
        for field in fields(id_):
            call, answer = staged(id_, field)
            path = steps(field["name"])
            seen = {
                await outcome(client, server, id_, call, put(answer, path, value))
                for value in values(field, look(answer, path))
            }
            if len(seen) < 2:
                unread.append(field["name"])
    ignored = {f["name"] for f in fields(id_) if IGNORED.search(f.get("note", ""))}
    excepted = {f["name"] for f in fields(id_) if listed(NOT_READ, id_, f)}
    missing = [name for name in unread if name not in ignored | excepted]
    assert not missing, f"no result shows {missing}; read them, or say in NOT_READ why not"
    assert excepted <= {*unread}, "read after all: take them out of NOT_READ"


@pytest.mark.parametrize("id_", IDS)
async def test_a_field_that_is_not_documented_changes_nothing(id_: str, against: Against) -> None:
    """Such as the ``count: 0`` that some answers carry."""
    async with against(lambda _: Reply(), token="YWMt-app", quotas=UNPACED) as (client, server):
        for field in fields(id_)[:1]:
            call, answer = staged(id_, field)
            if isinstance(answer, dict):
                more = {**answer, "count": 0, "unheard_of": {"count": None}}
                plain = await outcome(client, server, id_, call, answer)
                assert await outcome(client, server, id_, call, more) == plain


# ---------------------------------------------------------------- documented values


def members(value: object) -> Iterator[str]:
    """Yield the members of enums in a result."""
    kind: type[Any] = type(value)
    if isinstance(value, StrEnum):
        yield value.value
    elif attrs.has(kind):
        for field in attrs.fields(kind):
            yield from members(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from members(name)
            yield from members(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from members(item)


PLACES: Final = ("path_params", "query", "body")


def arguments(id_: str) -> Iterator[tuple[str, str, Any]]:
    """Yield each documented value of each argument, with its place and its name."""
    for place in PLACES:
        for field in facts.operations()[id_].get(place) or []:
            for value in choices(field):
                yield place, field["name"], value


def answers(id_: str) -> Iterator[tuple[Field, str, Any, Any]]:
    """Yield each documented value of an answer: its field, where it stands, what stands there."""
    for field in fields(id_):
        if listed(NOT_READ, id_, field) or listed(FLAGS, id_, field):
            continue
        for value in choices(field):
            yield field, field["name"], value, value
        for _, name, value in arguments(id_):  # as a key: data.<platform> has a query's platforms
            if f"<{name}>" in field["name"]:
                sample = values(field, None)[0]
                yield field, field["name"].replace(f"<{name}>", value), sample, value


@pytest.mark.parametrize("id_", IDS)
async def test_every_documented_value_of_an_answer_is_a_member(id_: str, against: Against) -> None:
    async with against(lambda _: Reply(), token="YWMt-app", quotas=UNPACED) as (client, server):
        for field, name, content, value in answers(id_):
            call, answer = staged(id_, field)
            server.respond = always(Reply(body=put(answer, steps(name), content)))
            result = await CALLS[id_](client, call)
            assert str(value) in set(members(result)), (name, result)


def bodies() -> Mapping[str, Mapping[str, Any]]:
    """Return a documented body for each type of message."""
    found: dict[str, Mapping[str, Any]] = {}
    for id_ in IDS:
        for example in facts.operations()[id_].get("examples") or []:
            request = example.get("request")
            if isinstance(request, dict) and isinstance(request.get("body"), dict):
                found.setdefault(request.get("type", ""), request["body"])
    return found


SEVERAL_WORDS: Final = {"data.keyword": None, "data.keywords": ["a", "b"]}
BESIDE: Final[Mapping[tuple[str, Any], Mapping[str, Any]]] = {
    ("msgType", "groupchat"): {"groupId": "1"},
    ("scope", "TAG"): {"tagId": "1"},
    ("data.keywordMatch", "any"): SEVERAL_WORDS,
    ("data.keywordMatch", "all"): SEVERAL_WORDS,
}
"""What a call has to give as well, for some values of an argument."""


def asking(id_: str, place: str, name: str, value: Any) -> Example:
    """Return a call with a value of an argument."""
    call = any_example(id_)
    path, query, body = call.path, call.query, call.body
    beside = BESIDE.get((name, value), {})
    if place == "path_params":
        path = {**path, name: value}
    elif place == "query":
        query = {**query, name: str(value), **beside}
    elif isinstance(body, str):
        body = urlencode({**dict(parse_qsl(body)), name: value})
    else:
        former = look(body, steps(name))
        body = put(body, steps(name), value if former is None else type(former)(value))
        for other, content in beside.items():
            body = put(body, steps(other), content)
        outer = steps(name)[:-1]
        if value in bodies() and name.endswith("type"):  # a type of message has its own body
            if outer:
                body = put(body, outer, {**bodies()[value], "type": value})
            else:
                body = {**body, "body": bodies()[value]}
    return Example(path, query, body)


def wired(id_: str, place: str, name: str, request: Received) -> Any:
    """Return what a request has for an argument."""
    if place == "query":
        return dict(parse_qsl(request.query)).get(name)
    if place == "body":
        if "urlencoded" in request.headers["content-type"]:
            return dict(parse_qsl(request.body.decode())).get(name)
        return look(request.json, steps(name))
    template = re.escape(facts.operations()[id_]["path"].partition("?")[0])
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", template) + "$"
    match = re.search(pattern, unquote(request.path))
    return match and match[name]


@pytest.mark.parametrize("id_", IDS)
async def test_every_documented_value_of_an_argument_is_sent(id_: str, against: Against) -> None:
    """If it is not: the method refuses it, or the call in tests/contract does not pass it on."""
    answer = next(successes(id_), {}).get("response", {})
    async with against(lambda _: Reply(), token="YWMt-app", quotas=UNPACED) as (client, server):
        server.respond = always(Reply(body=answer))  # to a request for a token as well
        for place, name, value in arguments(id_):
            with contextlib.suppress(ResponseError):  # the answer is about another call
                await CALLS[id_](client, asking(id_, place, name, value))
            assert str(wired(id_, place, name, server.received[-1])) == str(value), (name, value)


def test_every_exception_names_a_documented_field() -> None:
    names = [f"{id_} {field['name']}" for id_ in facts.operations() for field in fields(id_)]
    for pattern in (p for table in (NOT_READ, FLAGS) for rows in table.values() for p in rows):
        assert any(re.fullmatch(pattern, name) for name in names), pattern
    for name in ANSWERS:
        assert name in names
