"""Cancel scopes of anyio, which Starlette and FastAPI run handlers in."""

from __future__ import annotations

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
