"""Moderation of texts: verdicts, word lists, and exports of records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import attrs

from easemob_async.wire.fields import wire


class ReviewResult(StrEnum):
    """The finding of a review by the moderation provider."""

    PASS = "PASS"  # noqa: S105 - no secret
    """The text has no risk."""
    REVIEWED = "REVIEWED"
    """The text may have a risk; a person should look at it."""
    REJECT = "REJECT"
    """The text has a risk."""
    UNKNOWN = "UNKNOWN"
    """The provider does not know."""


@attrs.frozen(kw_only=True)
class TextVerdict:
    """The result of `moderation.check_text`."""

    verdict: ReviewResult | str = wire("type")
    """The verdict."""
    risk_type: str | None = wire("riskType", default=None)
    """The risk in Chinese words, e.g. ``"广告:联系方式:网址"``."""
    risk_label: str | None = wire("riskLabel", default=None)
    """The label of the risk, e.g. ``"AD"``; ``"NONE"`` without a risk."""
    replaced_text: str | None = wire("exchangeText", default=None)
    """The text with replacements, if the provider makes them."""
    sensitive_words: Sequence[str] = wire("sensitiveWords", default=())
    """The parts of the text that the provider objects to."""
    probability: float | None = None
    """How harmful the text is, if the provider is Microsoft."""


class WordListScope(StrEnum):
    """The conversations for which a word list is used."""

    ALL = "ALL"
    """All conversations."""
    CHAT = "CHAT"
    """Chats of two users."""
    GROUP = "GROUP"
    """Groups."""
    ROOM = "ROOM"
    """Chat rooms."""
    TAG = "TAG"
    """Users, groups and rooms with a tag."""


class Disposition(StrEnum):
    """The action for a message that contains a word of a list."""

    PASS = "PASS"  # noqa: S105 - no secret
    """The message is delivered."""
    REJECT = "REJECT"
    """The message is blocked."""
    EXCHANGE = "EXCHANGE"
    """The word is replaced by ``***``."""


class WordListStatus(StrEnum):
    """Whether a word list is used."""

    ACTIVE = "ACTIVE"
    """It is used."""
    CLOSE = "CLOSE"
    """It is not used."""


class WordListCategory(StrEnum):
    """The kind of a list."""

    DEFAULT = "DEFAULT"
    """A list of words."""


@attrs.frozen(kw_only=True)
class ModerationWord:
    """A word of a word list."""

    word_id: str = wire("id")
    """The id of the word."""
    word: str
    """The word."""
    operator: str | None = wire("userId", default=None)
    """The user who added or changed the word."""
    list_id: str | None = wire("listId", default=None)
    """The id of the word list."""
    app_id: str | None = wire("appId", default=None)
    """The internal id of the app."""
    created: datetime | None = wire("createDateTime", default=None)
    """The time when the word was added."""
    updated: datetime | None = wire("updateDateTime", default=None)
    """The time of the last change."""


@attrs.frozen(kw_only=True)
class WordList:
    """A list of words for the moderation of messages."""

    list_id: str = wire("id")
    """The id of the list."""
    name: str | None = None
    """The name of the list, unique in the app."""
    scope: WordListScope | str | None = None
    """The conversations for which it is used."""
    tag_id: str | None = wire("tagId", default=None)
    """The id of the tag, for the scope ``TAG``."""
    disposition: Disposition | str | None = wire("disposition", "suggestion", default=None)
    """The action for a message that contains a word of the list."""
    full_match: bool | None = wire("fullMatch", default=None)
    """Whether the whole message must be equal to a word."""
    quantity: int | None = None
    """The number of words in the list."""
    status: WordListStatus | str | None = None
    """Whether the list is used."""
    category: WordListCategory | str | None = None
    """The kind of the list."""
    app_key: str | None = wire("appkey", default=None)
    """The App Key of the app."""
    moderation_id: str | None = wire("moderationId", default=None)
    """An internal id of the service."""
    created: datetime | None = wire("createDataTime", default=None)
    """The time of creation."""
    updated: datetime | None = wire("updateDataTime", default=None)
    """The time of the last change."""
    words: Sequence[ModerationWord] = wire("textList", default=())
    """The words of the request that made the list, in no order; other answers have none."""


class ModeratedMessageType(StrEnum):
    """The types of messages whose records can be exported."""

    TEXT = "txt"
    IMAGE = "img"
    VIDEO = "video"
    AUDIO = "audio"


class ModerationResult(StrEnum):
    """What was done with a moderated message."""

    PASS = "PASS"  # noqa: S105 - no secret
    """It was delivered."""
    REJECT = "REJECT"
    """It was blocked."""
    EXCHANGE = "EXCHANGE"
    """A part of it was replaced."""
    RECALL = "RECALL"
    """It was recalled."""


class ExportStatus(StrEnum):
    """The status of an export of moderation records."""

    CREATING = "Creating"
    """The file is being made."""
    FAILED = "Failed"
    """The export has failed."""
    ABORT = "Abort"
    """The export was aborted."""
    FINISHED = "Finished"
    """The file can be downloaded."""


@attrs.frozen(kw_only=True)
class ModerationExport:
    """An export of moderation records."""

    export_id: str = wire("uuid")
    """The id of the export and its file."""
    entry_id: str | None = wire("id", default=None)
    """The id of the entry in the list."""
    file_name: str | None = wire("fileName", default=None)
    """The name of the file."""
    status: ExportStatus | str | None = None
    """The status."""
    conditions: str | None = wire("cond", default=None)
    """The conditions of the export."""
    detail: str | None = None
    """Details, as the service writes them."""
    size: int | None = None
    """The size of the file in bytes."""
    expires: str | None = wire("expiredAt", default=None)
    """The time when the file expires, as the service writes it: its format is not documented."""
    created: str | None = wire("createdAt", default=None)
    """The time of creation, as the service writes it."""
    updated: str | None = wire("updatedAt", default=None)
    """The time of the last change, as the service writes it."""
