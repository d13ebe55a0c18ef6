"""Operations that chat groups and chat rooms share; a `Place` says which of the two is meant."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Literal, TypeVar

import attrs

from easemob_async import api_limits, checks
from easemob_async.errors import AppNotFoundError, NotFoundError, ResponseError
from easemob_async.models.pages import Page, Paginator, by_number, whole
from easemob_async.models.places import GroupMember, MutedMember
from easemob_async.models.tokens import FOREVER
from easemob_async.operation import Operation, QueryValue
from easemob_async.outcomes import BatchOutcome, BatchResult
from easemob_async.resources.batches import fitting_url, in_parts, outcomes, settled
from easemob_async.transport.answer import Answer
from easemob_async.transport.transport import Transport
from easemob_async.wire.decoding import verdict
from easemob_async.wire.fields import Id

T = TypeVar("T")
Raw = dict[str, Any]
_MISSING: Final = "does not exist"


@attrs.frozen(eq=False)
class Place:
    """The names and paths of the operations of groups, or of rooms."""

    resource: str
    """The name of the resource, such as ``"chat_groups"``."""
    path: str
    """The path of one group or room, such as ``"/chatgroups/{group_id}"``."""


GROUPS: Final = Place("chat_groups", "/chatgroups/{group_id}")
ROOMS: Final = Place("chat_rooms", "/chatrooms/{room_id}")


def _shared(
    name: str,
    method: Literal["GET", "POST", "PUT", "DELETE"],
    path: str,
    repeat: Literal["safe", "once"],
    *,
    one_of_many: bool = False,
) -> Mapping[Place, Operation]:
    """Return an operation for groups and for rooms: ``("mutes.list", "GET", "/mute", "safe")``."""
    return {
        place: Operation(
            f"{place.resource}.{name}", method, place.path + path, repeat, one_of_many=one_of_many
        )
        for place in (GROUPS, ROOMS)
    }


_MEMBERS_LIST: Final = _shared("members.list", "GET", "/users", "safe")
_MEMBERS_ADD: Final = _shared("members.add", "POST", "/users/{username}", "once")
_MEMBERS_ADD_MANY: Final = _shared("members.add_many", "POST", "/users", "once")
_MEMBERS_REMOVE: Final = _shared(
    "members.remove", "DELETE", "/users/{username}", "once", one_of_many=True
)
_MEMBERS_REMOVE_MANY: Final = _shared(
    "members.remove_many", "DELETE", "/users/{*usernames}", "once"
)
_ADMINS_LIST: Final = _shared("admins.list", "GET", "/admin", "safe")
_ADMINS_ADD: Final = _shared("admins.add", "POST", "/admin", "safe")
_ADMINS_REMOVE: Final = _shared("admins.remove", "DELETE", "/admin/{username}", "once")
_MUTES_LIST: Final = _shared("mutes.list", "GET", "/mute", "safe")
_MUTES_ADD_MANY: Final = _shared("mutes.add_many", "POST", "/mute", "safe")
_MUTES_REMOVE_MANY: Final = _shared("mutes.remove_many", "DELETE", "/mute/{*usernames}", "once")
_MUTES_MUTE_ALL: Final = _shared("mutes.mute_all", "POST", "/ban", "safe")
_MUTES_UNMUTE_ALL: Final = _shared("mutes.unmute_all", "DELETE", "/ban", "safe")
_ALLOWLIST_LIST: Final = _shared("allowlist.list", "GET", "/white/users", "safe")
_ALLOWLIST_ADD: Final = _shared("allowlist.add", "POST", "/white/users/{username}", "safe")
_ALLOWLIST_ADD_MANY: Final = _shared("allowlist.add_many", "POST", "/white/users", "safe")
_ALLOWLIST_REMOVE_MANY: Final = _shared(
    "allowlist.remove_many", "DELETE", "/white/users/{*usernames}", "once"
)
_BLOCKLIST_LIST: Final = _shared("blocklist.list", "GET", "/blocks/users", "safe")
_BLOCKLIST_ADD: Final = _shared("blocklist.add", "POST", "/blocks/users/{username}", "once")
_BLOCKLIST_ADD_MANY: Final = _shared("blocklist.add_many", "POST", "/blocks/users", "once")
_BLOCKLIST_REMOVE: Final = _shared(
    "blocklist.remove", "DELETE", "/blocks/users/{username}", "once", one_of_many=True
)
_BLOCKLIST_REMOVE_MANY: Final = _shared(
    "blocklist.remove_many", "DELETE", "/blocks/users/{*usernames}", "once"
)
_ANNOUNCEMENT_GET: Final = _shared("announcement.get", "GET", "/announcement", "safe")
_ANNOUNCEMENT_UPDATE: Final = _shared("announcement.update", "POST", "/announcement", "safe")


class Part:
    """A part of groups or rooms, such as their admins: the transport and the place."""

    def __init__(self, transport: Transport, place: Place) -> None:
        self._transport = transport
        self._place = place


def list_members(
    transport: Transport,
    place: Place,
    place_id: str,
    limit: int | None,
    **query: bool | None,
) -> Paginator[GroupMember]:
    """List members by page number; there is no total and no cursor, so a short page is the last."""
    operation = _MEMBERS_LIST[place]
    size = checks.page_size(operation.id, limit, api_limits.MEMBERS_PER_PAGE)
    flags = _flags(operation, query)

    async def fetch(number: int) -> tuple[Page[GroupMember], bool]:
        asked: dict[str, QueryValue] = {"pagenum": number, "pagesize": size, **flags}
        answer = await transport.call(operation, place_id, query=asked)
        members: Sequence[GroupMember] = answer.read(tuple[GroupMember, ...], "data")
        return Page(members), answer.count("data") >= size

    return by_number(fetch)


def _flags(operation: Operation, given: Mapping[str, bool | None]) -> dict[str, bool | None]:
    return {name: checks.flag(operation.id, name, value) for name, value in given.items()}


def length_of_time(operation: str, duration: timedelta, unit: timedelta, *, instead: str) -> int:
    """Return a length of time in the unit of the request; -1 for `FOREVER`.

    Raises:
        InvalidArgumentError: it is not above 0; the service would read 0 as an unmute.
    """
    if not isinstance(duration, timedelta):
        raise checks.fail(operation, f"duration must be a timedelta, not {duration!r}")
    if duration == FOREVER:
        return -1
    if duration <= timedelta(0):
        raise checks.fail(operation, f"duration must be above 0; to lift a mute, use {instead}")
    return -(-duration // unit)


def confirm_settings(
    answer: Answer, settings: Iterable[str], called: Mapping[str, str] | None = None
) -> None:
    """Check that the answer confirms the change of each setting.

    Args:
        answer: the answer.
        settings: the names of the settings in the request.
        called: the names of some settings in the answer, where they differ.

    Raises:
        APIError: the answer reports settings that were not changed.
        ResponseError: the answer does not report some settings, or any of them.
    """
    said = answer.read(dict[str, Any], "data")
    verdicts = {name: verdict(said.get((called or {}).get(name, name))) for name in settings}
    kept = sorted(name for name, said_yes in verdicts.items() if not said_yes)
    if False in verdicts.values():
        raise answer.refused(f"not changed: {', '.join(kept)}")
    if kept:
        raise answer.wrong(f"data does not say whether {', '.join(kept)} was changed")


_NOT_NEW: Final = "not among the new members"


# A retry of an addition or a removal is refused: the user was already added or removed.


async def add_member(
    transport: Transport, place: Place, place_id: str, username: str, **query: bool | None
) -> None:
    """Add one member."""
    operation = _MEMBERS_ADD[place]
    flags = _flags(operation, query)
    answer = await transport.call(operation, place_id, username, query=flags)
    answer.confirm("data", "result", may_lack=True)  # the answers of 2014 have no flag


async def get_places(
    transport: Transport, operation: Operation, ids: Iterable[str], kind: type[T]
) -> BatchResult[T]:
    """Return an outcome with the details of each group or room; a missing one is refused."""
    field = operation.fields[0].lstrip("*")
    names = checks.references(operation.id, field, ids)
    parts = list(fitting_url(transport, names, api_limits.PLACES_PER_CALL))
    for part in parts:  # all are checked before anything is sent
        operation.fill((part,))

    async def settle(part: Sequence[str]) -> Sequence[BatchOutcome[T]]:
        try:
            answer = await transport.call(operation, part)
        except AppNotFoundError:
            raise
        except NotFoundError as error:
            if len(part) == 1:
                return [BatchOutcome(part[0], reason=error.description or _MISSING)]
            # open: whether one that is missing makes the service refuse all others; they are asked
            # for again in halves
            middle = len(part) // 2
            return [*await settle(part[:middle]), *await settle(part[middle:])]
        rows = answer.get("data")
        found: dict[str, T] = {}
        named: dict[str, str | None] = {}
        for row in [rows] if isinstance(rows, Mapping) else answer.rows(Raw, "data", skip_odd=True):
            with contextlib.suppress(ResponseError, KeyError, TypeError):
                name: str = answer.decode(Id, row["id"], "data.id")
                named[name] = _absence(row)
                if named[name] is None:
                    found[name] = answer.decode(kind, row, "data")
        # open: how the answer says that one is missing; one that is left out is missing as well
        said = answer.named(named, part)
        reasons = {name: said.get(name, _MISSING) for name in part}
        refused = {name: reason for name, reason in reasons.items() if reason is not None}
        return settled(answer, part, found, refused)

    return await in_parts(parts, settle)


def _absence(row: Mapping[str, Any]) -> str | None:
    """Return the words of a row which say that a group does not exist, or ``None``."""
    texts = (row.get(key) for key in ("error", "reason", "message", "desc", "error_description"))
    return next((text for text in texts if isinstance(text, str) and "exist" in text), None)


async def add_members(
    transport: Transport,
    place: Place,
    place_id: str,
    usernames: Iterable[str],
    **query: bool | None,
) -> BatchResult[None]:
    """Add any number of members."""
    operation = _MEMBERS_ADD_MANY[place]
    flags = _flags(operation, query)

    async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[None]]:
        body = {"usernames": part}
        answer = await transport.call(operation, place_id, query=flags, json=body)
        told = answer.get("data", "newmembers") is not None
        added = answer.rows(Id, "data", "newmembers", skip_odd=True) if told else ()
        return settled(answer, part, added, otherwise=_NOT_NEW)

    names = checks.references(operation.id, "usernames", usernames)
    return await in_parts(checks.chunks(names, api_limits.MEMBERS_PER_CALL), settle)


async def remove_member(
    transport: Transport, place: Place, place_id: str, username: str, **query: bool | None
) -> None:
    """Remove one member."""
    operation = _MEMBERS_REMOVE[place]
    flags = _flags(operation, query)
    answer = await transport.call(operation, place_id, username, query=flags)
    answer.confirm("data", "result", may_lack=True)  # the answers of 2014 have no flag


async def remove_members(
    transport: Transport,
    place: Place,
    place_id: str,
    usernames: Iterable[str],
    **query: bool | None,
) -> BatchResult[None]:
    """Remove any number of members."""
    operation = _MEMBERS_REMOVE_MANY[place]
    flags = _flags(operation, query)

    async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[None]]:
        answer = await transport.call(operation, place_id, part, query=flags)
        return outcomes(answer, part, "data")

    names = checks.references(operation.id, "usernames", usernames)
    return await in_parts(fitting_url(transport, names, api_limits.IDS_PER_URL), settle)


class Admins(Part):
    """The admins of a chat group or a chat room, at most 99."""

    def list(self, place_id: str, /) -> Paginator[str]:
        """List the usernames of the admins; one page.

        Source: chat_groups.admins.list (group_admin_list_get.md),
            chat_rooms.admins.list (chatroom_admin_list_get.md)
        """
        operation = _ADMINS_LIST[self._place]

        async def fetch() -> Sequence[str]:
            answer = await self._transport.call(operation, place_id)
            return answer.read(tuple[Id, ...], "data")

        return whole(fetch)

    async def add(self, place_id: str, username: str, /) -> None:
        """Make a member an admin.

        Raises:
            NotFoundError: the group or the room does not exist, or the user is not a member.

        Source: chat_groups.admins.add (group_admin_add.md),
            chat_rooms.admins.add (chatroom_admin_add.md)
        """
        operation = _ADMINS_ADD[self._place]
        name = checks.reference(operation.id, "username", username)
        body = {"newadmin": name}
        answer = await self._transport.call(operation, place_id, json=body, about=name)
        answer.confirm("data", "result")

    async def remove(self, place_id: str, username: str, /) -> None:
        """Make an admin a regular member again.

        Raises:
            PermissionDeniedError: the user is not an admin.
            NotFoundError: the group, the room or the user does not exist.

        Source: chat_groups.admins.remove (group_admin_remove.md),
            chat_rooms.admins.remove (chatroom_admin_remove.md)
        """
        operation = _ADMINS_REMOVE[self._place]
        answer = await self._transport.call(operation, place_id, username)
        answer.confirm("data", "result")


_MILLISECOND: Final = timedelta(milliseconds=1)


class Mutes(Part):
    """The muted members of a group or a room, muted for a time or permanently.

    A member who leaves and joins again stays muted.
    """

    def list(self, place_id: str, /) -> Paginator[MutedMember]:
        """List the muted members and the ends of their mutes; one page.

        `mute_all` adds no members to this list.

        Source: chat_groups.mutes.list (group_member_mutelist_obtain.md),
            chat_rooms.mutes.list (chatroom_member_mutelist_obtain.md)
        """
        operation = _MUTES_LIST[self._place]

        async def fetch() -> Sequence[MutedMember]:
            answer = await self._transport.call(operation, place_id)
            muted: Sequence[MutedMember] = answer.read(tuple[MutedMember, ...], "data")
            return muted

        return whole(fetch)

    async def add_many(
        self, place_id: str, usernames: Iterable[str], /, *, duration: timedelta
    ) -> BatchResult[MutedMember]:
        """Mute any number of members, 60 per call; the owner of a group cannot be muted.

        Args:
            place_id: the group or the room.
            usernames: the members to mute.
            duration: the length of the mute, rounded up to milliseconds, or `FOREVER`.

        Returns:
            An outcome for each member, with the end of the mute.

        Raises:
            InvalidArgumentError: the duration is not above 0.
            EasemobError: a whole call failed, for example because one of its users is not a member;
                ``partial`` holds the outcomes settled before it.

        Source: chat_groups.mutes.add_many (group_member_mute.md),
            chat_rooms.mutes.add_many (chatroom_member_mute.md)
        """
        operation = _MUTES_ADD_MANY[self._place]
        instead = "mutes.remove_many"
        length = length_of_time(operation.id, duration, _MILLISECOND, instead=instead)

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[MutedMember]]:
            body = {"usernames": part, "mute_duration": length}
            answer = await self._transport.call(operation, place_id, json=body, about=part)
            return outcomes(answer, part, "data", kind=MutedMember)

        names = checks.references(operation.id, "usernames", usernames)
        return await in_parts(checks.chunks(names, api_limits.MEMBERS_PER_CALL), settle)

    async def remove_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Unmute any number of members, 60 per call, with a URL of at most 4 KB.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: chat_groups.mutes.remove_many (group_member_unmute.md),
            chat_rooms.mutes.remove_many (chatroom_member_unmute.md)
        """
        operation = _MUTES_REMOVE_MANY[self._place]
        return await _each(self, operation, place_id, usernames)

    async def mute_all(self, place_id: str, /) -> None:
        """Mute all members until `unmute_all`; members on the allowlist may still send messages.

        Source: chat_groups.mutes.mute_all (group_member_mute_all.md),
            chat_rooms.mutes.mute_all (chatroom_member_mute_all.md)
        """
        operation = _MUTES_MUTE_ALL[self._place]
        answer = await self._transport.call(operation, place_id)
        answer.confirm("data", "mute")

    async def unmute_all(self, place_id: str, /) -> None:
        """Lift `mute_all`; members on the mute list stay muted.

        Source: chat_groups.mutes.unmute_all (group_member_unmute_all.md),
            chat_rooms.mutes.unmute_all (chatroom_member_unmute_all.md)
        """
        operation = _MUTES_UNMUTE_ALL[self._place]
        answer = await self._transport.call(operation, place_id)
        # The flag says whether all members are muted now.
        answer.confirm("data", "mute", inverted=True)


class Allowlist(Part):
    """The members who may send messages while all members are muted.

    The owner and the admins are on the allowlist automatically.
    """

    def list(self, place_id: str, /) -> Paginator[str]:
        """List the usernames on the allowlist; one page.

        Source: chat_groups.allowlist.list (group_allowlist_query.md),
            chat_rooms.allowlist.list (chatroom_allowlist_obtain.md)
        """
        operation = _ALLOWLIST_LIST[self._place]
        return _names(self, operation, place_id)

    async def add(self, place_id: str, username: str, /) -> None:
        """Add a member to the allowlist.

        Raises:
            PermissionDeniedError: the user is not a member.
            NotFoundError: the group or the room does not exist.

        Source: chat_groups.allowlist.add (group_allowlist_add_single.md),
            chat_rooms.allowlist.add (chatroom_allowlist_add_single.md)
        """
        operation = _ALLOWLIST_ADD[self._place]
        answer = await self._transport.call(operation, place_id, username)
        answer.confirm("data", "result")

    async def add_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Add any number of members to the allowlist, 60 per call.

        Raises:
            EasemobError: a whole call failed, for example because its users are not members;
                ``partial`` holds the outcomes settled before it.

        Source: chat_groups.allowlist.add_many (group_allowlist_add_batch.md),
            chat_rooms.allowlist.add_many (chatroom_allowlist_add_batch.md)
        """
        operation = _ALLOWLIST_ADD_MANY[self._place]
        return await _listed(self, operation, place_id, usernames)

    async def remove_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Remove any number of members from the allowlist, 60 per call, a URL of at most 4 KB.

        Raises:
            EasemobError: a whole call failed, for example because its users are not on the
                allowlist; ``partial`` holds the outcomes settled before it.

        Source: chat_groups.allowlist.remove_many (group_allowlist_remove.md),
            chat_rooms.allowlist.remove_many (chatroom_allowlist_remove.md)
        """
        operation = _ALLOWLIST_REMOVE_MANY[self._place]
        return await _each(self, operation, place_id, usernames)


class Blocklist(Part):
    """The users who were removed and may not join again; the owner cannot be blocked."""

    def list(self, place_id: str, /) -> Paginator[str]:
        """List the usernames on the blocklist; one page.

        Source: chat_groups.blocklist.list (group_member_blocklist_obtain.md),
            chat_rooms.blocklist.list (chatroom_member_blocklist_obtain.md)
        """
        operation = _BLOCKLIST_LIST[self._place]
        return _names(self, operation, place_id)

    async def add(self, place_id: str, username: str, /) -> None:
        """Block a member, who is removed immediately.

        Raises:
            PermissionDeniedError: the user is not a member, or is the owner.
            NotFoundError: the group or the room does not exist.

        Source: chat_groups.blocklist.add (group_member_blocklist_add_single.md),
            chat_rooms.blocklist.add (chatroom_member_blocklist_add_single.md)
        """
        # A retry is refused: a blocked user is no longer a member.
        operation = _BLOCKLIST_ADD[self._place]
        answer = await self._transport.call(operation, place_id, username)
        answer.confirm("data", "result")

    async def add_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Block any number of members, 60 per call; they are removed immediately.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: chat_groups.blocklist.add_many (group_member_blocklist_add_batch.md),
            chat_rooms.blocklist.add_many (chatroom_member_blocklist_add_batch.md)
        """
        operation = _BLOCKLIST_ADD_MANY[self._place]
        return await _listed(self, operation, place_id, usernames)

    async def remove(self, place_id: str, username: str, /) -> None:
        """Unblock a user, who may then join again; the user is not added back automatically.

        Raises:
            PermissionDeniedError: the user is not on the blocklist.
            NotFoundError: the group or the room does not exist.

        Source: chat_groups.blocklist.remove (group_member_blocklist_remove_single.md),
            chat_rooms.blocklist.remove (chatroom_member_blocklist_remove_single.md)
        """
        operation = _BLOCKLIST_REMOVE[self._place]
        answer = await self._transport.call(operation, place_id, username)
        answer.confirm("data", "result")

    async def remove_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Unblock any number of users, 60 per call, with a URL of at most 4 KB.

        Raises:
            EasemobError: a whole call failed, for example because its users are not on the
                blocklist; ``partial`` holds the outcomes settled before it.

        Source: chat_groups.blocklist.remove_many (group_member_blocklist_remove_batch.md),
            chat_rooms.blocklist.remove_many (chatroom_member_blocklist_remove_batch.md)
        """
        operation = _BLOCKLIST_REMOVE_MANY[self._place]
        return await _each(self, operation, place_id, usernames)


def _names(part: Part, operation: Operation, place_id: str) -> Paginator[str]:
    async def fetch() -> Sequence[str]:
        answer = await part._transport.call(operation, place_id)
        return answer.read(tuple[Id, ...], "data")

    return whole(fetch)


async def _listed(
    part: Part, operation: Operation, place_id: str, usernames: Iterable[str]
) -> BatchResult[None]:
    """Make calls that have the users in the body."""

    async def settle(names: Sequence[str]) -> Iterable[BatchOutcome[None]]:
        body = {"usernames": names}
        answer = await part._transport.call(operation, place_id, json=body, about=names)
        return outcomes(answer, names, "data")

    found = checks.references(operation.id, "usernames", usernames)
    return await in_parts(checks.chunks(found, api_limits.MEMBERS_PER_CALL), settle)


async def _each(
    part: Part, operation: Operation, place_id: str, usernames: Iterable[str]
) -> BatchResult[None]:
    """Make calls that have the users in the path."""

    async def settle(names: Sequence[str]) -> Iterable[BatchOutcome[None]]:
        return outcomes(await part._transport.call(operation, place_id, names), names, "data")

    found = checks.references(operation.id, "usernames", usernames)
    return await in_parts(fitting_url(part._transport, found, api_limits.IDS_PER_URL), settle)


class Announcement(Part):
    """The announcement of a group or a room, shown to all members."""

    async def get(self, place_id: str, /) -> str:
        """Return the announcement of a group or a room; ``""`` without one.

        Raises:
            NotFoundError: the group or the room does not exist.

        Source: chat_groups.announcement.get (group_announcement_obtain.md),
            chat_rooms.announcement.get (chatroom_announcement_get.md)
        """
        operation = _ANNOUNCEMENT_GET[self._place]
        answer = await self._transport.call(operation, place_id)
        # open: the answer of a group without an announcement; a missing text is read as empty.
        return answer.optional(str, "data", "announcement") or ""

    async def update(self, place_id: str, announcement: str, /) -> None:
        """Set the announcement of a group or a room, at most 512 characters.

        Raises:
            InvalidArgumentError: the text is too long.
            PermissionDeniedError: the text breaks the content rules.
            NotFoundError: the group or the room does not exist.

        Source: chat_groups.announcement.update (group_announcement_modify.md),
            chat_rooms.announcement.update (chatroom_announcement_update.md)
        """
        operation = _ANNOUNCEMENT_UPDATE[self._place]
        most = api_limits.ANNOUNCEMENT_LENGTH
        text = checks.text(operation.id, "announcement", announcement, most=most)
        answer = await self._transport.call(operation, place_id, json={"announcement": text})
        answer.confirm("data", "result")
