"""The emulator in a thread of its own."""

from __future__ import annotations

import pytest

from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running


def test_it_runs_in_a_thread_and_says_why_it_cannot() -> None:
    with running(Emulator()) as emulator:
        port = int(emulator.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match=str(port)), running(Emulator(port=port)):
            pass
    with pytest.raises(RuntimeError, match="not running"):
        _ = emulator.base_url
