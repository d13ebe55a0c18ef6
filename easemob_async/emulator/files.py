"""Handlers of files.*, chat_groups.files.* and history.*."""

from __future__ import annotations

import gzip
import json
import secrets
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from easemob_async import api_limits
from easemob_async.emulator.routes import JSON, Call, Content, File, Refusal, paged, routes
from easemob_async.emulator.state import Group

_KEPT: Final = 7 * 86_400
_BEIJING: Final = timezone(timedelta(hours=8))
_HISTORY_DAYS: Final = 3
_KINDS: Final = {"users": "chat", "chatgroups": "groupchat", "chatrooms": "chatroom"}


def _file(call: Call, error: str) -> File:
    if not isinstance(call.body, File):
        raise Refusal(400, error, "file must be provided.")
    if len(call.body.data) > api_limits.FILE_BYTES:
        error = "file exceeding maximum limit"
        raise Refusal(413, error, "the file size exceeds the maximum limit.")
    return call.body


@routes.add("POST", "/chatfiles", body="file")
def upload(call: Call) -> dict[str, JSON]:
    """files.upload."""
    file, file_id = _file(call, "illegal_argument"), str(uuid.uuid4())
    secret = secrets.token_urlsafe(9)
    call.state.files[file_id] = {
        "data": file.data,
        "secret": secret,
        "restricted": call.headers.get("restrict-access", "").lower() == "true",
        "ends": call.state.now() + _KEPT,
    }
    return {"entities": [{"uuid": file_id, "type": "chatfile", "share-secret": secret}]}


@routes.add("GET", "/chatfiles/{file_id}")
def download(call: Call) -> Content:
    """files.download and files.download_thumbnail; a thumbnail is the picture itself here."""
    file = call.state.files.get(call.params["file_id"])
    if file is None:
        raise Refusal(404, "entity_not_found", "file may not exists")
    if file["ends"] is not None and file["ends"] <= call.state.now():
        raise Refusal(404, "file_expired", f"file {call.params['file_id']} is expired")
    given = call.headers.get("share-secret") or call.query.get("share-secret")
    if file["restricted"] and given != file["secret"]:
        # open: what a wrong secret gives
        raise Refusal(403, "forbidden_op", "share-secret is wrong")
    return Content(file["data"])


@routes.add("PUT", "/users/{username}/chatfiles/lifetime", auth="user")
def set_lifetime(call: Call) -> dict[str, JSON]:
    """files.set_lifetime; a file may fail alone."""
    call.needs("lifetimes", Refusal(403, "forbidden_op", ""))
    lifetime = call.object().get("lifetime", "default")
    too_many = Refusal(400, "illegal_argument", "chatfile_ids size is too large")
    ids = call.names("chatfile_ids", most=api_limits.FILES_PER_CALL, too_many=too_many)
    if lifetime not in ("default", "refresh", "forever"):
        description = "lifetime must be either 'forever' or 'default' or 'refresh'。"
        raise Refusal(400, "illegal_argument", description)
    for file_id in ids:
        if file_id in call.state.files:
            ends = None if lifetime == "forever" else call.state.now() + _KEPT
            call.state.files[file_id]["ends"] = ends
    known = call.state.files
    return {"data": {i: "success" if i in known else "failed" for i in ids}}


# ---------------------------------------------------------------- files of groups


def _group(call: Call) -> Group:
    group = call.state.groups.get(call.params["group_id"])
    if group is None:
        description = f"grpID {call.params['group_id']} does not exist!"
        raise Refusal(404, "RestGroupFeignException", description)
    return group


def _shared(call: Call) -> dict[str, JSON]:
    file = _group(call).files.get(call.params["file_id"])
    if file is None:
        # open: no row for an unknown file; the nearest is that of message files
        raise Refusal(404, "entity_not_found", "file may not exists")
    return file


@routes.add("POST", "/chatgroups/{group_id}/share_files", body="file")
def share(call: Call) -> dict[str, JSON]:
    """chat_groups.files.upload; the name comes back in lower case, as printed."""
    group, file_id = _group(call), str(uuid.uuid4())
    file = _file(call, "IllegalArgumentException")
    shown: dict[str, Any] = {
        "file_id": file_id,
        "file_name": file.name.lower(),
        "file_size": len(file.data),
        "created": call.state.milliseconds(),
    }
    owner = call.username or "admin"  # open: who owns what the app uploads
    group.files[file_id] = {"shown": {**shown, "file_owner": owner}, "data": file.data}
    url = f"http://{call.headers.get('Host')}/{call.state.org}/{call.state.app}{call.path}"
    return {
        "entities": [],
        "data": {**shown, "file_url": f"{url}/{file_id}", "group_id": group.group_id},
    }


@routes.add("GET", "/chatgroups/{group_id}/share_files")
def list_shared(call: Call) -> dict[str, JSON]:
    """chat_groups.files.list: newest first."""
    files = [file["shown"] for file in _group(call).files.values()][::-1]
    return {"entities": [], "data": paged(call, files, 1000, 1000)}


@routes.add("GET", "/chatgroups/{group_id}/share_files/{file_id}")
def download_shared(call: Call) -> Content:
    """chat_groups.files.download."""
    return Content(_shared(call)["data"])


@routes.add("DELETE", "/chatgroups/{group_id}/share_files/{file_id}")
def delete_shared(call: Call) -> dict[str, JSON]:
    """chat_groups.files.delete."""
    _shared(call)
    group, file_id = _group(call), call.params["file_id"]
    del group.files[file_id]
    data = {"group_id": group.group_id, "file_id": file_id, "result": True}
    return {"entities": [], "data": data}


# ---------------------------------------------------------------- history


def _hour(call: Call) -> datetime:
    text = call.params["hour"]
    shown = f"appkey: {call.state.org}#{call.state.app}, time: {text}"
    try:
        hour = datetime.strptime(text, "%Y%m%d%H").replace(tzinfo=_BEIJING)
    except ValueError:
        raise Refusal(400, "illegal_argument", f"illegal arguments: {shown}") from None
    now = datetime.fromtimestamp(call.state.now(), UTC)
    if not now - timedelta(days=_HISTORY_DAYS) <= hour <= now:
        description = (
            f"illegal arguments: {shown}, maybe chat message history is expired or unstored"
        )
        raise Refusal(400, "illegal_argument", description)
    return hour


def _records(call: Call, hour: datetime) -> list[dict[str, Any]]:
    begin = hour.timestamp() * 1000
    return [
        {
            "msg_id": message["id"],
            "timestamp": message["timestamp"],
            "direction": "outgoing",
            "to": message["to"],
            "from": message["from"],
            "chat_type": _KINDS[message["chat_type"]],
            "payload": {
                "bodies": [{**message["body"], "type": message["type"]}],
                "ext": message["ext"],
                "from": message["from"],
                "to": message["to"],
            },
        }
        for message in call.state.messages.values()
        if begin <= message["timestamp"] < begin + 3_600_000
    ]


@routes.add("GET", "/chatmessages/{hour}", quota="history")
def get_history(call: Call) -> dict[str, JSON]:
    """history.get: where the file is; there at once, not after hours."""
    hour = _hour(call)
    if not _records(call, hour):
        shown = f"appkey: {call.state.org}#{call.state.app}, time: {call.params['hour']}"
        description = f"Failed to find chat message history download url for {shown}"
        raise Refusal(404, "storage_object_not_found", description)
    url = f"http://{call.headers.get('Host')}/{call.state.org}/{call.state.app}{call.path}/file"
    signed = f"{url}?Expires={int(call.state.now()) + 1800}&OSSAccessKeyId=x&Signature=emulated"
    return {"data": [{"url": signed}]}


@routes.add("GET", "/chatmessages/{hour}/file", auth="none")
def download_history(call: Call) -> Content:
    """Not of the API: stands for the store that a signed URL leads to. A record a line, packed."""
    lines = [json.dumps(r, ensure_ascii=False) + "\n" for r in _records(call, _hour(call))]
    return Content(gzip.compress("".join(lines).encode()))
