"""Refusals in the service's words, and the errors that they become."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from easemob_async import ConflictError, EasemobClient
from tests.conftest import Against
from tests.servers import Reply

Call = Callable[[EasemobClient], Awaitable[object]]
CALLS: list[Call] = [
    lambda c: c.users.create("ann", password="secret1"),
    lambda c: c.chat_groups.create("x", owner="ann"),
    lambda c: c.reactions.add("ann", "1", "x"),
]
TAKEN = [
    (400, "duplicate_unique_property_exists", "value of ann exists"),
    (400, "illegal_argument", "group ID 7 already exists!"),
    (400, "Bad Request", "the user is already operation this message"),
    (400, "Bad request", "The textList already exists"),
    (400, "Bad Request", "The textList already contains the text"),
    (409, "concurrent_operation_error", "concurrency create app user failed"),
]


@pytest.mark.parametrize(("status", "error", "description"), TAKEN)
@pytest.mark.parametrize("call", CALLS, ids=["users", "chat_groups", "reactions"])
async def test_what_is_there_already_is_a_conflict(
    against: Against, call: Call, status: int, error: str, description: str
) -> None:
    refusal = Reply(status=status, body={"error": error, "error_description": description})
    async with against(lambda _: refusal, token="t") as (client, server):
        with pytest.raises(ConflictError):
            await call(client)
        if status == 400:
            assert len(server.calls) == 1  # never sent again automatically
