"""Calls on many items: split at what one call takes, and an outcome for each item."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote

from easemob_async import facts
from easemob_async.errors import EasemobError
from easemob_async.models.results import BatchOutcome, BatchResult
from easemob_async.transport.answer import Answer
from easemob_async.transport.transport import Transport
from easemob_async.wire import Id

T = TypeVar("T")
Item = TypeVar("Item")

_DONE: Final = (True, "true", "success")
_UNNAMED: Final = "the answer does not name it"
# What stands around the ids in a URL: the group's id, the query.
_REST_OF_URL: Final = 256


async def in_parts(
    parts: Iterable[Item], settle: Callable[[Item], Awaitable[Iterable[BatchOutcome[T]]]]
) -> BatchResult[T]:
    """Make a call for each part, and give all their outcomes.

    Raises:
        EasemobError: a whole call failed; ``partial`` has what was settled before it.
    """
    settled: list[BatchOutcome[T]] = []
    for part in parts:
        try:
            settled += await settle(part)
        except EasemobError as error:
            error.partial = BatchResult(tuple(settled))
            raise
    return BatchResult(tuple(settled))


def outcomes(
    answer: Answer,
    items: Sequence[str],
    *path: str,
    key: str = "user",
    kind: type[T] | None = None,
) -> list[BatchOutcome[T]]:
    """Read an outcome for each item from the rows of an answer: one object, or a list of them.

    Args:
        answer: the answer.
        items: what was asked for.
        path: where the rows are.
        key: what a row calls its item.
        kind: what to make of the row of an item that was accepted.
    """
    rows = answer.get(*path)
    # For a single item the service answers one object.
    rows = [rows] if isinstance(rows, dict) else rows
    if not isinstance(rows, list):
        raise answer.wrong(f"{'.'.join(path)} must be a list")
    found: dict[str, BatchOutcome[T]] = {}
    for index, row in enumerate(rows):
        at = f"{'.'.join(path)}[{index}]"
        if not isinstance(row, dict) or row.get(key) is None:
            raise answer.wrong(f"{at} must be an object with {key}")
        name: str = answer.decode(Id, row[key], f"{at}.{key}")
        if row.get("result") in _DONE:
            value = None if kind is None else answer.decode(kind, row, at)
            found[name] = BatchOutcome(name, value)
        else:
            found[name] = BatchOutcome(name, reason=str(row.get("reason") or "refused"))
    return [found.get(item) or BatchOutcome(item, reason=_UNNAMED) for item in items]


def keyed(answer: Answer, done: Iterable[Any], refused: Any, items: Iterable[str]) -> Any:
    """Give outcomes from a list of what was done and a mapping of what was not, to why."""
    done = set(map(str, done))
    reasons = refused if isinstance(refused, dict) else {}
    return [
        BatchOutcome(item)
        if item in done
        else BatchOutcome(item, reason=answer.redacted(str(reasons.get(item, _UNNAMED))))
        for item in items
    ]


def fitting_url(transport: Transport, names: Sequence[str], most: int) -> Iterable[list[str]]:
    """Cut a list into parts that fit into a call by number and by bytes in the URL."""
    room = facts.URL_BYTES - len(transport.core.app_url) - _REST_OF_URL
    part: list[str] = []
    size = 0
    for name in names:
        weight = len(quote(name, safe="")) + 1
        if part and (len(part) == most or size + weight > room):
            yield part
            part, size = [], 0
        part.append(name)
        size += weight
    if part:
        yield part
