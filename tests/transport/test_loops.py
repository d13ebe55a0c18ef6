"""A client belongs to the event loop of its first call, until that loop is closed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

import pytest

from easemob_async import ConfigurationError, EasemobClient, Text
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running


class TestLoops:
    def test_another_loop_is_a_clear_error_while_the_first_lives(self) -> None:
        with running(Emulator()) as emulator:
            client = EasemobClient(**emulator.credentials)
            first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
            try:
                first.run_until_complete(client.users.get_statuses(["ann"]))
                with pytest.raises(ConfigurationError, match="another event loop"):
                    second.run_until_complete(client.users.get_statuses(["ann"]))
                first.run_until_complete(client.close())
            finally:
                first.close()
                second.close()

    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_after_a_closed_loop_it_starts_anew_and_keeps_what_the_quotas_hold(self) -> None:
        with running(Emulator()) as emulator:
            client = EasemobClient(**emulator.credentials)
            asyncio.run(_send(client))
            used = {u.limit.unit: u.used for u in client.quotas.usage() if "send" in u.name}
            assert used["messages"] == 2

            async def again() -> None:
                await _send(client)
                used = {u.limit.unit: u.used for u in client.quotas.usage() if "send" in u.name}
                assert used["messages"] == 4
                await client.close()

            asyncio.run(again())
            # The connections of the first loop could not be closed by anybody: Python says so.
            gc.collect()


async def _send(client: EasemobClient) -> None:
    await client.messages.send_to_users(["a", "b"], Text("x"))


async def test_a_client_of_another_loop_is_not_closed_from_here(emulator: Emulator) -> None:
    other = asyncio.new_event_loop()
    client = EasemobClient(**emulator.credentials)

    def elsewhere(work: Coroutine[Any, Any, Any]) -> Any:
        return other.run_until_complete(work)

    emulator.add_user("ann")
    try:
        await asyncio.to_thread(elsewhere, client.users.get("ann"))
        with pytest.raises(ConfigurationError, match="in use in another event loop"):
            await client.close()
        await asyncio.to_thread(elsewhere, client.users.get("ann"))  # nothing was closed
        await asyncio.to_thread(elsewhere, client.close())
        await client.close()  # twice is harmless, wherever
    finally:
        other.close()
