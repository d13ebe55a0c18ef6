"""Members of chat groups and chat rooms."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from easemob_async.wire.fields import Id, is_a_time, wire


class GroupRole(StrEnum):
    """What a member is. The service shows admins as members: see ``chat_groups.admins.list``."""

    OWNER = "owner"
    MEMBER = "member"


@attrs.frozen
class GroupMember:
    """Who is in a group."""

    username: Id
    """The user."""
    role: GroupRole | str
    """Owner or member; admins show as members."""
    joined_at: datetime | None = wire("joined_time", default=None)
    """When the user joined, where it was asked for."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        # {"owner": "ann"} or {"member": "bob"}: the role is the key, one of tomorrow as well.
        if "username" in fields:
            return {"role": GroupRole.MEMBER.value, **fields}
        for role, name in fields.items():
            if role != "joined_time" and isinstance(name, str | int):
                return {**fields, "username": name, "role": role}
        return fields


@attrs.frozen
class MutedMember:
    """Who cannot send, and until when."""

    username: Id = wire("user")
    """The member."""
    expires_at: datetime | None = wire("expire", default=None)
    """When the mute ends; ``None`` for never."""

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        # open: what stands for "never"; -1 is what a request sends for it, others use a far time
        return {k: v for k, v in fields.items() if k != "expire" or is_a_time(v)}
