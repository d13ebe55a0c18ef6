"""Moderation of texts: checks, word lists with their words, and exports of records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from easemob_async import api_limits, checks
from easemob_async.models.messages import ChatType
from easemob_async.models.moderation import (
    Disposition,
    ModeratedMessageType,
    ModerationExport,
    ModerationResult,
    ModerationWord,
    ReviewResult,
    TextVerdict,
    WordList,
    WordListScope,
)
from easemob_async.models.pages import Paginator
from easemob_async.operation import Operation
from easemob_async.outcomes import BatchOutcome, BatchResult
from easemob_async.resources.batches import in_parts, settled
from easemob_async.resources.numbered_pages import numbered
from easemob_async.transport.answer import Answer
from easemob_async.transport.call import make_call
from easemob_async.transport.downloads import Download
from easemob_async.transport.transport import Transport

# A retry changes nothing, though it may be billed, and its webhook event may come twice.
_CHECK: Final = Operation("moderation.check_text", "POST", "/moderation/txt/check", "safe")
_OK: Final = 200
_BINARY: Final = {"Accept": "application/octet-stream"}


class Moderation:
    """Moderation of texts and messages, which has to be enabled for the app."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.word_lists = WordLists(transport)
        """Word lists, by which messages are blocked or changed."""
        self.words = Words(transport)
        """The words of word lists."""
        self.exports = ModerationExports(transport)
        """Exports of the records of moderated messages."""

    async def check_text(self, text: str) -> TextVerdict:
        """Check a text now, and return the verdict; a rejected text is not an error.

        Args:
            text: the text; its longest length depends on the moderation provider.

        Raises:
            PermissionDeniedError: text moderation, or the rule of this call, is not enabled.
            AppNotFoundError: the App Key does not exist on this host.

        Source: moderation.check_text (moderation_text_active.md)
        """
        body = {"content": checks.text(_CHECK.id, "text", text, least=1)}
        answer = await self._transport.call(_CHECK, json=body)
        if answer.optional(int, "code") not in (_OK, None):
            raise answer.refused(f"code is {answer.get('code')}")
        return answer.read(TextVerdict, "data")


_LISTS: Final = "/moderation/text/list"
_LIST: Final = f"{_LISTS}/{{list_id}}"
_DEFAULT_PAGE: Final = 10
_CREATE: Final = Operation("moderation.word_lists.create", "POST", _LISTS, "once")
_UPDATE: Final = Operation("moderation.word_lists.update", "PUT", _LIST, "safe")
_SEARCH: Final = Operation("moderation.word_lists.search", "POST", f"{_LISTS}/search", "safe")
_DELETE: Final = Operation("moderation.word_lists.delete", "DELETE", _LIST, "safe")


class WordLists:
    """Word lists, by which messages are blocked or changed; 100 for an app.

    They act only when text moderation is enabled and has rules.

    Common arguments:
        list_id: the id of the list.
        name: the name of the list, at most 32 characters, unique in the app.
        scope: the conversations for which the list is used.
        disposition: the action for a message that contains a word of the list.
        tag_id: the id of the tag; required for the scope ``TAG``.
        full_match: whether the whole message must be equal to a word; no by default.
        operator: the user who makes or changes the list.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(
        self,
        name: str,
        words: Iterable[str],
        *,
        scope: WordListScope | str,
        disposition: Disposition | str,
        tag_id: str | None = None,
        full_match: bool | None = None,
        operator: str | None = None,
    ) -> WordList:
        """Create a list with its first words; see the class for the arguments.

        Args:
            name: see the class.
            words: at most 200 words of at most 128 characters.
            scope: see the class.
            disposition: see the class.
            tag_id: see the class.
            full_match: see the class.
            operator: see the class.

        Raises:
            ConflictError: the app has a list with this name.
            BadRequestError: there are too many lists or words.
            PermissionDeniedError: moderation is not enabled for the app.

        Source: moderation.word_lists.create (keyword_list_create.md)
        """
        operation = _CREATE.id
        body = _settings(operation, name, scope, disposition, tag_id, full_match, operator)
        most = api_limits.WORDS_PER_LIST_CREATION
        body["textContexts"] = _words(operation, "words", words, most=most)
        answer = await self._transport.call(_CREATE, json=body, about=name)
        return answer.read(WordList, "entity")

    async def update(
        self,
        list_id: str,
        *,
        name: str,
        scope: WordListScope | str,
        disposition: Disposition | str,
        tag_id: str | None = None,
        full_match: bool | None = None,
        operator: str | None = None,
    ) -> WordList:
        """Replace the settings of a list; the words stay. See the class for the arguments.

        Raises:
            NotFoundError: the list does not exist.
            ConflictError: the app has another list with this name.

        Source: moderation.word_lists.update (keyword_list_modify.md)
        """
        body = _settings(_UPDATE.id, name, scope, disposition, tag_id, full_match, operator)
        answer = await self._transport.call(_UPDATE, list_id, json=body)
        answer.confirm("status", may_lack=True)
        known = WordList(
            list_id=list_id,
            name=name,
            scope=WordListScope(scope),
            tag_id=tag_id,
            disposition=Disposition(disposition),
            full_match=full_match,
        )
        return answer.first(WordList, "entity", known=known)

    def search(
        self, *, name: str | None = None, tag_id: str | None = None, limit: int | None = None
    ) -> Paginator[WordList]:
        """List the word lists with a name or a tag, or all of them; the pages have a ``total``.

        Args:
            name: the name.
            tag_id: the id of the tag.
            limit: lists per page, at most 200; 200 by default, 10 with a name or a tag.

        Raises:
            InvalidArgumentError: both a name and a tag are given, which is not documented.

        Source: moderation.word_lists.search (keyword_list_query.md)
        """
        operation = _SEARCH.id
        if name is not None and tag_id is not None:
            raise checks.fail(operation, "pass name or tag_id, not both")
        wanted: dict[str, Any] = {}
        if name is not None:
            wanted["name"] = checks.text(operation, "name", name, least=1)
        if tag_id is not None:
            wanted["tagId"] = checks.reference(operation, "tag_id", tag_id)
        size = checks.page_size(operation, limit, api_limits.WORD_LISTS_PER_PAGE)
        alone = bool(wanted) and limit is None
        if alone:
            size = _DEFAULT_PAGE

        async def ask(number: int) -> Answer:
            # open: whether a name or a tag may be sent with a page: the page has each alone, so
            # the first page is asked for in that way
            page = {} if alone and number == 0 else {"page": number, "size": size}
            return await self._transport.call(_SEARCH, json={**wanted, **page})

        return numbered(ask, WordList, size)

    async def delete(self, list_id: str) -> None:
        """Delete a list with its words.

        Raises:
            NotFoundError: the list does not exist.

        Source: moderation.word_lists.delete (keyword_list_delete.md)
        """
        (await self._transport.call(_DELETE, list_id)).confirm("status")


_WORD: Final = f"{_LIST}/word"
_ADD_MANY: Final = Operation("moderation.words.add_many", "POST", f"{_WORD}/batch", "once")
_UPDATE_WORD: Final = Operation("moderation.words.update", "PUT", _WORD, "safe")
_SEARCH_WORDS: Final = Operation("moderation.words.search", "POST", _WORD, "safe")
# A retry would report words that the first attempt has deleted as not deleted.
_REMOVE: Final = Operation("moderation.words.remove", "DELETE", _WORD, "once")
_REMOVE_MANY: Final = Operation("moderation.words.remove_many", "DELETE", f"{_WORD}/batch", "once")


class Words:
    """The words of word lists; 10 000 for a list.

    Common arguments:
        list_id: the id of the list.
        word_id: the id of the word.
        operator: the user who adds or changes the words.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def add_many(
        self, list_id: str, words: Iterable[str], *, operator: str
    ) -> BatchResult[ModerationWord]:
        """Add any number of words of at most 128 characters to a list, 100 per call.

        Raises:
            NotFoundError: the list does not exist.
            ConflictError: the service refuses a call with a word that is in the list already. In
                the example of its page, it does not.
            BadRequestError: there are too many words.

        Source: moderation.words.add_many (keyword_add.md)
        """
        operation = _ADD_MANY.id
        added = _words(operation, "words", words)
        user = checks.reference(operation, "operator", operator)

        async def settle(part: Sequence[str]) -> Sequence[BatchOutcome[ModerationWord]]:
            body = {"wordContents": part, "userId": user}
            answer = await self._transport.call(_ADD_MANY, list_id, json=body)
            rows = answer.rows(ModerationWord, "entity", "textList", skip_odd=True)
            return settled(answer, part, {row.word: row for row in rows})

        return await in_parts(checks.chunks(added, api_limits.WORDS_PER_CALL), settle)

    async def update(
        self, list_id: str, word_id: str, word: str, *, operator: str
    ) -> ModerationWord:
        """Replace a word of a list.

        Args:
            list_id: the list.
            word_id: the word to replace.
            word: the new word, at most 128 characters.
            operator: the user who changes it.

        Raises:
            BadRequestError: the word or the list does not exist.

        Source: moderation.words.update (keyword_modify.md)
        """
        operation = _UPDATE_WORD.id
        body = {
            "id": checks.reference(operation, "word_id", word_id),
            "word": _word(operation, "word", word),
            "userId": checks.reference(operation, "operator", operator),
        }
        answer = await self._transport.call(_UPDATE_WORD, list_id, json=body, about=word_id)
        answer.confirm("status", may_lack=True)
        known = ModerationWord(word_id=word_id, word=word, operator=operator, list_id=list_id)
        return answer.first(ModerationWord, "entity", known=known)

    def search(
        self, list_id: str, word: str, *, limit: int | None = None
    ) -> Paginator[ModerationWord]:
        """List the words of a list that contain a text; the pages have a ``total``.

        Args:
            list_id: the list.
            word: the text; a call that lists all words is not documented.
            limit: words per page, at most 200; 200 by default.

        Raises:
            NotFoundError: the list does not exist.

        Source: moderation.words.search (keyword_query.md)
        """
        operation = _SEARCH_WORDS.id
        text = checks.text(operation, "word", word, least=1)
        size = checks.page_size(operation, limit, api_limits.WORDS_PER_PAGE)

        async def ask(number: int) -> Answer:
            body = {"word": text, "page": number, "size": size}
            return await self._transport.call(_SEARCH_WORDS, list_id, json=body)

        return numbered(ask, ModerationWord, size)

    async def remove(self, list_id: str, word_id: str) -> None:
        """Remove a word from a list.

        Raises:
            APIError: the word was not removed.
            BadRequestError: the list does not exist.

        Source: moderation.words.remove (keyword_delete.md)
        """
        query = {"wordId": checks.reference(_REMOVE.id, "word_id", word_id)}
        answer = await self._transport.call(_REMOVE, list_id, query=query, about=word_id)
        answer.confirm("entity")

    async def remove_many(self, list_id: str, word_ids: Iterable[str]) -> BatchResult[None]:
        """Remove any number of words from a list, 100 per call.

        Returns:
            An outcome for each word; the service answers for all words of a call together.

        Raises:
            NotFoundError: the list does not exist.

        Source: moderation.words.remove_many (keyword_delete_batch.md)
        """
        ids = checks.references(_REMOVE_MANY.id, "word_ids", word_ids)

        async def settle(part: Sequence[str]) -> Sequence[BatchOutcome[None]]:
            body = {"wordIds": part}
            answer = await self._transport.call(_REMOVE_MANY, list_id, json=body)
            said = answer.optional(int, "entity")
            if said == _NOT_REMOVED:
                return settled(answer, part, (), dict.fromkeys(part, "not removed"))
            return settled(answer, part, part if said == _REMOVED else ())

        return await in_parts(checks.chunks(ids, api_limits.WORDS_PER_CALL), settle)


_REMOVED: Final = 0
_NOT_REMOVED: Final = 1
_EXPORT: Final = Operation(
    "moderation.exports.create", "POST", "/moderation/record/message/export", "once"
)
_LIST_EXPORTS: Final = Operation(
    "moderation.exports.list", "GET", "/moderation/export/files", "safe"
)
_DOWNLOAD: Final = Operation(
    "moderation.exports.download", "GET", "/moderationfiles/{export_id}", "safe"
)


class ModerationExports:
    """Exports of the records of moderated messages.

    Only the service's own Java library shows these calls; no page documents them, and they need the
    advanced edition of content moderation.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(
        self,
        *,
        start: datetime,
        end: datetime,
        chat_type: ChatType | str | None = None,
        message_type: ModeratedMessageType | str | None = None,
        result: ModerationResult | str | None = None,
        verdict: ReviewResult | str | None = None,
    ) -> str:
        """Start an export, and return its id (partly documented).

        Args:
            start: the earliest time of the messages (aware).
            end: the latest time of the messages (aware), not before `start`.
            chat_type: the only type of conversations; all by default.
            message_type: the only type of messages; all by default.
            result: what was done with the messages; everything by default.
            verdict: the verdict of the moderation provider; all by default.

        Source: moderation.exports.create (no page)
        """
        operation = _EXPORT.id
        begin = checks.milliseconds(operation, "start", start)
        finish = checks.milliseconds(operation, "end", end)
        if begin is None or finish is None or not 0 < begin <= finish:
            raise checks.fail(
                operation, f"start and end must be times after 1970, in order: {start}, {end}"
            )
        fields = {
            "dateFrom": begin,
            "dateTo": finish,
            "targetType": checks.member(operation, "chat_type", ChatType, chat_type),
            "msgType": checks.member(operation, "message_type", ModeratedMessageType, message_type),
            "moderationResult": checks.member(operation, "result", ModerationResult, result),
            "providerResult": checks.member(operation, "verdict", ReviewResult, verdict),
        }
        body = {name: value for name, value in fields.items() if value is not None}
        return (await self._transport.call(_EXPORT, json=body)).read(str, "entity", "uuid")

    def list(
        self, *, export_id: str | None = None, limit: int | None = None
    ) -> Paginator[ModerationExport]:
        """List exports, the state of each included (partly documented).

        Args:
            export_id: the only export to list.
            limit: exports per page, at most 200; 200 by default.

        Source: moderation.exports.list (no page)
        """
        operation = _LIST_EXPORTS.id
        # open: the largest page and the number of the first; those of word lists are used
        size = checks.page_size(operation, limit, api_limits.WORD_LISTS_PER_PAGE)
        only = None
        if export_id is not None:
            only = checks.reference(operation, "export_id", export_id)

        async def ask(number: int) -> Answer:
            query = {"page": number, "size": size, "uuid": only}
            return await self._transport.call(_LIST_EXPORTS, query=query)

        return numbered(ask, ModerationExport, size)

    def download(self, export_id: str) -> Download:
        """Download the file of a finished export: ``await`` it, or ``save(path)`` it.

        The format of the file is not documented (partly documented operation).

        Source: moderation.exports.download (no page)
        """
        _DOWNLOAD.fill((export_id,))  # checked now, fetched later
        query = {"type": "record"}
        return Download(
            lambda sink: self._transport.carry(
                make_call(_DOWNLOAD, (export_id,), query=query, headers=_BINARY, sink=sink)
            )
        )


def _settings(
    operation: str,
    name: str,
    scope: str,
    disposition: str,
    tag_id: str | None,
    full_match: bool | None,
    operator: str | None,
) -> dict[str, Any]:
    """Check the settings of a word list and rename them to the request's fields."""
    most = api_limits.WORD_LIST_NAME_LENGTH
    body: dict[str, Any] = {
        "name": checks.text(operation, "name", name, least=1, most=most),
        "scope": checks.member(operation, "scope", WordListScope, scope),
        "disposition": checks.member(operation, "disposition", Disposition, disposition),
    }
    if body["scope"] is None or body["disposition"] is None:
        raise checks.fail(operation, "scope and disposition must not be None")
    if (tag_id is not None) != (scope == WordListScope.TAG):
        raise checks.fail(operation, "tag_id is required for the scope TAG, and only for it")
    if tag_id is not None:
        body["tagId"] = checks.reference(operation, "tag_id", tag_id)
    if full_match is not None:
        body["fullMatch"] = checks.flag(operation, "full_match", full_match)
    if operator is not None:
        body["userId"] = checks.reference(operation, "operator", operator)
    return body


def _words(
    operation: str, name: str, words: Iterable[str], *, most: int | None = None
) -> list[str]:
    if isinstance(words, str | bytes) or not isinstance(words, Iterable):
        raise checks.fail(operation, f"{name} must be a list, not a {type(words).__name__}")
    found = list(dict.fromkeys(_word(operation, f"{name}: a word", word) for word in words))
    if not found:
        raise checks.fail(operation, f"{name} is empty; pass at least one word")
    if most is not None and len(found) > most:
        raise checks.fail(
            operation,
            f"{name} has {len(found)} words; at most {most} are allowed: use "
            "moderation.words.add_many for more",
        )
    return found


def _word(operation: str, name: str, word: object) -> str:
    return checks.text(operation, name, word, least=1, most=api_limits.WORD_LENGTH)
