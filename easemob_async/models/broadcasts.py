"""Messages to all users or all chat rooms of the app."""

from __future__ import annotations

import attrs

from easemob_async.wire.fields import wire


@attrs.frozen
class SentBroadcast:
    """The answer to a broadcast; it has no message id."""

    broadcast_id: str = wire("id")
    """The id of the broadcast."""
