"""An emulator of the service: the same REST API, limits and errors, served from your own process.

It follows the published documentation and imports only constants from the client, so that the
emulator and the client can reveal each other's mistakes. A comment that begins with ``open:`` marks
a point that the documentation leaves open.
"""

from __future__ import annotations

from easemob_async.emulator.server import Emulator

__all__ = ["Emulator"]
