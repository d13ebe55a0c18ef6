"""What chat groups and chat rooms have in common: the classes are made once, for a place each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Literal

import attrs

from easemob_async import api_limits, checks
from easemob_async.models.pages import Page, Paginator, by_number, whole
from easemob_async.models.places import GroupMember, MutedMember
from easemob_async.models.results import BatchOutcome, BatchResult
from easemob_async.models.tokens import FOREVER
from easemob_async.operation import Operation, QueryValue
from easemob_async.resources.batches import fitting_url, in_parts, outcomes, settled
from easemob_async.transport.answer import Answer, says_yes
from easemob_async.transport.transport import Transport
from easemob_async.wire.fields import Id


@attrs.frozen(eq=False)
class Place:
    """Groups, or rooms: what their operations are called, and where they are."""

    resource: str
    """``"chat_groups"``."""
    path: str
    """``"/chatgroups/{group_id}"``."""
    most_added: int
    """The most members that a call adds."""
    most_blocked: int
    """The most users that a call puts on the blocklist."""


GROUPS: Final = Place("chat_groups", "/chatgroups/{group_id}", 60, 100)
"""Of the documented 100 and 60 for adding members the lower."""
ROOMS: Final = Place("chat_rooms", "/chatrooms/{room_id}", 100, 60)
"""Of the documented 60 and 100 for blocking the lower."""


def _shared(
    name: str,
    method: Literal["GET", "POST", "PUT", "DELETE"],
    path: str,
    repeat: Literal["safe", "once"],
    *,
    one_of_many: bool = False,
) -> Mapping[Place, Operation]:
    """Describe an operation of groups and rooms: ``("mutes.list", "GET", "/mute", "safe")``."""
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
    """A part of a group or a room: a reference to the transport, and which of the two it is."""

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
    """List members by page number: no total and no cursor, so a short page is the last."""
    operation = _MEMBERS_LIST[place]
    size = checks.page_size(operation.id, limit, api_limits.MEMBERS_PER_PAGE)

    async def fetch(number: int) -> tuple[Page[GroupMember], bool]:
        asked = {"pagenum": number, "pagesize": size, **query}
        answer = await transport.call(operation, place_id, query=asked)
        members: Sequence[GroupMember] = answer.read(tuple[GroupMember, ...], "data")
        return Page(members), answer.count("data") >= size

    return by_number(fetch)


def length_of_time(operation: str, duration: timedelta, unit: timedelta, *, instead: str) -> int:
    """Give a length of time in the wire's units; -1 for `FOREVER`.

    Raises:
        InvalidArgumentError: not positive, where the wire would take it for something else.
    """
    if not isinstance(duration, timedelta):
        raise checks.fail(operation, f"duration must be a timedelta, not {duration!r}")
    if duration == FOREVER:
        return -1
    if duration <= timedelta(0):
        raise checks.fail(operation, f"duration must be above 0; to lift it, use {instead}")
    return -(-duration // unit)


def confirm_settings(
    answer: Answer, settings: Iterable[str], called: Mapping[str, str] | None = None
) -> None:
    """Raise unless the answer says of each setting that it was changed.

    Args:
        answer: the answer.
        settings: what was to be changed, as the request names it.
        called: what the answer calls some of them.

    Raises:
        APIError: the service says which it did not change.
        ResponseError: it does not say it of one, or of none at all.
    """
    said = answer.read(dict[str, Any], "data")
    verdicts = {name: says_yes(said.get((called or {}).get(name, name))) for name in settings}
    kept = sorted(name for name, verdict in verdicts.items() if not verdict)
    if False in verdicts.values():
        raise answer.refused(f"not changed: {', '.join(kept)}")
    if kept:
        raise answer.wrong(f"data does not say whether {', '.join(kept)} was changed")


def confirm_if_told(answer: Answer) -> None:
    """Raise when a flag says no; the 2014 answers to adding and removing one member have none."""
    if answer.get("data", "result") is not None:
        answer.confirm("data", "result")


_NOT_NEW: Final = "not among the new members"


# Repeated, an addition or a removal is refused: the user is, or is not, in there already.


async def add_member(
    transport: Transport, place: Place, place_id: str, username: str, **query: QueryValue
) -> None:
    """Add one member."""
    operation = _MEMBERS_ADD[place]
    confirm_if_told(await transport.call(operation, place_id, username, query=query))


async def add_members(
    transport: Transport, place: Place, place_id: str, usernames: Iterable[str], **query: QueryValue
) -> BatchResult[None]:
    """Add any number of members."""
    operation = _MEMBERS_ADD_MANY[place]

    async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[None]]:
        body = {"usernames": part}
        answer = await transport.call(operation, place_id, query=query, json=body)
        told = answer.get("data", "newmembers") is not None
        added = answer.rows(Id, "data", "newmembers") if told else ()
        return settled(answer, part, added, otherwise=_NOT_NEW)

    names = checks.references(operation.id, "usernames", usernames)
    return await in_parts(checks.chunks(names, place.most_added), settle)


async def remove_member(
    transport: Transport, place: Place, place_id: str, username: str, **query: QueryValue
) -> None:
    """Remove one member."""
    operation = _MEMBERS_REMOVE[place]
    confirm_if_told(await transport.call(operation, place_id, username, query=query))


async def remove_members(
    transport: Transport, place: Place, place_id: str, usernames: Iterable[str], **query: QueryValue
) -> BatchResult[None]:
    """Remove any number of members."""
    operation = _MEMBERS_REMOVE_MANY[place]

    async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[None]]:
        answer = await transport.call(operation, place_id, part, query=query)
        return outcomes(answer, part, "data")

    names = checks.references(operation.id, "usernames", usernames)
    return await in_parts(fitting_url(transport, names, api_limits.IDS_PER_URL), settle)


class Admins(Part):
    """Who helps the owner of a chat group or a chat room; 99 at most."""

    def list(self, place_id: str, /) -> Paginator[str]:
        """List the usernames of the admins; one page.

        Source: chat_groups.admins.list, chat_rooms.admins.list
        """
        operation = _ADMINS_LIST[self._place]

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
        operation = _ADMINS_ADD[self._place]
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
        operation = _ADMINS_REMOVE[self._place]
        answer = await self._transport.call(operation, place_id, username)
        answer.confirm("data", "result")


_MILLISECOND: Final = timedelta(milliseconds=1)


class Mutes(Part):
    """Who may not send, for a time or for good; a mute outlives leaving and coming back."""

    def list(self, place_id: str, /) -> Paginator[MutedMember]:
        """List who is muted, and until when; one page. `mute_all` puts nobody on it.

        Source: chat_groups.mutes.list, chat_rooms.mutes.list
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
        """Mute any number of members, 100 a call; the owner of a group cannot be muted.

        Args:
            place_id: the group or the room.
            usernames: whom to mute.
            duration: for how long, rounded up to milliseconds, or `FOREVER`.

        Returns:
            An outcome for each member, with the end of the mute.

        Raises:
            InvalidArgumentError: the duration is not above 0.
            EasemobError: a whole call failed, as when one of its users is not a member; ``partial``
                has what was settled before it.

        Source: chat_groups.mutes.add_many, chat_rooms.mutes.add_many
        """
        operation = _MUTES_ADD_MANY[self._place]
        instead = "mutes.remove_many"
        length = length_of_time(operation.id, duration, _MILLISECOND, instead=instead)

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[MutedMember]]:
            body = {"usernames": part, "mute_duration": length}
            answer = await self._transport.call(operation, place_id, json=body, about=part)
            return outcomes(answer, part, "data", kind=MutedMember)

        names = checks.references(operation.id, "usernames", usernames)
        return await in_parts(checks.chunks(names, api_limits.MUTES_PER_CALL), settle)

    async def remove_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Take any number of members off the mute list, 60 a call and 4 KB of URL.

        Raises:
            EasemobError: a whole call failed; ``partial`` has what was settled before it.

        Source: chat_groups.mutes.remove_many, chat_rooms.mutes.remove_many
        """
        operation = _MUTES_REMOVE_MANY[self._place]
        return await _each(self, operation, place_id, usernames)

    async def mute_all(self, place_id: str, /) -> None:
        """Mute everybody, until `unmute_all`; who is on the allowlist may still send.

        Source: chat_groups.mutes.mute_all, chat_rooms.mutes.mute_all
        """
        operation = _MUTES_MUTE_ALL[self._place]
        answer = await self._transport.call(operation, place_id)
        answer.confirm("data", "mute")

    async def unmute_all(self, place_id: str, /) -> None:
        """Lift `mute_all`; who is on the mute list stays muted.

        Source: chat_groups.mutes.unmute_all, chat_rooms.mutes.unmute_all
        """
        operation = _MUTES_UNMUTE_ALL[self._place]
        answer = await self._transport.call(operation, place_id)
        # The flag says whether everybody is muted now.
        if not answer.gone and answer.read(bool, "data", "mute"):
            raise answer.refused("everybody is still muted")


class Allowlist(Part):
    """Who may send even while everybody is muted; owner and admins are on it by themselves."""

    def list(self, place_id: str, /) -> Paginator[str]:
        """List the usernames on the allowlist; one page.

        Source: chat_groups.allowlist.list, chat_rooms.allowlist.list
        """
        operation = _ALLOWLIST_LIST[self._place]
        return _names(self, operation, place_id)

    async def add(self, place_id: str, username: str, /) -> None:
        """Put a member on the allowlist.

        Raises:
            PermissionDeniedError: not a member.
            NotFoundError: no such group or room.

        Source: chat_groups.allowlist.add, chat_rooms.allowlist.add
        """
        operation = _ALLOWLIST_ADD[self._place]
        answer = await self._transport.call(operation, place_id, username)
        answer.confirm("data", "result")

    async def add_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Put any number of members on the allowlist, 100 a call.

        Raises:
            EasemobError: a whole call failed, as when its users are not members; ``partial`` has
                what was settled before it.

        Source: chat_groups.allowlist.add_many, chat_rooms.allowlist.add_many
        """
        operation = _ALLOWLIST_ADD_MANY[self._place]
        return await _listed(self, operation, place_id, usernames, api_limits.ALLOWED_PER_CALL)

    async def remove_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Take any number of members off the allowlist, 60 a call and 4 KB of URL.

        Raises:
            EasemobError: a whole call failed, as when its users are not on the list; ``partial``
                has what was settled before it.

        Source: chat_groups.allowlist.remove_many, chat_rooms.allowlist.remove_many
        """
        operation = _ALLOWLIST_REMOVE_MANY[self._place]
        return await _each(self, operation, place_id, usernames)


class Blocklist(Part):
    """Who was sent away and may not come back; the owner cannot be blocked."""

    def list(self, place_id: str, /) -> Paginator[str]:
        """List the usernames on the blocklist; one page.

        Source: chat_groups.blocklist.list, chat_rooms.blocklist.list
        """
        operation = _BLOCKLIST_LIST[self._place]
        return _names(self, operation, place_id)

    async def add(self, place_id: str, username: str, /) -> None:
        """Block a member, who leaves at once.

        Raises:
            PermissionDeniedError: not a member, or the owner.
            NotFoundError: no such group or room.

        Source: chat_groups.blocklist.add, chat_rooms.blocklist.add
        """
        # Repeated it is refused: who is blocked is a member no more.
        operation = _BLOCKLIST_ADD[self._place]
        answer = await self._transport.call(operation, place_id, username)
        answer.confirm("data", "result")

    async def add_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Block any number of members, 100 a call in a group, 60 in a room; they leave at once.

        Raises:
            EasemobError: a whole call failed; ``partial`` has what was settled before it.

        Source: chat_groups.blocklist.add_many, chat_rooms.blocklist.add_many
        """
        operation = _BLOCKLIST_ADD_MANY[self._place]
        return await _listed(self, operation, place_id, usernames, self._place.most_blocked)

    async def remove(self, place_id: str, username: str, /) -> None:
        """Unblock a user, who may join again and is not put back.

        Raises:
            PermissionDeniedError: not on the blocklist.
            NotFoundError: no such group or room.

        Source: chat_groups.blocklist.remove, chat_rooms.blocklist.remove
        """
        operation = _BLOCKLIST_REMOVE[self._place]
        answer = await self._transport.call(operation, place_id, username)
        answer.confirm("data", "result")

    async def remove_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Unblock any number of users, 60 a call and 4 KB of URL.

        Raises:
            EasemobError: a whole call failed, as when its users are not on the list; ``partial``
                has what was settled before it.

        Source: chat_groups.blocklist.remove_many, chat_rooms.blocklist.remove_many
        """
        operation = _BLOCKLIST_REMOVE_MANY[self._place]
        return await _each(self, operation, place_id, usernames)


def _names(part: Part, operation: Operation, place_id: str) -> Paginator[str]:
    async def fetch() -> Sequence[str]:
        answer = await part._transport.call(operation, place_id)
        return answer.read(tuple[Id, ...], "data")

    return whole(fetch)


async def _listed(
    part: Part, operation: Operation, place_id: str, usernames: Iterable[str], most: int
) -> BatchResult[None]:
    """Make calls with users in the body."""

    async def settle(names: Sequence[str]) -> Iterable[BatchOutcome[None]]:
        body = {"usernames": names}
        answer = await part._transport.call(operation, place_id, json=body, about=names)
        return outcomes(answer, names, "data")

    found = checks.references(operation.id, "usernames", usernames)
    return await in_parts(checks.chunks(found, most), settle)


async def _each(
    part: Part, operation: Operation, place_id: str, usernames: Iterable[str]
) -> BatchResult[None]:
    """Make calls with users in the path."""

    async def settle(names: Sequence[str]) -> Iterable[BatchOutcome[None]]:
        return outcomes(await part._transport.call(operation, place_id, names), names, "data")

    found = checks.references(operation.id, "usernames", usernames)
    return await in_parts(fitting_url(part._transport, found, api_limits.IDS_PER_URL), settle)


class Announcement(Part):
    """What every member is shown."""

    async def get(self, place_id: str, /) -> str:
        """Get the announcement of a group or a room; ``""`` when there is none.

        Raises:
            NotFoundError: no such group or room.

        Source: chat_groups.announcement.get, chat_rooms.announcement.get
        """
        operation = _ANNOUNCEMENT_GET[self._place]
        answer = await self._transport.call(operation, place_id)
        # The facts leave open what a group without one gives: nothing is read as empty.
        return answer.optional(str, "data", "announcement") or ""

    async def update(self, place_id: str, announcement: str, /) -> None:
        """Set the announcement of a group or a room, at most 512 characters.

        Raises:
            InvalidArgumentError: it is too long.
            PermissionDeniedError: it is against the rules.
            NotFoundError: no such group or room.

        Source: chat_groups.announcement.update, chat_rooms.announcement.update
        """
        operation = _ANNOUNCEMENT_UPDATE[self._place]
        most = api_limits.ANNOUNCEMENT_LENGTH
        text = checks.text(operation.id, "announcement", announcement, most=most)
        answer = await self._transport.call(operation, place_id, json={"announcement": text})
        answer.confirm("data", "result")
