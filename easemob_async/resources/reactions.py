"""Reactions: emoji that users add to a message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from easemob_async import api_limits, checks
from easemob_async.models.messages import ChatType
from easemob_async.models.pages import Page, Paginator, by_cursor, by_number
from easemob_async.models.reactions import AddedReaction, MessageReactions, Reaction, ReactionPage
from easemob_async.operation import Operation, QueryValue
from easemob_async.transport.transport import Transport

_USER: Final = "/reaction/user/{username}"
# A retry of either is refused: the reaction was already added or removed.
_ADD: Final = Operation("reactions.add", "POST", _USER, "once")
_REMOVE: Final = Operation("reactions.remove", "DELETE", _USER, "once")
_LIST: Final = Operation("reactions.list", "GET", _USER, "safe")
_GET: Final = Operation("reactions.get", "GET", _USER + "/detail", "safe")


class Reactions:
    """The reactions to one-to-one and group messages.

    Reactions must be enabled for the app in the console.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def add(self, username: str, message_id: str, reaction: str) -> AddedReaction:
        """Add a user's reaction to a message; a message has at most 20 by default.

        Args:
            username: the user who reacts.
            message_id: the message.
            reaction: the emoji's id, at most 128 characters.

        Raises:
            ConflictError: the user has added this reaction before.
            BadRequestError: the user is not in the conversation, the message has too many
                reactions, or reactions are not enabled for the app.

        Source: reactions.add (reaction_add.md)
        """
        body = {
            "msgId": checks.reference(_ADD.id, "message_id", message_id),
            "message": _reaction(_ADD.id, reaction),
        }
        return (await self._transport.call(_ADD, username, json=body)).read(AddedReaction, "data")

    async def remove(self, username: str, message_id: str, reaction: str) -> None:
        """Remove a user's reaction from a message.

        Raises:
            BadRequestError: the user has not added this reaction.

        Source: reactions.remove (reaction_delete.md)
        """
        query: dict[str, QueryValue] = {
            "msgId": checks.reference(_REMOVE.id, "message_id", message_id),
            "message": _reaction(_REMOVE.id, reaction),
        }
        answer = await self._transport.call(_REMOVE, username, query=query)
        answer.confirm("requestStatusCode")

    def list(
        self,
        username: str,
        message_ids: Iterable[str],
        *,
        chat_type: ChatType | str,
        group_id: str | None = None,
    ) -> Paginator[MessageReactions]:
        """List the reactions to any number of messages, 20 messages per page.

        Args:
            username: the user on whose behalf they are listed: `Reaction.reacted` is about this
                user.
            message_ids: the messages, all of the same kind of conversation.
            chat_type: chat or groupchat.
            group_id: the group; required for groupchat.

        Source: reactions.list (reaction_get_by_msg_id.md)
        """
        kind = checks.member(_LIST.id, "chat_type", ChatType, chat_type)
        group = None if group_id is None else checks.reference(_LIST.id, "group_id", group_id)
        if kind == ChatType.GROUP_CHAT and group is None:
            raise checks.fail(_LIST.id, "group_id is required when chat_type is 'groupchat'")
        ids = checks.references(_LIST.id, "message_ids", message_ids)
        parts = list(checks.chunks(ids, api_limits.REACTED_MESSAGES_PER_CALL))

        async def fetch(number: int) -> tuple[Page[MessageReactions], bool]:
            query: dict[str, QueryValue] = {
                "msgIdList": checks.joined(_LIST.id, "message_ids", parts[number]),
                "msgType": kind,
                "groupId": group,
            }
            answer = await self._transport.call(_LIST, username, query=query)
            found: Sequence[MessageReactions] = answer.read(tuple[MessageReactions, ...], "data")
            return Page(found), number + 1 < len(parts)

        return by_number(fetch, first=0, empty_ends=False)

    def get(
        self,
        username: str,
        message_id: str,
        reaction: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Paginator[str]:
        """List the users who added a reaction to a message; pages are `ReactionPage`.

        Args:
            username: the user on whose behalf they are listed: ``reacted`` of a page is about this
                user.
            message_id: the message.
            reaction: the emoji's id, at most 128 characters.
            limit: users per page, 1 to 50; 50 by default.
            cursor: the position to start from: the cursor of an earlier page.

        Source: reactions.get (reaction_get_by_msg_id_emoji_id.md)
        """
        size = checks.page_size(_GET.id, limit, api_limits.REACTORS_PER_PAGE)
        query: dict[str, QueryValue] = {
            "msgId": checks.reference(_GET.id, "message_id", message_id),
            "message": _reaction(_GET.id, reaction),
            "limit": size,
        }

        async def fetch(position: str | None) -> Page[str]:
            answer = await self._transport.call(_GET, username, query={**query, "cursor": position})
            found = answer.read(Reaction, "data")
            # The last page has a cursor too: a short page is the last one.
            following = answer.optional(str, "data", "cursor")
            return ReactionPage(
                found.usernames,
                following if len(found.usernames) >= size else None,
                reaction_id=found.reaction_id,
                reaction=found.reaction,
                count=found.count,
                reacted=found.reacted,
            )

        return by_cursor(fetch, checks.cursor(_GET.id, cursor))


def _reaction(operation: str, reaction: str) -> str:
    return checks.text(operation, "reaction", reaction, least=1, most=api_limits.REACTION_LENGTH)
