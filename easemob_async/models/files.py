"""Files of messages and groups, history, stored webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from easemob_async.models.received import Body
from easemob_async.models.relations import ChatType
from easemob_async.wire.fields import Id, wire


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


@attrs.frozen
class GroupFile:
    """A file that a group shares."""

    file_id: str
    """Its id."""
    name: str | None = wire("file_name", default=None)
    """Its name."""
    owner: Id | None = wire("file_owner", default=None)
    """Who uploaded it, in lists."""
    size: int | None = wire("file_size", default=None)
    """Bytes."""
    created: datetime | None = None
    """When it was uploaded."""
    url: str | None = wire("file_url", default=None)
    """Where it is, after uploading."""
    group_id: Id | None = None
    """The group, after uploading."""


@attrs.frozen
class HistoryFile:
    """A file with an hour's messages, or a part of it."""

    url: str = attrs.field(repr=False)
    """Where it is, for a short time; it is signed: treat it as a secret."""


@attrs.frozen
class HistoryMessage:
    """A message as it was sent; what its record lacks is ``None``."""

    message_id: str | None
    """Its id."""
    sent_at: datetime | None
    """When it was sent."""
    chat_type: ChatType | str | None
    """What kind of conversation it is in."""
    sender: str | None
    """Who it is from."""
    target: str | None
    """The user, group or room that it went to."""
    bodies: tuple[Body, ...]
    """The message; what is none of the types that can be sent is the plain mapping."""
    ext: Mapping[str, Any] = attrs.field(factory=dict)
    """The app's own extension."""


@attrs.frozen
class StoredWebhooks:
    """Webhooks of ten minutes that failed and were stored."""

    date: str
    """The key of the set, ``"202109091440"``: pass it back as it is."""
    size: int
    """How many there are."""
    retries: int = wire("retry", default=0)
    """How often they were delivered again so far."""


@attrs.frozen
class ReplayedWebhooks:
    """What became of asking for a stored set again."""

    date: str
    """The key of the set."""
    size: int
    """How many there are."""
    error: str | None = None
    """The service's no; ``None`` when it took the request."""
