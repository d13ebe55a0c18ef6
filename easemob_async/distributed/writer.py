"""The writer of a worker process: what its calls have to record goes out together, in one commit.

While the database is away a departure is refused at once, for then nothing may depart; everything
else waits until it is back, for an answer that is not recorded is lost.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any, Final

import attrs

from easemob_async.distributed.database import Database
from easemob_async.distributed.lease import Moment
from easemob_async.errors import EasemobError, JournalError, SharedStoreError

_LOGGER: Final = logging.getLogger("easemob_async")
_MOST_AT_ONCE: Final = 500
_PAUSES: Final = (0.1, 0.2, 0.5, 1.0)


class LostChunkError(JournalError):
    """The end of a worker's hold on a chunk: nothing departs, and nothing was lost."""


@attrs.define(eq=False)
class Order:
    """Something to record."""

    values: tuple[object, ...]
    """Its name, job, chunk, epoch, and what else the ledger's `apply` reads."""
    can_wait: bool
    """Whether it is still of use when the database was away meanwhile."""
    done: asyncio.Future[Any]
    """The ledger's answer."""
    asked: Moment | None = None
    """When the database was asked."""


class Writer:
    """The writer of one process."""

    def __init__(self, database: Database, lease: timedelta) -> None:
        self._database = database
        self._lease = lease
        self._orders: list[Order] = []
        self._some = asyncio.Event()

    def put(self, *values: object, can_wait: bool = True) -> Order:
        """Record something; it is written even if nobody waits for the answer."""
        order = Order(values, can_wait, asyncio.get_running_loop().create_future())
        order.done.add_done_callback(_seen)
        self._orders.append(order)
        self._some.set()
        return order

    async def run(self) -> None:
        """Write what comes, until it is cancelled."""
        failures = 0
        while True:
            await self._some.wait()
            self._some.clear()
            while self._orders:
                batch = self._take()
                problem = await self._write(batch)
                if problem is None:
                    failures = 0
                    continue
                if not failures:
                    _LOGGER.warning("%s; nothing departs until it is back", problem)
                self._refuse(batch, problem)
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    def _take(self) -> list[Order]:
        batch, self._orders = self._orders[:_MOST_AT_ONCE], self._orders[_MOST_AT_ONCE:]
        batch = [order for order in batch if order.can_wait or not order.done.done()]
        # All processes lock chunks in the same order; those of one chunk stay in theirs.
        return sorted(batch, key=lambda order: order.values[1:3])

    async def _write(self, batch: list[Order]) -> SharedStoreError | None:
        """Write orders; return the error if the database is away."""
        asked = Moment.now()
        try:
            answers = await self._database.value(
                "SELECT @schema@.apply(%s::jsonb, %s)",
                json.dumps([order.values for order in batch]),
                self._lease,
            )
        except SharedStoreError as error:
            return error
        except EasemobError as error:  # no other try would end otherwise
            _LOGGER.error("%s", error)
            for order in batch:
                _fail(order, JournalError(str(error)))
            return None
        for order, answer in zip(batch, answers, strict=True):
            order.asked = asked
            if not order.done.done():
                order.done.set_result(answer)
        return None

    def _refuse(self, batch: list[Order], problem: SharedStoreError) -> None:
        self._orders = batch + self._orders
        for order in self._orders:
            if not order.can_wait:
                _fail(order, LostChunkError(f"{problem}; nothing was sent"))
        self._orders = [order for order in self._orders if order.can_wait]


def _fail(order: Order, error: Exception) -> None:
    if not order.done.done():
        order.done.set_exception(error)


def _seen(done: asyncio.Future[Any]) -> None:
    if not done.cancelled():
        done.exception()  # a waiting caller raises it; without one it needs no warning
