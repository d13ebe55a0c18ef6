"""The calls of the operations on threads."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contract.example import Call

CALLS: Mapping[str, Call] = {
    "threads.create": lambda c, e: c.threads.create(
        e.body["name"],
        group_id=str(e.body["group_id"]),
        message_id=str(e.body["msg_id"]),
        owner=e.body["owner"],
    ),
    "threads.update": lambda c, e: c.threads.update(e.path["thread_id"], e.body["name"]),
    "threads.delete": lambda c, e: c.threads.delete(e.path["thread_id"]),
    "threads.list": lambda c, e: c.threads.list(sort=e.query.get("sort")).page(),
    "threads.list_joined": lambda c, e: c.threads.list_joined(
        e.username, sort=e.query.get("sort")
    ).page(),
    "threads.list_joined_in_group": lambda c, e: c.threads.list_joined_in_group(
        e.path["group_id"], e.username, sort=e.query.get("sort")
    ).page(),
    "threads.members.list": lambda c, e: c.threads.members.list(e.path["thread_id"]).page(),
    "threads.members.add_many": lambda c, e: c.threads.members.add_many(
        e.path["thread_id"], e.body["usernames"]
    ),
    "threads.members.remove_many": lambda c, e: c.threads.members.remove_many(
        e.path["thread_id"], e.body["usernames"]
    ),
}
