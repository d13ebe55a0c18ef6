"""Contacts and blocklists of users."""

from __future__ import annotations

from enum import StrEnum

import attrs

from easemob_async.wire.fields import Id


class ContactRelation(StrEnum):
    """The contact relation of one user to another."""

    FRIEND = "friend"
    """The user is a contact."""
    NOT_FRIEND = "not_friend"
    """The user is not a contact."""


class BlockRelation(StrEnum):
    """The blocklist relation of one user to another."""

    BLOCKED = "blacklist"
    """The user is on the blocklist."""
    NOT_BLOCKED = "not_blacklist"
    """The user is not on the blocklist."""


@attrs.frozen
class Contact:
    """A contact of a user."""

    username: Id
    """The username of the contact."""
    remark: str | None = None
    """The user's private remark about the contact, if it was requested."""
