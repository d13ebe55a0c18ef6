"""Fixtures of the tests of resources."""

from __future__ import annotations

import pytest

from easemob_async import EasemobClient


@pytest.fixture
def unconnected() -> EasemobClient:
    """Return a client whose calls, if they are sent, find no server."""
    return EasemobClient("acme#shop", token="t", base_url="http://127.0.0.1:1")
