"""Chat groups: creating, listing, changing, banning and deleting them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from easemob_async import api_limits, checks
from easemob_async.errors import InvalidArgumentError
from easemob_async.models.chat_groups import (
    ChatGroup,
    CreatedGroup,
    GroupFile,
    GroupSummary,
    JoinedGroup,
    JoinedGroupsPage,
    LegacyJoinedGroup,
)
from easemob_async.models.pages import Page, Paginator, by_cursor, by_number
from easemob_async.models.places import GroupMember
from easemob_async.operation import PER_SECOND_50, Operation
from easemob_async.outcomes import BatchOutcome, BatchResult
from easemob_async.resources.batches import described, in_parts, settled
from easemob_async.resources.places import (
    GROUPS,
    Admins,
    Allowlist,
    Announcement,
    Blocklist,
    Mutes,
    add_member,
    add_members,
    confirm_settings,
    get_places,
    list_members,
    remove_member,
    remove_members,
)
from easemob_async.transport.call import make_call
from easemob_async.transport.downloads import Download
from easemob_async.transport.transport import Transport
from easemob_async.transport.uploads import Content, Upload
from easemob_async.wire.fields import Id

_CREATE: Final = Operation("chat_groups.create", "POST", "/chatgroups", "once")
_LIST: Final = Operation("chat_groups.list", "GET", "/chatgroups", "safe")
_LIST_JOINED: Final = Operation(
    "chat_groups.list_joined",
    "GET",
    "/chatgroups/user/{username}",
    "safe",
    PER_SECOND_50,
)
_LIST_JOINED_LEGACY: Final = Operation(
    "chat_groups.list_joined_legacy",
    "GET",
    "/users/{username}/joined_chatgroups",
    "safe",
    PER_SECOND_50,
)
_GET: Final = Operation(
    "chat_groups.get", "GET", "/chatgroups/{group_id}", "safe", one_of_many=True
)
_GET_MANY: Final = Operation("chat_groups.get", "GET", "/chatgroups/{*group_ids}", "safe")
_UPDATE: Final = Operation("chat_groups.update", "PUT", "/chatgroups/{group_id}", "safe")
_TRANSFER_OWNER: Final = Operation(
    "chat_groups.transfer_owner", "PUT", "/chatgroups/{group_id}", "once"
)
_DELETE: Final = Operation("chat_groups.delete", "DELETE", "/chatgroups/{group_id}", "safe")
_BAN: Final = Operation("chat_groups.ban", "POST", "/chatgroups/{group_id}/disable", "safe")
_UNBAN: Final = Operation("chat_groups.unban", "POST", "/chatgroups/{group_id}/enable", "safe")


class ChatGroups:
    """The chat groups of the app."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.members = GroupMembers(transport)
        """Members of a group."""
        self.admins = Admins(transport, GROUPS)
        """Admins of a group."""
        self.mutes = Mutes(transport, GROUPS)
        """Members who may not send messages."""
        self.allowlist = Allowlist(transport, GROUPS)
        """Members who may send messages while all members are muted."""
        self.blocklist = Blocklist(transport, GROUPS)
        """Users who were removed and may not join again."""
        self.announcement = Announcement(transport, GROUPS)
        """The announcement of a group."""
        self.files = GroupFiles(transport)
        """Files that members share."""
        self.member_attributes = MemberAttributes(transport)
        """The app's own attributes of each member."""

    async def create(
        self,
        name: str | None = None,
        *,
        owner: str,
        members: Iterable[str] | None = None,
        description: str | None = None,
        public: bool | None = None,
        max_users: int | None = None,
        allow_invites: bool | None = None,
        members_only: bool | None = None,
        invite_need_confirm: bool | None = None,
        avatar: str | None = None,
        custom: str | None = None,
        group_id: str | None = None,
    ) -> CreatedGroup:
        """Create a group.

        Args:
            name: the name, at most 128 characters.
            owner: the username of the owner.
            members: the first members, without the owner.
            description: the description, at most 512 characters.
            public: whether users can find the group by searching and apply to join. The service
                requires this field: ``False`` is sent by default.
            max_users: the maximum number of members, owner included; 200 by default.
            allow_invites: whether regular members may invite users; for private groups only.
            members_only: whether a request to join needs approval; for public groups only.
            invite_need_confirm: whether an invited user must accept first; true by default.
            avatar: the URL of the group's avatar, at most 1 024 characters.
            custom: the app's own extension text, at most 8 KB.
            group_id: your own id for the group, 1 to 64 of a-z and 0-9; the service must have
                enabled this for the app.

        Raises:
            InvalidArgumentError: an argument breaks a limit above.
            NotFoundError: the owner or a member is not a user.
            PermissionDeniedError: there are too many groups or members, or the name breaks the
                content rules.

        Source: chat_groups.create (group_create.md)
        """
        operation = "chat_groups.create"
        if group_id is not None and not (
            isinstance(group_id, str) and api_limits.GROUP_ID.fullmatch(group_id)
        ):
            raise checks.fail(operation, f"group_id {group_id!r} must be 1 to 64 of a-z and 0-9")
        first = None
        if members is not None:
            first = checks.references(operation, "members", members, least=0)
        body = _settings(
            operation,
            name=name,
            description=description,
            public=checks.flag(operation, "public", public) or False,
            max_users=max_users,
            allow_invites=allow_invites,
            members_only=members_only,
            invite_need_confirm=invite_need_confirm,
            avatar=avatar,
            custom=custom,
        )
        body["owner"] = checks.reference(operation, "owner", owner)
        if first is not None:
            body["members"] = first
        if group_id is not None:
            body["groupid"] = group_id
        answer = await self._transport.call(_CREATE, json=body, about=name)
        # The API of 2014 answers {"groupid": "..."} and nothing else.
        at = ("data",) if answer.get("data", "groupid") is not None else ()
        return answer.read(CreatedGroup, *at)

    def list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Paginator[GroupSummary]:
        """List the app's groups, the newest first.

        Args:
            limit: groups per page, 1 to 1 000; 1 000 by default.
            cursor: the position to start from: the cursor of an earlier page.

        Source: chat_groups.list (group_obtain_total.md)
        """
        size = checks.page_size("chat_groups.list", limit, api_limits.GROUPS_PER_PAGE)

        async def fetch(position: str | None) -> Page[GroupSummary]:
            query = {"limit": size, "cursor": position}
            answer = await self._transport.call(_LIST, query=query)
            groups = answer.read(tuple[GroupSummary, ...], "data")
            return Page(groups, answer.optional(str, "cursor"))

        return by_cursor(fetch, checks.cursor(_LIST.id, cursor))

    def list_joined(self, username: str, *, limit: int | None = None) -> Paginator[JoinedGroup]:
        """List the groups that a user has joined; the pages have a ``total``.

        Args:
            username: the user.
            limit: groups per page, 1 to 20; 20 by default.

        Source: chat_groups.list_joined (group_obtain_joined.md)
        """
        size = checks.page_size("chat_groups.list_joined", limit, api_limits.JOINED_GROUPS_PER_PAGE)

        async def fetch(number: int) -> tuple[JoinedGroupsPage, bool]:
            query = {"pagesize": size, "pagenum": number}
            answer = await self._transport.call(_LIST_JOINED, username, query=query)
            groups = answer.read(tuple[JoinedGroup, ...], "entities")
            total = answer.optional(int, "total")
            # The answer has no cursor: the total, or without a total a short page, marks the end.
            listed = answer.count("entities")
            more = number * size + listed < total if total is not None else listed >= size
            return JoinedGroupsPage(groups, total=total), more

        return by_number(fetch, first=0)

    def list_joined_legacy(
        self, username: str, *, limit: int | None = None
    ) -> Paginator[LegacyJoinedGroup]:
        """List the groups that a user has joined (an older operation; see `list_joined`).

        Args:
            username: the user.
            limit: groups per page, 1 to 100; 100 by default.

        Source: chat_groups.list_joined_legacy (group.md (2023))
        """
        operation = _LIST_JOINED_LEGACY.id
        size = checks.page_size(operation, limit, api_limits.LEGACY_GROUPS_PER_PAGE)

        async def fetch(number: int) -> tuple[Page[LegacyJoinedGroup], bool]:
            query = {"pagesize": size, "pagenum": number}
            answer = await self._transport.call(_LIST_JOINED_LEGACY, username, query=query)
            # The answer has neither a total nor a cursor: an empty page is the last.
            return Page(answer.rows(LegacyJoinedGroup, "data")), True

        return by_number(fetch)

    async def get(self, group_id: str) -> ChatGroup:
        """Return the details of a group.

        Raises:
            NotFoundError: the group does not exist.

        Source: chat_groups.get (group_obtain_detail.md)
        """
        answer = await self._transport.call(_GET, group_id)
        return answer.first(ChatGroup, "data")

    async def get_many(self, group_ids: Iterable[str]) -> BatchResult[ChatGroup]:
        """Return the details of any number of groups, 100 per call, with a URL of at most 4 KB.

        Args:
            group_ids: the ids of the groups.

        Returns:
            An outcome for each group: its details as ``value``, or the reason that it does not
            exist.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: chat_groups.get (group_obtain_detail.md)
        """
        return await get_places(self._transport, _GET_MANY, group_ids, ChatGroup)

    async def update(
        self,
        group_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
        max_users: int | None = None,
        allow_invites: bool | None = None,
        members_only: bool | None = None,
        invite_need_confirm: bool | None = None,
        avatar: str | None = None,
        custom: str | None = None,
    ) -> None:
        """Change settings of a group; settings that are not given stay unchanged.

        Args:
            group_id: the group.
            name: the name, at most 128 characters.
            description: the description, at most 512 characters.
            public: whether users can find the group by searching and apply to join.
            max_users: the maximum number of members, owner included.
            allow_invites: whether regular members may invite users.
            members_only: whether a request to join needs approval.
            invite_need_confirm: whether an invited user must accept first.
            avatar: the URL of the group's avatar, at most 1 024 characters.
            custom: the app's own extension text, at most 8 KB.

        Raises:
            InvalidArgumentError: no setting is given, or an argument breaks a limit above.
            APIError: the status code is 200, but the answer reports settings that were not changed.
            NotFoundError: the group does not exist.

        Source: chat_groups.update (group_modify.md)
        """
        body = _settings(
            "chat_groups.update",
            name=name,
            description=description,
            public=public,
            max_users=max_users,
            allow_invites=allow_invites,
            members_only=members_only,
            invite_need_confirm=invite_need_confirm,
            avatar=avatar,
            custom=custom,
        )
        if not body:
            raise InvalidArgumentError(
                "chat_groups.update: nothing to change; pass at least one setting",
                operation="chat_groups.update",
            )
        answer = await self._transport.call(_UPDATE, group_id, json=body)
        confirm_settings(answer, body)

    async def transfer_owner(self, group_id: str, username: str) -> None:
        """Make another member the owner of a group.

        Raises:
            PermissionDeniedError: the user is not a member, or is already the owner.
            NotFoundError: the group does not exist.

        Source: chat_groups.transfer_owner (group_owner_transfer.md)
        """
        new = checks.reference("chat_groups.transfer_owner", "username", username)
        answer = await self._transport.call(
            _TRANSFER_OWNER, group_id, json={"newowner": new}, about=new
        )
        answer.confirm("data", "newowner", named=new)

    async def delete(self, group_id: str) -> None:
        """Delete a group and its threads permanently.

        Raises:
            APIError: the answer does not confirm the deletion.
            NotFoundError: the group does not exist.

        Source: chat_groups.delete (group_delete.md)
        """
        answer = await self._transport.call(_DELETE, group_id)
        answer.confirm("data", "success")

    async def ban(self, group_id: str) -> None:
        """Ban a group: it keeps its members, but they can no longer send or receive its messages.

        Raises:
            NotFoundError: the group does not exist.

        Source: chat_groups.ban (group_ban.md)
        """
        answer = await self._transport.call(_BAN, group_id)
        answer.confirm("data", "disabled")

    async def unban(self, group_id: str) -> None:
        """Lift the ban of a group.

        Raises:
            NotFoundError: the group does not exist.

        Source: chat_groups.unban (group_unban.md)
        """
        answer = await self._transport.call(_UNBAN, group_id)
        answer.confirm("data", "disabled", inverted=True)


def _settings(
    operation: str,
    *,
    name: str | None,
    description: str | None,
    public: bool | None,
    max_users: int | None,
    allow_invites: bool | None,
    members_only: bool | None,
    invite_need_confirm: bool | None,
    avatar: str | None,
    custom: str | None,
) -> dict[str, Any]:
    """Check settings and rename them to the fields of the request; ``None`` is left out."""
    texts = (
        ("groupname", "name", name, api_limits.GROUP_NAME_LENGTH, None),
        ("description", "description", description, api_limits.GROUP_DESCRIPTION_LENGTH, None),
        ("avatar", "avatar", avatar, api_limits.GROUP_AVATAR_LENGTH, None),
        ("custom", "custom", custom, None, api_limits.GROUP_CUSTOM_BYTES),
    )
    body: dict[str, Any] = {}
    for key, argument, value, most, most_bytes in texts:
        if value is not None:
            body[key] = checks.text(operation, argument, value, most=most, most_bytes=most_bytes)
    if max_users is not None:
        body["maxusers"] = checks.number(operation, "max_users", max_users, least=1)
    flags = (
        ("public", "public", public),
        ("allowinvites", "allow_invites", allow_invites),
        ("membersonly", "members_only", members_only),
        ("invite_need_confirm", "invite_need_confirm", invite_need_confirm),
    )
    for key, argument, flag in flags:
        if flag is not None:
            body[key] = checks.flag(operation, argument, flag)
    return body


_IS_JOINED: Final = Operation(
    "chat_groups.members.is_joined",
    "GET",
    "/chatgroups/{group_id}/user/{username}/is_joined",
    "safe",
)


class GroupMembers:
    """The members of a chat group."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, group_id: str, *, limit: int | None = None, joined_time: bool | None = None
    ) -> Paginator[GroupMember]:
        """List a group's members, the owner included; admins are listed as members.

        Args:
            group_id: the group.
            limit: members per page, 1 to 1 000; 1 000 by default.
            joined_time: whether to return the time at which each member joined.

        Source: chat_groups.members.list (group_member_list_obtain.md)
        """
        return list_members(self._transport, GROUPS, group_id, limit, joined_time=joined_time)

    async def is_joined(self, group_id: str, username: str) -> bool:
        """Check whether a user is a member of a group.

        Source: chat_groups.members.is_joined (group_check_joined.md)
        """
        answer = await self._transport.call(_IS_JOINED, group_id, username)
        return answer.read(bool, "data")

    async def add(self, group_id: str, username: str, *, need_notify: bool | None = None) -> None:
        """Add a user to a group.

        Args:
            group_id: the group.
            username: the user to add.
            need_notify: whether members get a system notification; true by default.

        Raises:
            PermissionDeniedError: the user is already a member, or is in too many groups.
            NotFoundError: the group or the user does not exist.

        Source: chat_groups.members.add (group_member_add_single.md)
        """
        await add_member(self._transport, GROUPS, group_id, username, need_notify=need_notify)

    async def add_many(
        self, group_id: str, usernames: Iterable[str], *, need_notify: bool | None = None
    ) -> BatchResult[None]:
        """Add any number of users to a group, 60 per call.

        Args:
            group_id: the group.
            usernames: the users to add; a user who is given twice is added once.
            need_notify: whether members get a system notification; true by default.

        Returns:
            An outcome for each user. A user who is not among the new members was a member before.

        Raises:
            EasemobError: a whole call failed, for example because all of its users were members
                before; ``partial`` holds the outcomes settled before it.

        Source: chat_groups.members.add_many (group_members_add_batch.md)
        """
        return await add_members(
            self._transport, GROUPS, group_id, usernames, need_notify=need_notify
        )

    async def remove(
        self, group_id: str, username: str, *, need_notify: bool | None = None
    ) -> None:
        """Remove a member from a group and its threads; the owner cannot be removed.

        Args:
            group_id: the group.
            username: the member to remove.
            need_notify: whether members get a system notification; true by default.

        Raises:
            PermissionDeniedError: the user is not a member, or is the owner.
            NotFoundError: the group does not exist.

        Source: chat_groups.members.remove (group_member_remove_single.md)
        """
        await remove_member(self._transport, GROUPS, group_id, username, need_notify=need_notify)

    async def remove_many(
        self, group_id: str, usernames: Iterable[str], *, need_notify: bool | None = None
    ) -> BatchResult[None]:
        """Remove any number of members from a group, 60 per call, with a URL of at most 4 KB.

        Args:
            group_id: the group.
            usernames: the members to remove; the owner cannot be removed.
            need_notify: whether members get a system notification; true by default.

        Returns:
            An outcome for each user, with the service's reason if the user was not removed.

        Raises:
            EasemobError: a whole call failed, for example because none of its users is a member;
                ``partial`` holds the outcomes settled before it.

        Source: chat_groups.members.remove_many (group_members_remove_batch.md)
        """
        return await remove_members(
            self._transport, GROUPS, group_id, usernames, need_notify=need_notify
        )


_FILES: Final = "/chatgroups/{group_id}/share_files"
_LIST_FILES: Final = Operation("chat_groups.files.list", "GET", _FILES, "safe")
_UPLOAD_FILE: Final = Operation("chat_groups.files.upload", "POST", _FILES, "once")
_DOWNLOAD_FILE: Final = Operation(
    "chat_groups.files.download", "GET", _FILES + "/{file_id}", "safe"
)
_DELETE_FILE: Final = Operation("chat_groups.files.delete", "DELETE", _FILES + "/{file_id}", "safe")


class GroupFiles:
    """The shared files of a group, at most 10 MB each; they are deleted with the group."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, group_id: str, *, limit: int | None = None) -> Paginator[GroupFile]:
        """List a group's files.

        Args:
            group_id: the group.
            limit: files per page, 1 to 1 000; 1 000 by default.

        Raises:
            NotFoundError: the group does not exist.

        Source: chat_groups.files.list (group_shared_file_obtain.md)
        """
        size = checks.page_size(_LIST_FILES.id, limit, api_limits.GROUPS_PER_PAGE)

        async def fetch(number: int) -> tuple[Page[GroupFile], bool]:
            query = {"pagenum": number, "pagesize": size}
            answer = await self._transport.call(_LIST_FILES, group_id, query=query)
            files: Sequence[GroupFile] = answer.read(tuple[GroupFile, ...], "data")
            # The answer has no total and no cursor: a short page is the last one.
            return Page(files), len(files) >= size

        return by_number(fetch)

    async def upload(
        self, group_id: str, content: Content, *, filename: str | None = None
    ) -> GroupFile:
        """Upload a file to a group as a stream; it is never held in memory as a whole.

        Args:
            group_id: the group.
            content: a path, the content itself, or an async iterator over its pieces.
            filename: the name of the file; the name in the path by default.

        Raises:
            InvalidArgumentError: the file does not exist.
            NotFoundError: the group does not exist.

        Source: chat_groups.files.upload (group_shared_file_upload.md)
        """
        upload = Upload(_UPLOAD_FILE.id, content, filename)
        answer = await self._transport.carry(make_call(_UPLOAD_FILE, (group_id,), upload=upload))
        return answer.read(GroupFile, "data")

    def download(self, group_id: str, file_id: str) -> Download:
        """Download a file of a group: ``await`` it, ``save(path)`` it, or iterate its pieces.

        Raises:
            NotFoundError: the group or the file does not exist.

        Source: chat_groups.files.download (group_shared_file_download.md)
        """
        _DOWNLOAD_FILE.fill((group_id, file_id))  # checked now, fetched later
        return Download(
            lambda sink: self._transport.carry(
                make_call(_DOWNLOAD_FILE, (group_id, file_id), sink=sink)
            )
        )

    async def delete(self, group_id: str, file_id: str) -> None:
        """Delete a file of a group.

        Raises:
            NotFoundError: the group does not exist.

        Source: chat_groups.files.delete (group_shared_file_delete.md)
        """
        answer = await self._transport.call(_DELETE_FILE, group_id, file_id)
        answer.confirm("data", "result")


_ATTRIBUTES: Final = "/metadata/chatgroup/{group_id}"
_SET_ATTRIBUTES: Final = Operation(
    "chat_groups.member_attributes.set", "PUT", _ATTRIBUTES + "/user/{username}", "safe"
)
_SET_ATTRIBUTES_OF_MANY: Final = Operation(
    "chat_groups.member_attributes.set_many", "PUT", _ATTRIBUTES + "/users/batch", "safe"
)
_GET_ATTRIBUTES: Final = Operation(
    "chat_groups.member_attributes.get", "GET", _ATTRIBUTES + "/user/{username}", "safe"
)
_GET_ATTRIBUTES_OF_MANY: Final = Operation(
    "chat_groups.member_attributes.get_many", "POST", _ATTRIBUTES + "/get", "safe"
)


@attrs.frozen
class _Succeeded:
    username: Id
    metadata: dict[str, str] = attrs.field(factory=dict)


class MemberAttributes:
    """The app's own attributes of each member of a group, at most 4 KB per member."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def set(
        self, group_id: str, username: str, attributes: Mapping[str, str]
    ) -> dict[str, str]:
        """Set attributes of a member; an empty value deletes an attribute, others stay unchanged.

        Args:
            group_id: the group.
            username: the member.
            attributes: the values by name; a name has at most 16 bytes, a value at most 512 bytes.

        Returns:
            The attributes that were set.

        Raises:
            InvalidArgumentError: no attribute is given, or a name or a value is too long.

        Source: chat_groups.member_attributes.set (group_member_attribute_set.md)
        """
        body = {"metaData": _checked_attributes(_SET_ATTRIBUTES.id, attributes)}
        answer = await self._transport.call(_SET_ATTRIBUTES, group_id, username, json=body)
        return answer.optional(dict[str, str], "data") or dict(attributes)

    async def set_many(
        self, group_id: str, attributes: Mapping[str, Mapping[str, str]]
    ) -> BatchResult[dict[str, str]]:
        """Set different attributes for any number of members, 20 members per call.

        Args:
            group_id: the group.
            attributes: the attributes of each member, by username; see `set`.

        Returns:
            An outcome for each member, with the attributes that were set.

        Raises:
            InvalidArgumentError: no member is given, or an attribute is too long.
            EasemobError: a whole call failed, for example because one of its users is not a member;
                ``partial`` holds the outcomes settled before it.

        Source: chat_groups.member_attributes.set_many (group_member_attribute_set_batch.md)
        """
        checks.mapping(_SET_ATTRIBUTES_OF_MANY.id, "attributes", attributes)
        names = checks.references(_SET_ATTRIBUTES_OF_MANY.id, "usernames", attributes)
        rows = {
            name: _checked_attributes(_SET_ATTRIBUTES_OF_MANY.id, attributes[name])
            for name in names
        }

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[dict[str, str]]]:
            body = [{"username": name, "metadata": rows[name]} for name in part]
            answer = await self._transport.call(
                _SET_ATTRIBUTES_OF_MANY, group_id, json=body, about=part
            )
            data: dict[str, Any] = answer.read(dict[str, Any], "data")
            # The keys end in a colon in the documented example, but not in the documented table.
            found = {key.rstrip(":"): value for key, value in data.items()}
            rows_done = found.get("updateMetadataSucceeded") or []
            decoded = answer.decode(tuple[_Succeeded, ...], rows_done, "updateMetadataSucceeded")
            done = {str(row.username): row.metadata for row in decoded}
            # open: the fields of a failed entry; every entry that names the user is taken
            failed = {
                str(row.get("username")): str(row.get("error") or row.get("message") or row)
                for row in found.get("updateMetadataFailed") or ()
                if isinstance(row, dict)
            }
            return settled(answer, part, done, failed)

        return await in_parts(checks.chunks(names, api_limits.MEMBER_ATTRIBUTES_SET), settle)

    async def get(self, group_id: str, username: str) -> dict[str, str]:
        """Return all attributes of a member.

        Raises:
            NotFoundError: the user is not a member.

        Source: chat_groups.member_attributes.get (group_member_attribute_get.md)
        """
        answer = await self._transport.call(_GET_ATTRIBUTES, group_id, username)
        return answer.read(dict[str, str], "data")

    async def get_many(
        self, group_id: str, usernames: Iterable[str], *, keys: Sequence[str] | None = None
    ) -> BatchResult[dict[str, str]]:
        """Return attributes of any number of members, 10 per call.

        Args:
            group_id: the group.
            usernames: the members.
            keys: the names of the attributes to return; all attributes by default.

        Returns:
            The attributes of each member.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: chat_groups.member_attributes.get_many (group_member_attribute_get_by_key.md)
        """
        names = checks.references(_GET_ATTRIBUTES_OF_MANY.id, "usernames", usernames)
        wanted = (
            []
            if keys is None
            else checks.references(_GET_ATTRIBUTES_OF_MANY.id, "keys", keys, least=0)
        )

        async def settle(part: Sequence[str]) -> Iterable[BatchOutcome[dict[str, str]]]:
            body = {"targets": part, "properties": wanted}
            answer = await self._transport.call(
                _GET_ATTRIBUTES_OF_MANY, group_id, json=body, about=part
            )
            return described(answer, part, dict[str, str], "data", absent={})

        return await in_parts(checks.chunks(names, api_limits.MEMBER_ATTRIBUTES_GET), settle)


def _checked_attributes(operation: str, attributes: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(attributes, Mapping) or not attributes:
        raise checks.fail(operation, "attributes must map names to values, at least one")
    for key, value in attributes.items():
        checks.text(operation, "a name", key, least=1, most_bytes=api_limits.MEMBER_ATTRIBUTE_NAME)
        checks.text(operation, f"{key!r}", value, most_bytes=api_limits.MEMBER_ATTRIBUTE_VALUE)
    return dict(attributes)
