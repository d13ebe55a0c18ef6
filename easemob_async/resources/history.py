"""The messages of past hours."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from aiohttp import ClientError
from yarl import URL

from easemob_async import checks
from easemob_async.config import DataCenter
from easemob_async.errors import ResponseError, TransportError
from easemob_async.models.files import HistoryFile, HistoryMessage
from easemob_async.models.messages import (
    MESSAGE_TYPES,
    Audio,
    Command,
    Custom,
    File,
    Image,
    Location,
    Message,
    Text,
    Video,
)
from easemob_async.quotas import MINUTE, Limit
from easemob_async.transport.operation import Operation
from easemob_async.transport.transport import Transport
from easemob_async.transport.uploads import PIECE

_GET: Final = Operation(
    "history.get", "GET", "/chatmessages/{hour}", "safe", (Limit(10, per=MINUTE),)
)
_OK: Final = 200
_GZIP: Final = 16 + zlib.MAX_WBITS


class History:
    """Files with the messages of an hour; of the past 3 days by default, some hours after.

    Common arguments:
        hour: a time within it (aware).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self, hour: datetime) -> tuple[HistoryFile, ...]:
        """Give where the files of an hour are; 10 calls a minute.

        Raises:
            BadRequestError: too long ago, or not stored yet.
            NotFoundError: there is none for that hour.

        Source: history.get
        """
        if not isinstance(hour, datetime) or hour.utcoffset() is None:
            raise checks.fail(_GET.id, f"hour must be an aware datetime, not {hour!r}")
        host = URL(self._transport.core.app_url).host
        centre = DataCenter.of(host)
        # Beijing time in China, UTC elsewhere; another host is taken to be China's.
        offset = timedelta(hours=8) if centre is None else centre.utc_offset
        key = hour.astimezone(timezone(offset)).strftime("%Y%m%d%H")
        return (await self._transport.call(_GET, key)).objects(HistoryFile, "data")

    async def messages(self, hour: datetime) -> AsyncIterator[HistoryMessage]:
        """Download the files of an hour, unpack them and give every message, as it comes.

        Raises:
            NotFoundError: there is none for that hour.
            TransportError: a file cannot be downloaded.
            ResponseError: a file is not what it should be.

        Source: history.get
        """
        for file in await self.get(hour):
            async for record in _records(self._pieces(file)):
                yield read_record(record)

    async def _pieces(self, file: HistoryFile) -> AsyncIterator[bytes]:
        session = self._transport.core.pool.session()
        status = None
        try:
            # Signed: it takes no token, and none is sent to another host.
            async with session.get(URL(file.url, encoded=True), allow_redirects=False) as response:
                status = response.status
                if status == _OK:
                    async for piece in response.content.iter_chunked(PIECE):
                        yield piece
                    return
        except (ClientError, OSError) as error:
            problem = type(error).__name__  # its text may hold the signed URL
        else:
            problem = f"status {status}"
        raise TransportError(
            f"history.messages: a file cannot be downloaded: {problem}", operation=_GET.id
        )


async def _records(pieces: AsyncIterator[bytes]) -> AsyncIterator[Mapping[str, Any]]:
    """Unpack gzip, if it is, and cut JSON objects apart, whatever stands between them."""
    unpack: Callable[[bytes], bytes] | None = None
    text, decode = b"", json.JSONDecoder().raw_decode
    async for piece in pieces:
        if unpack is None:
            packed = piece[:2] == b"\x1f\x8b"
            unpack = zlib.decompressobj(_GZIP).decompress if packed else bytes
        try:
            text += unpack(piece)
        except zlib.error as error:
            raise ResponseError(f"history.messages: a damaged file: {error}") from None
        lines, newline, rest = text.rpartition(b"\n")
        if newline:
            for record in _cut(lines.decode("utf-8", "replace"), decode):
                yield record
            text = rest
    for record in _cut(text.decode("utf-8", "replace"), decode):
        yield record


def _cut(text: str, decode: Callable[..., tuple[Any, int]]) -> Iterator[Mapping[str, Any]]:
    at, length = 0, len(text)
    while True:
        while at < length and text[at] in " \t\r\n,[]":
            at += 1
        if at == length:
            return
        try:
            record, at = decode(text, at)
        except ValueError as error:
            raise ResponseError(f"history.messages: a file is not JSON: {error}") from None
        if not isinstance(record, dict):
            raise ResponseError("history.messages: a record is no object")
        yield record


def read_record(record: Mapping[str, Any]) -> HistoryMessage:
    """Read a record of a history file.

    Raises:
        ResponseError: it lacks what every record has.
    """
    payload = record.get("payload")
    try:
        assert isinstance(payload, dict)
        sent_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=record["timestamp"])
        return HistoryMessage(
            message_id=str(record["msg_id"]),
            sent_at=sent_at,
            chat_type=str(record["chat_type"]),
            sender=str(payload["from"]),
            target=str(payload["to"]),
            bodies=tuple(read_body(body) for body in payload["bodies"]),
            ext=payload.get("ext") or {},
        )
    except (KeyError, TypeError, AssertionError, OverflowError) as error:
        raise ResponseError(f"history.messages: a record lacks {error}") from None


def read_body(body: Mapping[str, Any]) -> Message | Mapping[str, Any]:
    """Make the message that a body of the service is; what is none stays as it is."""
    if not isinstance(body, Mapping) or body.get("type") not in MESSAGE_TYPES:
        return body
    try:
        return _message(body)
    except (KeyError, TypeError, ValueError):  # InvalidArgumentError is one
        return body


def _message(body: Mapping[str, Any]) -> Message:
    length = body.get("length")
    duration = None if length is None else timedelta(seconds=length)
    attachment: dict[str, Any] = {
        "filename": body.get("filename"),
        "secret": body.get("secret"),
        "file_length": body.get("file_length"),
    }
    match body["type"]:
        case "txt":
            return Text(body["msg"])
        case "loc":
            return Location(body["lat"], body["lng"], body["addr"])
        case "cmd":
            return Command(body["action"], body.get("param"))
        case "custom":
            return Custom(body.get("customEvent"), _exts(body))
        case "img":
            return Image(body["url"], **attachment, **(body.get("size") or {}))
        case "audio":
            return Audio(body["url"], **attachment, duration=duration)
        case "video":
            thumb = {"thumb": body.get("thumb"), "thumb_secret": body.get("thumb_secret")}
            return Video(body["url"], **attachment, **thumb, duration=duration)
        case _:
            return File(body["url"], **attachment)


def _exts(body: Mapping[str, Any]) -> dict[str, str] | None:
    """The newer form is a mapping; the older one a list of mappings with one key each."""
    newer, older = body.get("v2:customExts"), body.get("customExts")
    if isinstance(newer, dict):
        return newer
    if isinstance(older, list):
        return {key: value for one in older for key, value in one.items()}
    return older
