"""Message search: options of a search, and the messages that it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import attrs

from easemob_async import api_limits
from easemob_async.models.messages import ChatType
from easemob_async.models.pages import Page
from easemob_async.wire.fields import Id, wire
from easemob_async.wire.options import checked, option


class KeywordMatch(StrEnum):
    """How many of several keywords a message must contain."""

    ANY = "any"
    """One of them."""
    ALL = "all"
    """All of them."""


class SearchType(StrEnum):
    """The types of messages that a search finds."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    FILE = "file"
    LOCATION = "location"
    COMBINED = "combine"
    """Combined messages; in the results they are texts whose subtype is ``"sub_combine"``."""


class SearchSort(StrEnum):
    """The order of the results of a search."""

    RELEVANCE = "relevance:desc"
    """The most relevant first."""
    NEWEST = "sentTime:desc"
    """The newest first."""
    OLDEST = "sentTime:asc"
    """The oldest first."""


class SearchMode(StrEnum):
    """How a keyword is compared with a message."""

    DEFAULT = "default"
    """Any part of the keyword is enough."""
    EXACT = "exact"
    """The whole keyword as it is."""
    PHRASE = "phrase"
    """All parts of the keyword, one directly after the other."""
    FUZZY = "fuzzy"
    """Spelling mistakes are allowed."""


class SearchExt(StrEnum):
    """Whether a search looks at the extension fields (``ext``) of messages."""

    NONE = "none"
    """It looks at the content only."""
    WITH = "with"
    """It looks at both."""
    ONLY = "only"
    """It looks at the extension fields only."""


@attrs.frozen(kw_only=True, field_transformer=checked)
class Highlight:
    """The options of marked fragments in the results of a search."""

    fragment_size: int | None = option(
        "highlightFragmentSize",
        default=None,
        least=1,
        most=api_limits.HIGHLIGHT_FRAGMENT_LENGTH,
    )
    """The number of characters of a fragment; 150 by default."""
    fragments: int | None = option(
        "highlightNumberOfFragments", default=None, least=0, most=api_limits.HIGHLIGHT_FRAGMENTS
    )
    """The most fragments of a field; 0 for the whole field; 3 by default."""
    before: str | None = option(
        "highlightPreTags", default=None, least=1, most=api_limits.HIGHLIGHT_TAG_LENGTH
    )
    """The text before a match; ``"<em>"`` by default."""
    after: str | None = option(
        "highlightPostTags", default=None, least=1, most=api_limits.HIGHLIGHT_TAG_LENGTH
    )
    """The text after a match; ``"</em>"`` by default."""


@attrs.frozen
class FoundContent:
    """The content of a message that was found; the fields depend on its type."""

    message: str | None = None
    """The text of a text message."""
    filename: str | None = None
    """The name of the file."""
    size: int | None = None
    """The size of the file in bytes."""
    url: str | None = None
    """The URL of the file."""
    secret: str | None = attrs.field(default=None, repr=False)
    """The share-secret of the file."""
    width: int | None = wire("dimensions.width", default=None)
    """The width of an image in pixels."""
    height: int | None = wire("dimensions.height", default=None)
    """The height of an image in pixels."""
    duration: timedelta | None = None
    """The length of a video."""
    thumbnail_url: str | None = wire("thumb", default=None)
    """The URL of the thumbnail of a video."""
    thumbnail_secret: str | None = wire("thumb_secret", default=None, repr=False)
    """The share-secret of the thumbnail."""
    thumbnail_filename: str | None = wire("thumb_filename", default=None)
    """The name of the thumbnail's file."""
    address: str | None = None
    """The address of a location."""
    building: str | None = wire("building_name", default=None)
    """The name of the building of a location."""
    coordinates: str | None = None
    """Two numbers of a location, joined by a comma; the latitude is first in the example."""
    subtype: str | None = None
    """``"sub_combine"`` for a combined message."""
    title: str | None = None
    """The title of a combined message."""
    summary: str | None = None
    """The summary of a combined message."""
    level: int | None = wire("combine_level", default=None)
    """The nesting depth of a combined message."""
    compatible_text: str | None = wire("msg", default=None)
    """The text that apps show which cannot show a combined message."""


@attrs.frozen
class FoundTranslation:
    """An automatic translation of a message."""

    code: str
    """The code of the language."""
    text: str
    """The translated text."""


@attrs.frozen
class FoundMessage:
    """A message that was found."""

    message_id: str = wire("messageId")
    """The id of the message."""
    chat_type: ChatType | str | None = wire("conversationType", default=None)
    """The type of the conversation."""
    content_type: SearchType | str | None = wire("contentType", default=None)
    """The type of the message."""
    sent_at: datetime | None = wire("sentTime", default=None)
    """The time when it was sent."""
    sender: Id | None = wire("senderId", default=None)
    """The sender."""
    target: Id | None = wire("receiverId", default=None)
    """The user, group or room that it was sent to."""
    content: FoundContent = attrs.field(factory=FoundContent)
    """The content."""
    ext: Mapping[str, Any] | None = wire("ext", default=None, read=lambda value: value)
    """The extension fields; ``None`` if the message has none."""
    translations: Sequence[FoundTranslation] = ()
    """The automatic translations, which are searched as well."""
    highlight: Mapping[str, Sequence[str]] = attrs.field(factory=dict)
    """The marked fragments by the name of the field, e.g. ``content.message``."""
    relevance: float | None = wire("relevanceScore", default=None)
    """How well the message fits, for results sorted by relevance."""
    app_key: str | None = wire("appKey", default=None)
    """The App Key of the app."""


@attrs.frozen
class SearchPage(Page[FoundMessage]):
    """A page of the results of a search."""

    number: int | None = attrs.field(default=None, kw_only=True)
    """The number of the page, from 1."""
    total_pages: int | None = attrs.field(default=None, kw_only=True)
    """The number of all pages; ``None`` if the service does not know it."""
