"""The differences between a call of a single method and a call of a bulk job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final, NamedTuple

from easemob_async.transport.call import Call
from easemob_async.transport.departure import OnDeparture
from easemob_async.transport.permit import Flexible


async def _nothing() -> None:
    """Do nothing."""


class Policy(NamedTuple):
    """How a call waits, and what is awaited when it departs and when it is retried."""

    waits_out: bool = False
    """Quota and refusals are waited out without an end, and the deadline is each attempt's own.

    Otherwise the deadline is the whole call's: quota, token, attempts and the waits between them.
    """
    admission: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    """The context in which each attempt acquires its quota."""
    flexible: Flexible | None = None
    """The terms on which an attempt leaves with fewer messages than the call has."""
    on_admission: Callable[[Call, int], Call] | None = None
    """Called within the admission with the call and the number of messages for which there is room;
    returns the call that leaves."""
    on_departure: OnDeparture | None = None
    """Awaited right before an attempt leaves."""
    on_repeat: Callable[[], Awaitable[None]] = _nothing
    """Awaited when an attempt is over and another may follow."""


SINGLE: Final = Policy()
"""A call of a single method."""
