"""Translation of texts, and the languages of texts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from easemob_async import (
    APIError,
    EasemobClient,
    InvalidArgumentError,
    PermissionDeniedError,
    RateLimitError,
    ResponseError,
    ServerError,
)
from easemob_async.emulator import Emulator
from tests.conftest import FAST, Against
from tests.resources.stories import every_operation
from tests.servers import Reply


async def test_every_operation_end_to_end() -> None:
    async with every_operation("translation") as (c, _):
        found = await c.translation.translate("学习", ["en", "zh-Hant"], source="zh-Hans")
        assert found == {"en": "[en] 学习", "zh-Hant": "[zh-Hant] 学习"}
        languages = {found.code: found async for found in c.translation.list_languages()}
        assert languages["el"].native_name == "Ελληνικά"
        detected = await c.translation.detect("你好")
        assert (detected.language, detected.score, detected.translatable) == ("zh-Hans", 0.98, True)
        with pytest.raises(APIError, match="The target language is missing or invalid"):
            await c.translation.translate("a", ["xx"])


Call = Callable[[EasemobClient], Awaitable[object]]
CALLS: list[Call] = [
    lambda c: c.translation.translate("a", ["en"]),
    lambda c: c.translation.list_languages().page(),
    lambda c: c.translation.detect("a"),
]


@pytest.mark.parametrize("call", CALLS, ids=["translate", "list_languages", "detect"])
async def test_what_is_not_enabled_is_denied_and_not_repeated(call: Call) -> None:
    async with Emulator(switched_off=["translation"]) as emulator:
        async with EasemobClient(**emulator.credentials, retry=FAST) as client:
            with pytest.raises(PermissionDeniedError, match="service not open") as caught:
                await call(client)
        assert caught.value.status == 503
        assert len(emulator.requests) == 2  # with that for the token


BODIES = [
    {"error": "Bad Request", "error_description": "The request has reached the maximum limit"},
    {"message": "The request has reached the maximum limit"},
    {"desc": "The request has reached the maximum limit"},
]


@pytest.mark.parametrize("body", BODIES)
async def test_too_many_calls_come_as_a_400(against: Against, body: object) -> None:
    """Which field of the failure has the text is not documented."""
    answers = iter([Reply(400, body), Reply(400, body)])
    done = Reply(body=[{"translations": [{"text": "x", "to": "en"}]}])
    async with against(lambda _: next(answers, done), token="t", retry=FAST) as (client, server):
        assert await client.translation.translate("a", ["en"]) == {"en": "x"}
        assert len(server.calls) == 3
    async with against(lambda _: Reply(400, body), token="t", retry=FAST) as (client, _):
        with pytest.raises(RateLimitError):
            await client.translation.translate("a", ["en"])


FAILED = [
    {"error_description": "InternalTranslateFailedException"},
    {"exception": "com.easemob.InternalTranslateFailedException", "error": "bad"},
]


@pytest.mark.parametrize("body", FAILED)
async def test_a_failure_of_the_provider_is_tried_again(against: Against, body: object) -> None:
    async with against(lambda _: Reply(400, body), token="t", retry=FAST) as (client, server):
        with pytest.raises(ServerError):
            await client.translation.detect("a")
        assert len(server.calls) == FAST.attempts


async def test_a_language_of_the_answer_is_found_in_any_case(against: Against) -> None:
    rows = [{"translations": [{"text": "a", "to": "zh-hans"}, None, {"to": "en"}]}, None]
    async with against(lambda _: Reply(body=rows), token="t") as (client, _):
        assert await client.translation.translate("a", ["zh-Hans"]) == {"zh-Hans": "a"}
        both = await client.translation.translate("a", ["zh-Hans", "en"])
        assert both == {"zh-Hans": "a"}  # the missing one costs itself alone
    async with against(lambda _: Reply(body=[None]), token="t") as (client, _):
        with pytest.raises(ResponseError, match="it has no translation"):
            await client.translation.translate("a", ["en"])


@pytest.mark.parametrize("body", [{}, {"translations": []}, "x", 5, None])
async def test_an_object_is_no_list(against: Against, body: object) -> None:
    async with against(lambda _: Reply(body=body), token="t") as (client, _):
        with pytest.raises(ResponseError, match="not a JSON list"):
            await client.translation.list_languages()


async def test_a_list_is_no_object(against: Against) -> None:
    async with against(lambda _: Reply(body=[]), token="t") as (client, _):
        with pytest.raises(ResponseError, match="not a JSON object"):
            await client.translation.detect("a")


BAD: list[Call] = [
    lambda c: c.translation.translate("", ["en"]),
    lambda c: c.translation.translate("a" * 10_001, ["en"]),
    lambda c: c.translation.translate("a" * 5_001, ["en", "de"]),
    lambda c: c.translation.translate("a", []),
    lambda c: c.translation.translate("a", "en"),
    lambda c: c.translation.translate("a", ["en"], source=""),
    lambda c: c.translation.detect("a" * 10_001),
    lambda c: c.translation.detect(b"a"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("call", BAD)
async def test_bad_input_is_a_clear_error_before_any_io(
    unconnected: EasemobClient, call: Call
) -> None:
    with pytest.raises(InvalidArgumentError):
        await call(unconnected)
