"""Messages to everybody."""

from __future__ import annotations

import attrs

from easemob_async.wire.fields import wire


@attrs.frozen
class SentBroadcast:
    """What a broadcast answers; there is no message id."""

    broadcast_id: str = wire("id")
    """The broadcast's id."""
