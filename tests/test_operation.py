"""A path parameter can never make one operation another."""

from __future__ import annotations

import pickle
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import InvalidArgumentError
from easemob_async.operation import Operation, query_string
from tests.conftest import Against
from tests.servers import Reply

DELETE = Operation("users.delete", "DELETE", "/users/{username}", "safe")
REMOVE_MANY = Operation("x.remove_many", "DELETE", "/groups/{group_id}/users/{*usernames}", "once")


REFUSED = [
    "",
    ".",
    "..",
    "ann\n",
    "a\x00b",
    "a\rb",
    "\u2028",
    "\x7f",
    "\ud800",
    None,
    5,
    b"ann",
    ["ann", "bob"],
]


@pytest.mark.parametrize("value", REFUSED)
def test_what_could_name_something_else_is_refused(value: object) -> None:
    with pytest.raises(InvalidArgumentError, match=r"users\.delete: username"):
        DELETE.fill([value])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("ann", "ann"),
        ("../x", "..%2Fx"),
        ("a/b", "a%2Fb"),
        ("ü", "%C3%BC"),
        ("%2e", "%252e"),
        ("%2e%2e", "%252e%252e"),
        ("a?b", "a%3Fb"),
        ("a#b", "a%23b"),
        ("...", "..."),
        ("a b", "a%20b"),
        ("a,b", "a%2Cb"),
        ("\\", "%5C"),
    ],
)
def test_everything_else_is_quoted_to_one_segment(value: str, segment: str) -> None:
    assert DELETE.fill([value]) == f"/users/{segment}"


@given(st.text(min_size=1))
def test_a_filled_path_has_the_segments_of_its_template(value: str) -> None:
    try:
        path = DELETE.fill([value])
    except InvalidArgumentError:
        return
    users, name = path.strip("/").split("/")
    assert users == "users"
    assert name not in ("", ".", "..")
    assert unquote(name) == value
    assert set(path) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~%/")


@given(st.lists(st.text(min_size=1), min_size=1))
def test_a_list_stays_a_list_of_as_many(values: list[str]) -> None:
    try:
        path = REMOVE_MANY.fill(["1", values])
    except InvalidArgumentError:
        return
    assert [unquote(item) for item in path.rpartition("/")[2].split(",")] == list(
        dict.fromkeys(values)
    )


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="usernames is empty"):
        REMOVE_MANY.fill(["1", []])


async def test_the_wire_has_what_was_built(against: Against) -> None:
    reply = Reply(body={"entities": [{"username": "x"}]})
    async with against(lambda _: reply) as (client, server):
        for name in ("a/b", "%2e%2e", "ü", "a?b"):
            await client.users.get(name)
        assert [request.target.rpartition("/")[2] for request in server.calls] == [
            *("a%2Fb", "%252e%252e", "%C3%BC", "a%3Fb")
        ]


async def test_nothing_is_sent_for_a_refused_value(against: Against) -> None:
    async with against(lambda _: Reply()) as (client, server):
        for name in ("", ".", ".."):
            for call in (client.users.delete, client.users.get, client.chat_groups.delete):
                with pytest.raises(InvalidArgumentError):
                    await call(name)
        assert not server.received


def test_a_query_leaves_out_what_is_not_given() -> None:
    query = {"a": None, "b": "x&y", "c": True, "d": False, "e": 5, "f": ""}
    assert query_string("users.list", query) == "?b=x%26y&c=true&d=false&e=5&f="
    assert query_string("users.list", {"a": None}) == ""


def test_an_operation_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(DELETE)).fill(["ann"]) == "/users/ann"
