"""The calls of the operations on moderation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.contract.example import Call, Example

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def settings(e: Example) -> dict[str, Any]:
    """Return the settings of a word list."""
    names = {
        "scope": "scope",
        "disposition": "disposition",
        "fullMatch": "full_match",
        "userId": "operator",
        "tagId": "tag_id",
    }
    return {ours: e.body[theirs] for theirs, ours in names.items() if theirs in e.body}


def exported(e: Example) -> dict[str, Any]:
    """Return the conditions of an export."""
    names = {
        "targetType": "chat_type",
        "msgType": "message_type",
        "moderationResult": "result",
        "providerResult": "verdict",
    }
    return {names[theirs]: value for theirs, value in (e.body or {}).items()}


def size(e: Example) -> int | None:
    return int(e.body["size"]) if "size" in e.body else None


CALLS: Mapping[str, Call] = {
    "moderation.check_text": lambda c, e: c.moderation.check_text(e.body["content"]),
    "moderation.word_lists.create": lambda c, e: c.moderation.word_lists.create(
        e.body["name"], e.body["textContexts"], **settings(e)
    ),
    "moderation.word_lists.update": lambda c, e: c.moderation.word_lists.update(
        e.path["list_id"], name=e.body["name"], **settings(e)
    ),
    "moderation.word_lists.search": lambda c, e: c.moderation.word_lists.search(
        name=e.body.get("name"), tag_id=e.body.get("tagId"), limit=size(e)
    ).page(),
    "moderation.word_lists.delete": lambda c, e: c.moderation.word_lists.delete(e.path["list_id"]),
    "moderation.words.add_many": lambda c, e: c.moderation.words.add_many(
        e.path["list_id"], e.body["wordContents"], operator=e.body["userId"]
    ),
    "moderation.words.update": lambda c, e: c.moderation.words.update(
        e.path["list_id"], e.body["id"], e.body["word"], operator=e.body["userId"]
    ),
    "moderation.words.search": lambda c, e: c.moderation.words.search(
        e.path["list_id"], e.body["word"], limit=size(e)
    ).page(),
    "moderation.words.remove": lambda c, e: c.moderation.words.remove(
        e.path["list_id"], e.query["wordId"]
    ),
    "moderation.words.remove_many": lambda c, e: c.moderation.words.remove_many(
        e.path["list_id"], e.body["wordIds"]
    ),
    "moderation.exports.create": lambda c, e: c.moderation.exports.create(
        start=START, end=END, **exported(e)
    ),
    "moderation.exports.list": lambda c, e: c.moderation.exports.list().page(),
    "moderation.exports.download": lambda c, e: c.moderation.exports.download(
        e.path["uuid"]
    ).read(),
}
