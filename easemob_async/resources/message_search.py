"""The request of a message search: its arguments, checked without the service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from easemob_async import api_limits, checks
from easemob_async.models.message_search import (
    Highlight,
    KeywordMatch,
    SearchExt,
    SearchMode,
    SearchSort,
    SearchType,
)
from easemob_async.models.messages import ChatType
from easemob_async.wire.options import to_wire


def search(
    operation: str,
    username: str,
    keywords: str | Iterable[str],
    *,
    match: str | None,
    chat_types: str | Sequence[str] | None,
    content_types: str | Sequence[str] | None,
    usernames: Iterable[str] | None,
    group_ids: Iterable[str] | None,
    room_ids: Iterable[str] | None,
    start: datetime | None,
    end: datetime | None,
    sort: str | None,
    mode: str | None,
    ext: str | None,
    highlight: bool | Highlight | None,
) -> dict[str, Any]:
    """Check the arguments of `messages.search` and rename them to the request's fields.

    Raises:
        InvalidArgumentError: an argument breaks a documented rule.
    """
    peers = _ids(operation, "usernames", usernames)
    groups, rooms = _ids(operation, "group_ids", group_ids), _ids(operation, "room_ids", room_ids)
    number = sum(len(ids or ()) for ids in (peers, groups, rooms))
    if number > api_limits.SEARCH_CONVERSATIONS:
        raise checks.fail(
            operation,
            f"usernames, group_ids and room_ids are {number} together; at most "
            f"{api_limits.SEARCH_CONVERSATIONS} are allowed",
        )
    fields = {
        **_keywords(operation, keywords, match),
        "conversationType": _several(operation, "chat_types", ChatType, chat_types),
        "participantPairs": None
        if peers is None
        else [{"userId1": username, "userId2": peer} for peer in peers],
        "groupIds": groups,
        "chatroomIds": rooms,
        "contentType": _several(operation, "content_types", SearchType, content_types),
        **_times(operation, start, end),
        "searchMode": checks.member(operation, "mode", SearchMode, mode),
        "searchExt": checks.member(operation, "search_ext", SearchExt, ext),
        "sort": checks.member(operation, "sort", SearchSort, sort),
        **_highlight(operation, highlight),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _keywords(operation: str, keywords: object, match: str | None) -> dict[str, Any]:
    if isinstance(keywords, str):
        if match is not None:
            raise checks.fail(operation, "match is only for several keywords: pass a list")
        return {"keyword": _keyword(operation, keywords)}
    if not isinstance(keywords, Iterable):
        kind = type(keywords).__name__
        raise checks.fail(operation, f"keywords must be a text or a list of texts, not a {kind}")
    found = list(dict.fromkeys(_keyword(operation, keyword) for keyword in keywords))
    if not 1 <= len(found) <= api_limits.SEARCH_KEYWORDS:
        raise checks.fail(
            operation,
            f"keywords has {len(found)} different ones; 1 to {api_limits.SEARCH_KEYWORDS} "
            "are allowed",
        )
    length, most = sum(map(len, found)), api_limits.SEARCH_KEYWORD_LENGTH
    if length > most:
        raise checks.fail(
            operation, f"keywords have {length} characters together; at most {most} are allowed"
        )
    matched = checks.member(operation, "match", KeywordMatch, match)
    return {"keywords": found, "keywordMatch": matched}


def _keyword(operation: str, keyword: object) -> str:
    most = api_limits.SEARCH_KEYWORD_LENGTH
    text = checks.text(operation, "a keyword", keyword, least=1, most=most)
    if not text.strip():
        raise checks.fail(operation, "a keyword must not be blank")
    return text


def _several(
    operation: str, name: str, enum: type[StrEnum], values: str | Iterable[str] | None
) -> str | None:
    if values is None:
        return None
    if not isinstance(values, Iterable) or isinstance(values, bytes):
        raise checks.fail(operation, f"{name} must be a list, not a {type(values).__name__}")
    given = [values] if isinstance(values, str) else list(values)
    if not given:
        raise checks.fail(operation, f"{name} is empty; pass at least one")
    return ",".join(str(checks.member(operation, name, enum, value)) for value in given)


def _ids(operation: str, name: str, ids: Iterable[str] | None) -> list[str] | None:
    if ids is None:
        return None
    found = checks.references(operation, name, ids)
    for value in found:
        checks.text(operation, name, value, most=api_limits.SEARCH_ID_LENGTH)
    return found


def _times(operation: str, start: datetime | None, end: datetime | None) -> dict[str, Any]:
    if (start is None) != (end is None):
        raise checks.fail(operation, "pass start and end together, or neither of them")
    begin = checks.milliseconds(operation, "start", start)
    finish = checks.milliseconds(operation, "end", end)
    if begin is not None and finish is not None:
        longest = timedelta(days=api_limits.SEARCH_DAYS) / timedelta(milliseconds=1)
        if not 0 <= finish - begin <= longest:
            raise checks.fail(
                operation,
                f"end must be 0 to {api_limits.SEARCH_DAYS} days after start: {start}, {end}",
            )
    return {"startTime": begin, "endTime": finish}


def _highlight(operation: str, highlight: bool | Highlight | None) -> dict[str, Any]:
    if highlight is None or isinstance(highlight, bool):
        return {"highlightEnable": highlight}
    if not isinstance(highlight, Highlight):
        raise checks.fail(operation, "highlight must be a bool or a Highlight")
    return {"highlightEnable": True, **to_wire(highlight)}
