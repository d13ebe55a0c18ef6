"""Offline messages: messages that wait for users who are offline."""

from __future__ import annotations

from typing import Final, cast

from easemob_async.models.offline_messages import DeliveryStatus
from easemob_async.operation import Operation
from easemob_async.resources.users import SHARED
from easemob_async.transport.transport import Transport

_GET_COUNT: Final = Operation(
    "offline_messages.get_count", "GET", "/users/{username}/offline_msg_count", "safe", (SHARED,)
)
_GET_STATUS: Final = Operation(
    "offline_messages.get_status",
    "GET",
    "/users/{username}/offline_msg_status/{message_id}",
    "safe",
    (SHARED,),
)


class OfflineMessages:
    """The messages that wait for users who are offline."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get_count(self, username: str) -> int:
        """Return the number of messages that wait for a user.

        Source: offline_messages.get_count (offline_msg_count_get.md)
        """
        answer = await self._transport.call(_GET_COUNT, username)
        # The username is the key; an app's SDK reads several counts there.
        counts = answer.read(dict[str, int], "data")
        if not counts:
            raise answer.wrong("data has no count")
        return sum(counts.values())

    async def get_status(self, username: str, message_id: str) -> DeliveryStatus:
        """Return whether a message was delivered to a user who was offline.

        Source: offline_messages.get_status (offline_msg_status_get.md)
        """
        answer = await self._transport.call(_GET_STATUS, username, message_id)
        found = answer.read(dict[str, DeliveryStatus | str], "data")
        if len(found) != 1:
            raise answer.wrong("data must have one key, the message's id")
        # A value that this version does not know stays a plain string.
        return cast(DeliveryStatus, next(iter(found.values())))
