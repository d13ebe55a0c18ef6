"""Contacts and blocklists of users."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from easemob_async import api_limits, checks
from easemob_async.models.contacts import BlockRelation, Contact, ContactRelation
from easemob_async.models.pages import Page, Paginator, by_cursor, whole
from easemob_async.models.users import User
from easemob_async.operation import PER_SECOND_50, Operation, QueryValue
from easemob_async.outcomes import BatchOutcome, BatchResult
from easemob_async.resources.batches import in_parts, settled
from easemob_async.transport.transport import Transport
from easemob_async.wire.fields import Id

_USERS: Final = "/users/{username}/contacts/users"
_ADD: Final = Operation("contacts.add", "POST", _USERS + "/{friend}", "safe")
_CHECK: Final = Operation("contacts.check", "POST", "/contacts/check", "safe")
_REMOVE: Final = Operation("contacts.remove", "DELETE", _USERS + "/{friend}", "safe")
_REMOVE_ALL: Final = Operation(
    "contacts.remove_all", "DELETE", "/contacts/users/{username}", "safe"
)
_SET_REMARK: Final = Operation(
    "contacts.set_remark", "PUT", "/user/{username}/contacts/users/{friend}", "safe"
)
_LIST: Final = Operation("contacts.list", "GET", "/user/{username}/contacts", "safe")
_LIST_ALL: Final = Operation("contacts.list_all", "GET", _USERS, "safe")
_IMPORT: Final = Operation(
    "contacts.import_many", "POST", "/users/{username}/contacts/import", "safe"
)
# The page says 100 a second, the table of limits 50: the lower one is used.
_BLOCKS: Final = "/users/{username}/blocks/users"
_BLOCK: Final = Operation("contacts.blocklist.add_many", "POST", _BLOCKS, "safe", PER_SECOND_50)
_UNBLOCK: Final = Operation(
    "contacts.blocklist.remove", "DELETE", _BLOCKS + "/{blocked}", "safe", PER_SECOND_50
)
_LIST_BLOCKED: Final = Operation("contacts.blocklist.list", "GET", _BLOCKS, "safe", PER_SECOND_50)
_CHECK_BLOCKED: Final = Operation("contacts.blocklist.check", "POST", "/blocks/check", "safe")

_FAILURES: Final = {
    "NotExistFailed": "no such user",
    "maxLimitFailed": "too many contacts",
    "UnKnowFailed": "a system error",
}


class Contacts:
    """The contacts of users; two users are always contacts of each other."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.blocklist = ContactBlocklist(transport)
        """The users whose messages a user does not receive."""

    async def add(self, username: str, friend: str) -> User:
        """Make two users contacts of each other.

        Returns:
            The new contact.

        Raises:
            PermissionDeniedError: one of them has too many contacts.
            NotFoundError: the user does not exist.

        Source: contacts.add (user_friend_add.md)
        """
        answer = await self._transport.call(_ADD, username, friend)
        return answer.first(User, "entities", known=User(Id(friend)))

    async def check(self, username: str, usernames: Iterable[str]) -> dict[str, ContactRelation]:
        """Check which of any number of users are contacts of a user, 100 per call.

        Source: contacts.check (user_friend_check.md)
        """
        name = checks.reference(_CHECK.id, "username", username)
        names = checks.references(_CHECK.id, "usernames", usernames)
        found: dict[str, ContactRelation] = {}
        for part in checks.chunks(names, api_limits.CONTACTS_PER_CHECK):
            body = {"username": name, "check_list": part}
            answer = await self._transport.call(_CHECK, json=body, about=name)
            found.update(answer.relations(ContactRelation, "entities", part))
        return found

    async def remove(self, username: str, friend: str) -> User:
        """Remove two users from each other's contacts.

        Returns:
            The former contact.

        Raises:
            NotFoundError: the user does not exist.

        Source: contacts.remove (user_friend_remove.md)
        """
        answer = await self._transport.call(_REMOVE, username, friend)
        return answer.first(User, "entities", known=User(Id(friend)))

    async def remove_all(self, username: str) -> None:
        """Remove all contacts of a user, with their remarks; the blocklist stays unchanged.

        Source: contacts.remove_all (user_friend_remove_all.md)
        """
        await self._transport.call(_REMOVE_ALL, username)

    async def set_remark(self, username: str, friend: str, remark: str) -> None:
        """Set a user's private remark on a contact: at most 100 characters.

        Raises:
            BadRequestError: the two users are not contacts.
            NotFoundError: the user does not exist.

        Source: contacts.set_remark (user_friend_remark_set.md)
        """
        text = checks.text(_SET_REMARK.id, "remark", remark, most=api_limits.REMARK_LENGTH)
        answer = await self._transport.call(_SET_REMARK, username, friend, json={"remark": text})
        answer.confirm("status")

    def list(
        self,
        username: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        remarks: bool | None = None,
    ) -> Paginator[Contact]:
        """List a user's contacts, the newest first.

        Args:
            username: the user.
            limit: contacts per page, 1 to 50; 50 by default.
            cursor: the position to start from: the cursor of an earlier page.
            remarks: whether to return the user's remarks as well.

        Raises:
            NotFoundError: the user does not exist.

        Source: contacts.list (user_friend_list_paged.md)
        """
        size = checks.page_size(_LIST.id, limit, api_limits.CONTACTS_PER_PAGE)
        wanted = checks.flag(_LIST.id, "remarks", remarks)

        async def fetch(position: str | None) -> Page[Contact]:
            query: dict[str, QueryValue] = {
                "limit": size,
                "cursor": position,
                "needReturnRemark": wanted,
            }
            answer = await self._transport.call(_LIST, username, query=query)
            contacts: Sequence[Contact] = answer.read(tuple[Contact, ...], "data", "contacts")
            # open: where the cursor stands in the answer; read at the top, as for the blocklist
            return Page(contacts, answer.optional(str, "cursor"))

        return by_cursor(fetch, checks.cursor(_LIST.id, cursor))

    def list_all(self, username: str) -> Paginator[str]:
        """List the usernames of at most 3 000 contacts of a user, the newest first; one page.

        Raises:
            NotFoundError: the user does not exist.

        Source: contacts.list_all (user_friend_list_obtain.md)
        """

        async def fetch() -> Sequence[str]:
            answer = await self._transport.call(_LIST_ALL, username)
            return answer.read(tuple[Id, ...], "data")

        return whole(fetch)

    async def import_many(
        self, username: str, usernames: Iterable[str], *, need_notify: bool | None = None
    ) -> BatchResult[None]:
        """Make any number of users contacts of a user, 10 per call.

        Args:
            username: the user.
            usernames: the new contacts.
            need_notify: whether to notify the client apps; false by default.

        Returns:
            An outcome for each new contact.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: contacts.import_many (user_friend_import.md)
        """
        query = {"isSendNotice": checks.flag(_IMPORT.id, "need_notify", need_notify)}

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[None]]:
            body = {"usernames": part}
            answer = await self._transport.call(_IMPORT, username, query=query, json=body)
            told = answer.get("data", "success") is not None
            done = answer.rows(Id, "data", "success", skip_odd=True) if told else ()
            why = {
                str(name): reason
                for key, reason in _FAILURES.items()
                if answer.get("data", key) is not None
                for name in answer.rows(Id, "data", key, skip_odd=True)
            }
            return settled(answer, part, done, why)

        names = checks.references(_IMPORT.id, "usernames", usernames)
        return await in_parts(checks.chunks(names, api_limits.CONTACTS_PER_IMPORT), settle)


class ContactBlocklist:
    """The users whose one-to-one messages a user does not receive.

    Blocklists must be enabled for the app in the console.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def add_many(self, username: str, usernames: Iterable[str]) -> BatchResult[None]:
        """Block any number of users, contacts or not; a user blocks at most 500.

        Raises:
            NotFoundError: the user, or a user to block, does not exist.
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: contacts.blocklist.add_many (user_friend_blocklist_add.md)
        """

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[None]]:
            answer = await self._transport.call(_BLOCK, username, json={"usernames": part})
            return settled(answer, part, answer.rows(Id, "data", skip_odd=True))

        names = checks.references(_BLOCK.id, "usernames", usernames)
        return await in_parts(checks.chunks(names, api_limits.BLOCKED_PER_OWNER), settle)

    async def remove(self, username: str, blocked: str) -> User:
        """Unblock a user.

        Returns:
            The user who was blocked.

        Raises:
            NotFoundError: the user does not exist.

        Source: contacts.blocklist.remove (user_friend_blocklist_remove.md)
        """
        answer = await self._transport.call(_UNBLOCK, username, blocked)
        return answer.first(User, "entities", known=User(Id(blocked)))

    def list(
        self, username: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Paginator[str]:
        """List the usernames that a user has blocked, the newest first.

        Args:
            username: the user.
            limit: usernames per page, 1 to 50; 50 by default.
            cursor: the position to start from: the cursor of an earlier page.

        Raises:
            NotFoundError: the user does not exist.

        Source: contacts.blocklist.list (user_friend_blocklist_obtain.md)
        """
        size = checks.page_size(_LIST_BLOCKED.id, limit, api_limits.CONTACTS_PER_PAGE)

        async def fetch(position: str | None) -> Page[str]:
            query: dict[str, QueryValue] = {"pageSize": size, "cursor": position}
            answer = await self._transport.call(_LIST_BLOCKED, username, query=query)
            names: Sequence[str] = answer.read(tuple[Id, ...], "data")
            return Page(names, answer.optional(str, "cursor"))

        return by_cursor(fetch, checks.cursor(_LIST_BLOCKED.id, cursor))

    async def check(self, username: str, usernames: Iterable[str]) -> dict[str, BlockRelation]:
        """Check which of any number of users a user has blocked, 100 per call.

        Source: contacts.blocklist.check (user_friend_blocklist_check.md)
        """
        name = checks.reference(_CHECK_BLOCKED.id, "username", username)
        names = checks.references(_CHECK_BLOCKED.id, "usernames", usernames)
        found: dict[str, BlockRelation] = {}
        for part in checks.chunks(names, api_limits.CONTACTS_PER_CHECK):
            body = {"username": name, "check_list": part}
            answer = await self._transport.call(_CHECK_BLOCKED, json=body, about=name)
            found.update(answer.relations(BlockRelation, "entities", part))
        return found
