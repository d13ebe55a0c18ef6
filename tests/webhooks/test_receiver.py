"""The receiver: handlers, hooks, starting and ending, and the verdict before delivery."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from easemob_async import Command, ConfigurationError, InvalidArgumentError, Text
from easemob_async.webhooks import (
    Allow,
    ChatMessage,
    ChatMessageOffline,
    DropReason,
    Event,
    GroupMemberJoined,
    GroupMessage,
    GroupMessageOffline,
    MessageEdited,
    PreDelivery,
    Refuse,
    Replace,
    UnknownEvent,
    WebhookHooks,
    WebhookReceiver,
)
from tests.clock import run_virtual
from tests.waiting import happens, turns
from tests.webhooks.kept import NOW, Kept, post
from tests.webhooks.posts import EDIT_QUESTION, MESSAGE, OLDER_EDIT, QUESTION, SECRET, signed


async def test_an_event_with_a_good_signature_reaches_its_handlers() -> None:
    kept = Kept()
    greeted: list[str] = []

    @kept.receiver.on(GroupMemberJoined)
    async def greet(event: GroupMemberJoined) -> None:
        greeted.extend(event.usernames)

    joined = {
        "event": "group_op_event",
        "operation": "JOIN",
        "type": "GROUP",
        "id": "1",
        "operator": "ann",
        "payload": {"type": "DIRECT", "member": ["bob"]},
    }
    async with kept.listening() as receiver:
        assert await post(receiver, signed(joined)) == (200, {})
        assert await post(receiver, signed(MESSAGE)) == (200, {})
    assert greeted == ["bob"]
    assert [event.kind for event in kept.events] == ["group.member_joined", "chat.message"]
    assert receiver.counts.queued == receiver.counts.handled == 2


async def test_an_unknown_event_reaches_its_handlers() -> None:
    kept = Kept()
    found: list[UnknownEvent] = []
    kept.receiver.on(UnknownEvent)(found.append)
    async with kept.receiver as receiver:
        await post(receiver, signed({"event": "new_one", "eventType": "x"}))
    assert found[0].payload["event"] == "new_one"


async def test_a_failing_handler_affects_its_event_alone() -> None:
    kept = Kept(workers=1)

    @kept.receiver.on(ChatMessage)
    async def bad(event: ChatMessage) -> None:
        raise RuntimeError("boom")

    @kept.receiver.on(ChatMessage)
    def worse(event: ChatMessage) -> None:
        raise asyncio.CancelledError

    async with kept.listening() as receiver:
        for number in range(2):
            assert (await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}")))[0] == 200
    assert [type(failure.error) for failure in kept.failed] == [
        RuntimeError,
        asyncio.CancelledError,
    ] * 2
    assert kept.failed[0].handler.endswith("bad")
    assert len(kept.events) == 2
    assert receiver.counts.failures == 4


async def test_a_failing_hook_is_logged_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    def bad(_: object) -> None:
        raise RuntimeError("a bad hook")

    receiver = WebhookReceiver(SECRET, hooks=WebhookHooks(dropped=bad, failed=bad))
    receiver.on(ChatMessage)(bad)
    async with receiver:
        assert (await post(receiver, signed(MESSAGE)))[0] == 200
        assert (await post(receiver, signed(MESSAGE)))[0] == 200
    assert caplog.text.count("a webhook hook failed") == 2


async def test_without_hooks_failures_are_logged_without_secrets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver = WebhookReceiver(SECRET)

    @receiver.on(ChatMessage)
    def bad(event: ChatMessage) -> None:
        raise RuntimeError("boom")

    with caplog.at_level(logging.DEBUG):
        async with receiver:
            await post(receiver, signed(MESSAGE))
            await post(receiver, signed(MESSAGE, "another"))
    assert "boom" in caplog.text
    assert "webhook dropped: forged" in caplog.text
    assert SECRET not in caplog.text + repr(receiver) + str(vars(receiver).get("_hooks"))


async def test_a_receiver_that_does_not_run_says_503() -> None:
    kept = Kept()
    receiver = kept.listening()
    assert (await post(receiver, signed(MESSAGE)))[0] == 503
    async with receiver:
        assert (await post(receiver, signed(MESSAGE)))[0] == 200
        with pytest.raises(ConfigurationError, match="already running"):
            await receiver.start()
    assert (await post(receiver, signed(QUESTION)))[0] == 503
    async with receiver:  # and again
        assert (await post(receiver, signed(MESSAGE, callId="acme#shop_2")))[0] == 200
    assert len(kept.events) == 2


async def test_closing_waits_for_the_handlers() -> None:
    kept = Kept(workers=2)
    done: list[str | None] = []

    @kept.receiver.on(ChatMessage)
    async def slow(event: ChatMessage) -> None:
        await turns(20)
        done.append(event.call_id)

    async with kept.receiver as receiver:
        for number in range(10):
            await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}"))
    assert len(done) == 10


def test_closing_gives_up_in_time_and_reports_what_is_lost() -> None:
    kept = Kept(workers=1, drain_within=timedelta(seconds=3))

    @kept.receiver.on(ChatMessage)
    async def never(event: ChatMessage) -> None:
        await asyncio.Event().wait()

    async def work() -> float:
        async with kept.receiver as receiver:
            for number in range(3):
                await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}"))
            began = asyncio.get_running_loop().time()
        return asyncio.get_running_loop().time() - began

    assert run_virtual(work()) == pytest.approx(3)
    assert kept.reasons() == [DropReason.ABANDONED] * 2
    assert isinstance(kept.failed[0].error, asyncio.CancelledError)


def test_waiting_for_the_handlers_ends_when_the_receiver_is_closed() -> None:
    kept = Kept(workers=1, drain_within=timedelta(0))
    kept.receiver.on(ChatMessage)(lambda _: asyncio.Event().wait())

    async def work() -> None:
        async with kept.receiver as receiver:
            for number in range(2):
                await post(receiver, signed(MESSAGE, callId=f"acme#shop_{number}"))
            waiting = asyncio.create_task(receiver.idle())
            await turns()
        async with asyncio.timeout(5):
            await waiting

    run_virtual(work())


def asking(screen: Callable[[PreDelivery], Any], **options: Any) -> Kept:
    kept = Kept(**options)
    kept.receiver.before_delivery()(screen)
    return kept


async def answered(kept: Kept, payload: dict[str, Any] = QUESTION) -> Any:
    async with kept.receiver as receiver:
        status, answer = await post(receiver, signed(payload))
    assert status == 200
    return answer


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Allow(), {"valid": True}),
        (Allow(level="high"), {"valid": True, "chatroom_msg_level": "high"}),
        (Refuse(), {"valid": False}),
        (Refuse(""), {"valid": False, "code": ""}),
        (Refuse("no such words"), {"valid": False, "code": "no such words"}),
        (
            Replace(Text("***")),
            {
                "valid": True,
                "payload": {"bodies": [{"msg": "***", "type": "txt"}], "ext": {"k": 1}},
            },
        ),
        (
            Replace(Text("***"), {"seen": 2}, level="low"),
            {
                "valid": True,
                "payload": {"bodies": [{"msg": "***", "type": "txt"}], "ext": {"seen": 2}},
                "chatroom_msg_level": "low",
            },
        ),
    ],
)
async def test_a_verdict_is_the_answer(verdict: Any, expected: Any) -> None:
    async def screen(message: PreDelivery) -> Any:
        assert message.body == Text("hello")
        return verdict

    assert await answered(asking(screen)) == expected
    assert await answered(asking(lambda _: verdict)) == expected  # async or not


async def test_a_replacement_comes_in_the_form_of_the_question() -> None:
    flat = {**QUESTION, "payload": {"msg": "hello", "type": "txt"}}
    found = await answered(asking(lambda _: Replace(Text("***"))), flat)
    assert found == {"valid": True, "payload": {"msg": "***", "type": "txt"}}


async def test_without_a_handler_the_default_is_the_answer() -> None:
    assert await answered(Kept()) == {"valid": True}
    assert await answered(Kept(default=Refuse("closed"))) == {"valid": False, "code": "closed"}


@pytest.mark.parametrize("chat_type", ["edit", "chat", "a-new-one"])
@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Allow(), {"valid": True}),
        (Refuse("too late"), {"valid": False, "code": "too late"}),
        (
            Replace(Text("***")),
            {
                "valid": True,
                "payload": {"bodies": [{"msg": "***", "type": "txt"}], "ext": {"k": 1}},
            },
        ),
    ],
)
async def test_an_edit_is_asked_about_and_answered_as_a_message_is(
    chat_type: str, verdict: Any, expected: Any
) -> None:
    asked: list[PreDelivery] = []

    def screen(message: PreDelivery) -> Any:
        asked.append(message)
        return verdict

    content = {**EDIT_QUESTION, "chat_type": chat_type}
    kept = asking(screen)
    kept.receiver.on(Event)(kept.events.append)
    assert await answered(kept, content) == expected
    (question,) = asked
    assert question.is_edit
    assert question.edited_message_id == EDIT_QUESTION["payload"]["edit_message_id"]
    assert question.body == Text("hello")
    assert question.payload == signed(content)
    assert kept.events == []
    assert kept.receiver.counts.asked == 1


@pytest.mark.parametrize("default", [Allow(), Refuse("closed")])
async def test_what_may_be_a_question_is_answered_by_the_default(default: Any) -> None:
    expected = {"valid": True} if default == Allow() else {"valid": False, "code": "closed"}
    assert await answered(Kept(default=default), EDIT_QUESTION) == expected
    damaged = Kept(default=default)
    assert await answered(damaged, {**EDIT_QUESTION, "payload": {"bodies": 1}}) == expected
    assert damaged.reasons() == [DropReason.DAMAGED]
    for content, cls in (
        (OLDER_EDIT, MessageEdited),
        ({**EDIT_QUESTION, "chat_type": "a-new-one", "appkey": "acme#shop"}, UnknownEvent),
        ({"what": 1}, UnknownEvent),
    ):
        kept = asking(lambda _: 1 / 0, default=default)
        kept.receiver.on(Event)(kept.events.append)
        assert await answered(kept, content) == expected
        assert [type(event) for event in kept.events] == [cls]
        assert kept.failed == []


async def test_an_edit_after_delivery_is_answered_as_any_event() -> None:
    async with Kept().listening() as receiver:
        assert await post(receiver, signed({**OLDER_EDIT, "eventType": "chat"})) == (200, {})


@pytest.mark.parametrize(
    "screen",
    [
        lambda _: 1 / 0,
        lambda _: None,
        lambda _: True,
        lambda _: Refuse("x" * 1000),
        lambda _: Allow(level="highest"),
        lambda _: Replace(Text("a"), {"k": float("nan")}),
        lambda _: Replace(Command("a")),
    ],
)
async def test_a_failed_or_too_long_verdict_is_the_default(screen: Any) -> None:
    kept = asking(screen, default=Refuse("later"))
    assert await answered(kept) == {"valid": False, "code": "later"}
    assert len(kept.failed) == 1
    assert kept.receiver.counts.defaulted == 1


async def test_the_longest_verdict_that_the_service_takes() -> None:
    room = 1000 - len('{"valid":false,"code":""}')
    found = await answered(asking(lambda _: Refuse("长" * room)))
    assert found["code"] == "长" * room
    assert await answered(asking(lambda _: Refuse("长" * (room + 1)))) == {"valid": True}


@pytest.mark.parametrize("listens", [True, False])
def test_a_late_verdict_is_the_default_in_time(listens: bool) -> None:
    async def screen(message: PreDelivery) -> Allow:
        for _ in range(2):
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                if listens:
                    raise
        raise RuntimeError("nobody waits for it any more")

    kept = asking(screen, default=Refuse("late"), answer_within=timedelta(milliseconds=150))

    async def work() -> float:
        async with kept.receiver as receiver:
            began = asyncio.get_running_loop().time()
            assert await post(receiver, signed(QUESTION)) == (200, {"valid": False, "code": "late"})
            return asyncio.get_running_loop().time() - began

    assert run_virtual(work()) == pytest.approx(0.15)
    assert isinstance(kept.failed[0].error, TimeoutError)


@pytest.mark.parametrize("seconds", [-301, 301])
async def test_a_stale_question_does_not_reach_the_handler(seconds: int) -> None:
    kept = asking(lambda _: 1 / 0, now=lambda: NOW + seconds)
    assert await answered(kept) == {"valid": True}
    assert kept.reasons() == [DropReason.STALE]
    assert kept.failed == []


async def test_the_age_of_an_event_after_delivery_does_not_count() -> None:
    kept = Kept(now=lambda: NOW + 3 * 86_400)
    async with kept.listening() as receiver:
        assert (await post(receiver, signed(MESSAGE)))[0] == 200
    assert len(kept.events) == 1


async def test_a_question_is_answered_each_time() -> None:
    asked: list[PreDelivery] = []

    def screen(message: PreDelivery) -> Allow:
        asked.append(message)
        return Allow()

    kept = asking(screen)
    async with kept.receiver as receiver:
        for _ in range(2):
            assert (await post(receiver, signed(QUESTION)))[1] == {"valid": True}
    assert len(asked) == 2


async def test_an_unsigned_question_gets_the_default() -> None:
    kept = asking(lambda _: 1 / 0, default=Refuse("no"))
    async with kept.receiver as receiver:
        assert await post(receiver, QUESTION) == (200, {"valid": False, "code": "no"})
    assert kept.reasons() == [DropReason.UNSIGNED]


async def test_a_caller_may_disconnect_before_the_verdict() -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def screen(message: PreDelivery) -> Allow:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()
        return Allow()

    async with asking(screen).receiver as receiver:
        task = asyncio.create_task(post(receiver, signed(QUESTION)))
        await happens(asked)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await happens(gone)


@pytest.mark.parametrize(
    "options",
    [
        {"secret": ""},
        {"secret": []},
        {"secret": ["a", ""]},
        {"secret": [5]},
        {"workers": 0},
        {"queue_size": True},
        {"max_body": "1"},
        {"remember": -1},
        {"answer_within": 0.2},
        {"max_age": timedelta(seconds=-1)},
        {"default": None},
        {"default": Refuse("x" * 1000)},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        WebhookReceiver(**{"secret": SECRET, **options})


def test_handlers_that_make_no_sense_are_refused() -> None:
    receiver = WebhookReceiver(SECRET)
    with pytest.raises(ConfigurationError, match="use before_delivery"):
        receiver.on(PreDelivery)
    with pytest.raises(ConfigurationError, match="must be an event class"):
        receiver.on("chat.message")  # type: ignore[call-overload]
    with pytest.raises(ConfigurationError, match="at least one"):
        receiver.on()  # type: ignore[call-overload]
    receiver.before_delivery()(lambda _: Allow())
    with pytest.raises(ConfigurationError, match="already"):
        receiver.before_delivery()
    with pytest.raises(InvalidArgumentError, match="must be one of"):
        Replace("text")  # type: ignore[arg-type]


def test_a_handler_may_be_for_several_classes() -> None:
    receiver = WebhookReceiver(SECRET)

    @receiver.on(ChatMessage, GroupMessage)
    async def handle(event: ChatMessage | GroupMessage) -> None: ...

    @receiver.on(ChatMessage, ChatMessageOffline, GroupMessage, GroupMessageOffline, Event)
    def wide(event: Event) -> None: ...

    assert handle.__name__ == "handle"
