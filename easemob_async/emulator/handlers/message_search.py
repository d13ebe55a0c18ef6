"""Handler of messages.search: a search over the messages that the emulator keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from easemob_async import api_limits
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, as_number, routes

_TYPES: Final = {
    "txt": "text",
    "img": "image",
    "video": "video",
    "file": "file",
    "loc": "location",
    "combine": "text",
}
_CHAT_TYPES: Final = {"users": "chat", "chatgroups": "groupchat", "chatrooms": "chatroom"}
_SORTS: Final = ("relevance:desc", "sentTime:desc", "sentTime:asc")
_MODES: Final = ("default", "exact", "phrase", "fuzzy")
_SEARCHED: Final = ("none", "with", "only")
_MALFORMED: Final = 4000005
_TOO_COMPLEX: Final = 4000006
_NOT_ENABLED: Final = 4030204


def _refuse(code: int = _MALFORMED) -> Refusal:
    # open: where the code stands, and the texts on the wire; the page prints Chinese ones
    text = "请求体格式错误或缺少必需参数" if code == _MALFORMED else "搜索条件过于复杂"
    return Refusal(400, None, text, error_code=code)


@routes.add("POST", "/users/{username}/messages/search/get", envelope=False)
def search_messages(call: Call) -> dict[str, JSON]:
    """Handle messages.search; open: how relevant a message is, here the number of its matches."""
    closed = Refusal(403, None, "搜索服务未激活", error_code=_NOT_ENABLED)
    call.needs("message_search", closed)
    data = call.object().get("data")
    if not isinstance(data, dict):
        raise _refuse()
    words, every = _keywords(data)
    page, size = (_number(data, key, default) for key, default in (("page", 1), ("size", 20)))
    if size > api_limits.SEARCH_PER_PAGE or page * size > api_limits.SEARCH_RESULTS:
        raise _refuse()
    sort, mode = _one_of(data, "sort", _SORTS), _one_of(data, "searchMode", _MODES)
    searched = _one_of(data, "searchExt", _SEARCHED)
    inside, mark = _conversations(call, data), _marker(data, words, mode)
    types, times = _content_types(data), _times(data)
    found = []
    for message in call.state.messages.values():
        if message["type"] not in _TYPES or not inside(message):
            continue
        if types is not None and message["type"] not in types:
            continue
        if times is not None and not times[0] <= message["timestamp"] <= times[1]:
            continue
        hits = [_hits(_text(message, searched), word, mode) for word in words]
        if all(hits) if every else any(hits):
            found.append((sum(hits), message))
    if sort == "relevance:desc":
        found.sort(key=lambda pair: (-pair[0], -pair[1]["timestamp"]))
    else:
        found.sort(key=lambda pair: pair[1]["timestamp"], reverse=sort == "sentTime:desc")
    part = found[(page - 1) * size : page * size]
    rows = [_show(call, message, hits, sort, mark) for hits, message in part]
    pages = -(-len(found) // size)
    pagination = {
        "totalPages": pages,
        "page": page,
        "count": len(rows),
        "isFinished": int(page >= pages),
    }
    meta = {"timestamp": call.state.milliseconds(), "requestId": ""}
    return {"data": {"list": rows, "pagination": pagination}, "meta": meta}


def _keywords(data: Mapping[str, JSON]) -> tuple[list[str], bool]:
    words = data.get("keywords")
    if words is None:
        words = [data.get("keyword")]
    if not isinstance(words, list) or not all(isinstance(w, str) and w.strip() for w in words):
        raise _refuse()
    words = list(dict.fromkeys(words))
    if not 1 <= len(words) <= api_limits.SEARCH_KEYWORDS:
        raise _refuse()
    if sum(map(len, words)) > api_limits.SEARCH_KEYWORD_LENGTH:
        raise _refuse(_TOO_COMPLEX)
    return words, _one_of(data, "keywordMatch", ("any", "all")) == "all"


def _number(data: Mapping[str, JSON], key: str, default: int) -> int:
    value = as_number(data.get(key, default), 1)
    if value is None:
        raise _refuse()
    return value


def _one_of(data: Mapping[str, JSON], key: str, allowed: tuple[str, ...]) -> str:
    value = data.get(key, allowed[0])
    if value not in allowed:
        raise _refuse()
    return str(value)


def _several(data: Mapping[str, JSON], key: str) -> list[str] | None:
    value = data.get(key)
    if not isinstance(value, str | None):
        raise _refuse()
    return None if value is None else value.split(",")


def _content_types(data: Mapping[str, JSON]) -> set[str] | None:
    given = _several(data, "contentType")
    if given is None:
        return None
    ours = {**{theirs: ours for ours, theirs in _TYPES.items() if ours != "combine"}}
    ours["combine"] = "combine"
    if not set(given) <= set(ours):
        raise _refuse()
    return {ours[name] for name in given}


def _times(data: Mapping[str, JSON]) -> tuple[int, int] | None:
    if data.get("startTime") is None and data.get("endTime") is None:
        return None
    start, end = as_number(data.get("startTime")), as_number(data.get("endTime"))
    if start is None or end is None or end < start:
        raise _refuse()
    if end - start > timedelta(days=api_limits.SEARCH_DAYS) / timedelta(milliseconds=1):
        raise _refuse()
    return start, end


def _ids(data: Mapping[str, JSON], key: str) -> list[str]:
    found = data.get(key, [])
    most = api_limits.SEARCH_ID_LENGTH
    if not isinstance(found, list) or not all(
        isinstance(one, str) and 0 < len(one) <= most for one in found
    ):
        raise _refuse()
    return found


def _conversations(call: Call, data: Mapping[str, JSON]) -> Callable[[Mapping[str, Any]], bool]:
    """Return the test whether the user can see a message, and has asked for its conversation."""
    name, state = call.params["username"], call.state
    pairs = data.get("participantPairs")
    groups, rooms = _ids(data, "groupIds"), _ids(data, "chatroomIds")
    peers = None if pairs is None else [_peer(pair, name) for pair in _pairs(pairs)]
    if len(peers or ()) + len(groups) + len(rooms) > api_limits.SEARCH_CONVERSATIONS:
        raise _refuse()
    kinds = _several(data, "conversationType")
    if kinds is not None and not set(kinds) <= set(_CHAT_TYPES.values()):
        raise _refuse()

    def inside(message: Mapping[str, Any]) -> bool:
        kind, target = message["chat_type"], message["to"]
        if kinds is not None and _CHAT_TYPES[kind] not in kinds:
            return False
        if kind == "users":
            ends = {message["from"], target}
            if name not in ends or (peers is None and (groups or rooms) and kinds is None):
                return False
            return peers is None or any(ends == {name, peer} for peer in peers)
        places, asked = (state.groups, groups) if kind == "chatgroups" else (state.rooms, rooms)
        place = places.get(target)
        if target not in asked or place is None or name not in place:
            return False
        return bool(message["timestamp"] >= place.members.get(name, 0))

    return inside


def _pairs(pairs: JSON) -> list[Mapping[str, JSON]]:
    if not isinstance(pairs, list) or not all(isinstance(pair, dict) for pair in pairs):
        raise _refuse()
    return pairs


def _peer(pair: Mapping[str, JSON], name: str) -> str:
    """Return the other user of a pair, which must contain the user who searches."""
    both = [pair.get("userId1"), pair.get("userId2")]
    if not all(isinstance(one, str) and one for one in both):
        raise _refuse()
    low = [str(one).lower() for one in both]
    if name not in low:
        raise _refuse()
    low.remove(name)
    return low[0]


def _text(message: Mapping[str, Any], searched: str) -> str:
    parts = [] if searched == "only" else [_content(message)]
    if searched != "none" and message["ext"]:
        parts.append(json.dumps(message["ext"], ensure_ascii=False))
    return "\n".join(parts).casefold()


def _content(message: Mapping[str, Any]) -> str:
    body = message["body"]
    return " ".join(str(body[key]) for key in ("msg", "filename", "addr", "title") if key in body)


def _hits(text: str, word: str, mode: str) -> int:
    """Count the places of a keyword in a text; in ``fuzzy``, one wrong letter is allowed."""
    low = word.casefold()
    if mode == "default":
        return sum(text.count(part) for part in low.split())
    if mode == "fuzzy":
        return sum(
            text.count(low[:at] + low[at + 1 :]) for at in range(len(low)) if len(low) > 1
        ) or text.count(low)
    return text.count(low)


def _marker(data: Mapping[str, JSON], words: list[str], mode: str) -> Callable[[str], str] | None:
    """Return what marks the matches in a text, or ``None`` if they are not to be marked.

    The whole text is one fragment here, whatever the size and the number of fragments.
    """
    before, after = data.get("highlightPreTags", "<em>"), data.get("highlightPostTags", "</em>")
    for tag in (before, after):
        if not isinstance(tag, str) or not 0 < len(tag) <= api_limits.HIGHLIGHT_TAG_LENGTH:
            raise _refuse()
    for key, least, most in (
        ("highlightFragmentSize", 1, api_limits.HIGHLIGHT_FRAGMENT_LENGTH),
        ("highlightNumberOfFragments", 0, api_limits.HIGHLIGHT_FRAGMENTS),
    ):
        number = as_number(data.get(key, least), least)
        if number is None or number > most:
            raise _refuse()
    if data.get("highlightEnable") is not True:
        return None
    parts = [part for word in words for part in (word.split() if mode == "default" else [word])]
    pattern = "|".join(re.escape(part) for part in sorted(parts, key=len, reverse=True))
    return lambda text: re.sub(
        pattern, lambda match: f"{before}{match[0]}{after}", text, flags=re.IGNORECASE
    )


def _show(
    call: Call,
    message: Mapping[str, Any],
    hits: int,
    sort: str,
    mark: Callable[[str], str] | None,
) -> dict[str, JSON]:
    row: dict[str, JSON] = {
        "messageId": int(message["id"]),
        "appKey": f"{call.state.org}#{call.state.app}",
        "conversationType": _CHAT_TYPES[message["chat_type"]],
        "contentType": _TYPES[message["type"]],
        "sentTime": message["timestamp"],
        "senderId": message["from"],
        "receiverId": message["to"],
        "content": _shown_content(message),
    }
    if message["ext"]:
        row["ext"] = message["ext"]
    if mark is not None and message["type"] == "txt":
        text = str(message["body"].get("msg", ""))
        if mark(text) != text:
            row["highlight"] = {"content.message": [mark(text)]}
    if sort == "relevance:desc":
        row["relevanceScore"] = float(hits)
    return row


def _shown_content(message: Mapping[str, Any]) -> dict[str, JSON]:
    body, kind = message["body"], message["type"]
    if kind == "txt":
        return {"message": body.get("msg", "")}
    if kind == "loc":
        return {"address": body.get("addr"), "coordinates": f"{body.get('lat')},{body.get('lng')}"}
    names = {"filename": "filename", "file_length": "size", "secret": "secret", "url": "url"}
    found = {ours: body[theirs] for theirs, ours in names.items() if theirs in body}
    if kind == "img" and isinstance(body.get("size"), dict):
        found["dimensions"] = body["size"]
    if kind == "video":
        more = {"length": "duration", "thumb": "thumb", "thumb_secret": "thumb_secret"}
        found |= {ours: body[theirs] for theirs, ours in more.items() if theirs in body}
    if kind == "combine":
        found |= {key: body[key] for key in ("title", "summary") if key in body}
        found["subtype"] = "sub_combine"
    return found
