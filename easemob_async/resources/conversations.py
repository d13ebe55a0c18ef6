"""Conversations in the conversation lists of users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from easemob_async import checks
from easemob_async.models.conversations import Conversation
from easemob_async.models.messages import ChatType
from easemob_async.models.pages import Paginator, whole
from easemob_async.operation import Operation
from easemob_async.quotas import MINUTE, SECOND, Limit
from easemob_async.transport.transport import Transport

_LIMITS: Final = (Limit(5, per=MINUTE, key="username"), Limit(100, per=SECOND))
_DELETE_CONVERSATION: Final = Operation(
    "conversations.delete",
    "DELETE",
    "/users/{username}/user_channel",
    "safe",
    _LIMITS,
)
_LIST: Final = Operation(
    "conversations.list", "GET", "/user/{username}/user_channels", "safe", _LIMITS
)


class Conversations:
    """The conversation lists of users."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, username: str) -> Paginator[Conversation]:
        """List the conversations of a user (partly documented); one page.

        5 calls a minute for each user. Only an old table of rate limits names this operation: the
        answer is read as the service's own client apps are said to read it.

        Source: conversations.list (no page)
        """

        async def fetch() -> Sequence[Conversation]:
            answer = await self._transport.call(_LIST, username)
            return answer.rows(Conversation, "data", "channel_infos")

        return whole(fetch)

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
            "delete_roam": checks.flag(operation, "delete_roaming", delete_roaming),
        }
        answer = await self._transport.call(_DELETE_CONVERSATION, username, json=body)
        answer.confirm("data", "result")
