"""Attachments of messages."""

from __future__ import annotations

from enum import StrEnum

import attrs


class Lifetime(StrEnum):
    """The time for which attachments are kept."""

    DEFAULT = "default"
    """The time in the settings of the app."""
    REFRESH = "refresh"
    """The time in the settings of the app, counted again from now."""
    FOREVER = "forever"
    """No end."""


@attrs.frozen
class UploadedFile:
    """An attachment that was just uploaded."""

    file_id: str
    """The id of the file."""
    url: str
    """The URL to send in a message: ``Image(file.url, secret=file.secret)``."""
    secret: str | None = attrs.field(default=None, repr=False)
    """The share-secret; a file that was uploaded with restricted access needs it for downloads."""
