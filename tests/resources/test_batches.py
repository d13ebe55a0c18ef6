"""Calls on many items: their parts, and an outcome for each item."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from easemob_async import BatchResult, EasemobClient, NewUser, ResponseError, Token
from tests.conftest import Against
from tests.servers import Received, Reply


async def test_many_ids_in_a_path_stay_within_the_urls_4_kb(against: Against) -> None:
    names = [f"{'n' * 60}{number:03}" for number in range(60)]

    def respond(request: Received) -> Reply:
        users = request.path.rpartition("/")[2].split(",")
        return Reply(body={"data": [{"user": user, "result": True} for user in users]})

    async with against(respond) as (client, server):
        result = await client.chat_groups.members.remove_many("1", names)
        assert result.ok
        assert len(result) == 60
        assert 1 < len(server.calls) <= 3
        assert all(len(server.url) + len(r.target) <= 4096 for r in server.calls)


Batch = Callable[[EasemobClient], Awaitable[BatchResult[object]]]
BATCHES: list[Batch] = [
    lambda c: c.chat_groups.members.remove_many("1", ["ann", "bob"]),
    lambda c: c.chat_groups.mutes.remove_many("1", ["ann", "bob"]),
    lambda c: c.chat_rooms.allowlist.add_many("1", ["ann", "bob"]),
]


@pytest.mark.parametrize("row", [{"user": "ann"}, {"user": "ann", "result": None}, {}, None])
@pytest.mark.parametrize("call", BATCHES, ids=["members", "mutes", "allowlist"])
async def test_a_row_that_says_nothing_is_no_refusal(
    against: Against, call: Batch, row: object
) -> None:
    body = {"data": [row, {"user": "bob", "result": True}]}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        result = await call(client)
    assert not result.ok
    assert result["bob"].ok
    assert result["ann"].reason is None
    assert isinstance(result["ann"].error, ResponseError)
    assert result["ann"].error.maybe_processed
    assert "does not report the outcome of 'ann'" in result.failed["ann"]


async def test_ids_may_be_numbers(against: Against) -> None:
    rows = [{"user": 5, "result": True}, {"user": "a#b_6", "result": True}]
    async with against(lambda _: Reply(body={"data": rows}), token="t") as (client, _):
        assert (await client.chat_groups.allowlist.add_many("g", ["5"])).ok


class Vault:
    """A provider that has one token."""

    def __init__(self) -> None:
        self.left = 1

    async def get(self, *, username: str | None) -> Token:
        self.left -= 1
        if self.left < 0:
            raise OSError("the vault is closed")
        return Token("t")

    def invalidate(self, token: Token) -> None:
        """It is kept."""


async def test_what_is_done_is_told_whatever_ends_a_batch(against: Against) -> None:
    def made(request: Received) -> Reply:
        return Reply(body={"entities": [{"username": row["username"]} for row in request.json]})

    users = [NewUser(f"u{n}", "secret") for n in range(150)]
    async with against(made, token=Vault()) as (client, _):
        with pytest.raises(OSError, match="closed") as caught:
            await client.users.create_many(users)
    partial: BatchResult[object] = caught.value.partial  # type: ignore[attr-defined]
    assert [outcome.item for outcome in partial.outcomes] == [f"u{n}" for n in range(60)]
