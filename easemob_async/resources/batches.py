"""Calls on many items: split at what one call takes, and an outcome for each item."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote

from easemob_async import api_limits
from easemob_async.errors import EasemobError, ResponseError
from easemob_async.models.results import BatchOutcome, BatchResult
from easemob_async.transport.answer import Answer, says_yes
from easemob_async.transport.transport import Transport
from easemob_async.wire.fields import Id

T = TypeVar("T")
Item = TypeVar("Item")

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
    if answer.gone:  # an earlier try had done it
        return [BatchOutcome(item) for item in items]
    rows = answer.get(*path)
    # For a single item the service answers one object.
    rows = [rows] if isinstance(rows, dict) else rows
    if not isinstance(rows, list):
        raise answer.wrong(f"{'.'.join(path)} must be a list")
    done: dict[str, T | None] = {}
    refused: dict[str, str] = {}
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or row.get(key) is None:
            continue
        at = f"{'.'.join(path)}[{index}]"
        with contextlib.suppress(ResponseError):  # a row that is odd costs itself alone
            name: str = answer.decode(Id, row[key], f"{at}.{key}")
            verdict = says_yes(row.get("result"))
            if verdict:
                done[name] = None if kind is None else answer.decode(kind, row, at)
            elif verdict is False:
                refused[name] = str(row.get("reason") or "refused")
    return settled(answer, items, done, refused)


def settled(
    answer: Answer,
    items: Iterable[str],
    done: Mapping[str, T] | Iterable[str],
    refused: Mapping[str, str] | None = None,
    *,
    otherwise: str | None = None,
) -> list[BatchOutcome[Any]]:
    """Return an outcome for each item, found under the name that was asked for.

    Args:
        answer: the answer.
        items: what was asked for.
        done: what was done, with what came of it.
        refused: what was not, with the service's reason.
        otherwise: what it means, by the facts, to be in neither. When they do not say, the item's
            outcome is an error which says that the answer does not.
    """
    items = list(items)
    all_done = done if isinstance(done, Mapping) else dict.fromkeys(map(str, done))
    made = answer.named(all_done, items)
    reasons = answer.named(refused or {}, items)
    found = []
    for item in items:
        if item in made:
            found.append(BatchOutcome(item, made[item]))
        elif item in reasons:
            found.append(BatchOutcome(item, reason=answer.redacted(reasons[item])))
        elif otherwise is not None:
            found.append(BatchOutcome(item, reason=otherwise))
        else:
            error = answer.wrong(f"it does not say what became of {item!r}")
            found.append(BatchOutcome(item, error=error))
    return found


def described(
    answer: Answer, items: Iterable[str], kind: type[T], *path: str, absent: T
) -> list[BatchOutcome[Any]]:
    """Read an outcome for each item from an object that has what is asked under each name.

    Args:
        answer: the answer.
        items: what was asked for.
        kind: what there is of each.
        path: where the object is.
        absent: what it means when a name is not there.
    """
    items = list(items)
    found = answer.named(answer.read(dict[str, Any], *path), items)
    result: list[BatchOutcome[Any]] = []
    for item in items:
        try:
            value = answer.decode(kind, found[item], item) if item in found else absent
            result.append(BatchOutcome(item, value))
        except ResponseError as error:
            result.append(BatchOutcome(item, error=error))
    return result


def fitting_url(transport: Transport, names: Sequence[str], most: int) -> Iterable[list[str]]:
    """Cut a list into parts that fit into a call by number and by bytes in the URL."""
    room = api_limits.URL_BYTES - len(transport.app_url) - _REST_OF_URL
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
