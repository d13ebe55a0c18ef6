"""Who may not send, who always may, and who may not come back: in chat groups and chat rooms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from easemob_async import api_limits, checks
from easemob_async.models.moderation import MutedMember
from easemob_async.models.pages import Paginator, whole
from easemob_async.models.results import BatchOutcome, BatchResult
from easemob_async.operation import Operation
from easemob_async.resources.batches import fitting_url, in_parts, outcomes
from easemob_async.resources.places import Part, length_of_time
from easemob_async.wire.fields import Id

_MILLISECOND: Final = timedelta(milliseconds=1)


class Mutes(Part):
    """Who may not send, for a time or for good; a mute outlives leaving and coming back."""

    def list(self, place_id: str, /) -> Paginator[MutedMember]:
        """List who is muted, and until when; one page. `mute_all` puts nobody on it.

        Source: chat_groups.mutes.list, chat_rooms.mutes.list
        """
        operation = self._place.operation("mutes.list", "GET", "/mute", "safe")

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
        operation = self._place.operation("mutes.add_many", "POST", "/mute", "safe")
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
        operation = self._place.operation(
            "mutes.remove_many", "DELETE", "/mute/{*usernames}", "once"
        )
        return await _each(self, operation, place_id, usernames)

    async def mute_all(self, place_id: str, /) -> None:
        """Mute everybody, until `unmute_all`; who is on the allowlist may still send.

        Source: chat_groups.mutes.mute_all, chat_rooms.mutes.mute_all
        """
        operation = self._place.operation("mutes.mute_all", "POST", "/ban", "safe")
        answer = await self._transport.call(operation, place_id)
        answer.confirm("data", "mute")

    async def unmute_all(self, place_id: str, /) -> None:
        """Lift `mute_all`; who is on the mute list stays muted.

        Source: chat_groups.mutes.unmute_all, chat_rooms.mutes.unmute_all
        """
        operation = self._place.operation("mutes.unmute_all", "DELETE", "/ban", "safe")
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
        operation = self._place.operation("allowlist.list", "GET", "/white/users", "safe")
        return _names(self, operation, place_id)

    async def add(self, place_id: str, username: str, /) -> None:
        """Put a member on the allowlist.

        Raises:
            PermissionDeniedError: not a member.
            NotFoundError: no such group or room.

        Source: chat_groups.allowlist.add, chat_rooms.allowlist.add
        """
        path = "/white/users/{username}"
        operation = self._place.operation("allowlist.add", "POST", path, "safe")
        answer = await self._transport.call(operation, place_id, username)
        answer.confirm("data", "result")

    async def add_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Put any number of members on the allowlist, 100 a call.

        Raises:
            EasemobError: a whole call failed, as when its users are not members; ``partial`` has
                what was settled before it.

        Source: chat_groups.allowlist.add_many, chat_rooms.allowlist.add_many
        """
        operation = self._place.operation("allowlist.add_many", "POST", "/white/users", "safe")
        return await _listed(self, operation, place_id, usernames, api_limits.ALLOWED_PER_CALL)

    async def remove_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Take any number of members off the allowlist, 60 a call and 4 KB of URL.

        Raises:
            EasemobError: a whole call failed, as when its users are not on the list; ``partial``
                has what was settled before it.

        Source: chat_groups.allowlist.remove_many, chat_rooms.allowlist.remove_many
        """
        path = "/white/users/{*usernames}"
        operation = self._place.operation("allowlist.remove_many", "DELETE", path, "once")
        return await _each(self, operation, place_id, usernames)


class Blocklist(Part):
    """Who was sent away and may not come back; the owner cannot be blocked."""

    def list(self, place_id: str, /) -> Paginator[str]:
        """List the usernames on the blocklist; one page.

        Source: chat_groups.blocklist.list, chat_rooms.blocklist.list
        """
        operation = self._place.operation("blocklist.list", "GET", "/blocks/users", "safe")
        return _names(self, operation, place_id)

    async def add(self, place_id: str, username: str, /) -> None:
        """Block a member, who leaves at once.

        Raises:
            PermissionDeniedError: not a member, or the owner.
            NotFoundError: no such group or room.

        Source: chat_groups.blocklist.add, chat_rooms.blocklist.add
        """
        path = "/blocks/users/{username}"
        # Repeated it is refused: who is blocked is a member no more.
        operation = self._place.operation("blocklist.add", "POST", path, "once")
        answer = await self._transport.call(operation, place_id, username)
        answer.confirm("data", "result")

    async def add_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Block any number of members, 100 a call in a group, 60 in a room; they leave at once.

        Raises:
            EasemobError: a whole call failed; ``partial`` has what was settled before it.

        Source: chat_groups.blocklist.add_many, chat_rooms.blocklist.add_many
        """
        operation = self._place.operation("blocklist.add_many", "POST", "/blocks/users", "once")
        return await _listed(self, operation, place_id, usernames, self._place.most_blocked)

    async def remove(self, place_id: str, username: str, /) -> None:
        """Unblock a user, who may join again and is not put back.

        Raises:
            PermissionDeniedError: not on the blocklist.
            NotFoundError: no such group or room.

        Source: chat_groups.blocklist.remove, chat_rooms.blocklist.remove
        """
        path = "/blocks/users/{username}"
        operation = self._place.operation("blocklist.remove", "DELETE", path, "once", True)
        answer = await self._transport.call(operation, place_id, username)
        answer.confirm("data", "result")

    async def remove_many(self, place_id: str, usernames: Iterable[str], /) -> BatchResult[None]:
        """Unblock any number of users, 60 a call and 4 KB of URL.

        Raises:
            EasemobError: a whole call failed, as when its users are not on the list; ``partial``
                has what was settled before it.

        Source: chat_groups.blocklist.remove_many, chat_rooms.blocklist.remove_many
        """
        path = "/blocks/users/{*usernames}"
        operation = self._place.operation("blocklist.remove_many", "DELETE", path, "once")
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
