"""Pages of a list, and paginators that fetch them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from enum import StrEnum
from typing import Any, Generic, TypeVar

import attrs

T = TypeVar("T")


@attrs.frozen
class Page(Generic[T]):
    """One page of a list."""

    items: Sequence[T]
    """The items of the page, in the service's order."""
    cursor: str | None = None
    """The cursor of the next page, for lists with cursors; pass it later to continue there."""
    _fetch_next: Callable[[], Awaitable[Page[T]]] | None = attrs.field(
        default=None, repr=False, eq=False, alias="fetch_next"
    )

    @property
    def has_more(self) -> bool:
        """Whether there may be another page."""
        return self._fetch_next is not None

    async def next(self) -> Page[T] | None:
        """Fetch and return the next page; return ``None`` after the last one."""
        return None if self._fetch_next is None else await self._fetch_next()


@attrs.frozen
class CountedPage(Page[T]):
    """A page of a list of which the service says how long it is."""

    total: int | None = attrs.field(default=None, kw_only=True)
    """The number of all items in the list."""


class Paginator(Generic[T]):
    """A list that is not fetched yet.

    ``await`` returns the first `Page`; ``async for`` yields the items of all pages. A page is
    fetched only when it is needed. Each ``await`` and each loop starts at the beginning.
    """

    __slots__ = ("_fetch_first",)

    def __init__(self, fetch_first: Callable[[], Awaitable[Page[T]]]) -> None:
        self._fetch_first = fetch_first

    def __await__(self) -> Generator[Any, None, Page[T]]:
        return self.page().__await__()

    async def page(self) -> Page[T]:
        """Fetch the first page; the same as ``await``, for ``create_task`` and similar calls."""
        return await self._fetch_first()

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        page: Page[T] | None = await self.page()
        while page is not None:
            for item in page.items:
                yield item
            page = await page.next()


def by_cursor(
    fetch: Callable[[str | None], Awaitable[Page[T]]], cursor: str | None = None
) -> Paginator[T]:
    """Return a paginator for a list with cursors.

    The list ends when an answer has no cursor, repeats the cursor of the request (`users.list`),
    or has no items.

    Args:
        fetch: returns the page at a cursor, with the cursor from the answer of the service.
        cursor: the cursor to start at.
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
    """Return a paginator for a list with page numbers.

    Args:
        fetch: returns the page with a number, and whether another page may follow.
        first: the number of the first page.
        empty_ends: whether a page without items is the last, even if `fetch` expects another.
    """

    async def load(number: int) -> Page[T]:
        page, more = await fetch(number)
        if not more or (empty_ends and not page.items):
            return page
        return attrs.evolve(page, fetch_next=lambda: load(number + 1))

    return Paginator(lambda: load(first))


def whole(fetch: Callable[[], Awaitable[Sequence[T]]]) -> Paginator[T]:
    """Return a paginator for a list that the service returns in one page."""

    async def load() -> Page[T]:
        return Page(await fetch())

    return Paginator(load)


class Sort(StrEnum):
    """The order of a list by time."""

    ASCENDING = "asc"
    DESCENDING = "desc"
