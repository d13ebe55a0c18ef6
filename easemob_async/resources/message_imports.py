"""Import of messages that were sent through another service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from easemob_async import checks
from easemob_async.models.message_imports import ImportedMessage
from easemob_async.models.messages import Message
from easemob_async.operation import Operation
from easemob_async.resources.sending import content
from easemob_async.transport.transport import Transport

_IMPORT_USER: Final = Operation(
    "message_imports.create_user_message", "POST", "/messages/users/import", "once"
)
_IMPORT_GROUP: Final = Operation(
    "message_imports.create_group_message", "POST", "/messages/chatgroups/import", "once"
)


class MessageImports:
    """The import of past messages, in the order of their times; clients pull them.

    Common arguments:
        target: the user or the group.
        body: the message; its file may be on your own server, see `need_download`.
        sender: the sender.
        ext: the app's own extension fields.
        sent_at: the time at which the message was sent (aware); now by default.
        need_download: whether the service downloads the file and stores it.
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

        Source: message_imports.create_user_message (message_import_single.md)
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
        """Import a message of a group; it must be later than the creation of the group.

        Source: message_imports.create_group_message (message_import_group.md)
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
        most = self._transport.max_message_bytes
        made = content(operation.id, body, ext=ext, push=None, max_bytes=most)
        fields: dict[str, Any] = {
            "target": checks.reference(operation.id, "target", target),
            "type": made.type,
            "body": made.body,
            "ext": made.ext,
            "from": checks.reference(operation.id, "sender", sender),
            "msg_timestamp": checks.milliseconds(operation.id, "sent_at", sent_at),
            "need_download": checks.flag(operation.id, "need_download", need_download),
        }
        given = {name: value for name, value in fields.items() if value is not None}
        answer = await self._transport.call(operation, json=given, about=target)
        return answer.read(ImportedMessage, "data")
