"""Roaming messages: the messages that the service stores for users to pull."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from easemob_async import api_limits, checks
from easemob_async.operation import Operation, QueryValue
from easemob_async.transport.transport import Transport

_ROAMING: Final = "/rest/message/roaming"
_CHAT: Final = _ROAMING + "/chat/user/{username}"
_GROUP: Final = _ROAMING + "/group/user/{username}"
_DELETE_CHAT: Final = Operation("roaming.delete_chat_messages", "DELETE", _CHAT, "safe")
_DELETE_GROUP: Final = Operation("roaming.delete_group_messages", "DELETE", _GROUP, "safe")
# A retry would also delete messages that arrived in the meantime.
_DELETE_ALL: Final = Operation(
    "roaming.delete_all", "POST", _ROAMING + "/user/{username}/delete/all", "once"
)
_DELETE_CHAT_BEFORE: Final = Operation(
    "roaming.delete_chat_messages_before", "DELETE", _CHAT + "/time", "safe"
)
_DELETE_GROUP_BEFORE: Final = Operation(
    "roaming.delete_group_messages_before", "DELETE", _GROUP + "/time", "safe"
)


class Roaming:
    """The messages that the service stores for a user to pull.

    Deleting them does not affect the messages of other users.

    Common arguments:
        username: the user whose messages are deleted.
        peer: the other user of a conversation.
        group_id: the id of a group or a room.
        need_notify: whether to notify the user's online devices; true by default.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def delete_all(self, username: str) -> None:
        """Delete all messages and conversations of a user up to now, permanently.

        Source: roaming.delete_all (message_delete_roam_user.md)
        """
        answer = await self._transport.call(_DELETE_ALL, username)
        answer.confirm("requestStatusCode")

    async def delete_chat_messages(
        self,
        username: str,
        peer: str,
        message_ids: Iterable[str],
        *,
        need_notify: bool | None = None,
    ) -> None:
        """Delete at most 50 messages of a one-to-one conversation.

        Source: roaming.delete_chat_messages (message_delete_roam_single_msgid.md)
        """
        await self._ids(_DELETE_CHAT, username, "userId", peer, message_ids, need_notify)

    async def delete_group_messages(
        self,
        username: str,
        group_id: str,
        message_ids: Iterable[str],
        *,
        need_notify: bool | None = None,
    ) -> None:
        """Delete at most 50 messages of a group or a room.

        Source: roaming.delete_group_messages (message_delete_roam_group_room_msgid.md)
        """
        await self._ids(_DELETE_GROUP, username, "groupId", group_id, message_ids, need_notify)

    async def delete_chat_messages_before(
        self, username: str, peer: str, *, before: datetime, need_notify: bool | None = None
    ) -> None:
        """Delete the messages of a one-to-one conversation up to and including a time.

        Source: roaming.delete_chat_messages_before (message_delete_roam_single_time.md)
        """
        await self._before(_DELETE_CHAT_BEFORE, username, "userId", peer, before, need_notify)

    async def delete_group_messages_before(
        self, username: str, group_id: str, *, before: datetime, need_notify: bool | None = None
    ) -> None:
        """Delete the messages of a group or a room up to and including a time.

        Source: roaming.delete_group_messages_before (message_delete_roam_group_room_time.md)
        """
        await self._before(_DELETE_GROUP_BEFORE, username, "groupId", group_id, before, need_notify)

    async def _ids(
        self,
        operation: Operation,
        username: str,
        key: str,
        other: str,
        message_ids: Iterable[str],
        need_notify: bool | None,
    ) -> None:
        most = api_limits.ROAMING_PER_CALL
        ids = checks.references(operation.id, "message_ids", message_ids, most=most)
        query: dict[str, QueryValue] = {
            key: checks.reference(operation.id, key, other),
            "msgIdList": checks.joined(operation.id, "message_ids", ids),
            "isNotify": checks.flag(operation.id, "need_notify", need_notify),
        }
        answer = await self._transport.call(operation, username, query=query)
        answer.confirm("requestStatusCode")

    async def _before(
        self,
        operation: Operation,
        username: str,
        key: str,
        other: str,
        before: datetime,
        need_notify: bool | None,
    ) -> None:
        query: dict[str, QueryValue] = {
            key: checks.reference(operation.id, key, other),
            "delTime": checks.milliseconds(operation.id, "before", before),
            "isNotify": checks.flag(operation.id, "need_notify", need_notify),
        }
        answer = await self._transport.call(operation, username, query=query)
        answer.confirm("requestStatusCode")
