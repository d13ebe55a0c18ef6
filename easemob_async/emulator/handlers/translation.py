"""Handlers of translation.*, by made-up rules: a translation is the text behind its language."""

from __future__ import annotations

from typing import Final

from easemob_async import api_limits
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, routes

_LANGUAGES: Final = (
    ("en", "English", "English"),
    ("zh-Hans", "Chinese Simplified", "中文 (简体)"),
    ("zh-Hant", "Chinese Traditional", "繁體中文 (繁體)"),
    ("ja", "Japanese", "日本語"),
    ("ko", "Korean", "한국어"),
    ("de", "German", "Deutsch"),
    ("fr", "French", "Français"),
    ("el", "Greek", "Ελληνικά"),
    ("dv", "Divehi", "ދިވެހިބަސް"),
)
_CODES: Final = frozenset(code for code, _, _ in _LANGUAGES)
# The first characters of scripts by which a language is guessed.
_SCRIPTS: Final = (
    ("ja", "\u3040", "\u30ff"),
    ("ko", "\uac00", "\ud7a3"),
    ("zh-Hans", "\u4e00", "\u9fff"),
    ("el", "\u0370", "\u03ff"),
    ("dv", "\u0780", "\u07bf"),
)


_SURE: Final = 0.98
_GUESSED: Final = 0.5


def _enabled(call: Call) -> None:
    # No error name is documented, here and below.
    call.needs("translation", Refusal(503, None, "service not open"))


def _text(call: Call, languages: int = 1) -> str:
    text = call.object().get("text")
    if not isinstance(text, str) or not text:
        raise Refusal(400, None, "An input text is missing or invalid")
    if len(text) * languages > api_limits.TRANSLATED_LENGTH:
        raise Refusal(400, None, "The input text is too long")
    return text


@routes.add("POST", "/translate", quota="translation", envelope=False, usernames=False)
def translate(call: Call) -> list[JSON]:
    """Handle translation.translate: ``[en] 学习`` is the translation into English."""
    _enabled(call)
    to, source = call.object().get("to"), call.object().get("from")
    wrong = Refusal(400, None, "The target language is missing or invalid")
    if not isinstance(to, list) or not to or not all(isinstance(code, str) for code in to):
        raise wrong
    # open: the answer to an unknown language of the text
    if not _CODES.issuperset(to if source is None else [*to, str(source)]):
        raise wrong
    text = _text(call, len(to))
    return [{"translations": [{"text": f"[{code}] {text}", "to": code} for code in to]}]


@routes.add("GET", "/translate/support/language", envelope=False)
def list_languages(call: Call) -> list[JSON]:
    """Handle translation.list_languages."""
    _enabled(call)
    return [{"code": c, "name": name, "nativeName": own} for c, name, own in _LANGUAGES]


@routes.add("POST", "/translate/detect", quota="translation", envelope=False)
def detect(call: Call) -> dict[str, JSON]:
    """Handle translation.detect: by the script of the first letter that tells."""
    _enabled(call)
    found = (code for char in _text(call) for code, low, high in _SCRIPTS if low <= char <= high)
    language = next(found, None)
    score = _GUESSED if language is None else _SURE
    return {"language": language or "en", "score": score, "isTranslationSupported": True}
