"""Handlers of webhook_storage.*."""

from __future__ import annotations

from typing import Final

import attrs

from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, routes

# ---------------------------------------------------------------- stored webhooks

_NO_STORAGE: Final = Refusal(403, None, "service not activated, or account lacks permission")


@routes.add("GET", "/callbacks/storage/info")
def list_webhooks(call: Call) -> dict[str, JSON]:
    """Handle webhook_storage.list."""
    call.needs("webhook_storage", _NO_STORAGE)
    rows = [{"date": date, **row} for date, row in call.state.stored_webhooks.items()]
    return {"path": "/callbacks", "data": rows}


@routes.add("POST", "/callbacks/storage/retry")
def retry_webhooks(call: Call) -> dict[str, JSON]:
    """Handle webhook_storage.retry; open: the answer to an unknown date, here a failure."""
    call.needs("webhook_storage", _NO_STORAGE)
    date = call.object().get("date")
    if not isinstance(date, str) or not date:
        raise Refusal(400, None, "invalid request parameters")
    url = call.object().get("targetUrl") or None
    if not isinstance(url, str | None):
        raise Refusal(400, None, "invalid request parameters")
    row = call.state.stored_webhooks.get(date)
    if row is not None:
        row["retry"] += 1
        call.state.outbox += [
            attrs.evolve(posting, url=url or posting.url, again=True)
            for posting in call.state.stored_posts[date]
        ]
    return {"path": "/callbacks", "data": "failure" if row is None else "success"}
