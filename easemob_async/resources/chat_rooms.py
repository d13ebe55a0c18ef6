"""Chat rooms: creating, listing, changing and deleting them, and the app's super admins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from easemob_async import api_limits, checks
from easemob_async.models.chat_rooms import (
    AutoDelete,
    ChatRoom,
    CreatedRoom,
    JoinedRoom,
    RoomSummary,
)
from easemob_async.models.pages import Page, Paginator, by_cursor, by_number
from easemob_async.models.places import GroupMember
from easemob_async.operation import PER_SECOND_50, Operation
from easemob_async.outcomes import BatchResult
from easemob_async.quotas import SECOND
from easemob_async.resources.batches import settled
from easemob_async.resources.places import (
    ROOMS,
    Admins,
    Allowlist,
    Announcement,
    Blocklist,
    Mutes,
    add_member,
    add_members,
    confirm_settings,
    get_places,
    length_of_time,
    list_members,
    remove_member,
    remove_members,
)
from easemob_async.transport.transport import Transport
from easemob_async.wire.fields import Id

_CREATE: Final = Operation("chat_rooms.create", "POST", "/chatrooms", "once", PER_SECOND_50)
_LIST: Final = Operation("chat_rooms.list", "GET", "/chatrooms", "safe", PER_SECOND_50)
_LIST_JOINED: Final = Operation(
    "chat_rooms.list_joined", "GET", "/users/{username}/joined_chatrooms", "safe", PER_SECOND_50
)
_GET: Final = Operation("chat_rooms.get", "GET", "/chatrooms/{room_id}", "safe", one_of_many=True)
_GET_MANY: Final = Operation("chat_rooms.get", "GET", "/chatrooms/{*room_ids}", "safe")
_UPDATE: Final = Operation("chat_rooms.update", "PUT", "/chatrooms/{room_id}", "safe")
_TRANSFER_OWNER: Final = Operation(
    "chat_rooms.transfer_owner", "PUT", "/chatrooms/{room_id}", "once"
)
_DELETE: Final = Operation("chat_rooms.delete", "DELETE", "/chatrooms/{room_id}", "safe")
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
        self.members = RoomMembers(transport)
        """Members of a room."""
        self.admins = Admins(transport, ROOMS)
        """Admins of a room."""
        self.super_admins = SuperAdmins(transport)
        """Users who may create rooms from a client app."""
        self.mutes = Mutes(transport, ROOMS)
        """Members who may not send messages."""
        self.tags = Tags(transport)
        """Tags of members, and mutes by tag."""
        self.allowlist = Allowlist(transport, ROOMS)
        """Members who may send messages while all members are muted."""
        self.blocklist = Blocklist(transport, ROOMS)
        """Users who were removed and may not join again."""
        self.announcement = Announcement(transport, ROOMS)
        """The announcement of a room."""
        self.attributes = RoomAttributes(transport)
        """The app's own attributes of a room."""

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
        """Create a room. 50 calls a second by default.

        Args:
            name: the name, at most 128 characters.
            owner: the username of the owner.
            description: the description, at most 512 characters.
            max_users: the maximum number of members, owner included; 1 000 by default.
            members: the first members, without the owner.
            custom: the app's own extension text, at most 8 KB.
            room_id: your own id for the room, 1 to 64 of a-z and 0-9; the service must have
                enabled this for the app.

        Raises:
            InvalidArgumentError: an argument breaks a limit above.
            NotFoundError: the owner or a member is not a user.
            PermissionDeniedError: there are too many rooms or members.

        Source: chat_rooms.create (chatroom_create.md)
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
            limit: rooms per page, 1 to 1 000; 1 000 by default.
            cursor: the position to start from: the cursor of an earlier page.

        Source: chat_rooms.list (chatroom_obtain_total.md)
        """
        size = checks.page_size(_LIST.id, limit, api_limits.GROUPS_PER_PAGE)

        async def fetch(position: str | None) -> Page[RoomSummary]:
            answer = await self._transport.call(_LIST, query={"limit": size, "cursor": position})
            rooms: Sequence[RoomSummary] = answer.rows(RoomSummary, "data", bare=True)
            return Page(rooms, answer.optional(str, "cursor"))

        return by_cursor(fetch, checks.cursor(_LIST.id, cursor))

    def list_joined(self, username: str, *, limit: int | None = None) -> Paginator[JoinedRoom]:
        """List the rooms that a user has joined. 50 calls a second by default.

        Args:
            username: the user.
            limit: rooms per page, 1 to 1 000; 1 000 by default.

        Source: chat_rooms.list_joined (chatroom_obtain_joined.md)
        """
        size = checks.page_size(_LIST_JOINED.id, limit, api_limits.GROUPS_PER_PAGE)

        async def fetch(number: int) -> tuple[Page[JoinedRoom], bool]:
            query = {"pagenum": number, "pagesize": size}
            answer = await self._transport.call(_LIST_JOINED, username, query=query)
            rooms: Sequence[JoinedRoom] = answer.rows(JoinedRoom, "data", bare=True)
            return Page(rooms), max(len(rooms), answer.count("data")) >= size

        return by_number(fetch)

    async def get(self, room_id: str) -> ChatRoom:
        """Return the details of a room.

        Raises:
            NotFoundError: the room does not exist.

        Source: chat_rooms.get (chatroom_obtain_detail.md)
        """
        answer = await self._transport.call(_GET, room_id)
        return answer.first(ChatRoom, "data")

    async def get_many(self, room_ids: Iterable[str]) -> BatchResult[ChatRoom]:
        """Return the details of any number of rooms, 100 per call, with a URL of at most 4 KB.

        Args:
            room_ids: the ids of the rooms.

        Returns:
            An outcome for each room: its details as ``value``, or the reason that it does not
            exist.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: chat_rooms.get (chatroom_obtain_detail.md)
        """
        return await get_places(self._transport, _GET_MANY, room_ids, ChatRoom)

    async def update(
        self,
        room_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        max_users: int | None = None,
    ) -> None:
        """Change settings of a room; settings that are not given stay unchanged.

        Args:
            room_id: the room.
            name: the name, at most 128 characters.
            description: the description, at most 512 characters.
            max_users: the maximum number of members, owner included; the service allows at most
                10 000 by default.

        Raises:
            InvalidArgumentError: no setting is given, or an argument breaks a limit above.
            APIError: the status code is 200, but the answer reports settings that were not changed.
            NotFoundError: the room does not exist.

        Source: chat_rooms.update (chatroom_modify.md)
        """
        body = _settings(_UPDATE.id, name, description, max_users)
        if not body:
            raise checks.fail(_UPDATE.id, "nothing to change; pass at least one setting")
        answer = await self._transport.call(_UPDATE, room_id, json=body)
        confirm_settings(answer, body, {"name": "groupname"})

    async def transfer_owner(self, room_id: str, username: str) -> None:
        """Make another member the owner of a room.

        Raises:
            PermissionDeniedError: the user is already the owner.
            NotFoundError: the room or the user does not exist.

        Source: chat_rooms.transfer_owner (chatroom_owner_transfer.md)
        """
        new = checks.reference(_TRANSFER_OWNER.id, "username", username)
        body = {"newowner": new}
        answer = await self._transport.call(_TRANSFER_OWNER, room_id, json=body, about=new)
        answer.confirm("data", "newowner", named=new)

    async def delete(self, room_id: str) -> None:
        """Delete a room permanently; its messages are kept.

        Raises:
            APIError: the answer does not confirm the deletion.
            NotFoundError: the room does not exist.

        Source: chat_rooms.delete (chatroom_delete.md)
        """
        answer = await self._transport.call(_DELETE, room_id)
        answer.confirm("data", "success")


class RoomMembers:
    """The members of a chat room."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, room_id: str, *, limit: int | None = None) -> Paginator[GroupMember]:
        """List a room's members, the owner included; admins are listed as members.

        Args:
            room_id: the room.
            limit: members per page, 1 to 1 000; 1 000 by default.

        Raises:
            NotFoundError: the room does not exist.

        Source: chat_rooms.members.list (chatroom_member_list_obtain.md)
        """
        return list_members(self._transport, ROOMS, room_id, limit)

    async def add(self, room_id: str, username: str) -> None:
        """Add a user to a room; adding a user who is already a member changes nothing.

        Raises:
            PermissionDeniedError: the user is in too many rooms.
            NotFoundError: the room or the user does not exist.

        Source: chat_rooms.members.add (chatroom_member_add_single.md)
        """
        await add_member(self._transport, ROOMS, room_id, username)

    async def add_many(self, room_id: str, usernames: Iterable[str]) -> BatchResult[None]:
        """Add any number of users to a room, 60 per call.

        Returns:
            An outcome for each user; a user who was a member before counts as added.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: chat_rooms.members.add_many (chatroom_member_add_batch.md)
        """
        return await add_members(self._transport, ROOMS, room_id, usernames)

    async def remove(self, room_id: str, username: str) -> None:
        """Remove a member from a room.

        Raises:
            APIError: the user is not a member (``forbidden_op``, with status code 400 or 403).
            NotFoundError: the room or the user does not exist.

        Source: chat_rooms.members.remove (chatroom_member_remove_single.md)
        """
        await remove_member(self._transport, ROOMS, room_id, username)

    async def remove_many(self, room_id: str, usernames: Iterable[str]) -> BatchResult[None]:
        """Remove any number of members from a room, 60 per call, with a URL of at most 4 KB.

        Returns:
            An outcome for each user, with the service's reason if the user was not removed.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: chat_rooms.members.remove_many (chatroom_member_remove_batch.md)
        """
        return await remove_members(self._transport, ROOMS, room_id, usernames)


class SuperAdmins:
    """The app's super admins: users who may create rooms from a client app."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, limit: int | None = None) -> Paginator[str]:
        """List the usernames of the app's super admins.

        Args:
            limit: users per page, 1 to 1 000; 1 000 by default.

        Source: chat_rooms.super_admins.list (chatroom_superadmin_list_obtain.md)
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
            NotFoundError: the user does not exist.

        Source: chat_rooms.super_admins.add (chatroom_superadmin_add.md)
        """
        name = checks.reference(_ADD_SUPER.id, "username", username)
        answer = await self._transport.call(_ADD_SUPER, json={"superadmin": name}, about=name)
        answer.confirm("data", "result")

    async def remove(self, username: str) -> None:
        """Make a super admin a regular user again.

        Raises:
            NotFoundError: the user does not exist.

        Source: chat_rooms.super_admins.remove (chatroom_superadmin_delete.md)
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


_ATTRIBUTES: Final = "/metadata/chatroom/{room_id}"
_SET_ATTRIBUTES: Final = Operation(
    "chat_rooms.attributes.set", "PUT", _ATTRIBUTES + "/user/{username}", "safe"
)
_SET_ATTRIBUTES_FORCED: Final = Operation(
    "chat_rooms.attributes.set_forced", "PUT", _ATTRIBUTES + "/user/{username}/forced", "safe"
)
_GET_ATTRIBUTES: Final = Operation("chat_rooms.attributes.get", "POST", _ATTRIBUTES, "safe")
# On a retry, a key that was deleted already would be reported as refused.
_DELETE_ATTRIBUTES: Final = Operation(
    "chat_rooms.attributes.delete", "DELETE", _ATTRIBUTES + "/user/{username}", "once"
)
_DELETE_ATTRIBUTES_FORCED: Final = Operation(
    "chat_rooms.attributes.delete_forced", "DELETE", _ATTRIBUTES + "/user/{username}/forced", "once"
)
_MUTE_TAG: Final = Operation("chat_rooms.tags.mute", "PUT", "/chatrooms/{room_id}/tag/mute", "safe")
_SET_TAGS: Final = Operation(
    "chat_rooms.tags.set", "PUT", "/chatrooms/{room_id}/users/{username}/tag", "safe"
)
_GET_TAGS: Final = Operation(
    "chat_rooms.tags.get", "GET", "/chatrooms/{room_id}/users/{username}/tag", "safe"
)


class RoomAttributes:
    """The app's own attributes of a room, at most 100; each attribute belongs to a member.

    Common arguments:
        username: the member to whom the attributes belong.
        attributes: the values by name, at most 10 per call; a name has 1 to 128 of a-z, A-Z, 0-9,
            ``_``, ``-``, ``.``, a value at most 4 096 characters.
        auto_delete: whether the attributes are deleted when that member leaves; they are by
            default.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def set(
        self,
        room_id: str,
        username: str,
        attributes: Mapping[str, str],
        *,
        auto_delete: AutoDelete | str | None = None,
    ) -> BatchResult[None]:
        """Set at most 10 attributes for a member; attributes of other members are not replaced.

        Returns:
            An outcome for each attribute, by its name.

        Raises:
            BadRequestError: an attribute belongs to another member.
            PermissionDeniedError: the user is not a member.

        Source: chat_rooms.attributes.set (chatroom_custom_attribute_set.md)
        """
        return await self._set(_SET_ATTRIBUTES, room_id, username, attributes, auto_delete)

    async def set_forced(
        self,
        room_id: str,
        username: str,
        attributes: Mapping[str, str],
        *,
        auto_delete: AutoDelete | str | None = None,
    ) -> BatchResult[None]:
        """Set at most 10 attributes for a member, and replace those of other members.

        Returns:
            An outcome for each attribute, by its name.

        Raises:
            PermissionDeniedError: the user is not a member.

        Source: chat_rooms.attributes.set_forced (chatroom_custom_attribute_set_force.md)
        """
        return await self._set(_SET_ATTRIBUTES_FORCED, room_id, username, attributes, auto_delete)

    async def get(self, room_id: str, keys: Iterable[str] | None = None) -> dict[str, str]:
        """Return attributes of a room; without keys, all of them.

        Raises:
            NotFoundError: the room does not exist.

        Source: chat_rooms.attributes.get (chatroom_custom_attribute_get.md)
        """
        body = (
            None if keys is None else {"keys": checks.references(_GET_ATTRIBUTES.id, "keys", keys)}
        )
        answer = await self._transport.call(_GET_ATTRIBUTES, room_id, json=body)
        return answer.read(dict[str, str], "data")

    async def delete(self, room_id: str, username: str, keys: Iterable[str]) -> BatchResult[None]:
        """Delete at most 10 attributes that belong to a member.

        Returns:
            An outcome for each attribute, by its name.

        Raises:
            PermissionDeniedError: the user is not a member.

        Source: chat_rooms.attributes.delete (chatroom_custom_attribute_delete.md)
        """
        return await self._delete(_DELETE_ATTRIBUTES, room_id, username, keys)

    async def delete_forced(
        self, room_id: str, username: str, keys: Iterable[str]
    ) -> BatchResult[None]:
        """Delete at most 10 attributes, including those that belong to other members.

        Returns:
            An outcome for each attribute, by its name.

        Source: chat_rooms.attributes.delete_forced (chatroom_custom_attribute_delete_force.md)
        """
        return await self._delete(_DELETE_ATTRIBUTES_FORCED, room_id, username, keys)

    async def _set(
        self,
        operation: Operation,
        room_id: str,
        username: str,
        attributes: Mapping[str, str],
        auto_delete: str | None,
    ) -> BatchResult[None]:
        checks.mapping(operation.id, "attributes", attributes)
        keys = _attribute_names(operation.id, attributes)
        for key in keys:
            most = api_limits.ROOM_ATTRIBUTE_VALUE
            checks.text(operation.id, f"the value of {key!r}", attributes[key], most=most)
        body: dict[str, Any] = {"metaData": dict(attributes)}
        if auto_delete is not None:
            body["autoDelete"] = checks.member(operation.id, "auto_delete", AutoDelete, auto_delete)
        return await self._call(operation, room_id, username, body, keys)

    async def _delete(
        self, operation: Operation, room_id: str, username: str, keys: Iterable[str]
    ) -> BatchResult[None]:
        names = _attribute_names(operation.id, keys)
        return await self._call(operation, room_id, username, {"keys": names}, names)

    async def _call(
        self,
        operation: Operation,
        room_id: str,
        username: str,
        body: Mapping[str, Any],
        keys: Sequence[str],
    ) -> BatchResult[None]:
        answer = await self._transport.call(operation, room_id, username, json=body)
        done = answer.optional(tuple[str, ...], "data", "successKeys") or ()
        refused = answer.optional(dict[str, str], "data", "errorKeys")
        return BatchResult(tuple(settled(answer, keys, done, refused)))


class Tags:
    """The tags of a room's members; a member who leaves loses them.

    The service must have enabled tags for the app.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def mute(self, room_id: str, tag: str, *, duration: timedelta) -> None:
        """Mute the members who have a tag.

        Args:
            room_id: the room.
            tag: the tag, at most 32 characters.
            duration: the length of the mute, rounded up to seconds, or `FOREVER`.

        Raises:
            NotFoundError: the room or the tag does not exist.
            PermissionDeniedError: tags are not enabled for the app.

        Source: chat_rooms.tags.mute (chatroom_user_tag_mute.md)
        """
        name = _tag(_MUTE_TAG.id, tag)
        length = length_of_time(_MUTE_TAG.id, duration, SECOND, instead="mutes.remove_many")
        body = {"tag": name, "mute_duration": length}
        answer = await self._transport.call(_MUTE_TAG, room_id, json=body, about=name)
        answer.confirm("data", "result")

    async def set(self, room_id: str, username: str, tags: Iterable[str]) -> None:
        """Replace all tags of a member: 0 to 10 tags, each of at most 32 characters.

        Raises:
            APIError: the user is not a member (``forbidden_op``), or tags are not enabled for the
                app.

        Source: chat_rooms.tags.set (chatroom_user_tag_set.md)
        """
        most = api_limits.TAGS_PER_MEMBER
        names = checks.references(_SET_TAGS.id, "tags", tags, most=most, least=0)
        body = {"tags": [_tag(_SET_TAGS.id, name) for name in names]}
        answer = await self._transport.call(_SET_TAGS, room_id, username, json=body)
        answer.confirm("data", "result")

    async def get(self, room_id: str, username: str) -> dict[str, datetime | None]:
        """Return the tags of a member, each with the end of its mute; ``None`` means no end.

        Source: chat_rooms.tags.get (chatroom_user_tag_get.md)
        """
        answer = await self._transport.call(_GET_TAGS, room_id, username)
        raw = answer.read(dict[str, str], "data")
        ends = {tag: end for tag, end in raw.items() if end != "-1"}
        known: dict[str, datetime] = answer.decode(dict[str, datetime], ends, "data")
        return {tag: known.get(tag) for tag in raw}


def _tag(operation: str, tag: str) -> str:
    return checks.text(operation, "tag", tag, least=1, most=api_limits.TAG_LENGTH)


def _attribute_names(operation: str, keys: Iterable[str]) -> list[str]:
    most = api_limits.ROOM_ATTRIBUTES_PER_CALL
    names = checks.references(operation, "keys", keys, most=most)
    for name in names:
        if not api_limits.ROOM_ATTRIBUTE_NAME.fullmatch(name):
            raise checks.fail(
                operation, f"{name!r:.80} must be 1 to 128 of a-z, A-Z, 0-9, '_', '-' and '.'"
            )
    return names
