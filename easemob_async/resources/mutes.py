"""Mutes of users in the whole app."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from easemob_async import api_limits, checks
from easemob_async.models.mutes import UserMute, UserMutesPage
from easemob_async.models.pages import Paginator, by_number
from easemob_async.operation import Operation
from easemob_async.quotas import SECOND
from easemob_async.resources.places import length_of_time
from easemob_async.transport.transport import Transport
from easemob_async.wire.fields import Seconds

_SET: Final = Operation("mutes.set", "POST", "/mutes", "safe")
_GET: Final = Operation("mutes.get", "GET", "/mutes/{username}", "safe")
_LIST: Final = Operation("mutes.list", "GET", "/mutes", "safe")


class Mutes:
    """The users who may not send messages in the whole app.

    App-wide mutes must be enabled for the app in the console.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def set(
        self,
        username: str,
        *,
        chat: timedelta | None = None,
        group_chat: timedelta | None = None,
        chat_room: timedelta | None = None,
    ) -> None:
        """Mute a user in one or more kinds of conversations.

        Args:
            username: the user.
            chat: the length of the mute in one-to-one conversations, rounded up to seconds, or
                `FOREVER`.
            group_chat: the same for chat groups.
            chat_room: the same for chat rooms.

        Raises:
            InvalidArgumentError: no length is given, or a length is not above 0; to unmute, see
                `lift`.
            BadRequestError: the user does not exist.
            PermissionDeniedError: app-wide mutes are not enabled for the app.

        Source: mutes.set (user_global_mute_set.md)
        """
        given = {"chat": chat, "groupchat": group_chat, "chatroom": chat_room}
        lengths = {
            name: length_of_time(_SET.id, length, SECOND, instead="mutes.lift")
            for name, length in given.items()
            if length is not None
        }
        for name, length in lengths.items():
            checks.number(_SET.id, name, length, least=-1, most=api_limits.MUTE_LONGEST)
        await self._set(username, lengths)

    async def lift(
        self, username: str, *, chat: bool = True, group_chat: bool = True, chat_room: bool = True
    ) -> None:
        """Unmute a user in all kinds of conversations, or in some.

        Raises:
            InvalidArgumentError: no kind of conversation is chosen.
            BadRequestError: the user does not exist.

        Source: mutes.set (user_global_mute_set.md)
        """
        given = {
            "chat": checks.flag(_SET.id, "chat", chat),
            "groupchat": checks.flag(_SET.id, "group_chat", group_chat),
            "chatroom": checks.flag(_SET.id, "chat_room", chat_room),
        }
        await self._set(username, {name: 0 for name, wanted in given.items() if wanted})

    async def get(self, username: str) -> UserMute:
        """Return how long a user remains muted.

        Raises:
            BadRequestError: the user does not exist.

        Source: mutes.get (user_global_mute_query_single.md)
        """
        return (await self._transport.call(_GET, username)).read(UserMute, "data")

    def list(self, *, limit: int | None = None) -> Paginator[UserMute]:
        """List the app's muted users; lifted mutes are listed with a length of 0.

        Args:
            limit: rows per page, 1 to 50; 50 by default.

        Source: mutes.list (user_global_mute_query_all.md)
        """
        size = checks.page_size(_LIST.id, limit, api_limits.MUTED_PER_PAGE)

        async def fetch(number: int) -> tuple[UserMutesPage, bool]:
            query = {"pageNum": number, "pageSize": size}
            answer = await self._transport.call(_LIST, query=query)
            rows: Sequence[UserMute] = answer.read(tuple[UserMute, ...], "data", "data")
            as_of = None
            if answer.get("data", "unixtime") is not None:
                as_of = answer.read(Seconds, "data", "unixtime")
            return UserMutesPage(rows, as_of=as_of), answer.count("data", "data") >= size

        return by_number(fetch)

    async def _set(self, username: str, lengths: dict[str, int]) -> None:
        name = checks.reference(_SET.id, "username", username)
        if not lengths:
            raise checks.fail(_SET.id, "nothing to set; pass at least one kind of conversation")
        body = {"username": name, **lengths}
        answer = await self._transport.call(_SET, json=body, about=name)
        answer.confirm("data", "result")
