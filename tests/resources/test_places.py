"""Members, mutes, blocklists, settings and owners of both chat groups and chat rooms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from easemob_async import EasemobClient, EasemobError
from tests.conftest import Against
from tests.resources.places import Place
from tests.servers import Received, Reply

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
