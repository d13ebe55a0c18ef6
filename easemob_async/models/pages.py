"""Pages of a list, and how a list is paged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from enum import StrEnum
from typing import Any, Generic, TypeVar

import attrs

T = TypeVar("T")


@attrs.frozen
class Page(Generic[T]):
    """One page of a list."""

    items: Sequence[T]
    """What is on it, in the service's order."""
    cursor: str | None = None
    """Where the next page starts, for lists that go by a cursor; pass it to come back later."""
    _fetch_next: Callable[[], Awaitable[Page[T]]] | None = attrs.field(
        default=None, repr=False, eq=False, alias="fetch_next"
    )

    @property
    def has_more(self) -> bool:
        """Whether there may be another page."""
        return self._fetch_next is not None

    async def next(self) -> Page[T] | None:
        """Fetch the page that follows, or give ``None`` after the last."""
        return None if self._fetch_next is None else await self._fetch_next()


class Paginator(Generic[T]):
    """A list that is not fetched yet.

    ``await`` it for the first `Page`, or ``async for`` it for every item of every page; a page is
    fetched when it is needed, never ahead. Each ``await`` and each loop starts anew.
    """

    __slots__ = ("_fetch_first",)

    def __init__(self, fetch_first: Callable[[], Awaitable[Page[T]]]) -> None:
        self._fetch_first = fetch_first

    def __await__(self) -> Generator[Any, None, Page[T]]:
        return self.page().__await__()

    async def page(self) -> Page[T]:
        """Fetch the first page; the same as awaiting, for ``create_task`` and the like."""
        return await self._fetch_first()

    async def __aiter__(self) -> AsyncIterator[T]:
        page: Page[T] | None = await self.page()
        while page is not None:
            for item in page.items:
                yield item
            page = await page.next()


def by_cursor(
    fetch: Callable[[str | None], Awaitable[Page[T]]], cursor: str | None = None
) -> Paginator[T]:
    """Make a list that goes by cursor.

    It ends where an answer has no cursor, repeats the one that was sent (`users.list`), or has
    nothing on it.

    Args:
        fetch: gives the page at a cursor, with the cursor that the service answered.
        cursor: where to start.
    """

    async def load(position: str | None) -> Page[T]:
        page = await fetch(position)
        following = page.cursor
        if not following or following == position or not page.items:
            return attrs.evolve(page, cursor=None)
        return attrs.evolve(page, fetch_next=lambda: load(following))

    return Paginator(lambda: load(cursor))


def by_number(
    fetch: Callable[[int], Awaitable[tuple[Page[T], bool]]],
    first: int = 1,
    *,
    empty_ends: bool = True,
) -> Paginator[T]:
    """Make a list that goes by page number.

    Args:
        fetch: gives the page with a number, and whether another may follow.
        first: the number of the first page.
        empty_ends: whether a page with nothing on it is the last, whatever `fetch` says.
    """

    async def load(number: int) -> Page[T]:
        page, more = await fetch(number)
        if not more or (empty_ends and not page.items):
            return page
        return attrs.evolve(page, fetch_next=lambda: load(number + 1))

    return Paginator(lambda: load(first))


def whole(fetch: Callable[[], Awaitable[Sequence[T]]]) -> Paginator[T]:
    """Make a list that the service gives whole, in one page."""

    async def load() -> Page[T]:
        return Page(await fetch())

    return Paginator(load)


class Sort(StrEnum):
    """The order of a list by time."""

    ASCENDING = "asc"
    DESCENDING = "desc"
