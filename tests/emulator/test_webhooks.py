"""The emulator's webhooks: what is posted, repeated, suspended and stored."""

from __future__ import annotations

import pytest

from easemob_async.emulator import Emulator
from tests.emulator.webhook_server import SECRET, Clock, Server


async def test_a_failure_is_repeated_once_at_once_and_stored(server: Server) -> None:
    clock = Clock()
    async with Emulator(now=clock) as emulator:
        emulator.add_webhook(server.url, secret=SECRET)
        emulator.add_user("ann")
        server.status = 500
        emulator.log_in("ann")
        await emulator.webhooks.idle()
        assert [post["reason"] for post in server.posts] == ["login", "login"]
        assert server.posts[0] == server.posts[1]
        assert [posted.statuses for posted in emulator.webhooks.posted] == [(500, 500)]
        # The start of ten minutes, in Beijing time.
        assert emulator.state.stored_webhooks == {"202311150610": {"size": 1, "retry": 0}}


async def test_without_storage_what_failed_is_lost(server: Server) -> None:
    async with Emulator(switched_off={"webhook_storage"}) as emulator:
        emulator.add_webhook(server.url, secret=SECRET)
        emulator.add_user("ann")
        server.status = 302
        emulator.log_in("ann")
        await emulator.webhooks.idle()
        assert emulator.state.stored_webhooks == {}
        assert len(server.posts) == 2


@pytest.mark.parametrize("too_long", [False, True])
async def test_ninety_failures_in_thirty_seconds_suspend_all_rules(
    server: Server, too_long: bool
) -> None:
    clock = Clock()
    async with Emulator(now=clock) as emulator:
        emulator.add_webhook(server.url, secret=SECRET)
        emulator.add_user("ann")
        for ban in range(1, 7):
            server.status, server.text = (200, "x" * 1001) if too_long else (500, "")
            posts = len(server.posts)
            for _ in range(60):
                emulator.log_in("ann")
            await emulator.webhooks.idle()
            assert len(server.posts) - posts == (60 if too_long else 90)
            if too_long:
                for _ in range(30):
                    emulator.log_in("ann")
                await emulator.webhooks.idle()
            minutes = min(5 * ban, 25)
            assert emulator.webhooks.suspended_until == clock.now + 60 * minutes
            posts = len(server.posts)
            clock.now += 60 * minutes - 1
            emulator.log_in("ann")
            await emulator.webhooks.idle()
            assert len(server.posts) == posts  # still suspended
            clock.now += 2
            server.status, server.text = 200, "{}"
            emulator.log_in("ann")
            await emulator.webhooks.idle()
            assert len(server.posts) == posts + 1


async def test_a_server_that_is_not_there_is_a_failure() -> None:
    async with Emulator() as emulator:
        emulator.add_webhook("http://127.0.0.1:1/easemob", secret=SECRET)
        emulator.add_user("ann")
        emulator.log_in("ann")
        await emulator.webhooks.idle()
        assert [posted.statuses for posted in emulator.webhooks.posted] == [(None, None)]
