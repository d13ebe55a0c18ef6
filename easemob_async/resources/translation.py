"""Translation of texts, and the languages of texts."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Final

from easemob_async import api_limits, checks
from easemob_async.errors import ResponseError
from easemob_async.models.pages import Paginator, whole
from easemob_async.models.translation import DetectedLanguage, Language
from easemob_async.operation import Operation
from easemob_async.quotas import SECOND, Limit
from easemob_async.transport.transport import Transport

# open: whether list_languages counts too; the page says it only of these two
_TOGETHER: Final = (Limit(100, per=SECOND, name="translation"),)
# A retry changes nothing, though it may be billed.
_TRANSLATE: Final = Operation(
    "translation.translate", "POST", "/translate", "safe", _TOGETHER, bare_list=True
)
_LANGUAGES: Final = Operation(
    "translation.list_languages", "GET", "/translate/support/language", "safe", bare_list=True
)
_DETECT: Final = Operation("translation.detect", "POST", "/translate/detect", "safe", _TOGETHER)


class Translation:
    """Translation of texts: a paid service that has to be enabled for the app.

    The codes of languages are those of Microsoft's translator; `list_languages` has them.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def translate(
        self, text: str, to: Sequence[str], *, source: str | None = None
    ) -> dict[str, str]:
        """Translate a text into one or more languages; 100 calls a second, shared with `detect`.

        Args:
            text: the text, at most 10 000 characters, multiplied by the number of languages.
            to: the codes of the languages to translate into.
            source: the code of the language of the text; what the service does without it is not
                documented.

        Returns:
            The translations by the codes of their languages; a language that the answer lacks is
            left out.

        Raises:
            PermissionDeniedError: translation is not enabled for the app (status 503).
            RateLimitError: too many calls (status 400).
            ServerError: the provider of the translations failed (status 400).

        Source: translation.translate (message_translation_text.md)
        """
        operation = _TRANSLATE.id
        most = api_limits.TRANSLATED_LENGTH
        checks.text(operation, "text", text, least=1, most=most)
        languages = checks.references(operation, "to", to)
        if len(text) * len(languages) > most:
            raise checks.fail(
                operation,
                f"text has {len(text)} characters and to has {len(languages)} languages; at most "
                f"{most} characters are allowed, multiplied by the number of languages",
            )
        body: dict[str, Any] = {"text": text, "to": languages}
        if source is not None:
            body["from"] = checks.reference(operation, "source", source)
        answer = await self._transport.call(_TRANSLATE, json=body)
        found: dict[str, str] = {}
        for entry in answer.rows(dict[str, Any], skip_odd=True):
            rows = entry.get("translations")
            for row in rows if isinstance(rows, list) else ():
                with contextlib.suppress(ResponseError, KeyError, TypeError):
                    translated = answer.decode(str, row["text"], "translations.text")
                    found[answer.decode(str, row["to"], "translations.to")] = translated
        found = answer.named(found, languages)
        if not found:
            raise answer.wrong("it has no translation")
        return found

    def list_languages(self) -> Paginator[Language]:
        """List the languages that texts can be translated to and from; one page.

        Raises:
            PermissionDeniedError: translation is not enabled for the app (status 503).

        Source: translation.list_languages (message_translation_language_list.md)
        """

        async def fetch() -> Sequence[Language]:
            return (await self._transport.call(_LANGUAGES)).rows(Language)

        return whole(fetch)

    async def detect(self, text: str) -> DetectedLanguage:
        """Detect the language of a text; 100 calls a second, shared with `translate`.

        Args:
            text: the text, at most 10 000 characters.

        Raises:
            PermissionDeniedError: translation is not enabled for the app (status 503).

        Source: translation.detect (message_translation_detect.md)
        """
        most = api_limits.TRANSLATED_LENGTH
        body = {"text": checks.text(_DETECT.id, "text", text, least=1, most=most)}
        return (await self._transport.call(_DETECT, json=body)).read(DetectedLanguage)
