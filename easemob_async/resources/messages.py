"""Sending messages, one request per call; `client.fanout` sends to any number of targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import attrs

from easemob_async import api_limits, checks
from easemob_async.errors import InvalidArgumentError
from easemob_async.models.message_search import (
    FoundMessage,
    Highlight,
    KeywordMatch,
    SearchExt,
    SearchMode,
    SearchPage,
    SearchSort,
    SearchType,
)
from easemob_async.models.messages import (
    ChatType,
    Custom,
    Location,
    Message,
    Recall,
    RecalledMessage,
    RoomMessageLevel,
    RouteType,
    SentMessages,
    StreamChunk,
    StreamFormat,
    TargetType,
    Text,
)
from easemob_async.models.pages import Paginator, by_number
from easemob_async.models.push import PushOptions
from easemob_async.models.received import Answerable, Origin
from easemob_async.operation import Operation
from easemob_async.outcomes import BatchOutcome, BatchResult
from easemob_async.quotas import MINUTE, SECOND, Limit
from easemob_async.resources.batches import in_parts, settled
from easemob_async.resources.message_search import search
from easemob_async.resources.sending import Send, addressing, content
from easemob_async.resources.streams import FAILED, Piece, StreamWriter, send_piece
from easemob_async.transport.transport import Transport

SEND_TO_USERS: Final = Send(
    Operation(
        "messages.send_to_users",
        "POST",
        "/messages/users",
        "once",
        (Limit(100, per=SECOND), Limit(6000, per=MINUTE, unit="messages")),
    ),
    api_limits.USERS_PER_MESSAGE,
)
SEND_TO_GROUPS: Final = Send(
    Operation(
        "messages.send_to_groups",
        "POST",
        "/messages/chatgroups",
        "once",
        (Limit(20, per=SECOND), Limit(20, per=SECOND, unit="messages")),
    ),
    api_limits.GROUPS_PER_MESSAGE,
    api_limits.ROAM_IGNORE_USERS,
)
SEND_TO_ROOMS: Final = Send(
    Operation(
        "messages.send_to_rooms",
        "POST",
        "/messages/chatrooms",
        "once",
        (Limit(100, per=SECOND), Limit(100, per=SECOND, unit="messages")),
    ),
    api_limits.ROOMS_PER_MESSAGE,
    api_limits.ROAM_IGNORE_USERS,
)
# A targeted message counts as one message: its answer has one message id, not one per member.
_SEND_TO_GROUP_MEMBERS: Final = Send(
    Operation(
        "messages.send_to_group_members",
        "POST",
        "/messages/chatgroups/users",
        "once",
        # open: the page's table of rates (that of groups) does not exempt these calls, its table
        # of errors and limitationapi.md allow 100 messages a second: the lower ones.
        (Limit(20, per=SECOND), Limit(20, per=SECOND, unit="messages")),
    ),
    1,
    api_limits.ROAM_IGNORE_USERS,
)
_SEND_TO_ROOM_MEMBERS: Final = Send(
    Operation(
        "messages.send_to_room_members",
        "POST",
        "/messages/chatrooms/users",
        "once",
        (Limit(100, per=SECOND, unit="messages"),),
    ),
    1,
    api_limits.ROAM_IGNORE_USERS,
)
_SEND_LEGACY: Final = Operation("messages.send_legacy", "POST", "/messages", "once")

_RECALL: Final = Operation("messages.recall", "POST", "/messages/msg_recall", "once")
_RECALL_MANY: Final = Operation("messages.recall_many", "POST", "/messages/batch_recall", "once")
_SEARCH: Final = Operation(
    "messages.search", "POST", "/users/{username}/messages/search/get", "safe"
)
_UPDATE: Final = Operation("messages.update", "PUT", "/messages/rewrite/{message_id}", "once")
_STREAMS: Final = (Limit(100, per=SECOND, unit="messages"),)
_STREAM_TO_USER: Final = Operation(
    "messages.stream_to_user", "POST", "/stream_message/user", "once", _STREAMS
)
_STREAM_TO_GROUP: Final = Operation(
    "messages.stream_to_group", "POST", "/stream_message/chatgroup", "once", _STREAMS
)
_HINT: Final = "; client.fanout sends to any number"


class Messages:
    """Messages to users, groups and rooms: send, recall, edit and stream them.

    Common arguments:
        body: the message: `Text`, `Image`, `Audio`, `Video`, `File`, `Location`, `Command` or
            `Custom`. Upload files first: see `client.files`.
        sender: the sender; ``admin`` by default.
        ext: the app's own extension fields, a JSON object; body and ext together have at most
            5 120 bytes of UTF-8.
        push: the options of the push notification for users who are offline; they are merged into
            ``ext``.
        env: the environment whose callback rules apply, 1 to 8 letters and digits.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def send_to_users(
        self,
        targets: Iterable[str],
        body: Message,
        *,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
        push: PushOptions | None = None,
        sync_device: bool | None = None,
        route_type: RouteType | str | None = None,
        roam_ignore_users: Sequence[str] | None = None,
        env: str | None = None,
    ) -> SentMessages:
        """Send a message to at most 600 users.

        "Sent" means accepted: the service accepts unknown users too. Each target counts as one
        message: 6 000 messages a minute and 100 calls a second by default.

        Args:
            targets: the usernames; a user who is given twice gets one message.
            body: the message.
            sender: the sender; ``admin`` by default.
            ext: the app's own extension fields.
            push: the options of its push notification.
            sync_device: also deliver the message to the sender's own online devices.
            route_type: `RouteType.ONLINE` to leave out users who are offline.
            roam_ignore_users: users who cannot pull the message from the history.
            env: the environment whose callback rules apply.

        Raises:
            InvalidArgumentError: no targets or more than 600, a message that is too large, or an
                empty sender; nothing was sent.
            RateLimitError: the quota is used up.

        Source: messages.send_to_users (message_single.md)
        """
        options = addressing(
            "messages.send_to_users",
            sender=sender,
            sync_device=sync_device,
            route_type=route_type,
            roam_ignore_users=roam_ignore_users,
            env=env,
        )
        return await self._send(SEND_TO_USERS, targets, body, ext, push, options)

    async def send_to_groups(
        self,
        targets: Iterable[str],
        body: Message,
        *,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
        push: PushOptions | None = None,
        sync_device: bool | None = None,
        route_type: RouteType | str | None = None,
        roam_ignore_users: Sequence[str] | None = None,
        need_group_ack: bool | None = None,
        env: str | None = None,
    ) -> SentMessages:
        """Send a message to all members of at most 3 groups.

        Each group counts as one message: 20 messages a second by default.

        Args:
            targets: the ids of the groups.
            body: the message.
            sender: the sender; ``admin`` by default.
            ext: the app's own extension fields.
            push: the options of its push notification.
            sync_device: also deliver the message to the sender's own online devices.
            route_type: `RouteType.ONLINE` to leave out users who are offline.
            roam_ignore_users: at most 20 users who cannot pull the message from the history.
            need_group_ack: whether to ask for read receipts; for groups of at most 200 members.
            env: the environment whose callback rules apply.

        Raises:
            InvalidArgumentError: no targets or more than 3, a message that is too large.
            RateLimitError: the quota is used up.

        Source: messages.send_to_groups (message_group.md)
        """
        options = addressing(
            "messages.send_to_groups",
            sender=sender,
            sync_device=sync_device,
            route_type=route_type,
            roam_ignore_users=roam_ignore_users,
            roam_ignore_max=SEND_TO_GROUPS.most_ignored,
            need_group_ack=need_group_ack,
            env=env,
        )
        return await self._send(SEND_TO_GROUPS, targets, body, ext, push, options)

    async def send_to_group_members(
        self,
        group_id: str,
        usernames: Iterable[str],
        body: Message,
        *,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
        push: PushOptions | None = None,
        sync_device: bool | None = None,
        route_type: RouteType | str | None = None,
        roam_ignore_users: Sequence[str] | None = None,
        need_group_ack: bool | None = None,
        env: str | None = None,
    ) -> SentMessages:
        """Send a message to at most 20 members of one group; the others do not see it.

        The message is not added to the conversation list and does not count as unread. 20 messages
        a second by default; the service's pages also say 100, which `Quotas.overrides` can set.

        Args:
            group_id: the group.
            usernames: the members, at most 20.
            body: the message.
            sender: the sender; ``admin`` by default.
            ext: the app's own extension fields.
            push: the options of its push notification.
            sync_device: also deliver the message to the sender's own online devices.
            route_type: `RouteType.ONLINE` to leave out users who are offline.
            roam_ignore_users: at most 20 users who cannot pull the message from the history.
            need_group_ack: whether to ask for read receipts.
            env: the environment whose callback rules apply.

        Returns:
            The message's id, under the group's id.

        Raises:
            InvalidArgumentError: no members or more than 20, a message that is too large.
            RateLimitError: the quota is used up.

        Source: messages.send_to_group_members (message_group.md)
        """
        operation = "messages.send_to_group_members"
        options = addressing(
            operation,
            sender=sender,
            sync_device=sync_device,
            route_type=route_type,
            roam_ignore_users=roam_ignore_users,
            roam_ignore_max=_SEND_TO_GROUP_MEMBERS.most_ignored,
            need_group_ack=need_group_ack,
            env=env,
        )
        options["users"] = _members(operation, usernames)
        return await self._send(_SEND_TO_GROUP_MEMBERS, [group_id], body, ext, push, options)

    async def send_to_rooms(
        self,
        targets: Iterable[str],
        body: Message,
        *,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
        push: PushOptions | None = None,
        level: RoomMessageLevel | str | None = None,
        roam_ignore_users: Sequence[str] | None = None,
        env: str | None = None,
    ) -> SentMessages:
        """Send a message to all members of at most 10 chat rooms.

        Each room counts as one message: 100 messages a second by default. A room that gets more
        than 20 messages a second drops some, the lowest priority first: a message id does not
        guarantee delivery.

        Args:
            targets: the ids of the rooms.
            body: the message.
            sender: the sender; ``admin`` by default.
            ext: the app's own extension fields.
            push: the options of its push notification.
            level: the priority of the message; normal by default.
            roam_ignore_users: at most 20 users who cannot pull the message from the history.
            env: the environment whose callback rules apply.

        Raises:
            InvalidArgumentError: no targets or more than 10, a message that is too large.
            RateLimitError: the quota is used up.

        Source: messages.send_to_rooms (message_chatroom.md)
        """
        options = addressing(
            "messages.send_to_rooms",
            sender=sender,
            level=level,
            roam_ignore_users=roam_ignore_users,
            roam_ignore_max=SEND_TO_ROOMS.most_ignored,
            env=env,
        )
        return await self._send(SEND_TO_ROOMS, targets, body, ext, push, options)

    async def send_to_room_members(
        self,
        room_id: str,
        usernames: Iterable[str],
        body: Message,
        *,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
        push: PushOptions | None = None,
        level: RoomMessageLevel | str | None = None,
        roam_ignore_users: Sequence[str] | None = None,
        env: str | None = None,
    ) -> SentMessages:
        """Send a message to at most 20 members of one chat room; the others do not see it.

        The message is not added to the conversation list and does not count as unread. 100 messages
        a second by default.

        Args:
            room_id: the room.
            usernames: the members, at most 20.
            body: the message.
            sender: the sender; ``admin`` by default.
            ext: the app's own extension fields.
            push: the options of its push notification.
            level: the priority of the message; normal by default.
            roam_ignore_users: at most 20 users who cannot pull the message from the history.
            env: the environment whose callback rules apply.

        Returns:
            The message's id, under the room's id.

        Raises:
            InvalidArgumentError: no members or more than 20, a message that is too large.
            RateLimitError: the quota is used up.

        Source: messages.send_to_room_members (message_chatroom.md)
        """
        operation = "messages.send_to_room_members"
        options = addressing(
            operation,
            sender=sender,
            level=level,
            roam_ignore_users=roam_ignore_users,
            roam_ignore_max=_SEND_TO_ROOM_MEMBERS.most_ignored,
            env=env,
        )
        options["users"] = _members(operation, usernames)
        return await self._send(_SEND_TO_ROOM_MEMBERS, [room_id], body, ext, push, options)

    async def reply(
        self,
        event: Answerable,
        body: Message,
        *,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
        push: PushOptions | None = None,
        room: bool | None = None,
    ) -> SentMessages:
        """Answer a received message, in the conversation, group or chat room that it came from.

        Args:
            event: a message event of `easemob_async.webhooks`.
            body: the answer.
            sender: the sender of the answer; by default the user who received the message, and
                ``admin`` in groups and rooms.
            ext: the app's own extension fields.
            push: the options of its push notification.
            room: whether the message was sent in a room; used only when the event does not
                distinguish groups from rooms (its ``is_room`` is ``None``). A group by default.

        Returns:
            The message's id, under the id of the user, group or room.

        Raises:
            InvalidArgumentError: the event is not a message, or does not name its group.
            RateLimitError: the quota is used up.

        Source: messages.send_to_users (message_single.md),
            messages.send_to_groups (message_group.md), messages.send_to_rooms (message_chatroom.md)
        """
        origin = getattr(event, "origin", None)
        if not isinstance(origin, Origin):
            raise checks.fail(
                "messages.reply",
                f"event must be a message event that names its user, group or room; this "
                f"{type(event).__name__} does not",
            )
        options: dict[str, Any] = {"sender": sender, "ext": ext, "push": push}
        if origin.kind == "user":
            options["sender"] = origin.receiver if sender is None else sender
            return await self.send_to_users([origin.id], body, **options)
        if origin.kind == "room" or (room and getattr(event, "is_room", None) is None):
            return await self.send_to_rooms([origin.id], body, **options)
        return await self.send_to_groups([origin.id], body, **options)

    async def send_legacy(
        self,
        targets: Iterable[str],
        body: Message,
        *,
        target_type: TargetType | str = TargetType.USERS,
        sender: str | None = None,
        ext: Mapping[str, object] | None = None,
        sync_device: bool | None = None,
        route_type: RouteType | str | None = None,
        level: RoomMessageLevel | str | None = None,
        return_message_ids: bool | None = None,
    ) -> dict[str, str]:
        """Send a message with the API of 2014, which is no longer in the service's documentation.

        Args:
            targets: the ids of users, groups or rooms; at most 20 are recommended.
            body: the message.
            target_type: the kind of the targets: users, groups or rooms.
            sender: the sender; ``admin`` by default.
            ext: the app's own extension fields.
            sync_device: also deliver the message to the sender's own online devices.
            route_type: `RouteType.ONLINE` to leave out users who are offline.
            level: the priority of the message; for rooms only.
            return_message_ids: whether to return message ids instead of outcomes.

        Returns:
            The outcome of each target, in the service's words: ``{"u1": "success"}``.

        Raises:
            InvalidArgumentError: no targets, a message that is too large, or an empty sender.

        Source: messages.send_legacy (none in the current docs)
        """
        operation = "messages.send_legacy"
        most = self._transport.max_message_bytes
        message = content(operation, body, ext=ext, push=None, max_bytes=most)
        options = addressing(
            operation, sender=sender, sync_device=sync_device, route_type=route_type, level=level
        )
        wire: dict[str, Any] = {
            "target_type": checks.member(operation, "target_type", TargetType, target_type),
            "target": checks.references(operation, "targets", targets),
            "msg": {"type": message.type, **message.body, **_numbers(body)},
            **options,
        }
        if message.ext is not None:
            wire["ext"] = message.ext
        ids = checks.flag(operation, "return_message_ids", return_message_ids)
        query = {"useMsgId": ids}
        answer = await self._transport.call(
            _SEND_LEGACY, query=query, json=wire, about=wire["target"]
        )
        return answer.named(answer.each(str, "data"), wire["target"])

    async def recall(
        self,
        message_id: str,
        *,
        target: str,
        chat_type: ChatType | str,
        force: bool | None = None,
        operator: str | None = None,
        sync_device: bool | None = None,
        ext: str | None = None,
    ) -> RecalledMessage:
        """Recall a message; its attachment is deleted too.

        Args:
            message_id: the message.
            target: the user, group or room that received the message.
            chat_type: the kind of the target: user, group or room.
            force: whether to recall the message after the recall time limit (2 minutes by default).
            operator: the user who recalls the message; ``admin`` by default.
            sync_device: whether to notify the sender's own online devices too; for one-to-one
                messages only.
            ext: the extension text of the recall.

        Raises:
            APIError: the status code is 200, but the answer reports that it was not recalled.
            PermissionDeniedError: the time limit has passed, the message was recalled before, or
                recalls are not enabled for the app.

        Source: messages.recall (message_recall_single.md)
        """
        recall = Recall(
            message_id=message_id,
            target=target,
            chat_type=chat_type,
            operator=operator,
            sync_device=sync_device,
            force=force,
        )
        body = recall.to_wire(_RECALL.id)
        if ext is not None:
            body["recallMessageExtensionInfo"] = checks.text(_RECALL.id, "ext", ext)
        answer = await self._transport.call(_RECALL, json=body, about=message_id)
        # In 2023 the outcome was the only entry of a list.
        at: tuple[str | int, ...] = ("data",) if answer.get("data") else ("msgs", 0)
        why = answer.read(str, *at, "recalled")
        if why != "yes":
            raise answer.refused(why)
        return answer.read(RecalledMessage, *at)

    async def recall_many(
        self, recalls: Iterable[Recall], *, ext: str | None = None
    ) -> BatchResult[RecalledMessage]:
        """Recall any number of messages, 30 per call.

        Returns:
            An outcome for each message, by its id.

        Raises:
            EasemobError: a whole call failed; ``partial`` holds the outcomes settled before it.

        Source: messages.recall_many (message_recall_batch.md)
        """
        given = list(checks.items(_RECALL_MANY.id, "recalls", recalls, Recall))
        rows = [recall.to_wire(_RECALL_MANY.id) for recall in given]
        if not rows:
            raise checks.fail(_RECALL_MANY.id, "recalls is empty; pass at least one")
        checks.no_duplicates(_RECALL_MANY.id, "message_id", [row["msg_id"] for row in rows])

        async def settle(part: Sequence[dict[str, Any]]) -> list[BatchOutcome[RecalledMessage]]:
            body: dict[str, Any] = {"msgs": part}
            if ext is not None:
                body["recallMessageExtensionInfo"] = checks.text(_RECALL_MANY.id, "ext", ext)
            answer = await self._transport.call(_RECALL_MANY, json=body)
            rows = {
                row.message.message_id: row for row in answer.rows(_RecallRow, "data", bare=True)
            }
            done = {name: row.message for name, row in rows.items() if row.recalled == "yes"}
            refused = {name: row.recalled for name, row in rows.items() if name not in done}
            return settled(answer, [row["msg_id"] for row in part], done, refused)

        return await in_parts(checks.chunks(rows, api_limits.RECALLS_PER_CALL), settle)

    def search(
        self,
        username: str,
        keywords: str | Iterable[str],
        *,
        match: KeywordMatch | str | None = None,
        chat_types: ChatType | str | Sequence[ChatType | str] | None = None,
        content_types: SearchType | str | Sequence[SearchType | str] | None = None,
        usernames: Iterable[str] | None = None,
        group_ids: Iterable[str] | None = None,
        room_ids: Iterable[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        sort: SearchSort | str | None = None,
        mode: SearchMode | str | None = None,
        search_ext: SearchExt | str | None = None,
        highlight: bool | Highlight | None = None,
        limit: int | None = None,
    ) -> Paginator[FoundMessage]:
        """Search the messages that a user can see; 100 calls a second.

        A paid service that has to be enabled for the app. It finds text, image, video, location,
        file and combined messages, of groups and rooms only in those that are named here, and
        only the first 10 000 of a search.

        Args:
            username: the user who searches.
            keywords: a text of at most 120 characters, or up to 5 texts with at most 120
                characters together.
            match: how many of several keywords a message must contain; one by default.
            chat_types: the only type or types of conversations.
            content_types: the only type or types of messages.
            usernames: the other users of the one-to-one conversations to search.
            group_ids: the groups to search.
            room_ids: the chat rooms to search; at most 20 users, groups and rooms together.
            start: the earliest time of the messages (aware); required with `end`.
            end: the latest time of the messages (aware), at most 90 days after `start`.
            sort: the order of the results; the most relevant first by default.
            mode: how a keyword is compared with a message.
            search_ext: whether to search the extension fields, which has to be enabled as well.
            highlight: whether to return marked fragments of the matches, or how.
            limit: messages per page, at most 100; 100 by default.

        Raises:
            BadRequestError: the search is too complex for the service.
            PermissionDeniedError: message search is not enabled for the app.

        Source: messages.search (message_search_rest.md)
        """
        operation = _SEARCH.id
        wanted = search(
            operation,
            checks.reference(operation, "username", username),
            keywords,
            match=match,
            chat_types=chat_types,
            content_types=content_types,
            usernames=usernames,
            group_ids=group_ids,
            room_ids=room_ids,
            start=start,
            end=end,
            sort=sort,
            mode=mode,
            ext=search_ext,
            highlight=highlight,
        )
        size = checks.page_size(operation, limit, api_limits.SEARCH_PER_PAGE)

        async def fetch(number: int) -> tuple[SearchPage, bool]:
            if number * size > api_limits.SEARCH_RESULTS:
                raise checks.fail(
                    operation,
                    f"the service returns only the first {api_limits.SEARCH_RESULTS} messages of "
                    "a search; narrow it, e.g. by start and end",
                )
            data = {**wanted, "page": number, "size": size}
            answer = await self._transport.call(_SEARCH, username, json={"data": data})
            found = answer.rows(FoundMessage, "data", "list")
            last = answer.optional(bool, "data", "pagination", "isFinished")
            if last is None:
                last = answer.count("data", "list") < size
            pages = answer.optional(int, "data", "pagination", "totalPages")
            page = answer.optional(int, "data", "pagination", "page")
            known = pages if pages is not None and pages >= 0 else None
            return SearchPage(found, number=page, total_pages=known), not last

        return by_number(fetch)

    async def update(
        self,
        message_id: str,
        body: Message | str,
        *,
        operator: str | None = None,
        ext: Mapping[str, object] | None = None,
        merge_ext: bool | None = None,
    ) -> None:
        """Edit a message, at most 10 times; the service must have enabled edits for the app.

        Args:
            message_id: the id of the message, which has only digits.
            body: the new `Text` or `Custom`; for a message of which only ``ext`` changes, its
                type: ``"img"``, ``"audio"``, ``"video"``, ``"file"``, ``"loc"``.
            operator: the user who edits the message.
            ext: the new extension fields.
            merge_ext: whether the new fields are merged into the old ones; true by default.

        Raises:
            InvalidArgumentError: a message that cannot be edited.
            PermissionDeniedError: the message was edited ten times, the operator is not its sender,
                or edits are not enabled for the app.
            NotFoundError: the message does not exist, or no longer exists.

        Source: messages.update (message_modify.md)
        """
        operation = _UPDATE.id
        if not (isinstance(message_id, str) and message_id.isascii() and message_id.isdigit()):
            raise checks.fail(operation, f"message_id {message_id!r:.80} must have only digits")
        by_type = isinstance(body, str)
        if by_type and body not in ("img", "audio", "video", "file", "loc"):
            raise checks.fail(
                operation,
                f"body {body!r:.80} must be Text, Custom, or one of 'img', 'audio', 'video', "
                "'file' and 'loc'",
            )
        if not by_type and not isinstance(body, Text | Custom):
            raise checks.fail(operation, f"body must be Text, Custom or a type: {body!r:.80}")
        most = self._transport.max_message_bytes
        # A type has no content: its ext is checked and measured with an empty message.
        message = Text("") if isinstance(body, str) else body
        made = content(operation, message, ext=ext, push=None, max_bytes=most)
        fields: dict[str, Any] = {
            "user": None if operator is None else checks.reference(operation, "operator", operator),
            "new_msg": {"type": body} if by_type else {"type": made.type, **made.body},
            "new_ext": made.ext,
            "is_combine_ext": checks.flag(operation, "merge_ext", merge_ext),
        }
        given = {name: value for name, value in fields.items() if value is not None}
        answer = await self._transport.call(_UPDATE, message_id, json=given)
        answer.confirm("data")

    async def stream_to_user(
        self,
        target: str,
        text: str,
        *,
        seq: int,
        sender: str | None = None,
        message_id: str | None = None,
        finish: bool | None = None,
        finish_reason: int | None = None,
        format: StreamFormat | str | None = None,  # noqa: A002 - the field's word
        ext: Mapping[str, object] | None = None,
    ) -> StreamChunk:
        """Send a piece of a streaming message to a user; `stream` does this for you.

        Raises:
            APIError: the stream has ended, got no piece for 30 seconds, or exceeds 128 KB or 30
                minutes.

        Source: messages.stream_to_user (message_stream_send_single.md)
        """
        piece = Piece(
            text=text,
            seq=seq,
            sender=sender,
            message_id=message_id,
            finish=finish,
            finish_reason=finish_reason,
            format=format,
            ext=ext,
        )
        return await send_piece(self._transport, _STREAM_TO_USER, target, piece)

    async def stream_to_group(
        self,
        target: str,
        text: str,
        *,
        seq: int,
        sender: str | None = None,
        message_id: str | None = None,
        finish: bool | None = None,
        finish_reason: int | None = None,
        format: StreamFormat | str | None = None,  # noqa: A002 - the field's word
        ext: Mapping[str, object] | None = None,
    ) -> StreamChunk:
        """Send a piece of a streaming message to a group; `stream` does this for you.

        Raises:
            APIError: the stream has ended, got no piece for 30 seconds, or exceeds 128 KB or 30
                minutes.

        Source: messages.stream_to_group (message_stream_send_group.md)
        """
        piece = Piece(
            text=text,
            seq=seq,
            sender=sender,
            message_id=message_id,
            finish=finish,
            finish_reason=finish_reason,
            format=format,
            ext=ext,
        )
        return await send_piece(self._transport, _STREAM_TO_GROUP, target, piece)

    def stream(
        self,
        target: str,
        *,
        to: Literal["user", "group"] = "user",
        sender: str | None = None,
        format: StreamFormat | str | None = None,  # noqa: A002 - the field's word
        ext: Mapping[str, object] | None = None,
        join: float = 0.2,
        failed_reason: int = FAILED,
    ) -> StreamWriter:
        """Write a streaming message: ``async with ...stream("u1", to="user") as out``.

        Args:
            target: a user, or a group of at most 200 members.
            to: the kind of the target, ``"user"`` or ``"group"``.
            sender: the sender; ``admin`` by default.
            format: the format in which clients show the text.
            ext: the app's own extension fields.
            join: the seconds for which pieces are collected and then sent together.
            failed_reason: the ``finish_reason`` of the message if the block ends with an error.

        Source: messages.stream_to_user (message_stream_send_single.md),
            messages.stream_to_group (message_stream_send_group.md)
        """
        if to not in ("user", "group"):
            raise InvalidArgumentError(f"messages.stream: to must be 'user' or 'group', not {to!r}")
        return StreamWriter(
            self._transport,
            _STREAM_TO_USER if to == "user" else _STREAM_TO_GROUP,
            target,
            sender=sender,
            format=format,
            ext=ext,
            join=join,
            failed_reason=failed_reason,
        )

    async def _send(
        self,
        send: Send,
        targets: Iterable[str],
        body: Message,
        ext: Mapping[str, object] | None,
        push: PushOptions | None,
        options: dict[str, Any],
    ) -> SentMessages:
        operation = send.operation
        to = checks.references(operation.id, "targets", targets, most=send.most_targets, hint=_HINT)
        message = content(
            operation.id,
            body,
            ext=ext,
            push=push,
            max_bytes=self._transport.max_message_bytes,
        )
        options["to"] = to
        options["type"] = message.type
        options["body"] = message.body
        if message.ext is not None:
            options["ext"] = message.ext
        call = self._transport.call(operation, json=options, messages=len(to), about=to)
        answer = await call
        return SentMessages(answer.named(answer.each(str, "data"), to))


def _numbers(body: Message) -> dict[str, float]:
    """Return the coordinates of a location as numbers, as the API of 2014 takes them."""
    return {"lat": body.latitude, "lng": body.longitude} if isinstance(body, Location) else {}


def _members(operation: str, usernames: Iterable[str]) -> list[str]:
    return checks.references(operation, "usernames", usernames, most=api_limits.MEMBERS_PER_MESSAGE)


@attrs.frozen
class _RecallRow:
    """The row of one recall in the answer."""

    message: RecalledMessage
    recalled: str

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "message": fields}
