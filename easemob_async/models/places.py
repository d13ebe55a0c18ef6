"""Members of chat groups and chat rooms."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from easemob_async.wire.fields import Id, is_a_time, wire


class GroupRole(StrEnum):
    """The role of a member; admins are listed as members: see ``chat_groups.admins.list``."""

    OWNER = "owner"
    MEMBER = "member"


@attrs.frozen
class GroupMember:
    """A member of a group or room."""

    username: Id
    """The username of the member."""
    role: GroupRole | str
    """The role, owner or member; admins are listed as members."""
    joined_at: datetime | None = wire("joined_time", default=None)
    """The time when the user joined, if it was requested."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        # {"owner": "ann"} or {"member": "bob"}: the key is the role, also a role added later.
        if "username" in fields:
            return {"role": GroupRole.MEMBER.value, **fields}
        for role, name in fields.items():
            if role != "joined_time" and isinstance(name, str | int):
                return {**fields, "username": name, "role": role}
        return fields


@attrs.frozen
class MutedMember:
    """A muted member, and the end of the mute."""

    username: Id = wire("user")
    """The username of the member."""
    expires_at: datetime | None = wire("expire", default=None)
    """The end of the mute; ``None`` means never."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        # open: the value for "never" is not documented; requests send -1, other answers a far time
        return {k: v for k, v in fields.items() if k != "expire" or is_a_time(v)}
