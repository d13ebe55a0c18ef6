"""Contacts of users, and their blocklists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from easemob_async import BatchResult, EasemobClient, User
from tests.conftest import Against
from tests.resources.stories import every_operation
from tests.servers import Reply


async def test_every_operation_end_to_end() -> None:
    async with every_operation("contacts") as (c, _):
        await c.contacts.add("ann", "bob")
        await c.contacts.set_remark("ann", "bob", "Bobby")
        assert (await c.contacts.import_many("ann", ["eve", "nobody"])).failed == {
            "nobody": "no such user"
        }
        contacts = c.contacts.list("ann", limit=1, remarks=True)
        assert [(x.username, x.remark) async for x in contacts] == [
            ("eve", None),
            ("bob", "Bobby"),
        ]
        assert [name async for name in c.contacts.list_all("bob")] == ["ann"]
        assert await c.contacts.check("ann", ["bob", "joe"]) == {
            "bob": "friend",
            "joe": "not_friend",
        }
        await c.contacts.remove("ann", "bob")
        await c.contacts.remove_all("ann")
        assert [name async for name in c.contacts.list_all("eve")] == []
        assert (await c.contacts.blocklist.add_many("ann", ["bob", "eve"])).ok
        assert [n async for n in c.contacts.blocklist.list("ann", limit=1)] == ["eve", "bob"]
        await c.contacts.blocklist.remove("ann", "eve")
        assert await c.contacts.blocklist.check("ann", ["bob", "eve"]) == {
            "bob": "blacklist",
            "eve": "not_blacklist",
        }


Batch = Callable[[EasemobClient], Awaitable[BatchResult[None]]]
BATCHES: list[tuple[Batch, object]] = [
    (lambda c: c.contacts.import_many("x", ["Ann", "BOB"]), {"success": ["ann", "bob"]}),
    (lambda c: c.contacts.blocklist.add_many("x", ["Ann", "BOB"]), ["ann", "bob"]),
]


@pytest.mark.parametrize(("call", "data"), BATCHES, ids=["import_many", "blocklist.add_many"])
async def test_a_result_is_found_under_the_name_that_was_asked_for(
    against: Against, call: Batch, data: object
) -> None:
    async with against(lambda _: Reply(body={"data": data}), token="t") as (client, _):
        result = await call(client)
    assert list(result.succeeded) == ["Ann", "BOB"]


async def test_a_relation_is_found_under_the_name_that_was_asked_for(against: Against) -> None:
    body = {"entities": [{"username": "ann", "relation": "friend"}]}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert await client.contacts.check("x", ["Ann", "BOB"]) == {"Ann": "friend"}


Deed = Callable[[EasemobClient], Awaitable[User]]
DEEDS: list[Deed] = [
    lambda c: c.contacts.add("x", "ann"),
    lambda c: c.contacts.remove("x", "ann"),
    lambda c: c.contacts.blocklist.remove("x", "ann"),
]


@pytest.mark.parametrize("body", [{}, {"entities": []}, {"entities": None}, {"entities": [{}]}])
@pytest.mark.parametrize("deed", DEEDS, ids=["add", "remove", "blocklist.remove"])
async def test_what_was_done_is_returned_as_far_as_it_is_known(
    against: Against, deed: Deed, body: object
) -> None:
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert (await deed(client)).username == "ann"


async def test_a_batch_of_which_nothing_was_done_lacks_its_list(against: Against) -> None:
    body = {"data": {"NotExistFailed": ["bob"]}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert (await client.contacts.import_many("x", ["bob"])).failed == {"bob": "no such user"}
