"""Message threads: conversations about one message of a chat group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from easemob_async import api_limits, checks
from easemob_async.models.pages import Page, Paginator, Sort, by_cursor
from easemob_async.models.threads import CreatedThread, Thread
from easemob_async.operation import Operation, QueryValue
from easemob_async.outcomes import BatchOutcome, BatchResult
from easemob_async.resources.batches import in_parts, outcomes
from easemob_async.transport.transport import Transport
from easemob_async.wire.fields import Id

_CREATE: Final = Operation("threads.create", "POST", "/thread", "once")
_UPDATE: Final = Operation("threads.update", "PUT", "/thread/{thread_id}", "safe")
_DELETE: Final = Operation("threads.delete", "DELETE", "/thread/{thread_id}", "safe")
_LIST: Final = Operation("threads.list", "GET", "/thread", "safe")
_LIST_JOINED: Final = Operation("threads.list_joined", "GET", "/threads/user/{username}", "safe")
_LIST_JOINED_IN_GROUP: Final = Operation(
    "threads.list_joined_in_group", "GET", "/threads/chatgroups/{group_id}/user/{username}", "safe"
)
_USERS: Final = "/thread/{thread_id}/users"
_LIST_MEMBERS: Final = Operation("threads.members.list", "GET", _USERS, "safe")
_ADD_MEMBERS: Final = Operation("threads.members.add_many", "POST", _USERS, "safe")
# A retry would report users that are already gone as refused.
_REMOVE_MEMBERS: Final = Operation("threads.members.remove_many", "DELETE", _USERS, "once")


class Threads:
    """The message threads of the app; the service must have enabled threads for it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.members = ThreadMembers(transport)
        """Members of a thread."""

    async def create(
        self, name: str, *, group_id: str, message_id: str, owner: str
    ) -> CreatedThread:
        """Create a thread on a message of a group; a message has at most one thread.

        Args:
            name: the name, at most 64 characters.
            group_id: the group.
            message_id: the message that the thread is about.
            owner: the username of the owner, a member of the group.

        Raises:
            InvalidArgumentError: the name is too long.
            BadRequestError: the message does not belong to the group.
            PermissionDeniedError: the message has a thread already, or threads are not enabled for
                the app.
            NotFoundError: the group or the message does not exist, or the owner is not a member.

        Source: threads.create (group_thread_create.md)
        """
        body = {
            "group_id": checks.reference(_CREATE.id, "group_id", group_id),
            "name": _name(_CREATE.id, name),
            "msg_id": checks.reference(_CREATE.id, "message_id", message_id),
            "owner": checks.reference(_CREATE.id, "owner", owner),
        }
        answer = await self._transport.call(_CREATE, json=body, about=name)
        return answer.read(CreatedThread, "data")

    async def update(self, thread_id: str, name: str) -> None:
        """Rename a thread; a name has at most 64 characters.

        Raises:
            NotFoundError: the thread does not exist.

        Source: threads.update (group_thread_modify.md)
        """
        body = {"name": _name(_UPDATE.id, name)}
        await self._transport.call(_UPDATE, thread_id, json=body)

    async def delete(self, thread_id: str) -> None:
        """Delete a thread.

        Raises:
            NotFoundError: the thread does not exist.

        Source: threads.delete (group_thread_delete.md)
        """
        answer = await self._transport.call(_DELETE, thread_id)
        answer.confirm("data", "status")

    def list(
        self, *, limit: int | None = None, cursor: str | None = None, sort: Sort | str | None = None
    ) -> Paginator[Thread]:
        """List the app's threads, with their ids only.

        Args:
            limit: threads per page, 1 to 50; 50 by default.
            cursor: the position to start from: the cursor of an earlier page.
            sort: the order, by the time of creation; the latest first by default.

        Source: threads.list (group_thread_obtain.md)
        """
        return self._threads(_LIST, (), limit, cursor, sort)

    def list_joined(
        self,
        username: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        sort: Sort | str | None = None,
    ) -> Paginator[Thread]:
        """List the threads that a user has joined, in all groups.

        Args:
            username: the user.
            limit: threads per page, 1 to 50; 50 by default.
            cursor: the position to start from: the cursor of an earlier page.
            sort: the order, by the time at which the user joined; the latest first by default.

        Source: threads.list_joined (group_thread_joined.md)
        """
        return self._threads(_LIST_JOINED, (username,), limit, cursor, sort)

    def list_joined_in_group(
        self,
        group_id: str,
        username: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        sort: Sort | str | None = None,
    ) -> Paginator[Thread]:
        """List the threads that a user has joined in one group.

        Args:
            group_id: the group.
            username: the user.
            limit: threads per page, 1 to 50; 50 by default.
            cursor: the position to start from: the cursor of an earlier page.
            sort: the order, by the time at which the user joined; the latest first by default.

        Source: threads.list_joined_in_group (group_threads_in_group.md)
        """
        return self._threads(_LIST_JOINED_IN_GROUP, (group_id, username), limit, cursor, sort)

    def _threads(
        self,
        operation: Operation,
        values: tuple[str, ...],
        limit: int | None,
        cursor: str | None,
        sort: Sort | str | None,
    ) -> Paginator[Thread]:
        size = checks.page_size(operation.id, limit, api_limits.THREADS_PER_PAGE)
        order = checks.member(operation.id, "sort", Sort, sort)

        async def fetch(position: str | None) -> Page[Thread]:
            query: dict[str, QueryValue] = {"limit": size, "cursor": position, "sort": order}
            answer = await self._transport.call(operation, *values, query=query)
            threads: Sequence[Thread] = answer.read(tuple[Thread, ...], "entities")
            return Page(threads, answer.optional(str, "properties", "cursor"))

        return by_cursor(fetch, checks.cursor(operation.id, cursor))


class ThreadMembers:
    """The members of a thread."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, thread_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Paginator[str]:
        """List the usernames of a thread's members.

        Args:
            thread_id: the thread.
            limit: members per page, 1 to 50; 50 by default.
            cursor: the position to start from: the cursor of an earlier page.

        Source: threads.members.list (group_thread_member_get.md)
        """
        size = checks.page_size(_LIST_MEMBERS.id, limit, api_limits.THREADS_PER_PAGE)

        async def fetch(position: str | None) -> Page[str]:
            query: dict[str, QueryValue] = {"limit": size, "cursor": position}
            answer = await self._transport.call(_LIST_MEMBERS, thread_id, query=query)
            names: Sequence[str] = answer.read(tuple[Id, ...], "data", "affiliations")
            return Page(names, answer.optional(str, "properties", "cursor"))

        return by_cursor(fetch, checks.cursor(_LIST_MEMBERS.id, cursor))

    async def add_many(self, thread_id: str, usernames: Iterable[str]) -> BatchResult[None]:
        """Add any number of users to a thread, 10 per call; a call adds all of its users or none.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: threads.members.add_many (group_thread_member_add.md)
        """

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[None]]:
            body = {"usernames": part}
            answer = await self._transport.call(_ADD_MEMBERS, thread_id, json=body, about=part)
            answer.confirm("data", "status")
            return [BatchOutcome(name) for name in part]

        names = checks.references(_ADD_MEMBERS.id, "usernames", usernames)
        return await in_parts(checks.chunks(names, api_limits.THREAD_MEMBERS_PER_CALL), settle)

    async def remove_many(self, thread_id: str, usernames: Iterable[str]) -> BatchResult[None]:
        """Remove any number of members from a thread, 10 per call.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: threads.members.remove_many (group_thread_member_remove.md)
        """

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[None]]:
            body = {"usernames": part}
            answer = await self._transport.call(_REMOVE_MEMBERS, thread_id, json=body, about=part)
            return outcomes(answer, part, "entities")

        names = checks.references(_REMOVE_MEMBERS.id, "usernames", usernames)
        return await in_parts(checks.chunks(names, api_limits.THREAD_MEMBERS_PER_CALL), settle)


def _name(operation: str, name: str) -> str:
    return checks.text(operation, "name", name, least=1, most=api_limits.THREAD_NAME_LENGTH)
