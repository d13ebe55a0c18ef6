"""The calls of the operations on contacts and the blocklist of a user."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contract.example import Call, Example


def pair(e: Example) -> tuple[str, str]:
    """Return the user and the other user of a path."""
    return e.username, e.path.get("friend_username") or e.path["blocked_username"]


CALLS: Mapping[str, Call] = {
    "contacts.add": lambda c, e: c.contacts.add(*pair(e)),
    "contacts.check": lambda c, e: c.contacts.check(e.body["username"], e.body["check_list"]),
    "contacts.remove": lambda c, e: c.contacts.remove(*pair(e)),
    "contacts.remove_all": lambda c, e: c.contacts.remove_all(e.username),
    "contacts.set_remark": lambda c, e: c.contacts.set_remark(*pair(e), e.body["remark"]),
    "contacts.list": lambda c, e: c.contacts.list(e.username, limit=e.limit, remarks=True).page(),
    "contacts.list_all": lambda c, e: c.contacts.list_all(e.username).page(),
    "contacts.import_many": lambda c, e: c.contacts.import_many(e.username, e.body["usernames"]),
    "contacts.blocklist.add_many": lambda c, e: c.contacts.blocklist.add_many(
        e.username, e.body["usernames"]
    ),
    "contacts.blocklist.remove": lambda c, e: c.contacts.blocklist.remove(*pair(e)),
    "contacts.blocklist.list": lambda c, e: c.contacts.blocklist.list(
        e.username, limit=e.limit
    ).page(),
    "contacts.blocklist.check": lambda c, e: c.contacts.blocklist.check(
        e.body["username"], e.body["check_list"]
    ),
}
