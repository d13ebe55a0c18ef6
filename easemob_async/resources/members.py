"""Who is in a chat group or a chat room, and who helps its owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from easemob_async import api_limits, checks
from easemob_async.models.chat_groups import GroupMember
from easemob_async.models.pages import Paginator, whole
from easemob_async.models.results import BatchOutcome, BatchResult
from easemob_async.operation import Operation, QueryValue
from easemob_async.resources.batches import fitting_url, in_parts, outcomes, settled
from easemob_async.resources.places import GROUPS, Part, confirm_if_told, list_members
from easemob_async.transport.transport import Transport
from easemob_async.wire.fields import Id

_IS_JOINED: Final = Operation(
    "chat_groups.members.is_joined",
    "GET",
    "/chatgroups/{group_id}/user/{username}/is_joined",
    "safe",
)
_NOT_NEW: Final = "not among the new members"


class Members(Part):
    """Who is in a chat room."""

    def list(self, place_id: str, /, *, limit: int | None = None) -> Paginator[GroupMember]:
        """List the members, the owner included; admins show as members.

        Args:
            place_id: the room.
            limit: members a page, 1 to 1 000; 1 000 when it is not given.

        Raises:
            NotFoundError: no such room.

        Source: chat_rooms.members.list
        """
        operation = self._place.operation("members.list", "GET", "/users", "safe")
        return list_members(self._transport, operation, place_id, limit)

    async def add(self, place_id: str, username: str, /) -> None:
        """Add a user to a room; who is in it already stays.

        Raises:
            PermissionDeniedError: the user is in too many rooms.
            NotFoundError: no such room or user.

        Source: chat_rooms.members.add
        """
        await self._add(place_id, username)

    async def add_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Add any number of users to a room, 100 a call.

        Returns:
            An outcome for each user; who is in the room already counts as added.

        Raises:
            EasemobError: a whole call failed; ``partial`` has what was settled before it.

        Source: chat_rooms.members.add_many
        """
        return await self._add_many(place_id, usernames)

    async def remove(self, place_id: str, username: str, /) -> None:
        """Remove a member from a room.

        Raises:
            APIError: not a member (``forbidden_op``, with 400 or 403).
            NotFoundError: no such room or user.

        Source: chat_rooms.members.remove
        """
        await self._remove(place_id, username)

    async def remove_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Remove any number of members from a room, 60 a call and 4 KB of URL.

        Returns:
            An outcome for each user, with the service's reason where it was not removed.

        Raises:
            EasemobError: a whole call failed; ``partial`` has what was settled before it.

        Source: chat_rooms.members.remove_many
        """
        return await self._remove_many(place_id, usernames)

    # Repeated, an addition or a removal is refused: the user is, or is not, in there already.

    async def _add(self, place_id: str, username: str, **query: QueryValue) -> None:
        operation = self._place.operation("members.add", "POST", "/users/{username}", "once")
        confirm_if_told(await self._transport.call(operation, place_id, username, query=query))

    async def _add_many(
        self, place_id: str, usernames: Iterable[str], **query: QueryValue
    ) -> BatchResult[None]:
        operation = self._place.operation("members.add_many", "POST", "/users", "once")

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[None]]:
            body = {"usernames": part}
            answer = await self._transport.call(operation, place_id, query=query, json=body)
            told = answer.get("data", "newmembers") is not None
            added = answer.rows(Id, "data", "newmembers") if told else ()
            return settled(answer, part, added, otherwise=_NOT_NEW)

        names = checks.references(operation.id, "usernames", usernames)
        return await in_parts(checks.chunks(names, self._place.most_added), settle)

    async def _remove(self, place_id: str, username: str, **query: QueryValue) -> None:
        path = "/users/{username}"
        operation = self._place.operation("members.remove", "DELETE", path, "once", True)
        confirm_if_told(await self._transport.call(operation, place_id, username, query=query))

    async def _remove_many(
        self, place_id: str, usernames: Iterable[str], **query: QueryValue
    ) -> BatchResult[None]:
        operation = self._place.operation(
            "members.remove_many", "DELETE", "/users/{*usernames}", "once"
        )

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[None]]:
            answer = await self._transport.call(operation, place_id, part, query=query)
            return outcomes(answer, part, "data")

        names = checks.references(operation.id, "usernames", usernames)
        return await in_parts(fitting_url(self._transport, names, api_limits.IDS_PER_URL), settle)


class GroupMembers(Members):
    """Who is in a chat group."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, GROUPS)

    def list(
        self, group_id: str, *, limit: int | None = None, joined_time: bool | None = None
    ) -> Paginator[GroupMember]:
        """List a group's members, the owner included; admins show as members.

        Args:
            group_id: the group.
            limit: members a page, 1 to 1 000; 1 000 when it is not given.
            joined_time: also ask when each one joined.

        Source: chat_groups.members.list
        """
        operation = GROUPS.operation("members.list", "GET", "/users", "safe")
        return list_members(self._transport, operation, group_id, limit, joined_time=joined_time)

    async def is_joined(self, group_id: str, username: str) -> bool:
        """Tell whether a user is in a group.

        Source: chat_groups.members.is_joined
        """
        answer = await self._transport.call(_IS_JOINED, group_id, username)
        return answer.read(bool, "data")

    async def add(self, group_id: str, username: str, *, need_notify: bool | None = None) -> None:
        """Add a user to a group.

        Args:
            group_id: the group.
            username: whom to add.
            need_notify: whether members get a system notification; yes when it is not given.

        Raises:
            PermissionDeniedError: the user is in the group already, or in too many.
            NotFoundError: no such group or user.

        Source: chat_groups.members.add
        """
        await self._add(group_id, username, need_notify=need_notify)

    async def add_many(
        self, group_id: str, usernames: Iterable[str], *, need_notify: bool | None = None
    ) -> BatchResult[None]:
        """Add any number of users to a group, 60 a call.

        Args:
            group_id: the group.
            usernames: whom to add; one that is given twice is added once.
            need_notify: whether members get a system notification; yes when it is not given.

        Returns:
            An outcome for each user; who is not among the new members was in the group before.

        Raises:
            EasemobError: a whole call failed, as when all its users are in the group already;
                ``partial`` has what was settled before it.

        Source: chat_groups.members.add_many
        """
        return await self._add_many(group_id, usernames, need_notify=need_notify)

    async def remove(
        self, group_id: str, username: str, *, need_notify: bool | None = None
    ) -> None:
        """Remove a member from a group and its threads; the owner cannot be removed.

        Args:
            group_id: the group.
            username: whom to remove.
            need_notify: whether members get a system notification; yes when it is not given.

        Raises:
            PermissionDeniedError: not a member, or the owner.
            NotFoundError: no such group.

        Source: chat_groups.members.remove
        """
        await self._remove(group_id, username, need_notify=need_notify)

    async def remove_many(
        self, group_id: str, usernames: Iterable[str], *, need_notify: bool | None = None
    ) -> BatchResult[None]:
        """Remove any number of members from a group, 60 a call and 4 KB of URL.

        Args:
            group_id: the group.
            usernames: whom to remove; the owner cannot be removed.
            need_notify: whether members get a system notification; yes when it is not given.

        Returns:
            An outcome for each user, with the service's reason where it was not removed.

        Raises:
            EasemobError: a whole call failed, as when none of its users is a member; ``partial``
                has what was settled before it.

        Source: chat_groups.members.remove_many
        """
        return await self._remove_many(group_id, usernames, need_notify=need_notify)


class Admins(Part):
    """Who helps the owner of a chat group or a chat room; 99 at most."""

    def list(self, place_id: str, /) -> Paginator[str]:
        """List the usernames of the admins; one page.

        Source: chat_groups.admins.list, chat_rooms.admins.list
        """
        operation = self._place.operation("admins.list", "GET", "/admin", "safe")

        async def fetch() -> Sequence[str]:
            answer = await self._transport.call(operation, place_id)
            return answer.read(tuple[Id, ...], "data")

        return whole(fetch)

    async def add(self, place_id: str, username: str, /) -> None:
        """Make a member an admin.

        Raises:
            NotFoundError: no such group or room, or not a member.

        Source: chat_groups.admins.add, chat_rooms.admins.add
        """
        operation = self._place.operation("admins.add", "POST", "/admin", "safe")
        name = checks.reference(operation.id, "username", username)
        body = {"newadmin": name}
        answer = await self._transport.call(operation, place_id, json=body, about=name)
        answer.confirm("data", "result")

    async def remove(self, place_id: str, username: str, /) -> None:
        """Make an admin a regular member again.

        Raises:
            PermissionDeniedError: not an admin.
            NotFoundError: no such group, room or user.

        Source: chat_groups.admins.remove, chat_rooms.admins.remove
        """
        operation = self._place.operation("admins.remove", "DELETE", "/admin/{username}", "once")
        answer = await self._transport.call(operation, place_id, username)
        answer.confirm("data", "result")
