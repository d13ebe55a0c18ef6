"""The emulator in a thread, counting how often each target was sent to."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Self

from easemob_async import EasemobClient, Quotas
from easemob_async.distributed import JobQueue
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from tests.conftest import FAST


class Service:
    """A service that counts."""

    def __init__(self, delay: tuple[float, float] = (0.0, 0.0)) -> None:
        self.emulator = Emulator(
            app_key="acme#shop",
            client_id="id",
            client_secret="secret",
            quotas=None,
            delay=delay,
            keep_messages=False,
        )
        self.sent: Counter[str] = Counter()
        self.emulator.state.watch = self._count
        self._running: AbstractContextManager[Emulator]

    @property
    def twice(self) -> int:
        """How many targets were sent to more than once."""
        return sum(number > 1 for number in self.sent.values())

    def client(self) -> EasemobClient:
        free = Quotas(enabled=False)
        return EasemobClient(**self.emulator.credentials, retry=FAST, quotas=free)

    def _count(self, targets: list[str], message: Any) -> None:
        self.sent.update(targets)

    def __enter__(self) -> Self:
        self._running = running(self.emulator)
        self._running.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._running.__exit__(kind, error, traceback)


@asynccontextmanager
async def working(
    queue: JobQueue, client: EasemobClient, *, concurrency: int = 1
) -> AsyncIterator[asyncio.Task[None]]:
    """Work on a queue while the block runs."""
    task = asyncio.create_task(queue.work(client, concurrency=concurrency))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
