"""Handlers of history.*."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, Content, routes
from easemob_async.emulator.state import BEIJING

_HISTORY_DAYS: Final = 3
_KINDS: Final = {"users": "chat", "chatgroups": "groupchat", "chatrooms": "chatroom"}


# ---------------------------------------------------------------- history


def _hour(call: Call) -> datetime:
    text = call.params["hour"]
    shown = f"appkey: {call.state.org}#{call.state.app}, time: {text}"
    try:
        hour = datetime.strptime(text, "%Y%m%d%H").replace(tzinfo=call.time_zone)
    except ValueError:
        raise Refusal(400, "illegal_argument", f"illegal arguments: {shown}") from None
    now = datetime.fromtimestamp(call.state.now(), UTC)
    if not now - timedelta(days=_HISTORY_DAYS) <= hour <= now:
        description = (
            f"illegal arguments: {shown}, maybe chat message history is expired or unstored"
        )
        raise Refusal(400, "illegal_argument", description)
    return hour


def _within(messages: Iterable[dict[str, Any]], hour: datetime) -> Iterator[dict[str, Any]]:
    begin = hour.timestamp() * 1000
    return (m for m in messages if begin <= m["timestamp"] < begin + 3_600_000)


def _record(message: dict[str, Any]) -> dict[str, Any]:
    return {
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


def _file(messages: Iterable[dict[str, Any]], hour: datetime) -> bytes:
    content = io.BytesIO()
    with gzip.open(content, "wt", 1, encoding="utf-8") as lines:
        for message in _within(messages, hour):
            lines.write(json.dumps(_record(message), ensure_ascii=False) + "\n")
    return content.getvalue()


@routes.add("GET", "/chatmessages/{hour}", quota="history")
def get_history(call: Call) -> dict[str, JSON]:
    """Handle history.get: the URL of the file, which is available without a delay."""
    hour = _hour(call)
    if next(_within(call.state.messages.values(), hour), None) is None:
        shown = f"appkey: {call.state.org}#{call.state.app}, time: {call.params['hour']}"
        description = f"Failed to find chat message history download url for {shown}"
        raise Refusal(404, "storage_object_not_found", description)
    # The file is fetched without a token, which tells the time zone: its name is in that of China.
    url = f"{call.root}/chatmessages/{hour.astimezone(BEIJING):%Y%m%d%H}/file"
    signed = f"{url}?Expires={int(call.state.now()) + 1800}&OSSAccessKeyId=x&Signature=emulated"
    return {"data": [{"url": signed}]}


@routes.add("GET", "/chatmessages/{hour}/file", auth="none")
def download_history(call: Call) -> Content:
    """Serve the file of a signed URL, one record per line, gzipped; not a call of the API."""
    hour, messages = _hour(call), list(call.state.messages.values())
    return Content(lambda: _file(messages, hour))
