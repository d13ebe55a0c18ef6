"""Messages that the emulator refuses, as the service does."""

from __future__ import annotations

from typing import Any

import pytest

from tests import facts_reader as facts
from tests.emulator.caller import Caller

MESSAGE = {"from": "ann", "to": ["u1"], "type": "txt", "body": {"msg": "x"}}


@pytest.mark.parametrize(
    ("change", "description"),
    [
        ({"from": ""}, "param from can't be empty"),
        ({"to": []}, "param to can't be empty"),
        ({"type": ""}, "param type can't be empty"),
        ({"body": {}}, "param body can't be empty"),
        ({"ext": None}, "param ext must be JSONObject"),
        ({"ext": "x"}, "param ext must be JSONObject"),
        ({"to": [f"u{n}" for n in range(601)]}, "params to's size can't exceed limit 600"),
        ({"body": {"msg": "x" * 5200}}, "message is too large"),
        ({"to": "u1"}, "Request body is invalid. Please check body is correct."),
        ({"to": [1]}, "Request body is invalid. Please check body is correct."),
        ({"type": "smell"}, "Request body is invalid. Please check body is correct."),
    ],
)
async def test_messages_that_are_refused(call: Caller, change: Any, description: str) -> None:
    status, body = await call("POST", "/messages/users", {**MESSAGE, **change})
    assert (status, body["error_description"]) == (400, description)
    if description == "message is too large":
        assert body["error_code"] == 14007
    documented = {
        row.get("description") for row in facts.operations()["messages.send_to_users"]["errors"]
    }
    assert description in documented
