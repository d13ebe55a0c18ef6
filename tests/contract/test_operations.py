"""Every operation against the facts: requests, answers, and each documented error."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote

import attrs
import pytest

from easemob_async import APIError, BatchResult, EasemobError, Quotas, RateLimitError
from easemob_async.transport.refusals import classify
from tests import facts_reader as facts
from tests.conftest import Against
from tests.contract.calls import CALLS
from tests.contract.example import Example
from tests.contract.examples import any_example, error_rows, examples, read_example
from tests.servers import Reply

# Sent though the example leaves it out: the documented maximum, in place of the service's default.
PAGE_SIZES = {"limit", "pagesize", "pagenum"}
# What an answer may hold that no caller needs: the envelope, and what says the same again.
ENVELOPE = {
    *("action", "application", "path", "uri", "timestamp", "duration", "organization"),
    *("applicationName", "params", "properties", "count"),
}


MASKED = {
    "LTgzXXXX2tB",  # a cursor that is repeated: the end of the list, which has no cursor any more
    "group",  # always the same
    "946463471296555192",  # a cursor that comes on the last page, too
    "14XXXX79",  # the group of the call, masked otherwise
}


FLAGS = {
    *("True", "False", "true", "false", "success", "ok", "OK", "yes", "chatfile"),
    *("add_member", "remove_member", "add_user_whitelist", "remove_user_whitelist"),
    *("add_blocks", "remove_blocks"),
}
# Each row of a batch repeats where it was done.
REPEATED = ("groupid", "chatroomid", "id")
# Their examples answer for other users than were asked for (see the quirks): ask for these.
MISMATCHED = {
    *("chat_groups.allowlist.add_many", "chat_groups.allowlist.remove_many"),
    *("chat_rooms.allowlist.add_many", "threads.members.remove_many"),
}
UPLOADS = {"files.upload", "chat_groups.files.upload"}
EDITED = "1029457500870543736"
# The page sends ids as numbers where its table says string.
NUMBERS = ("group_id", "msg_id")


def asked(id_: str, parsed: Example, response: Mapping[str, Any]) -> Example:
    """Ask for whom the answer is about."""
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
    own_token = {} if id_ == "tokens.create_app_token" else {"token": "YWMt-app"}
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
    # A type of groups beside the usual one is masked in the example.
    # and so is the message that is edited.
    template = template.replace("/type/XXX", "/type/1").replace("rewrite/XXXX", f"rewrite/{EDITED}")
    assert unquote(request.path) == template
    query = dict(parse_qsl(request.query))
    extra = {key for key in query if key not in parsed.query}
    assert extra <= PAGE_SIZES
    assert {key: query[key] for key in parsed.query if key != "pagenum"} == {
        key: value for key, value in parsed.query.items() if key != "pagenum"
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
        if wanted.get("new_msg") == {"type": "image"} if isinstance(wanted, dict) else False:
            wanted["new_msg"] = {"type": "img"}  # a table beats an example
        assert request.json == wanted
        assert request.headers["content-type"] == "application/json"
    else:
        assert request.body == b""
        content_type = "application/json" if request.method in ("POST", "PUT") else None
        assert request.headers.get("content-type") == content_type
    wants_token = operation["auth"] in ("app", "user")
    assert ("authorization" in request.headers) == wants_token
    binary = id_.startswith("files.download")
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
    if result is None:
        return  # a call that only says that it was done; refusals have tests of their own
    shown = set(leaves(result))
    wanted = documented_leaves(response) - set(parsed.path.values()) - MASKED
    missing = {leaf for leaf in wanted if leaf not in shown}
    assert not missing, (missing, result)


def forget(data: Any) -> None:
    """Take out what each row of a batch repeats."""
    for row in data if isinstance(data, list) else [data]:
        for key in REPEATED if isinstance(row, dict) else ():
            row.pop(key, None)


def leaves(value: Any) -> Iterator[str]:
    """Every value of a result, in one way of writing it."""
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
    elif isinstance(value, date):
        yield value.isoformat()
    elif isinstance(value, timedelta):
        yield str(round(value.total_seconds()))
    elif value is not None:
        yield str(value)


def documented_leaves(response: Mapping[str, Any]) -> set[str]:
    """The values of an answer that the facts document, as `leaves` writes them."""
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
    options = {"token": "YWMt-app", "quotas": Quotas(enabled=False)}
    async with against(lambda _: reply, **options) as (client, server):
        server.respond = lambda _: reply
        with pytest.raises(APIError) as caught:
            await CALLS[id_](client, any_example(id_))
    error = caught.value
    assert type(error) is classify(
        row["status"], row.get("error") or "", row.get("description") or ""
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


def test_every_operation_of_the_facts_is_a_method() -> None:
    assert set(CALLS) == set(facts.operations())
    shown, refused = len(list(examples())), len(list(error_rows()))
    print(
        f"{len(CALLS)} of {len(facts.operations())} operations, {shown} examples, {refused} errors"
    )
    assert (len(CALLS), shown, refused) >= (192, 240, 700)
