"""Every operation against the facts: requests, answers, and each documented error."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote

import aiohttp
import attrs
import pytest

from easemob_async import APIError, BatchResult, EasemobError, Quotas, RateLimitError
from easemob_async.client import ClientOptions
from easemob_async.resources import operations
from easemob_async.transport.refusals import classify
from tests import facts_reader as facts
from tests.conftest import Against
from tests.contract.calls import CALLS
from tests.contract.example import Example, joined
from tests.contract.examples import any_example, error_rows, examples, read_example
from tests.contract.messages import EDITED, SEARCHER
from tests.servers import Reply

# Sent although the example leaves it out: the documented maximum instead of the default.
PAGE_SIZES = {"limit", "pagesize", "pagenum", "size"}
# Their bodies say so; the example of words.search has both as strings, its table as numbers.
PAGED_BY_BODY = {"moderation.word_lists.search", "moderation.words.search"}
# Fields of an answer that no caller needs: the envelope, and values that stand there twice.
ENVELOPE = {
    *("action", "application", "path", "uri", "timestamp", "duration", "organization"),
    *("applicationName", "params", "properties", "count"),
}


# Fields of some answers that no caller needs: the numbers of a page, what the facts say to ignore.
NUMBERS_OF_PAGE = {"first", "last", "size", "number", "numberOfElements", "totalPages", "page"}
UNREAD: Mapping[str, set[str]] = {
    "messages.search": {"meta", "isFinished"},
    "moderation.check_text": {"meta", "code"},
    "moderation.word_lists.search": NUMBERS_OF_PAGE,
    "moderation.words.search": NUMBERS_OF_PAGE,
    # of the whole list; the outcomes are about the words
    "moderation.words.add_many": {"name", "moderationId", "appkey", "quantity", "category"}
    | {"scope", "disposition", "suggestion", "fullMatch", "createDataTime", "updateDataTime"},
    "moderation.words.remove_many": {"entity"},
    "robots.list": NUMBERS_OF_PAGE
    | {"elements", "timeout", "textType", "historyNum", "restMsgLimit"},
    "rtc.get_usage": {"meta"},
}
MASKED = {
    "",
    "ACTIVE",
    "LTgzXXXX2tB",  # a repeated cursor: the list ends here, so the page has no cursor
    "group",  # always the same
    "946463471296555192",  # a cursor that also comes with the last page
    "14XXXX79",  # the group of the call, masked in another way
}
FLAGS = {
    *("True", "False", "true", "false", "success", "ok", "OK", "yes", "chatfile"),
    *("add_member", "remove_member", "add_user_whitelist", "remove_user_whitelist"),
    *("add_blocks", "remove_blocks"),
}
# Each row of a batch repeats the group or the room of the call.
REPEATED = ("groupid", "chatroomid", "id")
# The answers of these examples are about other users than the requests (see the quirks).
MISMATCHED = {
    *("chat_groups.allowlist.add_many", "chat_groups.allowlist.remove_many"),
    *("chat_rooms.allowlist.add_many", "threads.members.remove_many"),
}
UPLOADS = {"files.upload", "chat_groups.files.upload"}
# The page sends ids as numbers where its table says string.
NUMBERS = ("group_id", "msg_id")


def asked(id_: str, parsed: Example, response: Mapping[str, Any]) -> Example:
    """Return the example with the items that its answer is about."""
    if id_ == "contacts.import_many":
        return Example(parsed.path, parsed.query, {"usernames": response["data"]["success"]})
    if id_ == "messages.recall_many":
        rows = [{**parsed.body["msgs"][0], "msg_id": row["msg_id"]} for row in response["data"]]
        return Example(parsed.path, parsed.query, {"msgs": rows})
    if id_ == "favorites.add_many":
        return Example(parsed.path, parsed.query, {**parsed.body, **response})
    if id_ not in MISMATCHED:
        return parsed
    rows = response["data"] if "data" in response else response["entities"]
    return Example(parsed.path, parsed.query, {"usernames": [row["user"] for row in rows]})


@pytest.mark.parametrize(("id_", "example"), list(examples()))
async def test_the_request_is_the_documented_one(
    id_: str, example: Mapping[str, Any], against: Against
) -> None:
    operation = facts.operations()[id_]
    if "request" not in example and operation.get("body"):
        pytest.skip("the example shows no request")
    parsed = read_example(id_, example)
    answer = example.get("response") or {"data": {}, "entities": []}
    status = example.get("status", 200)
    own_token: ClientOptions = {} if id_ == "tokens.create_app_token" else {"token": "YWMt-app"}
    async with against(lambda _: Reply(status, answer), **own_token) as (client, server):
        if own_token:
            server.respond = lambda _: Reply(status, answer)
        try:
            await CALLS[id_](client, parsed)
        except EasemobError:
            assert status >= 400 or "response" not in example or not example["response"].get("data")
        (request,) = server.received
    assert request.method == operation["method"]
    template = "/acme/shop" + operation["path"]
    for name, value in parsed.path.items():
        template = template.replace(f"{{{name}}}", value)
    # The example masks the type of the groups and the id of the edited message.
    template = template.replace("/type/XXX", "/type/1").replace("rewrite/XXXX", f"rewrite/{EDITED}")
    template = template.replace("/users/XXXX/messages/search", f"/users/{SEARCHER}/messages/search")
    assert unquote(request.path) == template
    query = dict(parse_qsl(request.query))
    extra = {key for key in query if key not in parsed.query}
    assert extra <= PAGE_SIZES
    given = {**parsed.query, **({"appKey": "acme#shop"} if "appKey" in parsed.query else {})}
    assert {key: query[key] for key in given if key not in ("pagenum", "size")} == {
        key: value for key, value in given.items() if key not in ("pagenum", "size")
    }
    if id_ in UPLOADS:
        assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert b'name="file"; filename="IMG_' in request.body
    elif isinstance(example.get("request"), str):
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert parse_qsl(request.body.decode()) == parse_qsl(example["request"])
    elif "request" in example:
        wanted = example["request"]
        if isinstance(wanted, dict):
            wanted = {k: str(v) if k in NUMBERS else v for k, v in wanted.items()}
            if isinstance(wanted.get("ttl"), str):  # typed Long in the table
                wanted["ttl"] = int(wanted["ttl"])
        if wanted.get("new_msg") == {"type": "image"} if isinstance(wanted, dict) else False:
            wanted["new_msg"] = {"type": "img"}  # a table beats an example
        if id_ in PAGED_BY_BODY and not {"name", "tagId"} & wanted.keys():
            wanted = {"page": 0, **wanted, "size": int(wanted.get("size", 200))}
            wanted["page"] = 0  # another page is fetched after the one before
        assert request.json == wanted
        assert request.headers["content-type"] == "application/json"
    else:
        assert request.body == b""
        content_type = "application/json" if request.method in ("POST", "PUT") else None
        assert request.headers.get("content-type") == content_type
    wants_token = operation["auth"] in ("app", "user")
    assert ("authorization" in request.headers) == wants_token
    binary = id_.startswith("files.download") or id_ == "moderation.exports.download"
    assert request.headers["accept"] == f"application/{'octet-stream' if binary else 'json'}"


@pytest.mark.parametrize(("id_", "example"), list(examples()))
async def test_the_answer_decodes_to_what_its_fields_say(
    id_: str, example: Mapping[str, Any], against: Against
) -> None:
    failed = isinstance(example.get("response"), dict) and "error" in example["response"]
    if example.get("response") is None or example.get("status", 200) != 200 or failed:
        pytest.skip("the example shows no success")
    parsed = read_example(id_, example)
    if parsed.body is None and facts.operations()[id_].get("body"):
        parsed = any_example(id_)
    response = copy.deepcopy(example["response"])
    if id_ == "chat_groups.members.remove_many":
        # Masked two ways on the page: the reason names ttXXXX81, its entry user1 (see the quirks).
        response = {**response, "data": [dict(row) for row in response["data"]]}
        response["data"][0]["user"] = "ttXXXX81"
    async with against(lambda _: Reply(body=response), token="YWMt-app") as (client, server):
        server.respond = lambda _: Reply(body=response)
        result = await CALLS[id_](client, asked(id_, parsed, response))
    if isinstance(response, str):
        assert result == response.encode()
        return
    if isinstance(result, BatchResult):
        forget(response.get("data"))
    drop(response, UNREAD.get(id_, set()))
    if result is None:
        return  # the call only confirms; refusals have their own tests
    shown = set(leaves(result))
    wanted = documented_leaves(response) - set(parsed.path.values()) - MASKED
    missing = {leaf for leaf in wanted if leaf not in shown}
    assert not missing, (missing, result)


def forget(data: Any) -> None:
    """Remove the fields that each row of a batch repeats."""
    for row in data if isinstance(data, list) else [data]:
        for key in REPEATED if isinstance(row, dict) else ():
            row.pop(key, None)


def drop(value: Any, names: set[str]) -> None:
    """Remove fields from an answer, wherever they are in it."""
    if isinstance(value, dict):
        for name in names:
            value.pop(name, None)
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list):
            drop(item, names)


def leaves(value: Any) -> Iterator[str]:
    """Yield every value of a result as text."""
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            if not field.name.startswith("_"):
                yield from leaves(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, datetime):
        yield str(round(value.timestamp() * 1000))
        yield str(round(value.timestamp()))
        yield value.isoformat().replace("+00:00", "Z")
        yield value.isoformat(timespec="milliseconds")
    elif isinstance(value, date):
        yield value.isoformat()
    elif isinstance(value, timedelta):
        yield str(round(value.total_seconds()))
        yield str(round(value / timedelta(minutes=1)))
    elif value is not None:
        yield str(value)


def documented_leaves(response: Any) -> set[str]:
    """Return the documented values of an answer as `leaves` writes them."""
    if isinstance(response, list):
        response = {"": response}
    payload = {key: value for key, value in response.items() if key not in ENVELOPE}
    found = set(leaves(payload))
    names = set(_keys(payload))
    return found - names - FLAGS


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


@pytest.mark.parametrize(("id_", "row"), list(error_rows()))
async def test_a_documented_error_is_its_class_and_keeps_all_it_says(
    id_: str, row: Mapping[str, Any], against: Against
) -> None:
    body: dict[str, Any] = {"timestamp": 1, "duration": 0, "exception": "X"}
    if row.get("error"):
        body["error"] = row["error"]
    if row.get("description"):
        body["error_description"] = row["description"]
    if row.get("error_code"):
        body["error_code"] = row["error_code"]
    reply = Reply(row["status"], body)
    quotas = Quotas(enabled=False)
    async with against(lambda _: reply, token="YWMt-app", quotas=quotas) as (client, server):
        server.respond = lambda _: reply
        with pytest.raises(APIError) as caught:
            await CALLS[id_](client, any_example(id_))
    error = caught.value
    assert type(error) is classify(
        row["status"],
        row.get("error") or "",
        row.get("description") or "",
        error_code=row.get("error_code"),
    )
    assert error.operation == id_
    assert error.status == row["status"]
    assert error.error == (row.get("error") or "")
    assert error.error_code == row.get("error_code")
    description = (row.get("description") or "").strip()
    if "password" not in description:
        assert error.description == description
    assert id_ in str(error)
    if row.get("error") == "resource_limited":
        assert isinstance(error, RateLimitError)
        assert not error.temporary


REPEATED_DELETES = sorted(
    id_
    for id_, operation in operations().items()
    if operation.method == "DELETE" and operation.repeat == "safe"
)


@pytest.mark.parametrize("id_", REPEATED_DELETES)
async def test_a_repeated_delete_that_finds_nothing_is_done(against: Against, id_: str) -> None:
    """The first attempt may have been carried out: then the second finds nothing."""
    answers = iter([Reply(status=500, body={"error": "x"})])
    gone = Reply(status=404, body={"error": "service_resource_not_found"})
    async with against(lambda _: next(answers, gone), token="t") as (client, server):
        result = await CALLS[id_](client, any_example(id_))
        assert len(server.calls) == 2
        if isinstance(result, BatchResult):
            assert result.ok
    async with against(lambda _: gone, token="t") as (client, _):
        with pytest.raises(EasemobError):  # it is an error if nothing was tried before
            await CALLS[id_](client, any_example(id_))


WITHOUT_BODY = (
    *("users.ban", "chat_groups.members.add", "chat_groups.ban", "chat_groups.mutes.mute_all"),
    "users.list",
)


@pytest.mark.parametrize("own", [True, False])
async def test_what_has_no_body_does_not_call_it_a_stream_of_octets(
    against: Against, own: bool
) -> None:
    """aiohttp adds such a header automatically, in a session of the caller as well."""
    body = {"data": {"result": True, "disabled": True, "mute": True}, "entities": []}
    async with aiohttp.ClientSession() as session:
        options: ClientOptions = {"token": "t"} if own else {"token": "t", "session": session}
        async with against(lambda _: Reply(body=body), **options) as (client, server):
            for id_ in WITHOUT_BODY:
                await CALLS[id_](client, any_example(id_))
            types = [(r.method, r.headers.get("content-type")) for r in server.calls]
    assert types == [*[("POST", "application/json")] * 4, ("GET", None)]


def test_an_operation_with_two_calls_is_an_error() -> None:
    table = {"users.get": CALLS["users.get"]}
    with pytest.raises(ValueError, match=r"users\.get: each operation has one call"):
        joined(table, table)


def documented(field: str) -> int:
    """Count the entries of a field over all operations of the facts."""
    return sum(len(operation.get(field) or ()) for operation in facts.operations().values())


def test_every_operation_of_the_facts_is_a_method() -> None:
    assert set(CALLS) == set(facts.operations())
    # The facts only grow: a number below these means that some of them were not read.
    assert len(CALLS) == len(facts.operations()) >= 230
    assert len(list(examples())) == documented("examples") >= 307
    assert len(list(error_rows())) == documented("errors") >= 869
