"""The fields of messages: each that the facts have is checked, in each call that sends one."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import aiohttp
import pytest

from easemob_async.emulator import Emulator
from tests import facts_reader as facts
from tests.emulator.caller import Caller

IDS: Final = [
    id_
    for id_ in facts.operations()
    if id_.startswith(("messages.send_to_", "broadcasts.", "message_imports."))
]
WRONG: Final[dict[str, list[Any]]] = {
    "string": [5, ["x"], {"a": "b"}],
    "int": ["x", ["x"], {"a": 1}, 0.5],
    "long": ["x", ["x"], {"a": 1}, 0.5],
    "number": ["x", ["x"], {"a": 1}, True],
    "bool": ["maybe", 5, ["x"]],
    "object": [5, "x", ["x"]],
    "list[string]": ["x", [5], {"a": 1}],
    "map[string,string]": [5, "x", ["x"], {"a": 5}],
}


def wrong_values(row: dict[str, Any]) -> Iterator[Any]:
    """Yield values that a field may not have."""
    name = row["name"].rpartition(".")[2]
    # Clients send the place of a location in numbers, and pixels with a fraction.
    also = int if name in ("lat", "lng") else float if name in ("width", "height") else ()
    yield from (value for value in WRONG[row["type"]] if not isinstance(value, also))
    if row.get("enum") and name != "routetype":  # the set of routes is not closed
        yield "zzz"
    if row.get("max_length"):
        yield "x" * (row["max_length"] + 1)
    if row.get("pattern"):
        yield "a b"
    if row.get("max_items") and row["type"] != "list[string]":
        yield {str(n): "x" for n in range(row["max_items"] + 1)}


def place_of(request: Any, path: list[str], *, optional: bool) -> Any:
    """Return the object of a request that holds a field, if it has it or may have it."""
    for name in path[:-1]:
        request = request.get(name)
        if not isinstance(request, dict):
            return None
    return request if optional or path[-1] in request else None


def cases(id_: str) -> Iterator[tuple[str, Any]]:
    operation = facts.operations()[id_]
    requests = [row["request"] for row in operation["examples"] if "request" in row]
    for row in operation["body"]:
        if row["name"].startswith("ext."):  # the extension is the app's own
            continue
        path = row["name"].split(".")
        optional = len(path) == 1 or path[-1].startswith("custom")
        for request in requests:
            kind = request.get("type") or request.get("msg", {}).get("type")
            if path[-1].startswith("custom") and kind != "custom":
                continue
            for value in wrong_values(row):
                changed = copy.deepcopy(request)
                place = place_of(changed, path, optional=optional)
                if place is not None:
                    place[path[-1]] = value
                    yield row["name"], changed


@pytest.fixture
async def unlimited() -> AsyncIterator[Caller]:
    async with Emulator(quotas=None) as emulator, aiohttp.ClientSession() as session:
        caller = Caller(emulator, session)
        await caller.log_in()
        yield caller


@pytest.mark.parametrize("id_", IDS)
async def test_no_field_of_a_message_takes_what_the_facts_do_not_allow(
    unlimited: Caller, id_: str
) -> None:
    call = unlimited
    operation, seen = facts.operations()[id_], set()
    for name, request in cases(id_):
        status, answer = await call(operation["method"], operation["path"], request)
        assert status == 400, (name, request)
        assert answer["error"] in ("invalid_request_body", "message_send_error", "illegal_argument")
        seen.add(name)
    # Fields of types without an example are those of other calls with one.
    assert {name.rpartition(".")[2] for name in seen} >= {"from", "type", "msg"}
    assert not call.emulator.state.messages


@pytest.fixture
async def sent(call: Caller) -> dict[str, str]:
    """The ids of a text and an image."""
    ids = {}
    for kind, body in (("txt", {"msg": "first"}), ("img", {"url": "u"})):
        request = {"from": "ann", "to": ["bob"], "type": kind, "body": body}
        _, answer = await call("POST", "/messages/users", request)
        ids[kind] = answer["data"]["bob"]
    return ids


@pytest.mark.parametrize(
    "body",
    [
        {"new_msg": {"type": "txt"}},
        {"new_msg": {"type": "txt", "msg": None}},
        {"new_msg": {"type": "txt", "msg": 5}},
        {"new_msg": {"type": "txt", "msg": {"a": 1}}},
        {"new_msg": {"type": "txt", "msg": "x"}, "new_ext": "x"},
        {"new_msg": {"type": "txt", "msg": "x"}, "is_combine_ext": 5},
        {"new_msg": {"type": "txt", "msg": "x"}, "user": 5},
    ],
)
async def test_a_wrong_edit_changes_nothing(
    call: Caller, sent: dict[str, str], body: dict[str, Any]
) -> None:
    before = copy.deepcopy(call.emulator.received("bob"))
    status, answer = await call("PUT", f"/messages/rewrite/{sent['txt']}", body)
    assert (status, answer["error"]) == (400, "invalid_request_body")
    assert call.emulator.received("bob") == before


@pytest.mark.parametrize("kind", ["img", "image"])
async def test_the_extension_of_an_image_is_edited(
    call: Caller, sent: dict[str, str], kind: str
) -> None:
    body = {"new_msg": {"type": kind}, "new_ext": {"a": "1"}}
    status, _ = await call("PUT", f"/messages/rewrite/{sent['img']}", body)
    image = call.emulator.received("bob")[1]
    assert (status, image["ext"], image["body"]) == (200, {"a": "1"}, {"url": "u"})


async def test_a_message_for_who_is_online_reaches_nobody_else(call: Caller) -> None:
    emulator: Emulator = call.emulator
    for name in ("bob", "cid"):
        emulator.add_user(name)
    emulator.log_in("bob")
    request = {
        "from": "ann",
        "to": ["bob", "cid", "nobody"],
        "type": "txt",
        "body": {"msg": "now"},
        "routetype": "ROUTE_ONLINE",
    }
    status, answer = await call("POST", "/messages/users", request)
    assert (status, sorted(answer["data"])) == (200, ["bob", "cid", "nobody"])
    assert [m["body"]["msg"] for m in emulator.received("bob")] == ["now"]
    assert emulator.received("cid") == emulator.received("nobody") == []
    _, answer = await call("GET", "/users/cid/offline_msg_count")
    assert answer["data"] == {"cid": 0}


async def test_an_imported_message_is_only_a_roaming_one(call: Caller) -> None:
    for name in ("ann", "bob"):
        call.emulator.add_user(name)
    request = {"from": "ann", "target": "bob", "type": "txt", "body": {"msg": "old"}}
    for moment in (2000, 3000, 3000):
        status, _ = await call(
            "POST", "/messages/users/import", {**request, "msg_timestamp": moment}
        )
        assert status == 200
    status, answer = await call(
        "POST", "/messages/users/import", {**request, "msg_timestamp": 2999}
    )
    assert (status, answer["error"]) == (400, "illegal_argument")
    back = {**request, "from": "bob", "target": "ann", "msg_timestamp": 2999}
    assert (await call("POST", "/messages/users/import", back))[0] == 400
    assert len(call.emulator.received("bob")) == 3
    for name in ("ann", "bob"):
        _, answer = await call("GET", f"/user/{name}/user_channels")
        assert answer["data"]["channel_infos"] == []
    _, answer = await call("GET", "/users/bob/offline_msg_count")
    assert answer["data"] == {"bob": 0}


@pytest.mark.parametrize("msg", [{"type": "zzz"}, {"type": ["txt"]}, {"msg": "x"}, "x"])
async def test_the_old_call_takes_no_message_of_an_unknown_type(call: Caller, msg: Any) -> None:
    body = {"target_type": "users", "target": ["bob"], "msg": msg, "from": "ann"}
    status, answer = await call("POST", "/messages", body)
    assert (status, answer["error"]) == (400, "illegal_argument")


@pytest.mark.parametrize("body", [{"type": "txt"}, {"type": "txt", "msg": 5}, {"msg": "x"}])
async def test_no_users_app_says_what_is_no_message(emulator: Emulator, body: Any) -> None:
    for name in ("ann", "bob"):
        emulator.add_user(name)
    with pytest.raises(ValueError, match="say: "):
        await emulator.say("ann", "bob", body)
