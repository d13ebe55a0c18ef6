"""Files of messages."""

from __future__ import annotations

from enum import StrEnum

import attrs


class Lifetime(StrEnum):
    """How long attachments are kept."""

    DEFAULT = "default"
    """As long as the app's setting says."""
    REFRESH = "refresh"
    """That long again, from now on."""
    FOREVER = "forever"


@attrs.frozen
class UploadedFile:
    """A file for messages that was just uploaded."""

    file_id: str
    """Its id."""
    url: str
    """What a message takes: ``Image(file.url, secret=file.secret)``."""
    secret: str | None = attrs.field(default=None, repr=False)
    """The share-secret: needed to download it, where it was uploaded with restricted access."""
