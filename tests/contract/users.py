"""The calls of the operations on users."""

from __future__ import annotations

from collections.abc import Mapping

from easemob_async import NewUser
from tests.contract.example import Call

CALLS: Mapping[str, Call] = {
    "users.create_open": lambda c, e: c.users.create_open(
        e.body["username"], password=e.body["password"], nickname=e.body["nickname"]
    ),
    "users.create": lambda c, e: c.users.create(
        e.body[0]["username"], password=e.body[0]["password"]
    ),
    "users.create_many": lambda c, e: c.users.create_many([NewUser(**row) for row in e.body]),
    "users.update_password": lambda c, e: c.users.update_password(
        e.username, password=e.body["newpassword"]
    ),
    "users.get": lambda c, e: c.users.get(e.username),
    "users.list": lambda c, e: c.users.list(limit=e.limit, cursor=e.query.get("cursor")).page(),
    "users.delete": lambda c, e: c.users.delete(e.username),
    "users.delete_batch": lambda c, e: c.users.delete_batch(limit=e.limit or 10),
    "users.ban": lambda c, e: c.users.ban(e.username),
    "users.unban": lambda c, e: c.users.unban(e.username),
    "users.disconnect": lambda c, e: c.users.disconnect(e.username),
    "users.disconnect_device": lambda c, e: c.users.disconnect_device(
        e.username, e.path["resourceId"]
    ),
    "users.get_status": lambda c, e: c.users.get_status(e.username),
    "users.get_statuses": lambda c, e: c.users.get_statuses(e.body["usernames"]),
    "users.list_devices": lambda c, e: c.users.list_devices(e.username).page(),
}
