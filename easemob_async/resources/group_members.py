"""Who is in a chat group, who helps its owner, and what its members are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote

from easemob_async import checks, facts
from easemob_async.errors import EasemobError
from easemob_async.models.groups import GroupMember
from easemob_async.models.pages import Page, Paginator, by_number, whole
from easemob_async.models.results import BatchOutcome, BatchResult
from easemob_async.transport.answer import Answer
from easemob_async.transport.operation import Operation
from easemob_async.transport.transport import Transport
from easemob_async.wire import Id

_USERS: Final = "/chatgroups/{group_id}/users"

# Repeated, an addition or a removal is refused: the user is, or is not, in the group already.
_ADD: Final = Operation("chat_groups.members.add", "POST", _USERS + "/{username}", "once")
_ADD_MANY: Final = Operation("chat_groups.members.add_many", "POST", _USERS, "once")
_REMOVE: Final = Operation("chat_groups.members.remove", "DELETE", _USERS + "/{username}", "once")
_REMOVE_MANY: Final = Operation(
    "chat_groups.members.remove_many", "DELETE", _USERS + "/{*usernames}", "once"
)
_LIST: Final = Operation("chat_groups.members.list", "GET", _USERS, "safe")
_IS_JOINED: Final = Operation(
    "chat_groups.members.is_joined",
    "GET",
    "/chatgroups/{group_id}/user/{username}/is_joined",
    "safe",
)
_LIST_ADMINS: Final = Operation(
    "chat_groups.admins.list", "GET", "/chatgroups/{group_id}/admin", "safe"
)
_ADD_ADMIN: Final = Operation(
    "chat_groups.admins.add", "POST", "/chatgroups/{group_id}/admin", "safe"
)
_REMOVE_ADMIN: Final = Operation(
    "chat_groups.admins.remove", "DELETE", "/chatgroups/{group_id}/admin/{username}", "once"
)
_GET_ANNOUNCEMENT: Final = Operation(
    "chat_groups.announcement.get", "GET", "/chatgroups/{group_id}/announcement", "safe"
)
_UPDATE_ANNOUNCEMENT: Final = Operation(
    "chat_groups.announcement.update", "POST", "/chatgroups/{group_id}/announcement", "safe"
)

# What stands around the ids in the URL of remove_many: the group's id, the query.
_REST_OF_URL: Final = 256


class Members:
    """Who is in a chat group."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

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
        size = checks.page_size("chat_groups.members.list", limit, facts.MEMBERS_PER_PAGE)

        async def fetch(number: int) -> tuple[Page[GroupMember], bool]:
            query = {"pagenum": number, "pagesize": size, "joined_time": joined_time}
            answer = await self._transport.call(_LIST, group_id, query=query)
            members = answer.read(tuple[GroupMember, ...], "data")
            # No total and no cursor: a short page is the last.
            return Page(members), len(members) >= size

        return by_number(fetch)

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
        query = {"need_notify": need_notify}
        answer = await self._transport.call(_ADD, group_id, username, query=query)
        _confirm_if_told(answer)

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
        names = checks.references("chat_groups.members.add_many", "usernames", usernames)
        settled: list[BatchOutcome[None]] = []
        for part in checks.chunks(names, facts.MEMBERS_PER_CALL):
            try:
                answer = await self._transport.call(
                    _ADD_MANY,
                    group_id,
                    query={"need_notify": need_notify},
                    json={"usernames": part},
                )
                added = set(answer.read(tuple[Id, ...], "data", "newmembers"))
            except EasemobError as error:
                error.partial = BatchResult(tuple(settled))
                raise
            settled += (
                BatchOutcome(name, reason=None if name in added else "not among the new members")
                for name in part
            )
        return BatchResult(tuple(settled))

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
        query = {"need_notify": need_notify}
        answer = await self._transport.call(_REMOVE, group_id, username, query=query)
        _confirm_if_told(answer)

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
        names = checks.references("chat_groups.members.remove_many", "usernames", usernames)
        settled: list[BatchOutcome[None]] = []
        room = facts.URL_BYTES - len(self._transport.core.app_url) - _REST_OF_URL
        for part in _fitting(names, facts.MEMBERS_PER_CALL, room):
            try:
                answer = await self._transport.call(
                    _REMOVE_MANY, group_id, part, query={"need_notify": need_notify}
                )
                rows = answer.get("data")
                # For a single user the service answers one object.
                rows = [rows] if isinstance(rows, dict) else rows
                if not isinstance(rows, list):
                    raise answer.wrong("data must be a list")
                outcomes = _by_user(answer, rows)
            except EasemobError as error:
                error.partial = BatchResult(tuple(settled))
                raise
            settled += (
                BatchOutcome(name, reason=outcomes.get(name, "the answer does not name this user"))
                for name in part
            )
        return BatchResult(tuple(settled))


class Admins:
    """Who helps the owner of a chat group; 99 at most."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, group_id: str) -> Paginator[str]:
        """List the usernames of a group's admins; one page.

        Source: chat_groups.admins.list
        """

        async def fetch() -> Sequence[str]:
            answer = await self._transport.call(_LIST_ADMINS, group_id)
            return answer.read(tuple[Id, ...], "data")

        return whole(fetch)

    async def add(self, group_id: str, username: str) -> None:
        """Make a member an admin.

        Raises:
            NotFoundError: no such group, or not a member.

        Source: chat_groups.admins.add
        """
        name = checks.reference("chat_groups.admins.add", "username", username)
        answer = await self._transport.call(
            _ADD_ADMIN, group_id, json={"newadmin": name}, about=name
        )
        answer.confirm("data", "result")

    async def remove(self, group_id: str, username: str) -> None:
        """Make an admin a regular member again.

        Raises:
            PermissionDeniedError: not an admin.
            NotFoundError: no such group.

        Source: chat_groups.admins.remove
        """
        answer = await self._transport.call(_REMOVE_ADMIN, group_id, username)
        answer.confirm("data", "result")


class Announcement:
    """What every member of a chat group is shown."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self, group_id: str) -> str:
        """Get a group's announcement; ``""`` when there is none.

        Raises:
            NotFoundError: no such group.

        Source: chat_groups.announcement.get
        """
        answer = await self._transport.call(_GET_ANNOUNCEMENT, group_id)
        # The facts leave open what a group without one gives: nothing is read as empty.
        return answer.optional(str, "data", "announcement") or ""

    async def update(self, group_id: str, announcement: str) -> None:
        """Set a group's announcement.

        Args:
            group_id: the group.
            announcement: at most 512 characters.

        Raises:
            InvalidArgumentError: it is too long.
            PermissionDeniedError: it is against the rules.
            NotFoundError: no such group.

        Source: chat_groups.announcement.update
        """
        text = checks.text(
            "chat_groups.announcement.update",
            "announcement",
            announcement,
            most=facts.ANNOUNCEMENT_LENGTH,
        )
        body = {"announcement": text}
        answer = await self._transport.call(_UPDATE_ANNOUNCEMENT, group_id, json=body)
        answer.confirm("data", "result")


def _confirm_if_told(answer: Answer) -> None:
    # The 2014 answers to adding and removing one member are not printed: no flag is no refusal.
    if answer.get("data", "result") is not None:
        answer.confirm("data", "result")


def _by_user(answer: Answer, rows: Sequence[Any]) -> dict[str, str | None]:
    """Give the reason of each user, ``None`` where it was done."""
    found: dict[str, str | None] = {}
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or not isinstance(row.get("user"), str):
            raise answer.wrong(f"data[{index}] must be an object with a user")
        done = row.get("result") in (True, "true", "success")
        found[row["user"]] = None if done else str(row.get("reason") or "not removed")
    return found


def _fitting(names: list[str], most: int, most_bytes: int) -> Iterable[list[str]]:
    """Cut a list into parts that fit into a call by number and by bytes in the URL."""
    part: list[str] = []
    size = 0
    for name in names:
        weight = len(quote(name, safe="")) + 1
        if part and (len(part) == most or size + weight > most_bytes):
            yield part
            part, size = [], 0
        part.append(name)
        size += weight
    if part:
        yield part
