"""Broadcasts: messages to all users, to users who are online, and to all chat rooms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from easemob_async.models.broadcasts import SentBroadcast
from easemob_async.models.messages import Message, RoomMessageLevel
from easemob_async.operation import Operation
from easemob_async.quotas import DAY, MINUTE, SECOND, Limit
from easemob_async.resources.sending import addressing, content
from easemob_async.transport.transport import Transport

_TO_ALL: Final = Operation(
    "broadcasts.send_to_all_users",
    "POST",
    "/messages/broadcast",
    "once",
    (Limit(1, per=timedelta(minutes=30), fixed=True), Limit(3, per=DAY)),
)
_TO_ONLINE: Final = Operation(
    "broadcasts.send_to_online_users",
    "POST",
    "/messages/users/broadcast",
    "once",
    (Limit(1, per=MINUTE, fixed=True), Limit(50, per=DAY)),
)
_TO_ROOMS: Final = Operation(
    "broadcasts.send_to_rooms",
    "POST",
    "/messages/chatrooms/broadcast",
    "once",
    (
        Limit(1, per=SECOND, fixed=True),
        Limit(10, per=MINUTE, fixed=True),
        Limit(100, per=DAY),
    ),
)


class Broadcasts:
    """Messages to all users or rooms; the service must have enabled broadcasts for the app.

    A call that would have to wait for the quota beyond its deadline is refused without waiting:
    see `RateLimitError`.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def send_to_all_users(
        self,
        body: Message,
        *,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
    ) -> SentBroadcast:
        """Send a message to every user; once in 30 minutes and 3 times a day by default.

        Args:
            body: the message.
            sender: the sender; ``admin`` by default.
            ext: the app's own extension fields.

        Raises:
            PermissionDeniedError: broadcasts are not enabled for the app.
            RateLimitError: the call came too soon, or the quota of the day is used up (not
                ``temporary``).

        Source: broadcasts.send_to_all_users (broadcast_to_all_users.md)
        """
        return await self._send(_TO_ALL, body, ext, {"target_type": "users"}, sender=sender)

    async def send_to_online_users(
        self,
        body: Message,
        *,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
    ) -> SentBroadcast:
        """Send a message to users who are online; once a minute and 50 times a day by default.

        Args:
            body: the message.
            sender: the sender; ``admin`` by default.
            ext: the app's own extension fields.

        Raises:
            PermissionDeniedError: broadcasts are not enabled for the app.
            RateLimitError: the call came too soon, or the quota of the day is used up (not
                ``temporary``).

        Source: broadcasts.send_to_online_users (broadcast_to_online_users.md)
        """
        return await self._send(_TO_ONLINE, body, ext, {}, sender=sender)

    async def send_to_rooms(
        self,
        body: Message,
        *,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
        level: RoomMessageLevel | str | None = None,
    ) -> SentBroadcast:
        """Send a message to every active room; once a second, 10 times a minute, 100 times a day.

        Args:
            body: the message.
            sender: the sender; ``admin`` by default.
            ext: the app's own extension fields.
            level: the priority of the message; normal by default.

        Raises:
            PermissionDeniedError: broadcasts are not enabled for the app.
            RateLimitError: the call came too soon, or the quota of the day is used up (not
                ``temporary``).

        Source: broadcasts.send_to_rooms (broadcast_to_chatrooms.md)
        """
        return await self._send(_TO_ROOMS, body, ext, {}, sender=sender, level=level)

    async def _send(
        self,
        operation: Operation,
        body: Message,
        ext: Mapping[str, object] | None,
        fields: dict[str, Any],
        **options: str | None,
    ) -> SentBroadcast:
        most = self._transport.max_message_bytes
        made = content(operation.id, body, ext=ext, push=None, max_bytes=most)
        wire = {**fields, **addressing(operation.id, **options)}  # type: ignore[arg-type]
        wire["msg"] = {"type": made.type, **made.body}
        if made.ext is not None:
            wire["ext"] = made.ext
        return (await self._transport.call(operation, json=wire)).read(SentBroadcast, "data")
