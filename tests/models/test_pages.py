"""Two-way lists: a page when awaited, every item when iterated, and each its own way to end."""

from __future__ import annotations

import asyncio

from easemob_async import EasemobClient, Page
from easemob_async.emulator import Emulator
from easemob_async.models.pages import by_cursor, by_number, whole
from tests.conftest import Against
from tests.servers import Received, Reply


async def test_awaited_a_page_and_iterated_all(client: EasemobClient, emulator: Emulator) -> None:
    for number in range(25):
        emulator.add_user(f"u{number}")
    listing = client.users.list(limit=10)
    page = await listing
    assert [user.username for user in page.items] == [f"u{n}" for n in range(10)]
    assert page.has_more
    assert page.cursor
    second = await page.next()
    assert second is not None
    third = await second.next()
    assert third is not None
    assert (len(third.items), third.has_more, third.cursor) == (5, False, None)
    assert await third.next() is None
    for _ in range(2):  # each loop starts anew
        assert [user.username async for user in listing] == [f"u{n}" for n in range(25)]
    assert len((await asyncio.create_task(listing.page())).items) == 10
    resumed = [user.username async for user in client.users.list(cursor=page.cursor, limit=7)]
    assert resumed == [f"u{n}" for n in range(10, 25)]


async def test_no_page_is_fetched_ahead_of_its_need(
    client: EasemobClient, emulator: Emulator
) -> None:
    for number in range(30):
        emulator.add_user(f"u{number}")
    seen = 0
    async for _ in client.users.list(limit=10):
        seen += 1
        if seen == 10:
            break
    pages = [target for method, target in emulator.requests if method == "GET"]
    assert len(pages) == 1


async def test_a_repeated_cursor_ends_the_list(against: Against) -> None:
    # users.list, second example: the last page carries the cursor that was sent.
    def respond(request: Received) -> Reply:
        number = 2 if "cursor=" not in request.query else 1
        rows = [{"username": f"u{n}"} for n in range(number)]
        return Reply(body={"entities": rows, "cursor": "LTgz"})

    async with against(respond) as (client, server):
        assert len([user async for user in client.users.list(limit=2)]) == 3
        assert len(server.calls) == 2


async def test_an_empty_page_ends_the_list() -> None:
    async def fetch(cursor: str | None) -> Page[int]:
        return Page([] if cursor == "b" else [1], cursor={None: "a", "a": "b"}.get(cursor, "c"))

    assert [item async for item in by_cursor(fetch)] == [1, 1]


async def test_numbered_pages_end_when_the_fetcher_says_so() -> None:
    asked: list[int] = []

    async def fetch(number: int) -> tuple[Page[int], bool]:
        asked.append(number)
        return Page([number]), number < 3

    assert [item async for item in by_number(fetch)] == [1, 2, 3]
    assert asked == [1, 2, 3]


async def test_a_list_given_whole_is_one_page() -> None:
    async def fetch() -> list[int]:
        return [1, 2]

    page = await whole(fetch)
    assert (list(page.items), page.has_more, page.cursor) == ([1, 2], False, None)
