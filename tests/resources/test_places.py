"""Members, mutes, blocklists, settings and owners of both chat groups and chat rooms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import pytest

from easemob_async import (
    FOREVER,
    AppNotFoundError,
    BatchResult,
    EasemobClient,
    EasemobError,
    InvalidArgumentError,
    Quotas,
    ResponseError,
)
from easemob_async.emulator import Emulator
from tests.conftest import Against
from tests.resources.places import Place
from tests.servers import Received, Reply

NO_QUOTAS = Quotas(enabled=False)
Of = Callable[[EasemobClient], Place]
PLACES: list[Of] = [lambda c: c.chat_groups, lambda c: c.chat_rooms]
of_both = pytest.mark.parametrize("of", PLACES, ids=["chat_groups", "chat_rooms"])


@of_both
async def test_a_null_does_not_end_a_list_early(against: Against, of: Of) -> None:
    """A page that is full but for a null is full: another page follows."""

    def respond(request: Received) -> Reply:
        first = "pagenum=1&" in request.query or request.query.endswith("pagenum=1")
        rows: list[Any] = [{"member": f"u{n}"} for n in range(1000)]
        rows[7] = None
        return Reply(body={"data": rows if first else [{"owner": "last"}]})

    async with against(respond, token="t") as (client, _):
        members = [m.username async for m in of(client).members.list("1")]
    assert len(members) == 1000
    assert members[-1] == "last"


@of_both
async def test_a_null_in_a_list_costs_itself_alone(against: Against, of: Of) -> None:
    async with against(lambda _: Reply(body={"data": ["a", None, "b"]}), token="t") as (client, _):
        assert (await of(client).admins.list("1")).items == ("a", "b")
    async with against(lambda _: Reply(body={"data": [None, "b"]}), token="t") as (client, _):
        assert (await of(client).blocklist.list("1")).items == ("b",)


@of_both
async def test_a_null_beside_a_changed_setting_is_no_refusal(against: Against, of: Of) -> None:
    body = {"data": {"groupname": True, "description": None}}
    async with against(lambda _: Reply(body=body), token="t") as (client, server):
        await of(client).update("1", name="x")
        assert len(server.calls) == 1


@of_both
@pytest.mark.parametrize("said", [True, "true", "ann", "Ann", "acme#shop_ann"])
@pytest.mark.parametrize("owner", ["ann", "Ann"])
async def test_a_transfer_may_name_the_new_owner(
    against: Against, of: Of, said: object, owner: str
) -> None:
    body = {"data": {"newowner": said}}
    async with against(lambda _: Reply(body=body), token="t") as (client, server):
        await of(client).transfer_owner("1", owner)
        assert len(server.calls) == 1


@of_both
@pytest.mark.parametrize("said", [False, "bob", None])
async def test_a_transfer_to_another_owner_is_an_error(
    against: Against, of: Of, said: object
) -> None:
    body = {"data": {"newowner": said}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        with pytest.raises(EasemobError):
            await of(client).transfer_owner("1", "ann")


@of_both
async def test_whatever_stands_for_never_is_never(against: Against, of: Of) -> None:
    ends = [-1, "-1", 0, 9223372036854775807, "9223372036854775807"]
    rows: list[dict[str, object]] = [{"user": f"u{n}", "expire": end} for n, end in enumerate(ends)]
    rows.append({"user": "last", "expire": 1489158589481})
    async with against(lambda _: Reply(body={"data": rows}), token="t") as (client, _):
        found = [muted.expires_at async for muted in of(client).mutes.list("g")]
    assert found[:-1] == [None] * len(ends)
    assert found[-1] is not None


Many = Callable[[Place, list[str]], Awaitable[BatchResult[Any]]]
MANY: dict[str, Many] = {
    "members": lambda p, names: p.members.add_many("1", names),
    "mutes": lambda p, names: p.mutes.add_many("1", names, duration=FOREVER),
    "allowlist": lambda p, names: p.allowlist.add_many("1", names),
    "blocklist": lambda p, names: p.blocklist.add_many("1", names),
}


@of_both
@pytest.mark.parametrize("many", MANY.values(), ids=MANY)
async def test_a_call_takes_60_users_where_the_pages_say_60_and_100(
    against: Against, of: Of, many: Many
) -> None:
    names = [f"u{number}" for number in range(150)]

    def respond(request: Received) -> Reply:
        users = request.json["usernames"]
        rows = [{"user": user, "result": True} for user in users]
        return Reply(body={"data": {"newmembers": users} if many is MANY["members"] else rows})

    async with against(respond, token="t") as (client, server):
        result = await many(of(client), names)
    assert [len(request.json["usernames"]) for request in server.calls] == [60, 60, 30]
    assert list(result.succeeded) == names


async def make_many(client: EasemobClient, of: Of, number: int) -> list[str]:
    """Make groups or rooms, and return their ids."""
    ids = []
    for at in range(number):
        if of(client) is client.chat_groups:
            ids.append((await client.chat_groups.create(f"g{at}", owner="ann")).group_id)
        else:
            room = await client.chat_rooms.create(f"r{at}", owner="ann", description="")
            ids.append(room.room_id)
    return ids


@of_both
async def test_the_details_of_many_come_in_calls_of_100(of: Of) -> None:
    async with Emulator(quotas=None) as emulator:
        emulator.add_user("ann")
        async with EasemobClient(**emulator.credentials, quotas=NO_QUOTAS) as client:
            ids = await make_many(client, of, 105)
            asked = [*ids, "999", ids[0], "998"]
            before = len(emulator.requests)
            result = await of(client).get_many(iter(asked))
            assert len(emulator.requests) - before == 2
            assert [outcome.item for outcome in result] == [*ids, "999", "998"]
            assert result.failed == {"999": "does not exist", "998": "does not exist"}
            for place_id in ids:
                assert result[place_id].value == await of(client).get(place_id)
            gone = await of(client).get_many(["999", "998"])  # the emulator answers with 404
            assert set(gone.failed) == {"999", "998"}


@of_both
async def test_a_404_for_all_does_not_hide_those_that_exist(against: Against, of: Of) -> None:
    """What a missing one among several gives is not documented for rooms."""
    missing = {"13", "14", "77"}

    def respond(request: Received) -> Reply:
        ids = unquote(request.path).rpartition("/")[2].split(",")
        if missing & set(ids):
            return Reply(404, {"error": "service_resource_not_found", "error_description": "x"})
        return Reply(body={"data": [{"id": one, "owner": "ann"} for one in ids]})

    ids = [str(number) for number in range(100)]
    async with against(respond, token="t") as (client, server):
        result = await of(client).get_many(ids)
        assert len(server.calls) <= 40
    assert set(result.failed) == missing
    assert [outcome.item for outcome in result] == ids


SHAPES: list[Any] = [
    None,
    "group id doesn't exist",
    {"id": "2", "error": "group id doesn't exist"},
    {"reason": "group id doesn't exist"},
    {"2": "group id doesn't exist"},
    ["2"],
]


@of_both
@pytest.mark.parametrize("row", SHAPES)
async def test_a_missing_one_is_an_outcome_in_whatever_shape_it_comes(
    against: Against, of: Of, row: object
) -> None:
    """The page does not show the shape."""
    body = {"data": [row, {"id": "1", "name": "x", "owner": "ann"}]}
    async with against(lambda _: Reply(body=body), token="t") as (client, server):
        result = await of(client).get_many(["2", "1"])
        assert server.calls[0].path.endswith("/2,1")
    assert list(result.succeeded) == ["1"]
    assert "exist" in result.failed["2"]


@of_both
async def test_an_odd_one_costs_itself_alone(against: Against, of: Of) -> None:
    body = {"data": [{"id": "1", "created": "yesterday"}, {"id": "ABC", "owner": "ann"}]}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        result = await of(client).get_many(["1", "abc"])
    assert isinstance(result["1"].error, ResponseError)
    assert list(result.succeeded) == ["abc"]


@of_both
async def test_one_object_stands_for_a_list_of_one(against: Against, of: Of) -> None:
    body = {"data": {"id": "1", "owner": "ann"}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        assert (await of(client).get_many(["1"])).ok


@of_both
async def test_a_failure_of_a_whole_call_keeps_what_was_read(against: Against, of: Of) -> None:
    rows = [{"id": str(number), "owner": "ann"} for number in range(100)]
    answers = iter([Reply(body={"data": rows})])
    wrong = Reply(404, {"error": "organization_application_not_found"})
    async with against(lambda _: next(answers, wrong), token="t") as (client, _):
        with pytest.raises(AppNotFoundError) as caught:
            await of(client).get_many([str(number) for number in range(150)])
    assert caught.value.partial is not None
    assert len(caught.value.partial) == 100


BAD_IDS: list[Any] = ["1", [], ["1,2"], [""], [".."], [5], ["a\n"]]


@of_both
@pytest.mark.parametrize("ids", BAD_IDS)
async def test_ids_are_checked_before_any_io(unconnected: EasemobClient, of: Of, ids: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        await of(unconnected).get_many(ids)
    with pytest.raises(InvalidArgumentError):
        await of(unconnected).get_many([*(str(n) for n in range(150)), "bad\n"])
