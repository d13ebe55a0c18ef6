"""Plain HTTP requests to the emulator, without the client."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from easemob_async.emulator import Emulator

APP = "/easemob-demo/testapp"


class Caller:
    """Plain HTTP with the app's token."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self.session = session
        self.token = ""

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        raw: bytes | None = None,
        content_type: str = "application/json",
    ) -> tuple[int, Any]:
        headers = {"Content-Type": content_type}
        used = self.token if token is None else token
        if used:
            headers["Authorization"] = f"Bearer {used}"
        data = raw if raw is not None else None if body is None else json.dumps(body)
        url = self.emulator.base_url + (path if path.startswith("//") else APP + path)
        async with self.session.request(
            method, url.replace("//other", "/other"), data=data, headers=headers
        ) as response:
            return response.status, await response.json()

    async def log_in(self) -> None:
        status, answer = await self(
            "POST",
            "/token",
            {
                "grant_type": "client_credentials",
                "client_id": self.emulator.state.client_id,
                "client_secret": self.emulator.state.client_secret,
            },
        )
        assert status == 200
        self.token = answer["access_token"]


def refusal(answer: tuple[int, Any]) -> tuple[int, str, str]:
    status, body = answer
    assert isinstance(body["timestamp"], int)
    return status, body["error"], body["error_description"]
