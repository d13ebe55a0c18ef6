"""The emulator goes by the facts: documented requests, as printed, are understood."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from easemob_async.emulator import Emulator
from tests import facts_reader as facts

# Answers that say the request itself was not understood.
NOT_UNDERSTOOD = {404: "web_application", 405: "Method Not Allowed", 415: "web_application"}
UPLOADS = {"files.upload", "chat_groups.files.upload"}


def requests() -> list[Any]:
    found = []
    for id_, operation in facts.operations().items():
        for number, example in enumerate(operation.get("examples") or [{}]):
            # An example of an answer alone stands for its operation where no request is needed.
            if "request" in example or not operation.get("body") or id_ in UPLOADS:
                found.append(pytest.param(id_, example, id=f"{id_}-{example.get('name', number)}"))
    return found


@pytest.mark.parametrize(("id_", "example"), requests())
async def test_a_documented_request_is_understood(id_: str, example: Mapping[str, Any]) -> None:
    operation = facts.operations()[id_]
    async with Emulator(quotas=None) as emulator:
        token = emulator.state.issue_token(None, 600)
        root = f"{emulator.base_url}/{emulator.state.org}/{emulator.state.app}"
        path = re.sub(r"\{.*?\}", "x1", operation["path"])
        query = urlsplit(example.get("url", "")).query
        headers = {"Authorization": f"Bearer {token}"}
        body: dict[str, Any] = {}
        if id_ in UPLOADS:
            form = aiohttp.FormData()
            form.add_field("file", b"content", filename="IMG.JPG")
            body["data"] = form
        elif isinstance(example.get("request"), str):
            body["data"] = example["request"]
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif "request" in example:
            body["data"] = json.dumps(example["request"])
            headers["Content-Type"] = "application/json"
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                operation["method"], f"{root}{path}?{query}", headers=headers, **body
            ) as response,
        ):
            text = await response.text()
            assert response.status < 500, text
            answer = json.loads(text) if response.content_type == "application/json" else {}
            answer = {} if isinstance(answer, list) else answer
            assert answer.get("error") != NOT_UNDERSTOOD.get(response.status, object()), text
            if response.status >= 400:
                assert_documented(operation, response.status, answer)


def assert_documented(operation: Mapping[str, Any], status: int, answer: Mapping[str, Any]) -> None:
    """A refusal of a documented request is one that the facts have, or marked as open."""
    rows = operation.get("errors") or []
    names = {(row.get("status"), row.get("error")) for row in rows}
    said = (status, answer.get("error"))
    # Users and groups of the examples are not there: this is how the service says so.
    absent = {
        *((404, name) for name in ("resource_not_found", "service_resource_not_found")),
        *((404, "entity_not_found"), (404, "group_error"), (400, "illegal_argument")),
        (400, "RequiredPropertyNotFoundException"),
        (400, "ResourceNotFoundException"),
    }
    assert (
        said in names
        or said in absent
        or (None, said[1]) in names
        or said[1]
        in (
            "message_send_error",  # the stream pages print neither status nor name
            "web_application",
        )
    ), (said, answer, sorted(map(str, names)))
