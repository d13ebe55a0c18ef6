"""Conversations in the conversation lists of users."""

from __future__ import annotations

from typing import Final

from easemob_async import checks
from easemob_async.models.messages import ChatType
from easemob_async.operation import Operation
from easemob_async.quotas import MINUTE, SECOND, Limit
from easemob_async.transport.transport import Transport

_DELETE_CONVERSATION: Final = Operation(
    "conversations.delete",
    "DELETE",
    "/users/{username}/user_channel",
    "safe",
    (Limit(5, per=MINUTE, key="username"), Limit(100, per=SECOND)),
)


class Conversations:
    """The conversation lists of users."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def delete(
        self, username: str, target: str, *, chat_type: ChatType | str, delete_roaming: bool
    ) -> None:
        """Delete a conversation for one user; 5 calls a minute for each user by default.

        Args:
            username: the user whose list holds the conversation.
            target: the other user, or the group.
            chat_type: chat or groupchat.
            delete_roaming: whether to delete the user's roaming messages of the conversation too.

        Source: conversations.delete (conversation_delete.md)
        """
        operation = _DELETE_CONVERSATION.id
        body = {
            "channel": checks.reference(operation, "target", target),
            "type": checks.member(operation, "chat_type", ChatType, chat_type),
            "delete_roam": delete_roaming,
        }
        answer = await self._transport.call(_DELETE_CONVERSATION, username, json=body)
        answer.confirm("data", "result")
