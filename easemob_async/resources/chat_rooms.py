"""Chat rooms: making, finding, changing and deleting them, and the app's super admins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from easemob_async import api_limits, checks
from easemob_async.models.chat_rooms import ChatRoom, CreatedRoom, JoinedRoom, RoomSummary
from easemob_async.models.pages import Page, Paginator, by_cursor, by_number
from easemob_async.operation import Operation
from easemob_async.quotas import SECOND, Limit
from easemob_async.resources.announcement import Announcement
from easemob_async.resources.members import Admins, Members
from easemob_async.resources.moderation import Allowlist, Blocklist, Mutes
from easemob_async.resources.places import ROOMS, confirm_settings
from easemob_async.resources.room_attributes import RoomAttributes, Tags
from easemob_async.transport.transport import Transport
from easemob_async.wire.fields import Id

_50: Final = (Limit(50, per=SECOND),)
_CREATE: Final = Operation("chat_rooms.create", "POST", "/chatrooms", "once", _50)
_LIST: Final = Operation("chat_rooms.list", "GET", "/chatrooms", "safe", _50)
_LIST_JOINED: Final = Operation(
    "chat_rooms.list_joined", "GET", "/users/{username}/joined_chatrooms", "safe", _50
)
_GET: Final = ROOMS.operation("get", "GET", "", "safe", True)
_UPDATE: Final = ROOMS.operation("update", "PUT", "", "safe")
_TRANSFER_OWNER: Final = ROOMS.operation("transfer_owner", "PUT", "", "once")
_DELETE: Final = ROOMS.operation("delete", "DELETE", "", "safe")
_SUPER: Final = "/chatrooms/super_admin"
_ADD_SUPER: Final = Operation("chat_rooms.super_admins.add", "POST", _SUPER, "safe")
_LIST_SUPER: Final = Operation("chat_rooms.super_admins.list", "GET", _SUPER, "safe")
_REMOVE_SUPER: Final = Operation(
    "chat_rooms.super_admins.remove", "DELETE", _SUPER + "/{username}", "safe"
)


class ChatRooms:
    """The chat rooms of the app."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.members = Members(transport, ROOMS)
        """Who is in a room."""
        self.admins = Admins(transport, ROOMS)
        """Who helps the owner."""
        self.super_admins = SuperAdmins(transport)
        """Who may make rooms from an app."""
        self.mutes = Mutes(transport, ROOMS)
        """Who may not send."""
        self.tags = Tags(transport)
        """Tags of members, and mutes by tag."""
        self.allowlist = Allowlist(transport, ROOMS)
        """Who may always send."""
        self.blocklist = Blocklist(transport, ROOMS)
        """Who may not come back."""
        self.announcement = Announcement(transport, ROOMS)
        """What every member is shown."""
        self.attributes = RoomAttributes(transport)
        """What the app keeps about a room."""

    async def create(
        self,
        name: str,
        *,
        owner: str,
        description: str,
        max_users: int | None = None,
        members: Iterable[str] | None = None,
        custom: str | None = None,
        room_id: str | None = None,
    ) -> CreatedRoom:
        """Make a room. 50 calls a second by default.

        Args:
            name: at most 128 characters.
            owner: who owns it.
            description: at most 512 characters.
            max_users: the most members, owner included; 1 000 when it is not given.
            members: the first members, without the owner.
            custom: the app's own extension info, at most 8 KB.
            room_id: an id of your own, at most 64 of a-z and 0-9, where the service allows it.

        Raises:
            InvalidArgumentError: an argument breaks a limit above.
            NotFoundError: the owner or a member is not a user.
            PermissionDeniedError: too many rooms or members.

        Source: chat_rooms.create
        """
        operation = _CREATE.id
        body = _settings(operation, name, description, max_users)
        body["owner"] = checks.reference(operation, "owner", owner)
        if members is not None:
            body["members"] = checks.references(operation, "members", members)
        if custom is not None:
            most = api_limits.GROUP_CUSTOM_BYTES
            body["custom"] = checks.text(operation, "custom", custom, most_bytes=most)
        if room_id is not None:
            if not (isinstance(room_id, str) and api_limits.GROUP_ID.fullmatch(room_id)):
                raise checks.fail(operation, f"room_id {room_id!r} must be 1 to 64 of a-z and 0-9")
            body["roomid"] = room_id
        answer = await self._transport.call(_CREATE, json=body, about=name)
        return answer.read(CreatedRoom, "data")

    def list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Paginator[RoomSummary]:
        """List the app's rooms. 50 calls a second by default.

        Args:
            limit: rooms a page, 1 to 1 000; 1 000 when it is not given.
            cursor: where to start, from an earlier page.

        Source: chat_rooms.list
        """
        size = checks.page_size(_LIST.id, limit, api_limits.GROUPS_PER_PAGE)

        async def fetch(position: str | None) -> Page[RoomSummary]:
            answer = await self._transport.call(_LIST, query={"limit": size, "cursor": position})
            rooms: Sequence[RoomSummary] = answer.objects(RoomSummary, "data")
            return Page(rooms, answer.optional(str, "cursor"))

        return by_cursor(fetch, cursor)

    def list_joined(self, username: str, *, limit: int | None = None) -> Paginator[JoinedRoom]:
        """List the rooms that a user has joined. 50 calls a second by default.

        Args:
            username: the user.
            limit: rooms a page, 1 to 1 000; 1 000 when it is not given.

        Source: chat_rooms.list_joined
        """
        size = checks.page_size(_LIST_JOINED.id, limit, api_limits.GROUPS_PER_PAGE)

        async def fetch(number: int) -> tuple[Page[JoinedRoom], bool]:
            query = {"pagenum": number, "pagesize": size}
            answer = await self._transport.call(_LIST_JOINED, username, query=query)
            rooms: Sequence[JoinedRoom] = answer.objects(JoinedRoom, "data")
            return Page(rooms), max(len(rooms), answer.count("data")) >= size

        return by_number(fetch)

    async def get(self, room_id: str) -> ChatRoom:
        """Get all about a room.

        Raises:
            NotFoundError: no such room.

        Source: chat_rooms.get
        """
        answer = await self._transport.call(_GET, room_id)
        return answer.first(ChatRoom, "data")

    async def update(
        self,
        room_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        max_users: int | None = None,
    ) -> None:
        """Change settings of a room; what is not given stays.

        Args:
            room_id: the room.
            name: at most 128 characters.
            description: at most 512 characters.
            max_users: the most members, owner included; 10 000 by default at most.

        Raises:
            InvalidArgumentError: nothing to change, or an argument breaks a limit above.
            APIError: the service says inside a success which settings it did not change.
            NotFoundError: no such room.

        Source: chat_rooms.update
        """
        body = _settings(_UPDATE.id, name, description, max_users)
        if not body:
            raise checks.fail(_UPDATE.id, "nothing to change; give at least one setting")
        answer = await self._transport.call(_UPDATE, room_id, json=body)
        confirm_settings(answer, body, {"name": "groupname"})

    async def transfer_owner(self, room_id: str, username: str) -> None:
        """Make another member the owner.

        Raises:
            PermissionDeniedError: the owner already.
            NotFoundError: no such room or user.

        Source: chat_rooms.transfer_owner
        """
        new = checks.reference(_TRANSFER_OWNER.id, "username", username)
        body = {"newowner": new}
        answer = await self._transport.call(_TRANSFER_OWNER, room_id, json=body, about=new)
        answer.confirm("data", "newowner", named=new)

    async def delete(self, room_id: str) -> None:
        """Delete a room, for good; its messages stay.

        Raises:
            APIError: the service does not say that it did.
            NotFoundError: no such room.

        Source: chat_rooms.delete
        """
        answer = await self._transport.call(_DELETE, room_id)
        answer.confirm("data", "success")


class SuperAdmins:
    """Users who may make rooms from an app."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, limit: int | None = None) -> Paginator[str]:
        """List the usernames of the app's super admins.

        Args:
            limit: users a page, 1 to 1 000; 1 000 when it is not given.

        Source: chat_rooms.super_admins.list
        """
        size = checks.page_size(_LIST_SUPER.id, limit, api_limits.MEMBERS_PER_PAGE)

        async def fetch(number: int) -> tuple[Page[str], bool]:
            query = {"pagenum": number, "pagesize": size}
            answer = await self._transport.call(_LIST_SUPER, query=query)
            names: Sequence[str] = answer.read(tuple[Id, ...], "data")
            return Page(names), answer.count("data") >= size

        return by_number(fetch)

    async def add(self, username: str) -> None:
        """Make a user a super admin.

        Raises:
            NotFoundError: no such user.

        Source: chat_rooms.super_admins.add
        """
        name = checks.reference(_ADD_SUPER.id, "username", username)
        answer = await self._transport.call(_ADD_SUPER, json={"superadmin": name}, about=name)
        answer.confirm("data", "result")

    async def remove(self, username: str) -> None:
        """Make a super admin a regular user again.

        Raises:
            NotFoundError: no such user.

        Source: chat_rooms.super_admins.remove
        """
        await self._transport.call(_REMOVE_SUPER, username)


def _settings(
    operation: str, name: str | None, description: str | None, max_users: int | None
) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if name is not None:
        body["name"] = checks.text(operation, "name", name, most=api_limits.GROUP_NAME_LENGTH)
    if description is not None:
        most = api_limits.GROUP_DESCRIPTION_LENGTH
        body["description"] = checks.text(operation, "description", description, most=most)
    if max_users is not None:
        body["maxusers"] = checks.number(operation, "max_users", max_users, least=1)
    return body
