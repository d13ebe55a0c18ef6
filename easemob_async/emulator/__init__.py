"""The service in a process of your own: the same REST API, with its limits and its errors.

It goes by the published facts and imports nothing of the client but constants, so that each can
find the other's errors. What the facts leave open is marked in the code with ``open:``.
"""

from __future__ import annotations

from easemob_async.emulator.server import Emulator

__all__ = ["Emulator"]
