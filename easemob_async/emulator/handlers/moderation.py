"""Handlers of moderation.*."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any, Final

from easemob_async import api_limits
from easemob_async.emulator.events import REVIEWS, tell_review
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, Content, as_number, routes
from easemob_async.emulator.word_lists import moderate

_SCOPES: Final = ("ALL", "CHAT", "GROUP", "ROOM", "TAG")
_EMPTY: Final = 4000005
_NOT_OPEN: Final = 4000404
_DISPOSITIONS: Final = ("PASS", "REJECT", "EXCHANGE")


# The pages of some calls write the name of the error in this way, those of others "Bad Request".
_LOWER: Final = {("PUT", "word"), ("PUT", ""), ("POST", "word"), ("POST", "search"), ("DELETE", "")}


def _bad(call: Call, description: str) -> Refusal:
    last = call.path.rpartition("/")[2]
    key = call.method, last if last in ("word", "batch", "search", "list") else ""
    return Refusal(400, "Bad request" if key in _LOWER else "Bad Request", description)


# ---------------------------------------------------------------- text check


@routes.add("POST", "/moderation/txt/check", envelope=False)
def check_text(call: Call) -> dict[str, JSON]:
    """Handle moderation.check_text; open: the verdict, which the word lists decide here."""
    closed = Refusal(400, "Bad request", "text moderation not open", error_code=_NOT_OPEN)
    call.needs("moderation", closed)
    text = call.object().get("content")
    if not isinstance(text, str) or not text:
        raise Refusal(400, "Bad request", "message content is empty or null", error_code=_EMPTY)
    found = moderate(call.state, text)
    disposition = found.disposition or "PASS"
    risky = disposition != "PASS"
    risk_type = "违禁" if risky else "无风险"
    data = {
        "type": REVIEWS[disposition],
        "riskType": risk_type,
        "riskLabel": "BAN" if risky else "NONE",
        "exchangeText": found.text,
        "sensitiveWords": found.words,
    }
    tell_review(call.state, text, disposition, risk_type)
    meta = {"timestamp": call.state.milliseconds(), "requestId": ""}
    return {"code": 200, "data": data, "meta": meta}


# ---------------------------------------------------------------- word lists


def _enabled(call: Call) -> None:
    call.needs("moderation", _bad(call, "moderation org data is empty"))


def _list(call: Call, absent: str = "textList data is empty") -> dict[str, Any]:
    _enabled(call)
    found: dict[str, Any] | None = call.state.word_lists.get(call.params["list_id"])
    if found is None:
        raise _bad(call, absent)
    return found


def _settings(call: Call, own: str | None = None) -> dict[str, JSON]:
    """Return the settings of a list from a request, or refuse the request."""
    _enabled(call)
    body = call.object()
    for key in ("name", "scope", "disposition"):
        if not isinstance(body.get(key), str) or not body[key]:
            raise _bad(call, "request param is empty")
    scope, tag = body["scope"], body.get("tagId")
    allowed = scope in _SCOPES and body["disposition"] in _DISPOSITIONS
    # open: the answer to a value that is not allowed
    if not allowed or len(body["name"]) > api_limits.WORD_LIST_NAME_LENGTH:
        raise _bad(call, "request param is empty")
    if (scope == "TAG" and not isinstance(tag, str)) or not isinstance(tag, str | None):
        raise _bad(call, "request param is empty")
    if not isinstance(body.get("userId"), str | None):
        raise _bad(call, "request param is empty")
    for list_id, other in call.state.word_lists.items():
        if other["name"] == body["name"] and list_id != own:
            raise _bad(call, "The textList already exists")
    return {
        "name": body["name"],
        "scope": scope,
        "tagId": tag,
        "fullMatch": body.get("fullMatch") is True,
        "disposition": body["disposition"],
    }


def _contents(call: Call, key: str, most: int) -> list[str]:
    words = call.object().get(key)
    if not isinstance(words, list) or not words or not all(isinstance(w, str) for w in words):
        raise _bad(call, "request data is empty")
    too_long = any(not 0 < len(word) <= api_limits.WORD_LENGTH for word in words)
    if len(words) > most or too_long:  # open: the answer to a word that is too long
        raise _bad(call, "The text count exceeds the maximum number")
    return list(dict.fromkeys(words))


def _add(call: Call, one: dict[str, Any], words: list[str]) -> list[dict[str, JSON]]:
    if len(one["words"]) + len(words) > api_limits.WORDS_PER_LIST:
        raise _bad(call, "The text count exceeds the maximum number")
    now, rows = call.state.milliseconds(), []
    for word in words:
        row = {
            "id": uuid.uuid4().hex,
            "appId": call.state.application,
            "word": word,
            "userId": call.object().get("userId"),
            "listId": one["id"],
            "status": True,
            "createDateTime": now,
            "updateDateTime": now,
        }
        one["words"][row["id"]] = row
        rows.append(row)
    one["updateDataTime"] = now
    return rows


def _show(call: Call, one: dict[str, Any], *, iso: bool) -> dict[str, JSON]:
    """Return a list as the service shows it: with numbers or with ISO 8601 as times."""
    shown = {key: value for key, value in one.items() if key != "words"}
    shown |= {
        "moderationId": "emulated",
        "appkey": f"{call.state.org}#{call.state.app}",
        "category": "DEFAULT",
        "suggestion": one["disposition"],
        "quantity": len(one["words"]),
        "status": "ACTIVE",
    }
    if iso:
        for key in ("createDataTime", "updateDataTime"):
            time = datetime.fromtimestamp(one[key] / 1000, UTC)
            shown[key] = time.isoformat(timespec="milliseconds")
    return shown


@routes.add("POST", "/moderation/text/list", envelope=False)
def create_list(call: Call) -> dict[str, JSON]:
    """Handle moderation.word_lists.create."""
    settings = _settings(call)
    words = _contents(call, "textContexts", api_limits.WORDS_PER_LIST_CREATION)
    if len(call.state.word_lists) >= api_limits.WORD_LISTS:
        raise _bad(call, "The textList count exceeds the maximum number")
    now, list_id = call.state.milliseconds(), uuid.uuid4().hex
    times = {"createDataTime": now, "updateDataTime": now}
    one: dict[str, Any] = {"id": list_id, **settings, **times, "words": {}}
    rows = _add(call, one, words)
    call.state.word_lists[list_id] = one
    return {"status": "OK", "entity": {**_show(call, one, iso=False), "textList": rows}}


@routes.add("PUT", "/moderation/text/list/{list_id}", envelope=False)
def update_list(call: Call) -> dict[str, JSON]:
    """Handle moderation.word_lists.update."""
    one = _list(call)
    one.update(_settings(call, own=one["id"]))
    one["updateDataTime"] = call.state.milliseconds()
    return {"status": "OK", "entity": _show(call, one, iso=True)}


def _page(call: Call, rows: list[JSON], most: int) -> dict[str, JSON]:
    """Return a page of a list, whose pages count from 0."""
    body = call.object()
    # In one example, both are strings.
    number, size = as_number(body.get("page", 0)), as_number(body.get("size", 10))
    # open: the answer to a size that is not allowed
    if number is None or size is None or not 1 <= size <= most:
        raise _bad(call, "request param is empty")
    page = rows[number * size : (number + 1) * size]
    pages = -(-len(rows) // size)
    return {
        "status": "OK",
        "entities": page,
        "first": number == 0,
        "last": number >= pages - 1,
        "size": size,
        "number": number,
        "numberOfElements": len(page),
        "totalPages": pages,
        "totalElements": len(rows),
    }


@routes.add("POST", "/moderation/text/list/search", envelope=False)
def search_lists(call: Call) -> dict[str, JSON]:
    """Handle moderation.word_lists.search; open: a name matches as a whole here."""
    _enabled(call)
    body = call.object()
    name, tag = body.get("name"), body.get("tagId")
    rows = [
        _show(call, one, iso=True)
        for one in call.state.word_lists.values()
        if name in (None, one["name"]) and tag in (None, one["tagId"])
    ]
    return _page(call, rows, api_limits.WORD_LISTS_PER_PAGE)


@routes.add("DELETE", "/moderation/text/list/{list_id}", envelope=False)
def delete_list(call: Call) -> dict[str, JSON]:
    """Handle moderation.word_lists.delete."""
    del call.state.word_lists[_list(call)["id"]]
    return {"status": "OK"}


# ---------------------------------------------------------------- words


@routes.add("POST", "/moderation/text/list/{list_id}/word/batch", envelope=False)
def add_words(call: Call) -> dict[str, JSON]:
    """Handle moderation.words.add_many; open: a word that is there already, refused here."""
    one = _list(call)
    words = _contents(call, "wordContents", api_limits.WORDS_PER_CALL)
    present = {row["word"] for row in one["words"].values()}
    if not isinstance(call.object().get("userId"), str):
        raise _bad(call, "request data is empty")
    if present.intersection(words):
        raise _bad(call, "The textList already contains the text")
    rows = _add(call, one, words)
    return {"status": "OK", "entity": {**_show(call, one, iso=False), "textList": rows}}


@routes.add("PUT", "/moderation/text/list/{list_id}/word", envelope=False)
def update_word(call: Call) -> dict[str, JSON]:
    """Handle moderation.words.update; open: an unknown word, refused here as an empty id is."""
    one, body = _list(call, "textList id is empty"), call.object()
    row, word = one["words"].get(str(body.get("id"))), body.get("word")
    if row is None or not isinstance(word, str) or not isinstance(body.get("userId"), str):
        raise _bad(call, "the param can not be empty")
    if not 0 < len(word) <= api_limits.WORD_LENGTH:
        raise _bad(call, "the param can not be empty")
    row.update(word=word, userId=body["userId"], updateDateTime=call.state.milliseconds())
    return {"status": "OK", "entity": dict(row)}


@routes.add("POST", "/moderation/text/list/{list_id}/word", envelope=False)
def search_words(call: Call) -> dict[str, JSON]:
    """Handle moderation.words.search, the newest words first."""
    one, word = _list(call), call.object().get("word")
    if not isinstance(word, str) or not word:  # open: the answer to a missing word
        raise _bad(call, "request data is empty")
    rows = [dict(row) for row in one["words"].values() if word in row["word"]]
    return _page(call, rows[::-1], api_limits.WORDS_PER_PAGE)


@routes.add("DELETE", "/moderation/text/list/{list_id}/word", envelope=False)
def remove_word(call: Call) -> dict[str, JSON]:
    """Handle moderation.words.remove."""
    one = _list(call, "request data is empty")
    return {"status": "OK", "entity": one["words"].pop(call.query.get("wordId"), None) is not None}


@routes.add("DELETE", "/moderation/text/list/{list_id}/word/batch", envelope=False)
def remove_words(call: Call) -> dict[str, JSON]:
    """Handle moderation.words.remove_many: 0 for success; open: unknown words, which are none."""
    one, ids = _list(call), call.object().get("wordIds")
    if not isinstance(ids, list) or not 0 < len(ids) <= api_limits.WORDS_PER_CALL:
        raise _bad(call, "request data is empty")
    found = [one["words"].pop(id_, None) for id_ in ids if isinstance(id_, str)]
    return {"status": "OK", "entity": 0 if any(found) else 1}


# ---------------------------------------------------------------- exports (no page documents them)


@routes.add("POST", "/moderation/record/message/export", envelope=False)
def create_export(call: Call) -> dict[str, JSON]:
    """Handle moderation.exports.create; open: the file, which has the conditions here."""
    _enabled(call)
    body = call.object()
    begin, end = as_number(body.get("dateFrom")), as_number(body.get("dateTo"))
    if not begin or not end or end < begin:
        raise _bad(call, "request param is empty")
    number, now = uuid.uuid4().hex, str(call.state.milliseconds())
    conditions = json.dumps(body, ensure_ascii=False)
    call.state.moderation_exports[number] = {
        "id": number,
        "uuid": number,
        "fileName": f"{number}.txt",
        "status": "Finished",
        "cond": conditions,
        "size": len(conditions.encode()),
        "createdAt": now,
        "updatedAt": now,
    }
    return {"entity": {"uuid": number}}


@routes.add("GET", "/moderation/export/files", envelope=False)
def list_exports(call: Call) -> dict[str, JSON]:
    """Handle moderation.exports.list; open: the pages, which are those of word lists here."""
    _enabled(call)
    only = call.query.get("uuid")
    rows = [dict(row) for row in call.state.moderation_exports.values()]
    call.body = {key: call.query[key] for key in ("page", "size") if key in call.query}
    found = [row for row in rows if only in (None, row["uuid"])]
    return _page(call, found, api_limits.WORD_LISTS_PER_PAGE)


@routes.add("GET", "/moderationfiles/{export_id}")
def download_export(call: Call) -> Content:
    """Handle moderation.exports.download; open: the answer to an unknown export."""
    _enabled(call)
    found = call.state.moderation_exports.get(call.params["export_id"])
    if found is None or call.query.get("type") != "record":
        raise Refusal(404, "service_resource_not_found", "no such export")
    return Content(found["cond"].encode())
