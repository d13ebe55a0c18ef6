"""Lists with numbered pages that count from 0 and say how long they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from easemob_async.models.pages import CountedPage, Paginator, by_number
from easemob_async.transport.answer import Answer

T = TypeVar("T")


def numbered(ask: Callable[[int], Awaitable[Answer]], kind: type[T], size: int) -> Paginator[T]:
    """Return a paginator for a list whose items are in ``entities``.

    Args:
        ask: makes the call for the page with a number.
        kind: the type of an item.
        size: the number of items that the calls ask for.
    """

    async def fetch(number: int) -> tuple[CountedPage[T], bool]:
        answer = await ask(number)
        page = CountedPage(
            answer.rows(kind, "entities"), total=answer.optional(int, "totalElements")
        )
        last, pages = answer.optional(bool, "last"), answer.optional(int, "totalPages")
        if last is not None:
            return page, not last
        if pages is not None:
            return page, number + 1 < pages
        return page, answer.count("entities") >= size

    return by_number(fetch, first=0)
