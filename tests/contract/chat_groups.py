"""The calls of the operations on chat groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contract.example import Call, Example, joined
from tests.contract.places import shared


def settings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a group."""
    names = {
        "groupname": "name",
        "maxusers": "max_users",
        "allowinvites": "allow_invites",
        "membersonly": "members_only",
        **{n: n for n in ("avatar", "custom", "description", "invite_need_confirm")},
        **{n: n for n in ("members", "owner", "public")},
    }
    return {ours: body[theirs] for theirs, ours in names.items() if theirs in body}


def notify(e: Example) -> dict[str, bool]:
    """Return whether members are notified, where the example says so."""
    value = e.query.get("need_notify")
    return {} if value is None else {"need_notify": value == "true"}


CALLS: Mapping[str, Call] = joined(
    shared("chat_groups", lambda c: c.chat_groups),
    {
        "chat_groups.create": lambda c, e: c.chat_groups.create(**settings(e.body)),
        "chat_groups.list": lambda c, e: c.chat_groups.list(
            limit=e.limit, cursor=e.query.get("cursor")
        ).page(),
        "chat_groups.list_joined": lambda c, e: c.chat_groups.list_joined(e.username).page(),
        "chat_groups.list_joined_legacy": lambda c, e: c.chat_groups.list_joined_legacy(
            e.username, limit=e.limit
        ).page(),
        "chat_groups.get": lambda c, e: c.chat_groups.get(e.path["group_id"]),
        "chat_groups.update": lambda c, e: c.chat_groups.update(
            e.path["group_id"], **settings(e.body)
        ),
        "chat_groups.ban": lambda c, e: c.chat_groups.ban(e.path["group_id"]),
        "chat_groups.unban": lambda c, e: c.chat_groups.unban(e.path["group_id"]),
        "chat_groups.delete": lambda c, e: c.chat_groups.delete(e.path["group_id"]),
        "chat_groups.transfer_owner": lambda c, e: c.chat_groups.transfer_owner(
            e.path["group_id"], e.body["newowner"]
        ),
        "chat_groups.members.add": lambda c, e: c.chat_groups.members.add(
            e.path["group_id"], e.username, **notify(e)
        ),
        "chat_groups.members.add_many": lambda c, e: c.chat_groups.members.add_many(
            e.path["group_id"], e.body["usernames"], **notify(e)
        ),
        "chat_groups.members.remove": lambda c, e: c.chat_groups.members.remove(
            e.path["group_id"], e.username, **notify(e)
        ),
        "chat_groups.members.remove_many": lambda c, e: c.chat_groups.members.remove_many(
            e.path["group_id"], e.path["members"].split(","), **notify(e)
        ),
        "chat_groups.members.list": lambda c, e: c.chat_groups.members.list(
            e.path["group_id"], limit=e.limit, joined_time=e.query.get("joined_time") == "true"
        ).page(),
        "chat_groups.members.is_joined": lambda c, e: c.chat_groups.members.is_joined(
            e.path["group_id"], e.username
        ),
        "chat_groups.files.list": lambda c, e: c.chat_groups.files.list(
            e.path["group_id"], limit=e.limit
        ).page(),
        "chat_groups.files.upload": lambda c, e: c.chat_groups.files.upload(
            e.path["group_id"], b"content", filename="IMG_3.JPG"
        ),
        "chat_groups.files.download": lambda c, e: c.chat_groups.files.download(
            e.path["group_id"], e.path["file_id"]
        ).read(),
        "chat_groups.files.delete": lambda c, e: c.chat_groups.files.delete(
            e.path["group_id"], e.path["file_id"]
        ),
        "chat_groups.member_attributes.set": lambda c, e: c.chat_groups.member_attributes.set(
            e.path["group_id"], e.username, e.body["metaData"]
        ),
        "chat_groups.member_attributes.set_many": lambda c, e: (
            c.chat_groups.member_attributes.set_many(
                e.path["group_id"], {row["username"]: row["metadata"] for row in e.body}
            )
        ),
        "chat_groups.member_attributes.get": lambda c, e: c.chat_groups.member_attributes.get(
            e.path["group_id"], e.username
        ),
        "chat_groups.member_attributes.get_many": lambda c, e: (
            c.chat_groups.member_attributes.get_many(
                e.path["group_id"], e.body["targets"], keys=e.body["properties"]
            )
        ),
    },
)
