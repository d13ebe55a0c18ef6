"""Changing what was sent: recalls and edits; and importing what was sent elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import attrs

from easemob_async import api_limits, checks
from easemob_async.models.messages import Custom, Message, Text
from easemob_async.models.relations import ChatType
from easemob_async.models.results import BatchOutcome, BatchResult
from easemob_async.operation import Operation
from easemob_async.resources.batches import in_parts, settled
from easemob_async.resources.sending import content
from easemob_async.transport.transport import Transport
from easemob_async.wire.fields import Id, wire

_RECALL: Final = Operation("messages.recall", "POST", "/messages/msg_recall", "once")
_RECALL_MANY: Final = Operation("messages.recall_many", "POST", "/messages/batch_recall", "once")
# A message can be edited ten times: a repetition would use one up.
_UPDATE: Final = Operation("messages.update", "PUT", "/messages/rewrite/{message_id}", "once")
_IMPORT_USER: Final = Operation(
    "message_imports.create_user_message", "POST", "/messages/users/import", "once"
)
_IMPORT_GROUP: Final = Operation(
    "message_imports.create_group_message", "POST", "/messages/chatgroups/import", "once"
)


@attrs.frozen(kw_only=True)
class Recall:
    """A message to recall."""

    message_id: str
    """The message."""
    target: str
    """The user, group or room that it went to."""
    chat_type: ChatType | str
    """What the target is."""
    operator: str | None = None
    """Who recalls it; ``admin`` when it is not given."""
    sync_device: bool | None = None
    """Tell the sender's own online devices, too; one-to-one only."""
    force: bool | None = None
    """Recall it even after the time in which that can be done; not, when it is not given."""

    def to_wire(self, operation: str) -> dict[str, Any]:
        """Give it as the service takes it.

        Raises:
            InvalidArgumentError: an id that cannot be one.
        """
        fields = {
            "msg_id": checks.reference(operation, "message_id", self.message_id),
            "to": checks.reference(operation, "target", self.target),
            "chat_type": checks.member(operation, "chat_type", ChatType, self.chat_type),
            "from": self.operator
            if self.operator is None
            else checks.reference(operation, "operator", self.operator),
            "sync_device": self.sync_device,
            "force": bool(self.force),  # the service wants to be told
        }
        return {name: value for name, value in fields.items() if value is not None}


@attrs.frozen
class RecalledMessage:
    """A message that was recalled."""

    message_id: str = wire("msg_id")
    """The message."""
    operator: Id | None = wire("from", default=None)
    """Who recalled it."""
    target: Id | None = wire("to", default=None)
    """The user, group or room that it went to."""
    chat_type: ChatType | str | None = wire("chattype", "chat_type", default=None)
    """What the target is."""


@attrs.frozen
class _RecallRow:
    message: RecalledMessage
    recalled: str

    @staticmethod
    def __from_wire__(fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "message": fields}


@attrs.frozen
class ImportedMessage:
    """A message that was imported."""

    message_id: str = wire("msg_id")
    """Its id."""


class MessageChanges:
    """What `client.messages` offers beside sending."""

    _transport: Transport

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
        """Recall a message; its attachment is deleted as well.

        Args:
            message_id: the message.
            target: the user, group or room that it went to.
            chat_type: what the target is.
            force: recall it even after the time in which that can be done (2 minutes by default).
            operator: who recalls it; ``admin`` when it is not given.
            sync_device: tell the sender's own online devices, too; one-to-one only.
            ext: what goes with the recall.

        Raises:
            APIError: the service says inside a success that it did not.
            PermissionDeniedError: too late, recalled already, or not switched on.

        Source: messages.recall
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
        # In 2023 the outcome was the one entry of a list.
        at: tuple[str | int, ...] = ("data",) if answer.get("data") else ("msgs", 0)
        why = answer.read(str, *at, "recalled")
        if why != "yes":
            raise answer.refused(why)
        return answer.read(RecalledMessage, *at)

    async def recall_many(
        self, recalls: Iterable[Recall], *, ext: str | None = None
    ) -> BatchResult[RecalledMessage]:
        """Recall any number of messages, 30 a call.

        Returns:
            An outcome for each message, by its id.

        Raises:
            EasemobError: a whole call failed; ``partial`` has what was settled before it.

        Source: messages.recall_many
        """
        given = list(checks.items(_RECALL_MANY.id, "recalls", recalls, Recall))
        rows = [recall.to_wire(_RECALL_MANY.id) for recall in given]
        if not rows:
            raise checks.fail(_RECALL_MANY.id, "recalls is empty; name at least one")
        checks.no_duplicates(_RECALL_MANY.id, "message_id", [row["msg_id"] for row in rows])

        async def settle(part: Sequence[dict[str, Any]]) -> list[BatchOutcome[RecalledMessage]]:
            body: dict[str, Any] = {"msgs": part}
            if ext is not None:
                body["recallMessageExtensionInfo"] = checks.text(_RECALL_MANY.id, "ext", ext)
            answer = await self._transport.call(_RECALL_MANY, json=body)
            rows = {row.message.message_id: row for row in answer.objects(_RecallRow, "data")}
            done = {name: row.message for name, row in rows.items() if row.recalled == "yes"}
            refused = {name: row.recalled for name, row in rows.items() if name not in done}
            return settled(answer, [row["msg_id"] for row in part], done, refused)

        return await in_parts(checks.chunks(rows, api_limits.RECALLS_PER_CALL), settle)

    async def update(
        self,
        message_id: str,
        body: Message | str,
        *,
        operator: str | None = None,
        ext: Mapping[str, object] | None = None,
        merge_ext: bool | None = None,
    ) -> None:
        """Edit a message, where the app has that switched on; at most 10 times.

        Args:
            message_id: the message: digits.
            body: the new `Text` or `Custom`; or the type of a message of which only the ``ext``
                changes: ``"img"``, ``"audio"``, ``"video"``, ``"file"``, ``"loc"``.
            operator: who edits it.
            ext: the new extension.
            merge_ext: whether it is merged into the old one; it is, when not given.

        Raises:
            InvalidArgumentError: a message that cannot be edited.
            PermissionDeniedError: edited ten times, not the sender's, or not switched on.
            NotFoundError: no such message, or not any more.

        Source: messages.update
        """
        operation = _UPDATE.id
        if not (isinstance(message_id, str) and message_id.isascii() and message_id.isdigit()):
            raise checks.fail(operation, f"message_id {message_id!r:.80} must be digits")
        by_type = isinstance(body, str)
        if by_type and body not in ("img", "audio", "video", "file", "loc"):
            raise checks.fail(operation, f"body {body!r:.80} is no type of which only ext changes")
        if not by_type and not isinstance(body, Text | Custom):
            raise checks.fail(operation, f"body must be Text, Custom or a type: {body!r:.80}")
        most = self._transport.core.max_message_bytes
        # Of a type alone the ext is checked and measured, with any message.
        message = Text("") if isinstance(body, str) else body
        made = content(operation, message, ext=ext, push=None, max_bytes=most)
        fields: dict[str, Any] = {
            "user": None if operator is None else checks.reference(operation, "operator", operator),
            "new_msg": {"type": body} if by_type else {"type": made.type, **made.body},
            "new_ext": made.ext,
            "is_combine_ext": merge_ext,
        }
        given = {name: value for name, value in fields.items() if value is not None}
        answer = await self._transport.call(_UPDATE, message_id, json=given)
        answer.confirm("data")


class MessageImports:
    """Messages of the past, imported in the order of their times; clients pull them.

    Common arguments:
        target: the user or the group.
        body: the message; a file may be on a server of your own, see `need_download`.
        sender: who it is from.
        ext: the app's own extension.
        sent_at: when it was sent (aware); now when it is not given.
        need_download: have the service fetch the file and keep it.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create_user_message(
        self,
        target: str,
        body: Message,
        *,
        sender: str,
        ext: Mapping[str, object] | None = None,
        sent_at: datetime | None = None,
        need_download: bool | None = None,
    ) -> ImportedMessage:
        """Import a one-to-one message.

        Source: message_imports.create_user_message
        """
        return await self._import(_IMPORT_USER, target, body, sender, ext, sent_at, need_download)

    async def create_group_message(
        self,
        target: str,
        body: Message,
        *,
        sender: str,
        ext: Mapping[str, object] | None = None,
        sent_at: datetime | None = None,
        need_download: bool | None = None,
    ) -> ImportedMessage:
        """Import a message of a group, later than the group was made.

        Source: message_imports.create_group_message
        """
        return await self._import(_IMPORT_GROUP, target, body, sender, ext, sent_at, need_download)

    async def _import(
        self,
        operation: Operation,
        target: str,
        body: Message,
        sender: str,
        ext: Mapping[str, object] | None,
        sent_at: datetime | None,
        need_download: bool | None,
    ) -> ImportedMessage:
        most = self._transport.core.max_message_bytes
        made = content(operation.id, body, ext=ext, push=None, max_bytes=most)
        fields: dict[str, Any] = {
            "target": checks.reference(operation.id, "target", target),
            "type": made.type,
            "body": made.body,
            "ext": made.ext,
            "from": checks.reference(operation.id, "sender", sender),
            "msg_timestamp": checks.milliseconds(operation.id, "sent_at", sent_at),
            "need_download": need_download,
        }
        given = {name: value for name, value in fields.items() if value is not None}
        answer = await self._transport.call(operation, json=given, about=target)
        return answer.read(ImportedMessage, "data")
