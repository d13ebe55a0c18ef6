"""Answers have the fields that the documented examples have: envelope, paging, payload."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests import facts_reader as facts
from tests.emulator.furnished import (
    UPLOAD,
    UPLOADS,
    Service,
    bodies,
    furnished,
    path_of,
)

EXCEPTIONS: Final[Mapping[tuple[str, int], str]] = {
    ("messages.update", 1): "the message of the example is a custom one, ours is a text",
    ("messages.update", 2): "the message of the example is an image, ours is a text",
}
"""Examples whose request cannot succeed here, by the operation and their number, and why not."""
NOT_THERE: Final[Mapping[tuple[str, str], str]] = {
    (id_, "cursor"): "the example is not the last page"
    for id_ in ("chat_groups.list", "push.labels.users.list", "contacts.blocklist.list")
}
"""Fields of examples that an answer rightly lacks, and why."""
OUR_OWN: Final = ("appKey", "msgId", "message", "msgIdList")
"""Parameters of queries whose documented values are not those of things that are there."""


def examples() -> Iterator[Any]:
    for id_, operation in facts.operations().items():
        request = -1
        for number, example in enumerate(operation.get("examples") or ()):
            request += "request" in example
            answer = example.get("response")
            refused = example.get("status", 200) != 200 or "error" in (answer or {})
            if isinstance(answer, dict) and not refused and (id_, number) not in EXCEPTIONS:
                yield pytest.param(id_, example, max(0, request), id=f"{id_}-{number}")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with furnished() as made:
        yield made


def query_of(service: Service, operation: Mapping[str, Any], example: Mapping[str, Any]) -> str:
    documented = dict(parse_qsl(urlsplit(example.get("url", "")).query))
    documented.pop("cursor", None)
    names = [row["name"] for row in operation.get("query") or ()]
    needed = [row["name"] for row in operation.get("query") or () if row.get("required")]
    own = [name for name in names if name in OUR_OWN or (not documented and name in needed)]
    return urlencode(documented | {n: service.params[n] for n in own if n in service.params})


@pytest.mark.parametrize(("id_", "example", "number"), list(examples()))
def test_an_answer_has_the_fields_of_the_example(
    service: Service, id_: str, example: Mapping[str, Any], number: int
) -> None:
    service.restore()
    operation = facts.operations()[id_]
    target = f"{path_of(service, operation)}?{query_of(service, operation, example)}"
    body, kind = bodies(service, operation)[number], "application/json"
    content = None if body is None else json.dumps(body).encode()
    if id_ in UPLOADS:
        content, kind = UPLOAD, "multipart/form-data; boundary=xyz"
    elif isinstance(body, str):
        content, kind = body.encode(), "application/x-www-form-urlencoded"
    status, _, raw = service.call(operation["method"], target, content, kind)
    answer, documented = json.loads(raw), example["response"]
    assert status == 200, answer
    missing = {name for name in documented if name not in answer}
    assert missing == {name for name in missing if (id_, name) in NOT_THERE}
    for name in documented.keys() - missing - {"data"}:
        assert isinstance(answer[name], type(documented[name]) | str | int), name


def test_no_exception_is_stale() -> None:
    known = facts.operations()
    for id_, number in EXCEPTIONS:
        assert number < len(known[id_]["examples"])
    for id_, name in NOT_THERE:
        assert any(name in example.get("response", {}) for example in known[id_]["examples"])
