"""A receiver whose hooks and handlers record what they get."""

from __future__ import annotations

import json
from typing import Any

from easemob_async.webhooks import Dropped, Event, HandlerFailure, WebhookHooks, WebhookReceiver
from tests.webhooks.posts import QUESTION, SECRET

NOW = QUESTION["timestamp"] / 1000


class Kept:
    """A receiver with hooks that remember."""

    def __init__(self, **options: Any) -> None:
        self.dropped: list[Dropped] = []
        self.failed: list[HandlerFailure] = []
        self.events: list[Event] = []
        hooks = WebhookHooks(dropped=self.dropped.append, failed=self.failed.append)
        settings: dict[str, Any] = {"secret": SECRET, "hooks": hooks, "now": lambda: NOW, **options}
        self.receiver = WebhookReceiver(**settings)

    def reasons(self) -> list[str]:
        return [drop.reason for drop in self.dropped]

    def listening(self) -> WebhookReceiver:
        self.receiver.on(Event)(self.events.append)
        return self.receiver


async def post(receiver: WebhookReceiver, payload: dict[str, Any] | bytes) -> tuple[int, Any]:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    answer = await receiver.answer(body)
    return answer.status, json.loads(answer.body)
