"""Events that could not be posted are stored, and replayed on request."""

from __future__ import annotations

import pytest

from easemob_async import APIError, EasemobClient, Text
from easemob_async.emulator import Emulator
from easemob_async.webhooks import ChatMessage, Event, WebhookReceiver
from tests.emulator.webhook_server import SECRET, Server, serving, settled


async def test_what_was_stored_is_replayed_into_a_receiver(
    emulator: Emulator, client: EasemobClient, server: Server
) -> None:
    emulator.add_user("ann")
    emulator.add_webhook(server.url, secret=SECRET)
    server.status = 503
    await client.messages.send_to_users(["bob"], Text("while the bot was down"), sender="ann")
    await emulator.webhooks.idle()
    receiver = WebhookReceiver(SECRET)
    events: list[Event] = []
    receiver.on(ChatMessage)(events.append)
    async with serving(receiver.aiohttp_handler) as url, receiver:
        for _ in range(2):
            (replayed,) = await client.webhook_storage.replay(receiver, target_url=url)
            assert (replayed.size, replayed.error) == (1, None)
            await settled(emulator, receiver)
        assert await client.webhook_storage.replay(receiver, since="9") == ()
        for stored in emulator.state.stored_webhooks.values():
            stored["retry"] = 10
        assert await client.webhook_storage.replay(receiver) == ()
    # What came twice is recognised.
    assert [event.body for event in events] == [Text("while the bot was down")]  # type: ignore[attr-defined]
    assert receiver.counts.dropped == {"duplicate": 1}


async def test_a_set_that_the_service_refuses_is_told(
    emulator: Emulator, client: EasemobClient
) -> None:
    emulator.state.stored_webhooks["202109091440"] = {"size": 15, "retry": 0}
    emulator.fail("POST", "/callbacks/storage/retry", status=200, body={"data": "failure"})
    (replayed,) = await client.webhook_storage.replay(WebhookReceiver(SECRET))
    assert replayed.date == "202109091440"
    assert replayed.error
    emulator.fail("POST", "/callbacks/storage/retry", status=403, body={"error": "x"})
    with pytest.raises(APIError):
        await client.webhook_storage.replay(WebhookReceiver(SECRET))
