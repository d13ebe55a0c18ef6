"""The quota account that processes share: what a client sees of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

import attrs

from easemob_async.operation import Operation, PathValue
from easemob_async.quotas import DAY, Limit, Quotas, Unit
from easemob_async.shared import protocol
from easemob_async.shared.asking import Amount, Granted, Wish
from easemob_async.shared.link import Link
from easemob_async.shared.protocol import SECOND, SLOT, LimitKey, SharedStore
from easemob_async.shared.store_clock import steady
from easemob_async.transport.departure import Latest
from easemob_async.transport.permit import Flexible, Permit, Slot, slowed_down
from easemob_async.transport.quota_account import QuotaAccount, Usage
from easemob_async.transport.quota_errors import too_heavy
from easemob_async.transport.retry import LONGEST_WAIT

_KEYS_KEPT: Final = 10_000


class SharedQuotaAccount(QuotaAccount):
    """The account of an app's quotas in a store: every process that uses the store shares it."""

    is_shared = True

    def __init__(
        self,
        quotas: Quotas,
        store: SharedStore,
        app: str,
        clock: Callable[[], float] = steady,
    ) -> None:
        super().__init__(quotas)
        self._keys: dict[str, tuple[LimitKey, Limit]] = {}
        self._link = Link(store, app, clock)

    def usage(self) -> list[Usage]:
        """Return the usage of every limit that was used so far, as the store told it last.

        While the client is used, that is at most a second ago; see `refresh`.
        """
        return [
            Usage(
                name=key.name.partition("|")[0],
                limit=attrs.evolve(self._keys[key.name][1], units=state.capacity),
                used=state.held,
                left=max(0, state.capacity - state.held),
                waiting=state.waiting,
            )
            for key, state in self._link.states.of.items()
        ]

    async def refresh(self) -> None:
        """Ask the store for the present usage of every limit that was used so far."""
        self._enter()
        await self._link.refresh()

    def take(
        self, operation: Operation, messages: int, values: Sequence[PathValue]
    ) -> Permit | None:
        """Return ``None``: the store has to be asked, unless there is no limit."""
        self._enter()
        return None if self.limits(operation) else _Unlimited(messages)

    async def acquire(
        self,
        operation: Operation,
        *,
        messages: int = 1,
        values: Sequence[PathValue] = (),
        deadline: float | None = None,
        attempt: float | None = None,
        flexible: Flexible | None = None,
    ) -> Permit:
        """Take the units of one attempt from every limit it is under, waiting in order.

        Raises:
            RateLimitError: they cannot be had before the deadline.
            SharedStoreError: the store cannot be reached before the deadline.
        """
        loop = self._enter()
        limits = self.limits(operation)
        if not limits:
            return _Unlimited(messages)
        terms = Flexible(messages) if flexible is None else flexible
        amounts: dict[LimitKey, Amount] = {}
        limit_of: dict[LimitKey, Limit] = {}
        if terms.slot != Slot():
            slot = LimitKey(f"{operation.id}|slot", 1, SLOT)
            amounts[slot] = Amount(_micro(terms.slot.seconds(messages)), _micro(terms.slot.call))
        path = dict(zip(operation.fields, values, strict=False))
        for limit in limits:
            amount = _amount(limit, messages, terms)
            if amount.least > limit.units:
                raise too_heavy(operation.id, limit, amount.least)
            key = self._key(operation, limit, path)
            amounts[key], limit_of[key] = amount, limit
        started = loop.time()
        assert attempt is not None or deadline is not None
        granted = await self._link.take(
            Wish(operation.id, messages, amounts, limit_of, deadline, attempt or 0.0)
        )
        return _SharedPermit(self._link, limit_of, granted, loop, loop.time() - started)

    async def close(self) -> None:
        """Send the store what it was not sent yet, and close the connection."""
        await self._link.close()

    def _enter(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if loop is not self._binding.loop:
            self._binding.enter(loop, lambda: None)
            self._link.enter(loop)
        return loop

    def _key(self, operation: Operation, limit: Limit, path: Mapping[str, PathValue]) -> LimitKey:
        window = protocol.DAY if limit.per == DAY else _micro(limit.per.total_seconds())
        name = f"{limit.name or operation.id}|{limit.unit}|{window / SECOND:g}"
        if limit.key is not None:
            name += f"|{path.get(limit.key, '')}"
        known = self._keys.get(name)
        if known is None:
            if len(self._keys) >= _KEYS_KEPT:  # many are counted for each user
                used = {key.name for key in self._link.states.of}
                self._keys = {name: pair for name, pair in self._keys.items() if name in used}
            known = self._keys[name] = LimitKey(name, limit.units, window), limit
        return known[0]


def _amount(limit: Limit, messages: int, terms: Flexible) -> Amount:
    """Return what a call wants of a limit; nothing is spared of a day's, it does not come back."""
    spare = 0 if limit.per == DAY else int(limit.units * terms.spare)
    if limit.unit == "messages":
        return Amount(messages, min(terms.least, messages), spare)
    return Amount(1, 1, spare)


def _micro(seconds: float) -> int:
    return round(seconds * SECOND)


class _Unlimited:
    """The permit of a call that no limit is about."""

    waited = 0.0
    latest: Latest | None = None

    def __init__(self, messages: int) -> None:
        self.messages = messages

    def settle(self) -> None:
        """Nothing is held."""

    def give_back(self) -> None:
        """Nothing is held."""

    def refused(self, unit: Unit, retry_after: timedelta | None) -> None:
        """There is nothing to slow down."""


class _SharedPermit:
    """The units of one attempt, held in the store."""

    __slots__ = ("_granted", "_limit_of", "_link", "_open", "latest", "messages", "waited")

    def __init__(
        self,
        link: Link,
        limit_of: Mapping[LimitKey, Limit],
        granted: Granted,
        loop: asyncio.AbstractEventLoop,
        waited: float,
    ) -> None:
        self._link = link
        self._limit_of = limit_of
        self._granted = granted
        self._open = True
        self.messages = granted.messages
        self.waited = waited
        self.latest: Latest | None = Latest(granted.ends, loop.time)

    def settle(self) -> None:
        if self._open:
            self._open = False
            self._link.settle(self._granted)

    def give_back(self) -> None:
        if self._open:
            self._open = False
            self._link.give_back(self._granted)

    def refused(self, unit: Unit, retry_after: timedelta | None) -> None:
        limits = {key: self._limit_of.get(key) for key in self._granted.units}
        slowed = slowed_down([limit for limit in limits.values() if limit is not None], unit)
        # A slot that was not used is free.
        meant = frozenset(key for key, limit in limits.items() if limit is None or limit in slowed)
        pause = None if retry_after is None else min(retry_after, timedelta(seconds=LONGEST_WAIT))
        self._link.refused(self._granted, pause, meant)
