"""The app's message history: files with the messages of an hour."""

from __future__ import annotations

import codecs
import contextlib
import logging
import zlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timezone
from typing import Any, Final, cast

from easemob_async import checks
from easemob_async.errors import ResponseError
from easemob_async.models.history import HistoryFile, HistoryMessage
from easemob_async.models.received import read_body
from easemob_async.operation import Operation
from easemob_async.quotas import MINUTE, Limit
from easemob_async.transport.transport import Transport
from easemob_async.wire.codec import mended, read_first
from easemob_async.wire.decoding import DecodeError, structure

_GET: Final = Operation(
    "history.get", "GET", "/chatmessages/{hour}", "safe", (Limit(10, per=MINUTE),)
)
_OK: Final = 200
_log: Final = logging.getLogger("easemob_async")
_GZIP: Final = 16 + zlib.MAX_WBITS


class History:
    """The files with the messages of an hour.

    The service keeps the past 3 days by default; the files of an hour come some hours later.

    Common arguments:
        hour: any time within the hour (aware).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self, hour: datetime) -> tuple[HistoryFile, ...]:
        """Return the URLs of the files of an hour; 10 calls a minute.

        Raises:
            BadRequestError: the hour is too long ago, or its files are not stored yet.
            NotFoundError: there is no file for this hour.

        Source: history.get (message_historical.md)
        """
        if not isinstance(hour, datetime) or hour.utcoffset() is None:
            raise checks.fail(_GET.id, f"hour must be an aware datetime, not {hour!r}")
        try:
            there = hour.astimezone(timezone(await self._transport.utc_offset(_GET.id)))
            key = there.strftime("%Y%m%d%H")
        except OverflowError:
            raise checks.fail(_GET.id, f"hour is out of range: {hour!r}") from None
        return (await self._transport.call(_GET, key)).rows(HistoryFile, "data", bare=True)

    async def messages(self, hour: datetime) -> AsyncIterator[HistoryMessage]:
        """Download the files of an hour, unpack them and yield every message as it is read.

        Fields that a record lacks are ``None``, or empty for the bodies. A record that is not a
        message is skipped, and the logger ``easemob_async`` gets a warning.

        Raises:
            NotFoundError: there is no file for this hour.
            TransportError: a file cannot be downloaded.
            ResponseError: a file is damaged; the messages before the damage were yielded.

        Source: history.get (message_historical.md)
        """
        for file in await self.get(hour):
            async for record in _records(self._transport.fetch(file.url, "history.messages")):
                message = read_record(record)
                if message is None:
                    _leave_out()
                else:
                    yield message


async def _records(pieces: AsyncIterator[bytes]) -> AsyncIterator[Mapping[str, Any]]:
    """Unpack a file, if it is gzip, and split it into JSON objects, whatever separates them."""
    unpacker, characters, text = _Unpacker(), _UTF_8("replace"), ""
    found = left_out = 0
    problem = None
    async for piece in _ended(pieces):
        text += "\n" if piece is None else characters.decode(unpacker.feed(piece))
        records, text, problem = _cut(text, last=piece is None)
        for record in records:
            if isinstance(record, dict):
                found += 1
                yield record
            else:
                left_out += 1
                _leave_out()
        problem = problem or unpacker.problem
        if problem is not None:
            break
    if problem is None and (text.strip(_BETWEEN) or not unpacker.complete):
        problem = "it ends in the middle"
    if problem is None and left_out and not found:
        problem = "it has no records"
    if problem is not None:
        raise _damaged(problem)


async def _ended(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes | None]:
    """Yield the pieces, and ``None`` after the last one."""
    async for piece in pieces:
        yield piece
    yield None


def _leave_out() -> None:
    _log.warning("history.messages: skipped a record that is not a message")


_BETWEEN: Final = " \t\r\n,[]\0\ufeff"
_UTF_8: Final = codecs.getincrementaldecoder("utf-8")
_LONGEST: Final = 4 * 1024 * 1024
"""The maximum length of a record; longer text is not a record."""


class _Unpacker:
    """An unpacker of gzip, also of several members; data that is not packed stays unchanged."""

    def __init__(self) -> None:
        self._packed: bool | None = None
        self._member = zlib.decompressobj(_GZIP)
        self._begun = False
        self.problem: str | None = None
        """The reason why the rest cannot be unpacked."""

    @property
    def complete(self) -> bool:
        """Whether the packed data was read to its end."""
        return not self._packed or not self._begun

    def feed(self, data: bytes) -> bytes:
        if self._packed is None and data:
            self._packed = data[:1] == b"\x1f"  # no JSON begins with this byte
        if not self._packed:
            return data
        found = b""
        while data and self.problem is None:
            if not self._begun:
                data = data.lstrip(b"\0\r\n\t ")  # the padding between members
                if not data:
                    break
            self._begun = True
            for at in range(0, len(data), _STEP):
                step, before = data[at : at + _STEP], self._member.copy()
                try:
                    found += self._member.decompress(step)
                except zlib.error as error:
                    self.problem = str(error)
                    return found + _before_fault(before, step)
                if self._member.eof:
                    data = self._member.unused_data + data[at + _STEP :]
                    self._member, self._begun = zlib.decompressobj(_GZIP), False
                    break
            else:
                data = b""
        return found


_STEP: Final = 4096


def _before_fault(member: zlib._Decompress, data: bytes) -> bytes:
    """Unpack the bytes before a fault: zlib returns nothing of a part that has one."""
    found = b""
    with contextlib.suppress(zlib.error):
        for byte in data:
            found += member.decompress(bytes([byte]))
    return found


def _cut(text: str, *, last: bool = False) -> tuple[list[object], str, str | None]:
    """Return the complete records, the rest of the text, and why the rest cannot be read, if so."""
    records: list[object] = []
    at, length = 0, len(text)
    while True:
        while at < length and text[at] in _BETWEEN:
            at += 1
        if at == length:
            return records, "", None
        try:
            record, end = read_first(text, at)
            whole = last or isinstance(record, dict) or end < length  # 12 may continue as 123
            if whole and "\\u" in text[at:end]:
                record, _ = read_first(mended(text[at:end]), 0)
        except ValueError as error:
            end = text.find("\n", at)
            # Reading continues at the next line if that begins a record, or if this record is
            # nested too deeply to be read.
            behind = text[end:].lstrip(_BETWEEN)[:1] if end >= 0 and text[at] != "{" else ""
            if behind == "{" or (end >= 0 and "too deeply" in str(error)):
                record, whole = None, True
            elif last or length - at > _LONGEST or behind:
                return records, text[at:], f"it is not JSON: {error}"
            else:
                whole = False
        if not whole:
            return records, text[at:], None  # the rest of this record has not arrived yet
        records.append(record)
        at = end


def _damaged(why: str) -> ResponseError:
    return ResponseError(f"history.messages: a damaged file: {why}", operation=_GET.id)


def read_record(record: object) -> HistoryMessage | None:
    """Read a record of a history file; ``None`` if it is not a message."""
    if not isinstance(record, Mapping) or not isinstance(record.get("payload"), Mapping):
        return None
    payload = record["payload"]
    bodies, ext = payload.get("bodies"), payload.get("ext")
    if isinstance(bodies, Mapping):
        bodies = [bodies]
    return HistoryMessage(
        message_id=_text(record.get("msg_id")),
        sent_at=_time(record.get("timestamp")),
        chat_type=_text(record.get("chat_type")),
        sender=_text(payload.get("from")),
        target=_text(payload.get("to")),
        bodies=tuple(
            read_body(body)
            for body in (bodies if isinstance(bodies, list) else ())
            if body is not None
        ),
        ext=ext if isinstance(ext, Mapping) else {},
    )


def _text(value: object) -> str | None:
    try:
        return None if value is None else str(structure(value, str))
    except DecodeError:
        return None


def _time(value: object) -> datetime | None:
    try:
        return None if value is None else cast("datetime", structure(value, datetime))
    except DecodeError:
        return None
