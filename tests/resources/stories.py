"""The client against the emulator: a story of each resource calls all its operations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from easemob_async import AttemptStarted, EasemobClient, Hooks, Quotas
from easemob_async.emulator import Emulator
from tests import facts_reader as facts
from tests.conftest import FAST, keys_of

HOUR = timedelta(hours=1)


@asynccontextmanager
async def every_operation(resource: str) -> AsyncIterator[tuple[EasemobClient, Emulator]]:
    """Connect a client to an emulator with the users ann, bob, eve and joe, without quotas.

    At the end of the block, every operation of the resource must have been called.
    """
    called: set[str] = set()

    def started(event: AttemptStarted) -> None:
        called.add(event.operation)

    async with Emulator(quotas=None, open_registration=True) as emulator:
        for name in ("ann", "bob", "eve", "joe"):
            emulator.add_user(name)
        async with EasemobClient(
            emulator.app_key,
            **keys_of(emulator),
            base_url=emulator.base_url,
            quotas=Quotas(enabled=False),
            retry=FAST,
            hooks=Hooks(attempt_started=started),
        ) as client:
            yield client, emulator
    operations = {id_ for id_ in facts.operations() if id_.partition(".")[0] == resource}
    assert sorted(operations - called) == []
