"""Languages of the translation service."""

from __future__ import annotations

import attrs

from easemob_async.wire.fields import wire


@attrs.frozen
class Language:
    """A language that texts can be translated to and from."""

    code: str
    """The code of the language, e.g. ``"zh-Hans"``."""
    name: str | None = None
    """The name of the language in English."""
    native_name: str | None = wire("nativeName", default=None)
    """The name of the language in that language."""


@attrs.frozen
class DetectedLanguage:
    """The language of a text, as the service guesses it."""

    language: str
    """The code of the language."""
    score: float | None = None
    """The probability that the guess is right, from 0 to 1."""
    translatable: bool | None = wire("isTranslationSupported", default=None)
    """Whether texts in this language can be translated."""
