"""Webhooks that the service stored because they could not be delivered."""

from __future__ import annotations

import pytest

from easemob_async import APIError
from tests.resources.stories import every_operation


async def test_every_operation_end_to_end() -> None:
    async with every_operation("webhook_storage") as (c, em):
        em.state.stored_webhooks["202609091440"] = {"size": 3, "retry": 0}
        (stored,) = [s async for s in c.webhook_storage.list()]
        await c.webhook_storage.retry(stored.date, retries=stored.retries)
        assert (await c.webhook_storage.list()).items[0].retries == 1
        with pytest.raises(APIError, match="refused"):
            await c.webhook_storage.retry("200001010000")
