"""Each argument of each operation: what is not of its type is refused before anything is sent."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import pytest

from easemob_async import EasemobError
from easemob_async.errors import ConfigurationError, InvalidArgumentError
from tests.conftest import Against
from tests.contract.calls import CALLS
from tests.contract.examples import any_example
from tests.servers import Reply


class _CaughtError(Exception):
    def __init__(self, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.call = path, args, kwargs


class Recorder:
    """Stands for a client, and raises what is called on it."""

    def __init__(self, path: str = "") -> None:
        self._path = path

    def __getattr__(self, name: str) -> Recorder:
        return Recorder(f"{self._path}.{name}".lstrip("."))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise _CaughtError(self._path, args, kwargs)


async def recorded(id_: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Return what the example of an operation calls."""
    client: Any = Recorder()
    try:
        await CALLS[id_](client, any_example(id_))
    except _CaughtError as caught:
        return caught.call
    raise AssertionError(f"{id_} calls nothing")


HALF: Final = "\ud800"
VALUES: Final[tuple[Any, ...]] = (
    *(object(), 5, 1.5, True, "yes", b"x", HALF, 10**30, datetime(2026, 1, 1)),  # noqa: DTZ001
    *([object()], [5], [HALF], {"k": object()}, {"k": HALF}, {}, {5: "x"}),
)
# What an annotation says of the types of the values that it takes.
TAKEN: Final[dict[type, str]] = {
    bool: r"\bbool\b|\bobject\b",
    int: r"\bint\b|\bfloat\b|\bobject\b|\bnumber\b",
    float: r"\bfloat\b|\bobject\b",
    str: r"\bstr\b|\bobject\b|Enum|\bPath",
    bytes: r"\bbytes\b|\bobject\b|Content",
    list: r"Iterable|Sequence|Collection|\blist\b|\bobject\b",
    dict: r"Mapping|\bdict\b|\bobject\b|Iterable|Sequence|Collection",
    datetime: r"\bdatetime\b|\bdate\b|\bobject\b",
    object: r"^object",
}


def may_be(value: Any, annotation: str) -> bool:
    """Return whether a value is of a type that an annotation has."""
    return re.search(TAKEN[type(value)], annotation) is not None


def changed(call: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any]:
    """Yield the call with one argument at a time replaced."""
    signature = inspect.signature(call)
    for name, parameter in signature.parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        for value in VALUES:
            bound = signature.bind(*args, **kwargs)
            bound.arguments[name] = value
            yield name, str(parameter.annotation), value, bound


async def carried_out(call: Any, bound: inspect.BoundArguments) -> None:
    result = call(*bound.args, **bound.kwargs)
    if inspect.isawaitable(result):
        await result
    elif hasattr(result, "__aiter__"):
        async for _ in result:
            break
    elif hasattr(result, "read"):
        await result.read()


# What these take is a file, or something with attributes, whose types are not seen beforehand.
FREE: Final = {("files.upload", "file"), ("chat_groups.files.upload", "file")}


@pytest.mark.parametrize("id_", sorted(CALLS))
async def test_what_is_not_of_its_type_is_refused(id_: str, against: Against) -> None:
    path, args, kwargs = await recorded(id_)
    found = []
    async with against(lambda _: Reply(400, {"error": "x"}), token="t") as (client, server):
        call: Any = client
        for name in path.split("."):
            call = getattr(call, name)
        for name, annotation, value, bound in changed(call, args, kwargs):
            if (id_, name) in FREE:
                continue
            before = len(server.received)
            try:
                await carried_out(call, bound)
                ended: BaseException | None = None
            except (InvalidArgumentError, ConfigurationError) as error:
                assert id_.partition(".")[0] in str(error), (name, value, str(error))
                continue
            except EasemobError:
                ended = None
            except Exception as error:
                ended = error
            sent = len(server.received) > before
            if ended is not None or (sent and not may_be(value, annotation)):
                found.append((name, annotation, value, repr(ended), sent))
    assert not found, "\n".join(map(repr, found))
