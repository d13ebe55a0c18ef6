"""How users want to be pushed to, and what was pushed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from easemob_async.wire.fields import is_a_time, wire


class PushDisplayStyle(StrEnum):
    """What a push shows."""

    NOTICE = "0"
    """That there is a message."""
    MESSAGE = "1"
    """Who sent it, and the message."""


class PushMode(StrEnum):
    """Which messages are pushed."""

    DEFAULT = "DEFAULT"
    """As the user's global setting says; not for the global setting itself."""
    ALL = "ALL"
    AT = "AT"
    """Only those that mention the user."""
    NONE = "NONE"


class PushChatType(StrEnum):
    """What kind of conversation a push setting is for."""

    USER = "user"
    GROUP = "chatgroup"


class PushPlatform(StrEnum):
    """Which push services are counted."""

    ALL = "ALL"
    APNS = "APNS"
    ANDROID = "ANDROID"


@attrs.frozen
class PushSettings:
    """How a user wants to be pushed to."""

    mode: PushMode | str | None = wire("type", default=None)
    """Which messages."""
    ignore_interval: str | None = wire("ignoreInterval", default=None)
    """The hours of each day without pushes, ``"21:30-08:00"``."""
    ignored_until: datetime | None = wire("ignoreDuration", default=None)
    """When the one time without pushes ends; ``None`` where there is none."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in fields.items() if k != "ignoreDuration" or is_a_time(v)}


@attrs.frozen
class StoredPushTemplate:
    """A text that is pushed, with blanks."""

    name: str
    """Its name."""
    title_pattern: str | None = None
    """The title, with ``{0}`` and so on, or ``{$fromNickname}``."""
    content_pattern: str | None = None
    """The text, likewise."""
    created: datetime | None = wire("createAt", "createdAt", default=None)
    """When it was made."""
    updated: datetime | None = wire("updateAt", "updatedAt", default=None)
    """When it was last changed."""


@attrs.frozen
class PushCounts:
    """What became of the pushes of a day."""

    succeeded: int = wire("successCount", default=0)
    """How many were sent."""
    failed: int = wire("failCount", default=0)
    """How many were not."""
    arrived: int | None = wire("arriveCount", default=None)
    """How many arrived, where the service tells."""
