"""Calls on many items: how they are split into several calls, and an outcome for each item."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote

from easemob_async import api_limits
from easemob_async.errors import ResponseError
from easemob_async.outcomes import BatchOutcome, BatchResult
from easemob_async.transport.answer import Answer
from easemob_async.transport.transport import Transport
from easemob_async.wire.decoding import verdict
from easemob_async.wire.fields import Id

T = TypeVar("T")
Item = TypeVar("Item")

# The bytes of a URL that are not ids of the list: the group's id and the query.
_REST_OF_URL: Final = 256


async def in_parts(
    parts: Iterable[Item], settle: Callable[[Item], Awaitable[Iterable[BatchOutcome[T]]]]
) -> BatchResult[T]:
    """Make a call for each part, and return the outcomes of all items.

    Raises:
        EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it, as it
            does on any other error.
    """
    settled: list[BatchOutcome[T]] = []
    for part in parts:
        try:
            settled += await settle(part)
        except BaseException as error:  # a token provider's too
            with contextlib.suppress(AttributeError, TypeError):  # not every error can have it
                error.partial = BatchResult(tuple(settled))  # type: ignore[attr-defined]
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
        items: the items of the request.
        path: the path to the rows in the answer.
        key: the name of the field that holds the item of a row.
        kind: the type to which the row of an accepted item is decoded.
    """
    if answer.gone:  # an earlier attempt has done it
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
        with contextlib.suppress(ResponseError):  # an unreadable row costs only its own item
            name: str = answer.decode(Id, row[key], f"{at}.{key}")
            said = verdict(row.get("result"))
            if said:
                done[name] = None if kind is None else answer.decode(kind, row, at)
            elif said is False:
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
    """Return an outcome for each item, under the name that the request used.

    Args:
        answer: the answer.
        items: the items of the request.
        done: the items that were accepted, with their results.
        refused: the items that were refused, with the service's reasons.
        otherwise: the documented reason for an item that is in neither. Without one, the outcome
            of such an item is an error which says that the answer does not report it.
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
            error = answer.wrong(f"it does not report the outcome of {item!r}")
            found.append(BatchOutcome(item, error=error))
    return found


def described(
    answer: Answer, items: Iterable[str], kind: type[T], *path: str, absent: T
) -> list[BatchOutcome[Any]]:
    """Read an outcome for each item from an object whose keys are the items.

    Args:
        answer: the answer.
        items: the items of the request.
        kind: the type of the values.
        path: the path to the object in the answer.
        absent: the value of an item that is not a key of the object.
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
    """Split a list into parts that fit into one call, by their number and their bytes in a URL."""
    room = api_limits.URL_BYTES - transport.url_length - _REST_OF_URL
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
