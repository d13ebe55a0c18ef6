"""Imported messages."""

from __future__ import annotations

import attrs

from easemob_async.wire.fields import wire


@attrs.frozen
class ImportedMessage:
    """A message that was imported."""

    message_id: str = wire("msg_id")
    """The id of the message."""
