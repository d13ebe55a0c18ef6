"""Moderation: text checks, word lists that change what is delivered, exports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from easemob_async import (
    APIError,
    AppNotFoundError,
    BadRequestError,
    ConflictError,
    Disposition,
    EasemobClient,
    EasemobError,
    ExportStatus,
    InvalidArgumentError,
    ModerationWord,
    NotFoundError,
    PermissionDeniedError,
    ResponseError,
    ReviewResult,
    Text,
    WordList,
    WordListScope,
    WordListStatus,
)
from easemob_async.emulator import Emulator
from tests.conftest import Against
from tests.resources.stories import every_operation
from tests.servers import Reply

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


async def test_every_operation_end_to_end() -> None:
    async with every_operation("moderation") as (c, emulator):
        await lists(c)
        await checks(c, emulator)
        await words(c)
        await exports(c)


async def lists(c: EasemobClient) -> None:
    made = await c.moderation.word_lists.create(
        "ads", ["loan", "casino"], scope="ALL", disposition="REJECT", operator="ann"
    )
    assert (made.name, made.quantity, made.status) == ("ads", 2, WordListStatus.ACTIVE)
    assert {word.word for word in made.words} == {"loan", "casino"}
    assert made.words[0].operator == "ann"
    await c.moderation.word_lists.create(
        "chat", ["darn"], scope=WordListScope.CHAT, disposition=Disposition.EXCHANGE
    )
    with pytest.raises(ConflictError):
        await c.moderation.word_lists.create("chat", ["x"], scope="ALL", disposition="PASS")
    page = await c.moderation.word_lists.search(limit=1)
    assert (len(page.items), page.has_more, page.total) == (1, True, 2)  # type: ignore[attr-defined]
    assert [found.name async for found in c.moderation.word_lists.search(limit=1)] == [
        "ads",
        "chat",
    ]
    (found,) = (await c.moderation.word_lists.search(name="chat")).items
    assert found.created is not None
    changed = await c.moderation.word_lists.update(
        found.list_id, name="talk", scope="TAG", tag_id="t1", disposition="EXCHANGE"
    )
    assert (changed.name, changed.tag_id, changed.quantity) == ("talk", "t1", 1)
    assert [one.name async for one in c.moderation.word_lists.search(tag_id="t1")] == ["talk"]
    await c.moderation.word_lists.update(
        found.list_id, name="talk", scope="CHAT", disposition="EXCHANGE"
    )


async def checks(c: EasemobClient, emulator: Emulator) -> None:
    fine = await c.moderation.check_text("hello")
    assert (fine.verdict, fine.risk_label, fine.sensitive_words) == (ReviewResult.PASS, "NONE", ())
    verdict = await c.moderation.check_text("a cheap LOAN")
    assert (verdict.verdict, verdict.sensitive_words) == (ReviewResult.REJECT, ("loan",))
    verdict = await c.moderation.check_text("darn it, Darn")
    assert (verdict.verdict, verdict.replaced_text) == ("REVIEWED", "*** it, ***")
    # The same lists decide what is delivered of messages.
    for text in ("hello", "a cheap loan", "darn it"):
        sent = await c.messages.send_to_users(["bob"], Text(text), sender="ann")
        assert sent.message_ids["bob"]
    assert [m["body"]["msg"] for m in emulator.received("bob")] == ["hello", "*** it"]
    group = await c.chat_groups.create("g", owner="ann", members=["bob"])
    await c.messages.send_to_groups([group.group_id], Text("darn it"), sender="ann")
    assert emulator.received(group.group_id)[0]["body"]["msg"] == "darn it"  # its scope is CHAT


async def words(c: EasemobClient) -> None:
    (ads,) = (await c.moderation.word_lists.search(name="ads")).items
    many = [f"word{number}" for number in range(150)]
    added = await c.moderation.words.add_many(ads.list_id, many, operator="ann")
    assert added.ok
    assert len(added) == 150
    found = [word async for word in c.moderation.words.search(ads.list_id, "word1", limit=50)]
    assert len(found) == 61
    last = found[0]
    assert last.list_id == ads.list_id
    new = await c.moderation.words.update(ads.list_id, last.word_id, "gamble", operator="bob")
    assert (new.word, new.operator) == ("gamble", "bob")
    assert (await c.moderation.check_text("gamble")).verdict == "REJECT"
    await c.moderation.words.remove(ads.list_id, last.word_id)
    with pytest.raises(APIError, match="entity is False"):
        await c.moderation.words.remove(ads.list_id, last.word_id)
    removed = await c.moderation.words.remove_many(ads.list_id, [w.word_id for w in found[1:]])
    assert removed.ok
    gone = await c.moderation.words.remove_many(ads.list_id, [w.word_id for w in found[1:]])
    assert set(gone.failed.values()) == {"not removed"}
    with pytest.raises(ConflictError) as caught:
        await c.moderation.words.add_many(ads.list_id, [*many[20:90], "loan"], operator="ann")
    assert caught.value.partial is not None
    assert len(caught.value.partial) == 0
    await c.moderation.word_lists.delete(ads.list_id)
    with pytest.raises(NotFoundError):
        await c.moderation.words.search(ads.list_id, "word")


async def exports(c: EasemobClient) -> None:
    number = await c.moderation.exports.create(start=START, end=END, message_type="txt")
    (found,) = (await c.moderation.exports.list(export_id=number)).items
    assert (found.export_id, found.status) == (number, ExportStatus.FINISHED)
    assert [one.export_id async for one in c.moderation.exports.list(limit=1)] == [number]
    assert b'"msgType": "txt"' in await c.moderation.exports.download(number)


REFUSED = [
    ({"error": "Bad request", "error_description": "textList data is empty"}, NotFoundError),
    ({"error": "Bad request", "error_description": "application not found"}, AppNotFoundError),
    ({"error": "Bad request", "error_description": "appkey is not exist"}, AppNotFoundError),
    ({"error": "Bad request", "code": 4000404}, PermissionDeniedError),
    ({"error": "Bad Request", "message": "moderation org data is empty"}, PermissionDeniedError),
    ({"error": "MODERATION_002", "message": "request param is empty"}, BadRequestError),
    ({"error": "Bad Request", "message": "The textList already exists"}, ConflictError),
]


@pytest.mark.parametrize(("body", "kind"), REFUSED)
async def test_a_refusal_that_is_always_a_400_is_known_by_its_words(
    against: Against, body: object, kind: type[EasemobError]
) -> None:
    async with against(lambda _: Reply(400, body), token="t") as (client, _):
        with pytest.raises(kind):
            await client.moderation.check_text("a")


async def test_a_code_in_the_body_that_is_not_200_is_a_refusal(against: Against) -> None:
    body = {"code": 500, "data": {"type": "PASS"}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        with pytest.raises(APIError, match="code is 500"):
            await client.moderation.check_text("a")


async def test_a_verdict_of_tomorrow_is_a_plain_string(against: Against) -> None:
    body = {"code": 200, "data": {"type": "MAYBE", "riskLabel": "NEW", "sensitiveWords": None}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        found = await client.moderation.check_text("a")
    assert (found.verdict, found.risk_label) == ("MAYBE", "NEW")


async def test_a_word_that_the_answer_does_not_mention_is_unknown(against: Against) -> None:
    rows = [{"id": "1", "word": "A"}, None, {"id": "2"}, {"word": "c"}]
    body = {"status": "OK", "entity": {"id": "l", "textList": rows}}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        result = await client.moderation.words.add_many("l", ["a", "b", "c"], operator="ann")
    assert list(result.succeeded) == ["a"]
    for word in ("b", "c"):
        assert isinstance(result[word].error, ResponseError)


@pytest.mark.parametrize(
    ("entity", "ok"), [(0, True), ("0", True), (1, False), (None, False), (2, False)]
)
async def test_zero_means_that_the_words_are_gone(
    against: Against, entity: object, ok: bool
) -> None:
    body = {"status": "OK", "entity": entity}
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        result = await client.moderation.words.remove_many("l", ["1", "2"])
    assert result.ok is ok
    assert (result["1"].error is not None) == (entity in (None, 2))


async def test_a_page_is_the_last_as_far_as_the_answer_says(against: Against) -> None:
    pages: list[dict[str, object]] = [
        {"entities": [{"id": "1"}], "last": False},
        # No `last`: the number of pages decides, however few entries a page has.
        {"entities": [{"id": "2"}], "totalPages": 3, "totalElements": 2},
        {"entities": [{"id": "3"}, {"id": "4"}]},  # neither: after a full page, there may be more
        {"entities": []},
    ]
    asked: list[int] = []

    def answer(request: object) -> Reply:
        asked.append(len(asked))
        return Reply(body=pages[len(asked) - 1])

    async with against(answer, token="t") as (client, _):
        found = [one.list_id async for one in client.moderation.word_lists.search(limit=2)]
    assert found == ["1", "2", "3", "4"]
    assert len(asked) == 4


Call = Callable[[EasemobClient], Awaitable[object]]
CHANGES: list[Call] = [
    lambda c: c.moderation.words.update("l", "1", "new", operator="ann"),
    lambda c: c.moderation.word_lists.update("l", name="new", scope="ALL", disposition="PASS"),
]


@pytest.mark.parametrize("body", [{"status": "OK"}, {"status": "OK", "entity": {}}, {}])
@pytest.mark.parametrize("change", CHANGES, ids=["words.update", "word_lists.update"])
async def test_a_change_is_known_without_the_answer(
    against: Against, change: Call, body: object
) -> None:
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        found = await change(client)
    if isinstance(found, WordList):
        assert (found.list_id, found.name, found.disposition) == ("l", "new", Disposition.PASS)
    else:
        assert isinstance(found, ModerationWord)
        assert (found.word_id, found.word, found.list_id) == ("1", "new", "l")


@pytest.mark.parametrize("change", CHANGES, ids=["words.update", "word_lists.update"])
async def test_a_change_that_the_status_denies_is_an_error(against: Against, change: Call) -> None:
    async with against(lambda _: Reply(body={"status": "FAIL"}), token="t") as (client, _):
        with pytest.raises(APIError, match="status is 'FAIL'"):
            await change(client)


BAD: list[Call] = [
    lambda c: c.moderation.check_text(""),
    lambda c: c.moderation.word_lists.create("", ["a"], scope="ALL", disposition="PASS"),
    lambda c: c.moderation.word_lists.create("a" * 33, ["a"], scope="ALL", disposition="PASS"),
    lambda c: c.moderation.word_lists.create("a", [], scope="ALL", disposition="PASS"),
    lambda c: c.moderation.word_lists.create("a", "word", scope="ALL", disposition="PASS"),
    lambda c: c.moderation.word_lists.create("a", ["a" * 129], scope="ALL", disposition="PASS"),
    lambda c: c.moderation.word_lists.create(
        "a", [f"w{number}" for number in range(201)], scope="ALL", disposition="PASS"
    ),
    lambda c: c.moderation.word_lists.create("a", ["a"], scope="EVERY", disposition="PASS"),
    lambda c: c.moderation.word_lists.create("a", ["a"], scope="ALL", disposition="DROP"),
    lambda c: c.moderation.word_lists.create("a", ["a"], scope="TAG", disposition="PASS"),
    lambda c: c.moderation.word_lists.create(
        "a", ["a"], scope="ALL", disposition="PASS", tag_id="t"
    ),
    lambda c: c.moderation.word_lists.delete(""),
    lambda c: c.moderation.words.add_many("l", ["a"], operator=""),
    lambda c: c.moderation.words.add_many("l", [], operator="ann"),
    lambda c: c.moderation.words.add_many("l", [5], operator="ann"),  # type: ignore[list-item]
    lambda c: c.moderation.words.update("l", "1", "", operator="ann"),
    lambda c: c.moderation.words.remove("l", ""),
    lambda c: c.moderation.words.remove_many("l", "1"),
    lambda c: c.moderation.exports.create(start=END, end=START),
    lambda c: c.moderation.exports.create(start=START.replace(tzinfo=None), end=END),
    lambda c: c.moderation.exports.create(start=datetime(1970, 1, 1, tzinfo=UTC), end=END),
    lambda c: c.moderation.exports.create(start=START, end=END, message_type="gif"),
    lambda c: c.moderation.exports.download("..").read(),
]


@pytest.mark.parametrize("call", BAD)
async def test_bad_input_is_a_clear_error_before_any_io(
    unconnected: EasemobClient, call: Call
) -> None:
    with pytest.raises(InvalidArgumentError):
        await call(unconnected)


SEARCHES: list[Callable[[EasemobClient], object]] = [
    lambda c: c.moderation.word_lists.search(name="a", tag_id="b"),
    lambda c: c.moderation.word_lists.search(limit=201),
    lambda c: c.moderation.words.search("l", ""),
    lambda c: c.moderation.words.search("l", "a", limit=0),
]


@pytest.mark.parametrize("search", SEARCHES)
async def test_a_bad_search_is_refused_where_it_is_made(
    unconnected: EasemobClient, search: Callable[[EasemobClient], object]
) -> None:
    with pytest.raises(InvalidArgumentError):
        search(unconnected)
