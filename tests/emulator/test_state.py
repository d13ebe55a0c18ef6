"""What the emulator keeps."""

from __future__ import annotations

from easemob_async.emulator import Emulator


def test_messages_can_be_counted_without_being_kept() -> None:
    emulator = Emulator(keep_messages=False)
    emulator.state.deliver(["a", "b"], {})
    assert emulator.state.delivered == 2
    assert emulator.received("a") == []
