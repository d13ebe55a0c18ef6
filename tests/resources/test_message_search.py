"""Message search: what is found, page by page, and what is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from easemob_async import (
    AppNotFoundError,
    BadRequestError,
    EasemobClient,
    EasemobError,
    Highlight,
    Image,
    InvalidArgumentError,
    KeywordMatch,
    Location,
    PermissionDeniedError,
    Quotas,
    RateLimitError,
    RetryPolicy,
    SearchExt,
    SearchMode,
    SearchPage,
    SearchSort,
    SearchType,
    ServerError,
    Text,
)
from easemob_async.emulator import Emulator
from tests.conftest import FAST, Against
from tests.servers import Reply


@asynccontextmanager
async def talking() -> AsyncIterator[tuple[EasemobClient, Emulator, Callable[..., Any]]]:
    """An emulator in which ann, bob and eve have talked, and a search that returns the texts."""
    time = [1_790_000_000.0]
    async with Emulator(quotas=None, now=lambda: time[0]) as emulator:
        for name in ("ann", "bob", "eve"):
            emulator.add_user(name)
        async with EasemobClient(**emulator.credentials, quotas=Quotas(enabled=False)) as client:
            for sender, target, text in (
                ("ann", "bob", "the budget of the project"),
                ("bob", "ann", "what budget?"),
                ("eve", "ann", "a project without a plan"),
                ("eve", "bob", "budget, between us"),
            ):
                time[0] += 60
                await client.messages.send_to_users([target], Text(text), sender=sender)

            async def search(*args: Any, **options: Any) -> list[str | None]:
                return [m.content.message async for m in client.messages.search(*args, **options)]

            yield client, emulator, search


async def test_a_user_finds_what_is_in_the_users_own_conversations() -> None:
    async with talking() as (_, _, search):
        newest = SearchSort.NEWEST
        assert await search("ann", "budget", sort=newest) == [
            "what budget?",
            "the budget of the project",
        ]
        assert await search("eve", "budget") == ["budget, between us"]
        assert await search("ann", "budget", usernames=["eve"]) == []
        assert await search("Ann", "budget", usernames=["bob"], sort="sentTime:asc") == [
            "the budget of the project",
            "what budget?",
        ]
        both = ["budget", "project"]
        assert len(await search("ann", both)) == 3
        assert await search("ann", both, match=KeywordMatch.ALL) == ["the budget of the project"]
        assert await search("ann", "project plan", mode="exact") == []
        assert len(await search("ann", "project plan")) == 2
        assert await search("ann", "bugdet", mode=SearchMode.PHRASE) == []


async def test_a_group_is_searched_only_where_it_is_named_and_joined() -> None:
    async with talking() as (client, _, search):
        group = await client.chat_groups.create("g", owner="ann", members=["bob"])
        await client.messages.send_to_groups([group.group_id], Text("the budget"), sender="ann")
        assert "the budget" not in await search("bob", "budget")
        assert await search("bob", "budget", group_ids=[group.group_id]) == ["the budget"]
        assert await search("eve", "budget", group_ids=[group.group_id]) == []


async def test_types_times_and_extension_fields_narrow_a_search() -> None:
    async with talking() as (client, emulator, search):
        send = client.messages.send_to_users
        await send(["bob"], Image("https://x/y", filename="budget.png"), sender="ann")
        place = Location(22.5, 114.0, address="budget street")
        await send(["bob"], place, sender="ann", ext={"secret": "plan"})
        kinds = [SearchType.IMAGE, "location"]
        found = [m async for m in client.messages.search("bob", "budget", content_types=kinds)]
        assert {m.content_type for m in found} == {"image", "location"}
        (shown,) = [m for m in found if m.content_type == SearchType.IMAGE]
        assert shown.content.filename == "budget.png"
        start = datetime.fromtimestamp(emulator.state.now(), UTC)
        none = await search("bob", "budget", start=start - timedelta(days=9), end=start)
        assert len(none) == 5
        later = start + timedelta(seconds=1)
        assert await search("bob", "budget", start=later, end=later + timedelta(days=90)) == []
        assert await search("bob", "plan") == []
        found = [m async for m in client.messages.search("bob", "plan", search_ext=SearchExt.ONLY)]
        assert found[0].ext == {"secret": "plan"}


async def test_matches_are_marked_and_pages_are_numbered() -> None:
    async with talking() as (client, _, _):
        marks = Highlight(before="[", after="]")
        page = await client.messages.search("ann", "budget", highlight=marks, limit=1)
        assert isinstance(page, SearchPage)
        assert (page.number, page.total_pages, page.has_more) == (1, 2, True)
        (found,) = page.items
        assert list(found.highlight.values()) == [("what [budget]?",)]
        assert found.relevance is not None
        following = await page.next()
        assert following is not None
        assert (following.number, following.has_more) == (2, False)  # type: ignore[attr-defined]


async def test_a_mark_is_not_marked_again() -> None:
    async with talking() as (client, _, _):
        marks = Highlight(before="[e", after="]")
        page = await client.messages.search(
            "ann", ["The", "e"], highlight=marks, sort="sentTime:asc"
        )
        assert page.items[0].highlight == {
            "content.message": ("[ethe] budg[ee]t of [ethe] proj[ee]ct",)
        }


async def test_the_number_of_a_message_is_kept_to_the_last_digit(against: Against) -> None:
    """The id is a number here, above 2^53, and a string in every other call."""
    row = {"messageId": 1525683241653109136, "content": {"message": "x"}}
    body = {"data": {"list": [row, None], "pagination": {"totalPages": -1, "isFinished": 1}}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        page = await client.messages.search("ann", "x")
    assert [m.message_id for m in page.items] == ["1525683241653109136"]
    assert isinstance(page, SearchPage)
    assert page.total_pages is None


async def test_more_than_the_service_shows_is_an_error_and_no_silent_end(against: Against) -> None:
    rows = [{"messageId": number + 1} for number in range(100)]
    body = {"data": {"list": rows, "pagination": {"isFinished": 0}}}
    async with against(lambda _: Reply(body=body), token="t") as (client, server):
        read = 0
        with pytest.raises(InvalidArgumentError, match="only the first 10000 messages"):
            async for _ in client.messages.search("ann", "x"):
                read += 1
        assert (read, len(server.calls)) == (10_000, 100)


REFUSED = [
    (400, 4000005, BadRequestError),
    (400, 4000006, BadRequestError),
    (403, 4030204, PermissionDeniedError),
    (404, 4040302, AppNotFoundError),
    (500, 5000701, ServerError),
    (502, 5020801, ServerError),
]


@pytest.mark.parametrize("field", ["code", "error_code", "errorCode"])
@pytest.mark.parametrize(("status", "code", "kind"), REFUSED)
async def test_a_refusal_is_known_by_its_number(
    against: Against, status: int, code: int, kind: type[EasemobError], field: str
) -> None:
    """Where the number stands in the body is not printed; the texts are Chinese on the page."""
    reply = Reply(status, {field: code, "message": "请求"})
    once = RetryPolicy(attempts=1)
    async with against(lambda _: reply, token="t", retry=once) as (client, _):
        with pytest.raises(kind) as caught:
            await client.messages.search("ann", "x")
    assert caught.value.error_code == code  # type: ignore[attr-defined]


async def test_the_wait_is_in_the_answer_itself(against: Against) -> None:
    body = {"code": 4290501, "meta": {"retryAfter": 7.5}}
    once = RetryPolicy(attempts=1)
    async with against(lambda _: Reply(429, body), token="t", retry=once) as (client, _):
        with pytest.raises(RateLimitError) as caught:
            await client.messages.search("ann", "x")
    assert caught.value.retry_after == timedelta(seconds=7.5)
    no_wait = Reply(429, {"code": 4290501, "meta": {"retryAfter": 0}})
    done = Reply(body={"data": {"list": [], "pagination": {"isFinished": 1}}})
    answers = iter([no_wait])
    async with against(lambda _: next(answers, done), token="t", retry=FAST) as (client, server):
        await client.messages.search("ann", "x")
        assert len(server.calls) == 2


NOW = datetime(2026, 1, 1, tzinfo=UTC)
BAD: list[Callable[[EasemobClient], object]] = [
    lambda c: c.messages.search("", "x"),
    lambda c: c.messages.search("ann", ""),
    lambda c: c.messages.search("ann", "  "),
    lambda c: c.messages.search("ann", "x" * 121),
    lambda c: c.messages.search("ann", []),
    lambda c: c.messages.search("ann", list("abcdef")),
    lambda c: c.messages.search("ann", ["x" * 61, "y" * 60]),
    lambda c: c.messages.search("ann", 5),  # type: ignore[arg-type]
    lambda c: c.messages.search("ann", "x", match="all"),
    lambda c: c.messages.search("ann", ["x"], match="some"),
    lambda c: c.messages.search("ann", "x", chat_types="group"),
    lambda c: c.messages.search("ann", "x", content_types=[]),
    lambda c: c.messages.search("ann", "x", content_types=["text", "custom"]),
    lambda c: c.messages.search("ann", "x", usernames=[f"u{n}" for n in range(21)]),
    lambda c: c.messages.search(
        "ann", "x", usernames=[f"u{n}" for n in range(11)], room_ids=[f"r{n}" for n in range(10)]
    ),
    lambda c: c.messages.search("ann", "x", group_ids=["1" * 513]),
    lambda c: c.messages.search("ann", "x", start=NOW),
    lambda c: c.messages.search("ann", "x", start=NOW, end=NOW - timedelta(days=1)),
    lambda c: c.messages.search("ann", "x", start=NOW, end=NOW + timedelta(days=91)),
    lambda c: c.messages.search("ann", "x", highlight="yes"),  # type: ignore[arg-type]
    lambda c: c.messages.search("ann", "x", limit=101),
    lambda c: Highlight(before=""),
    lambda c: Highlight(fragments=101),
]


@pytest.mark.parametrize("call", BAD)
async def test_bad_input_is_a_clear_error_before_any_io(
    unconnected: EasemobClient, call: Callable[[EasemobClient], object]
) -> None:
    with pytest.raises(InvalidArgumentError):
        call(unconnected)
