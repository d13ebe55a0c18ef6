"""Chat groups: making, finding, changing, banning and deleting them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from easemob_async import api_limits, checks
from easemob_async.errors import InvalidArgumentError
from easemob_async.models.chat_groups import (
    ChatGroup,
    CreatedGroup,
    GroupSummary,
    JoinedGroup,
    JoinedGroupsPage,
)
from easemob_async.models.pages import Page, Paginator, by_cursor, by_number
from easemob_async.operation import Operation
from easemob_async.quotas import SECOND, Limit
from easemob_async.resources.announcement import Announcement
from easemob_async.resources.group_files import GroupFiles
from easemob_async.resources.member_attributes import MemberAttributes
from easemob_async.resources.members import Admins, GroupMembers
from easemob_async.resources.moderation import Allowlist, Blocklist, Mutes
from easemob_async.resources.places import GROUPS, confirm_settings
from easemob_async.transport.transport import Transport

_CREATE: Final = Operation("chat_groups.create", "POST", "/chatgroups", "once")
_LIST: Final = Operation("chat_groups.list", "GET", "/chatgroups", "safe")
_LIST_JOINED: Final = Operation(
    "chat_groups.list_joined",
    "GET",
    "/chatgroups/user/{username}",
    "safe",
    (Limit(50, per=SECOND),),
)
_GET: Final = GROUPS.operation("get", "GET", "", "safe", True)
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
        """Who is in a group."""
        self.admins = Admins(transport, GROUPS)
        """Who helps the owner."""
        self.mutes = Mutes(transport, GROUPS)
        """Who may not send."""
        self.allowlist = Allowlist(transport, GROUPS)
        """Who may always send."""
        self.blocklist = Blocklist(transport, GROUPS)
        """Who may not come back."""
        self.announcement = Announcement(transport, GROUPS)
        """What every member is shown."""
        self.files = GroupFiles(transport)
        """What members share."""
        self.member_attributes = MemberAttributes(transport)
        """What the app keeps about each member."""

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
        """Make a group.

        Args:
            name: at most 128 characters.
            owner: who owns it.
            members: the first members, without the owner.
            description: at most 512 characters.
            public: whether it can be searched, and joined by asking. The service wants to be
                told: ``False`` is sent when it is not given.
            max_users: the most members, owner included; 200 when it is not given.
            allow_invites: whether regular members may invite; private groups only.
            members_only: whether a request to join needs approval; public groups only.
            invite_need_confirm: whether who is invited must accept; yes when it is not given.
            avatar: the URL of its picture, at most 1 024 characters.
            custom: the app's own extension info, at most 8 KB.
            group_id: an id of your own, at most 64 of a-z and 0-9, where the service allows it.

        Raises:
            InvalidArgumentError: an argument breaks a limit above.
            NotFoundError: the owner or a member is not a user.
            PermissionDeniedError: too many groups or members, or a name against the rules.

        Source: chat_groups.create
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
            public=bool(public),
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
        # The 2014 form answers {"groupid": "..."} and nothing else.
        at = ("data",) if answer.get("data", "groupid") is not None else ()
        return answer.read(CreatedGroup, *at)

    def list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Paginator[GroupSummary]:
        """List the app's groups, newest first.

        Args:
            limit: groups a page, 1 to 1 000; 1 000 when it is not given.
            cursor: where to start, from an earlier page.

        Source: chat_groups.list
        """
        size = checks.page_size("chat_groups.list", limit, api_limits.GROUPS_PER_PAGE)

        async def fetch(position: str | None) -> Page[GroupSummary]:
            query = {"limit": size, "cursor": position}
            answer = await self._transport.call(_LIST, query=query)
            groups = answer.read(tuple[GroupSummary, ...], "data")
            return Page(groups, answer.optional(str, "cursor"))

        return by_cursor(fetch, cursor)

    def list_joined(self, username: str, *, limit: int | None = None) -> Paginator[JoinedGroup]:
        """List the groups that a user has joined; its pages have a ``total``.

        Args:
            username: the user.
            limit: groups a page, 1 to 20; 20 when it is not given.

        Source: chat_groups.list_joined
        """
        size = checks.page_size("chat_groups.list_joined", limit, api_limits.JOINED_GROUPS_PER_PAGE)

        async def fetch(number: int) -> tuple[JoinedGroupsPage, bool]:
            query = {"pagesize": size, "pagenum": number}
            answer = await self._transport.call(_LIST_JOINED, username, query=query)
            groups = answer.read(tuple[JoinedGroup, ...], "entities")
            total = answer.optional(int, "total")
            # No cursor and no count: on until the total is reached, or without one, a short page.
            listed = answer.count("entities")
            more = number * size + listed < total if total is not None else listed >= size
            return JoinedGroupsPage(groups, total=total), more

        return by_number(fetch, first=0)

    async def get(self, group_id: str) -> ChatGroup:
        """Get all about a group.

        Raises:
            NotFoundError: no such group.

        Source: chat_groups.get
        """
        answer = await self._transport.call(_GET, group_id)
        return answer.first(ChatGroup, "data")

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
        """Change settings of a group; what is not given stays.

        Args:
            group_id: the group.
            name: at most 128 characters.
            description: at most 512 characters.
            public: whether it can be searched, and joined by asking.
            max_users: the most members, owner included.
            allow_invites: whether regular members may invite.
            members_only: whether a request to join needs approval.
            invite_need_confirm: whether who is invited must accept.
            avatar: the URL of its picture, at most 1 024 characters.
            custom: the app's own extension info, at most 8 KB.

        Raises:
            InvalidArgumentError: nothing to change, or an argument breaks a limit above.
            APIError: the service says inside a success which settings it did not change.
            NotFoundError: no such group.

        Source: chat_groups.update
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
                "chat_groups.update: nothing to change; give at least one setting",
                operation="chat_groups.update",
            )
        answer = await self._transport.call(_UPDATE, group_id, json=body)
        confirm_settings(answer, body)

    async def transfer_owner(self, group_id: str, username: str) -> None:
        """Make another member the owner.

        Raises:
            PermissionDeniedError: not a member, or the owner already.
            NotFoundError: no such group.

        Source: chat_groups.transfer_owner
        """
        new = checks.reference("chat_groups.transfer_owner", "username", username)
        answer = await self._transport.call(
            _TRANSFER_OWNER, group_id, json={"newowner": new}, about=new
        )
        answer.confirm("data", "newowner", named=new)

    async def delete(self, group_id: str) -> None:
        """Delete a group and its threads, for good.

        Raises:
            APIError: the service does not say that it did.
            NotFoundError: no such group.

        Source: chat_groups.delete
        """
        answer = await self._transport.call(_DELETE, group_id)
        answer.confirm("data", "success")

    async def ban(self, group_id: str) -> None:
        """Ban a group: members keep it but can no longer send to it or receive from it.

        Raises:
            NotFoundError: no such group.

        Source: chat_groups.ban
        """
        answer = await self._transport.call(_BAN, group_id)
        answer.confirm("data", "disabled")

    async def unban(self, group_id: str) -> None:
        """Lift a group's ban.

        Raises:
            NotFoundError: no such group.

        Source: chat_groups.unban
        """
        answer = await self._transport.call(_UNBAN, group_id)
        if answer.read(bool, "data", "disabled"):
            raise answer.refused("the group is still banned")


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
    """Check settings and name them as the wire does; what is ``None`` is left out."""
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
    flags = {
        "public": public,
        "allowinvites": allow_invites,
        "membersonly": members_only,
        "invite_need_confirm": invite_need_confirm,
    }
    body.update((key, flag) for key, flag in flags.items() if flag is not None)
    return body
