"""What the tests of the transport share."""

from __future__ import annotations

import pytest

from easemob_async.transport import direct


@pytest.fixture(params=["1", "0"], ids=["direct", "session"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with requests of our own, and again through aiohttp's session."""
    monkeypatch.setenv(direct.SWITCH, request.param)
