"""What each method asks the transport for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import pytest

import easemob_async
from easemob_async import EasemobError
from easemob_async.operation import Operation
from easemob_async.transport.transport import Transport
from tests.contract.calls import CALLS
from tests.contract.examples import any_example


@cache
def operations() -> Mapping[str, Operation]:
    """What each method asks the transport for, by the id of the facts."""
    found: dict[str, Operation] = {}
    current = [""]

    async def catch(self: Transport, operation: Operation, *_: Any, **__: Any) -> Any:
        found[current[0]] = operation
        raise EasemobError("caught")

    async def run(id_: str) -> None:
        client = easemob_async.EasemobClient("a#b", token="t")
        with suppress(EasemobError):
            await CALLS[id_](client, any_example(id_))

    patch = pytest.MonkeyPatch()
    patch.setattr(Transport, "call", catch)
    for id_ in CALLS:
        current[0] = id_
        asyncio.run(run(id_))
    patch.undo()
    return found
