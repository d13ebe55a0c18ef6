"""The first form of the API: a server that answers as tests/facts/rest-2014.md shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from easemob_async import EasemobClient
from tests.servers import Received, Reply, ScriptedServer, scripted

ENVELOPE = {
    "application": "4d7e4ba0-dc4a-11e3-90d5-e1ffbaacdaf5",
    "params": {},
    "uri": "https://a1.easemob.com/easemob-demo/chatdemoui",
    "entities": [],
    "timestamp": 1404932199220,
    "duration": 743,
    "organization": "easemob-demo",
    "applicationName": "chatdemoui",
}


def enveloped(action: str, data: Any, **more: Any) -> Reply:
    """Return an answer with the envelope of 2014."""
    return Reply(body={"action": action, **ENVELOPE, "data": data, **more})


@asynccontextmanager
async def of_2014(
    answers: Mapping[tuple[str, str], Reply],
) -> AsyncIterator[tuple[EasemobClient, ScriptedServer]]:
    """Run a server that has an answer for each method and path, and a client of it."""

    def respond(request: Received) -> Reply:
        return answers[request.method, request.path.removeprefix("/easemob-demo/chatdemoui")]

    async with (
        scripted(respond) as server,
        EasemobClient(
            "easemob-demo#chatdemoui", client_id="a", client_secret="bcd", base_url=server.url
        ) as client,
    ):
        yield client, server
