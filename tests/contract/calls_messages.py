"""How the operations on messages beside sending are called: files, history, recalls, streams."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from easemob_async import Recall
from tests.contract.example import Call, Example
from tests.contract.message import message

STREAM = {"msgId": "message_id", "finishReason": "finish_reason", "type": "format"}


def stream(e: Example) -> dict[str, Any]:
    body = dict(e.body["body"])
    text = body.pop("msg")
    options = {STREAM.get(key, key): value for key, value in body.items()}
    options |= {"target": e.body["to"], "text": text, "sender": e.body["from"]}
    if "ext" in e.body:
        options["ext"] = e.body["ext"]
    return options


def recall(row: dict[str, Any]) -> dict[str, Any]:
    names = {"msg_id": "message_id", "to": "target", "from": "operator"}
    names |= {"recallMessageExtensionInfo": "ext"}
    return {names.get(key, key): value for key, value in row.items()}


def edit(e: Example) -> dict[str, Any]:
    new = dict(e.body["new_msg"])
    kind = {"image": "img"}.get(new["type"], new.pop("type"))
    return {
        "body": message(kind, new) if kind in ("txt", "custom") else kind,
        "operator": e.body["user"],
        "ext": e.body["new_ext"],
        "merge_ext": e.body["is_combine_ext"],
    }


def imported(e: Example) -> dict[str, Any]:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=e.body["msg_timestamp"])
    options = {
        "target": e.body["target"],
        "body": message(e.body["type"], e.body["body"]),
        "sender": e.body["from"],
        "ext": e.body["ext"],
        "sent_at": moment,
    }
    if "need_download" in e.body:
        options["need_download"] = e.body["need_download"]
    return options


def notify(e: Example) -> bool:
    return e.query.get("isNotify") == "true"


def before(e: Example) -> datetime:
    return datetime.fromtimestamp(int(e.query["delTime"]) / 1000, UTC)


def hour(e: Example) -> datetime:
    text = e.path["time"] if e.path["time"] != "XXXX" else "2018112717"
    return datetime.strptime(text, "%Y%m%d%H").replace(tzinfo=timezone(timedelta(hours=8)))


MESSAGES: dict[str, Call] = {
    "chat_groups.files.list": lambda c, e: c.chat_groups.files.list(
        e.path["group_id"], limit=e.limit
    ).page(),
    "chat_groups.files.upload": lambda c, e: c.chat_groups.files.upload(
        e.path["group_id"], b"content", filename="IMG_3.JPG"
    ),
    "chat_groups.files.download": lambda c, e: c.chat_groups.files.download(
        e.path["group_id"], e.path["file_id"]
    ).read(),
    "chat_groups.files.delete": lambda c, e: c.chat_groups.files.delete(
        e.path["group_id"], e.path["file_id"]
    ),
    "files.upload": lambda c, e: c.files.upload(b"content", filename="IMG_2953.JPG"),
    "files.download": lambda c, e: c.files.download(e.path["file_uuid"]).read(),
    "files.download_thumbnail": lambda c, e: c.files.download_thumbnail(e.path["file_uuid"]).read(),
    "files.set_lifetime": lambda c, e: c.files.set_lifetime(
        e.path["username"], e.body["chatfile_ids"], lifetime=e.body["lifetime"]
    ),
    "history.get": lambda c, e: c.history.get(hour(e)),
    "messages.recall": lambda c, e: c.messages.recall(**recall(e.body)),
    "messages.recall_many": lambda c, e: c.messages.recall_many(
        [Recall(**recall(row)) for row in e.body["msgs"]]
    ),
    "messages.update": lambda c, e: c.messages.update("1029457500870543736", **edit(e)),
    "messages.stream_to_user": lambda c, e: c.messages.stream_to_user(**stream(e)),
    "messages.stream_to_group": lambda c, e: c.messages.stream_to_group(**stream(e)),
    "conversations.delete": lambda c, e: c.conversations.delete(
        e.path["username"],
        e.body["channel"],
        chat_type=e.body["type"],
        delete_roaming=e.body["delete_roam"],
    ),
    "roaming.delete_all": lambda c, e: c.roaming.delete_all(e.path["userId"]),
    "roaming.delete_chat_messages": lambda c, e: c.roaming.delete_chat_messages(
        e.path["userId"],
        e.query["userId"],
        e.query["msgIdList"].split(","),
        need_notify=notify(e),
    ),
    "roaming.delete_group_messages": lambda c, e: c.roaming.delete_group_messages(
        e.path["userId"],
        e.query["groupId"],
        e.query["msgIdList"].split(","),
        need_notify=notify(e),
    ),
    "roaming.delete_chat_messages_before": lambda c, e: c.roaming.delete_chat_messages_before(
        e.path["userId"], e.query["userId"], before=before(e), need_notify=notify(e)
    ),
    "roaming.delete_group_messages_before": lambda c, e: c.roaming.delete_group_messages_before(
        e.path["userId"], e.query["groupId"], before=before(e), need_notify=notify(e)
    ),
    "message_imports.create_user_message": lambda c, e: c.message_imports.create_user_message(
        **imported(e)
    ),
    "message_imports.create_group_message": lambda c, e: c.message_imports.create_group_message(
        **imported(e)
    ),
    "webhook_storage.list": lambda c, e: c.webhook_storage.list().page(),
    "webhook_storage.retry": lambda c, e: c.webhook_storage.retry(
        e.body["date"], retries=e.body["retry"], target_url=e.body["targetUrl"]
    ),
}
