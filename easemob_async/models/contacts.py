"""Contacts and blocklists of users."""

from __future__ import annotations

from enum import StrEnum

import attrs

from easemob_async.wire.fields import Id


class ContactRelation(StrEnum):
    """Whether a user is a contact of another."""

    FRIEND = "friend"
    NOT_FRIEND = "not_friend"


class BlockRelation(StrEnum):
    """Whether a user is on the blocklist of another."""

    BLOCKED = "blacklist"
    NOT_BLOCKED = "not_blacklist"


@attrs.frozen
class Contact:
    """A contact of a user."""

    username: Id
    """The contact."""
    remark: str | None = None
    """The user's private remark on the contact, where it was asked for."""
