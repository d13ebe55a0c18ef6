"""Waiting in spite of a cancellation, also in cancel scopes of anyio (Starlette, FastAPI)."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any


def cancelled_once() -> AbstractContextManager[object]:
    """Keep anyio's scopes, one of which may have cancelled this task, from doing so again.

    They cancel a task anew in each turn of the loop until it is out of the scope. What has to be
    waited for before, such as the answers of calls in flight, is waited for in here. A second
    cancellation that is not a scope's comes through.
    """
    anyio: Any = sys.modules.get("anyio")
    scope = getattr(anyio, "CancelScope", None)
    return nullcontext() if scope is None else scope(shield=True)


async def outlast(work: asyncio.Future[Any]) -> None:
    """Wait until work is over, however often this task is cancelled meanwhile.

    Raises:
        CancelledError: it is over, and the task was cancelled.
    """
    cancelled = False
    while not work.done():
        try:
            with cancelled_once():
                await asyncio.wait([work])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
